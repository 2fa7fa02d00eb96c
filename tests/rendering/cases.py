"""Plans and reports that between them show everything a document can show."""

from __future__ import annotations

from typing import Any

from importer.model.ids import Field, Key, Kind, Ref, RunId, UserId, Verb
from importer.model.manifest import OnDrift
from importer.model.plan import (
    Blocked,
    BlockedCode,
    Decisions,
    Double,
    ManualStep,
    Orphan,
    Plan,
    Reason,
    Side,
)
from importer.model.report import Incident, Report, ResultState
from importer.text.links import Text, plain
from tests.factories import (
    HOSTILE,
    SITE,
    a_change,
    a_conflict,
    a_create,
    a_delete,
    a_drift,
    a_field,
    a_guard,
    a_plan,
    a_report,
    a_result,
    a_span,
    an_accept,
    an_answer,
    an_update,
    an_upload,
)

_STEPS = "".join(f"Step {number} is done on Friday by the team.\n" for number in range(12))
BEFORE = Text(
    "Intro.\n\n## Before you start\n\nAsk the owner on [the page](\0) or [there](\0).\n\n"
    f"```sh\n# revert\ngit revert HEAD\n```\n\n## Then\n\n{_STEPS}",
    ("question/12", "key:start"),
)
AFTER = Text(
    BEFORE.holed.replace("the owner", "the release owner")
    .replace("revert HEAD", "revert HEAD~1")
    .replace("Step 9 is done on Friday", "Step 9 is done on Monday")
    + "\nThen tell everybody.\n",
    ("key:oncall/freeze", "key:start"),
)
LONG_LINE = " ".join(f"word{number}" for number in range(300))


def _update() -> Plan:
    return a_plan(
        an_update(
            a_field(Field.TITLE, "How do I revert a deploy?", "How do I roll back a deploy?"),
            a_field(Field.TAGS, ("deploys", "vpn"), ("deploys", "ops")),
            a_field(Field.BODY, BEFORE, AFTER),
        )
    )


def _every_action() -> Plan:
    return a_plan(
        a_create(brings_tags=("oncall",)),
        an_answer(),
        an_upload(),
        *_update().changes,
        an_accept(),
        an_accept("rollback#old", after=False),
        an_update(a_field(Field.BODY, plain("a\n"), plain("b\n")), key="loop", reason=Reason.LINKS),
        an_update(
            a_field(Field.BODY, plain("one two\n"), plain("one three\n"), live_moved=True),
            key="merged",
            reason=Reason.MERGED,
        ),
        an_update(
            a_field(Field.TITLE, "Theirs", "Ours", live_moved=True),
            key="mine",
            reason=Reason.OVERWRITE,
        ),
        a_change(
            "tag:deploys",
            Verb.SET,
            Reason.EDITED,
            kind=Kind.TAG,
            fields=(a_field(Field.EXPERTS, ("user:12", "user:13"), ("group:4", "user:12")),),
        ),
        a_change(
            "start",
            Verb.UPDATE,
            Reason.EDITED,
            kind=Kind.COLLECTION,
            fields=(
                a_field(Field.BODY, plain("Begin here.\n"), plain("Begin with these.\n")),
                a_field(
                    Field.ITEMS,
                    ("key:rollback", "article/9", "key:oncall/freeze", "question/21"),
                    ("key:oncall/freeze", "key:rollback", "article/9"),
                ),
            ),
        ),
        a_change(
            "first-steps",
            Verb.CREATE,
            Reason.NEW,
            kind=Kind.COLLECTION,
            title="First steps",
            fields=(
                a_field(Field.TITLE, None, "First steps"),
                a_field(Field.ITEMS, None, ("key:rollback", "article/9")),
            ),
            author=UserId(4711),
        ),
        a_change(
            "policy/leave",
            Verb.UPDATE,
            Reason.EDITED,
            kind=Kind.ARTICLE,
            fields=(
                a_field(Field.TYPE, "how-to-guide", "policy"),
                a_field(
                    Field.PERMISSIONS,
                    ("everyone",),
                    ("group:1002", "specific-editors", "user:7"),
                ),
            ),
        ),
        a_delete(),
        drift=(
            a_drift(Field.TAGS, ("pat", "token"), ("pat",)),
            a_drift(Field.BODY, BEFORE, AFTER),
        ),
        orphans=(
            Orphan(Key("old/faq"), Ref(Kind.QUESTION, 99), f"{SITE}/questions/99", "Where was it?"),
            Orphan(Key("let/go"), Ref(Kind.QUESTION, 98), f"{SITE}/questions/98", "Whose?", True),
            Orphan(
                Key("leave"),
                Ref(Kind.ARTICLE, 97),
                f"{SITE}/articles/97",
                "Parental leave",
                double_of=Ref(Kind.ARTICLE, 12),
            ),
            Orphan(
                Key("old"),
                Ref(Kind.COLLECTION, 96),
                f"{SITE}/collections/96",
                "Old things",
                True,
                Ref(Kind.COLLECTION, 3),
            ),
        ),
        doubles=(
            Double(
                Key("pat"),
                Ref(Kind.QUESTION, 95),
                f"{SITE}/questions/95",
                "What is a personal access token?",
                counts=Ref(Kind.QUESTION, 7),
                counts_url=f"{SITE}/questions/7",
            ),
            Double(
                Key("pat#answer"),
                Ref(Kind.ANSWER, 94),
                f"{SITE}/a/94",
                "",
                counts=Ref(Kind.ANSWER, 8),
                counts_url=f"{SITE}/a/8",
                stays="others have engaged with it",
            ),
        ),
        blocked=(a_conflict(Side(Field.BODY, AFTER, BEFORE), Side(Field.TITLE, "A", None)),),
        manual=(
            ManualStep(
                Key("tag:deploys"),
                'set the description to "Shipping to production"',
                f"{SITE}/tags/deploys/info",
                a_span(),
            ),
        ),
        new_tags=("oncall", "unborn"),
        decisions=Decisions(
            ("oncall/*", "roll*"), OnDrift.OVERWRITE, True, 20, "5", "30%", "2", True
        ),
        notes=("There is no journal here: posts are found by their `markers`.",),
        unchanged=1_234,
    )


def _blocked() -> Plan:
    return a_plan(
        blocked=(
            a_conflict(
                Side(Field.TITLE, "What is ours?", "What is theirs?"),
                Side(Field.TAGS, ("a",), ("b",)),
                Side(Field.BODY, AFTER, BEFORE),
            ),
            a_conflict(
                Side(Field.TITLE, "How is it ours?", "How is it theirs?", "How was it?"),
                Side(Field.TAGS, ("a", "c"), ("b", "c"), ("c",)),
                Side(Field.BODY, AFTER, plain("Theirs.\n"), BEFORE),
                key="vpn/conflict",
            ),
            a_conflict(
                Side(Field.TITLE, "How is it ours?", "How is it theirs?"),
                Side(Field.BODY, AFTER, plain("Theirs.\n"), BEFORE),
                key="vpn/half-known",
            ),
            Blocked(
                BlockedCode.NEW_TAG,
                Key("oncall/freeze"),
                Kind.QUESTION,
                "`deploy` is close to `deploys`",
                "Use the existing tag, or declare `deploy` under `tags:`.",
            ),
        )
    )


def _hostile() -> Plan:
    creates = [
        a_create(f"hostile/{number}", title=text, body=f"{text}\n{text}", tags=(text,))
        for number, text in enumerate(HOSTILE)
    ]
    everything = "\n".join(HOSTILE)
    update = an_update(
        a_field(Field.TITLE, HOSTILE[0], HOSTILE[1]),
        a_field(Field.BODY, plain("was\n"), plain(everything)),
        key="hostile",
        title=everything,
    )
    return a_plan(*creates, update, notes=(everything,), team=everything)


def _monstrous() -> Plan:
    lines = "\n".join(f"line {number} of a long body" for number in range(2_700))
    return a_plan(
        a_create("monster/lines", body=lines),
        a_create("monster/line", body="x" * 70_000),
        an_update(a_field(Field.BODY, plain("y" * 70_000), plain("x" * 70_000)), key="monster/a"),
        an_update(a_field(Field.BODY, plain("short"), plain(lines)), key="monster/b"),
        an_update(
            a_field(
                Field.BODY, plain(LONG_LINE), plain(LONG_LINE.replace("word150 ", "changed\tword "))
            ),
            key="monster/c",
        ),
    )


def _undo() -> Plan:
    return a_plan(
        an_accept(after=False),
        a_delete("rollback"),
        an_update(a_field(Field.TITLE, "The new one", "The one before"), reason=Reason.UNDO),
        blocked=(
            Blocked(
                BlockedCode.ENGAGED,
                Key("pat"),
                Kind.QUESTION,
                "it is not deleted: others have answered, commented or voted on it",
                "Leave it, or talk to them and delete it on the site.",
                url=f"{SITE}/questions/21",
            ),
        ),
        manual=(ManualStep(Key("old-vpn"), "undelete the question", f"{SITE}/questions/7"),),
        notes=("1 post that this run created: gone already, nothing to do.",),
        undoes=RunId("20260105T091200Z-abc123"),
    )


PLANS = {
    "undo": _undo(),
    "empty": a_plan(),
    "nothing managed": a_plan(managed=0, unchanged=0),
    "one matches": a_plan(managed=1, unchanged=1),
    "small": a_plan(a_create(), an_answer()),
    "update": _update(),
    "every action": _every_action(),
    "blocked": _blocked(),
    "drift only": a_plan(
        drift=(a_drift(Field.TAGS, ("a", "b"), ("a",)), a_drift(Field.TITLE, "One", "Two"))
    ),
    "guard": a_plan(an_accept(), blocked=(*_blocked().blocked, a_guard())),
    "hostile": _hostile(),
    "monstrous": _monstrous(),
}


def _report() -> Report:
    return a_report(
        a_result(title="When is the release freeze?", url=f"{SITE}/questions/31"),
        a_result("oncall/freeze#calendar", url=f"{SITE}/a/32", state=ResultState.FOUND),
        a_result("rollback", Verb.UPDATE, title="How do I roll back?", url=f"{SITE}/questions/12"),
        a_result("rollback#cli", Verb.SET),
        a_result("old-vpn", Verb.DELETE, title="How do I reach the old VPN?"),
        a_result("bad", state=ResultState.REJECTED, why="the server says: `title` is too short"),
        a_result("bad#why", state=ResultState.SKIPPED, why="it needs bad, which failed"),
        a_result("moved", Verb.UPDATE, ResultState.STALE, why="the body was edited on the site"),
        a_result("lost", state=ResultState.UNKNOWN, why="no answer within 30 s"),
        *(a_result(f"later/{number}", state=ResultState.NOT_REACHED) for number in range(12)),
        incidents=(
            Incident("two posts bear its marker", Key("twin"), (Ref(Kind.QUESTION, 5),), True),
            Incident("the echo differs from what was sent", Key("rollback")),
        ),
        stopped_by="the day's quota is used up",
        exit_code=10,
        resume="teams-importer apply plan.json",
        condition="2 outcomes were found out by looking; right if the server shows it within 75 s",
    )


REPORTS = {
    "undone": a_report(a_result("old-vpn", Verb.DELETE), command="undo"),
    "empty": a_report(),
    "waiting": a_report(
        a_result(title="When is the release freeze?"),
        blocked=_blocked().blocked,
        manual=_every_action().manual,
        exit_code=11,
    ),
    "through": a_report(a_result(url=f"{SITE}/questions/31"), started_at=None),
    "everything": _report(),
    "hostile": a_report(
        *(
            a_result(f"hostile/{number}", state=state, title=text, url=text, why=text)
            for number, text in enumerate(HOSTILE)
            for state in (ResultState.DONE, ResultState.REJECTED)
        ),
        incidents=(Incident("\n".join(HOSTILE), Key("hostile")),),
        stopped_by="\n".join(HOSTILE),
        resume="\n".join(HOSTILE),
    ),
}

_MANY: list[dict[str, object]] = [
    {"kind": kind, "path": "a.md", "line": at, "what": f"no {at}", "why": "dropped"}
    for at in range(1, 13)
    for kind in ("navigation", "question", "text", "unheard of")
]

LOSSES: dict[str, tuple[list[dict[str, object]], dict[str, int]]] = {
    "empty": ([], {}),
    "nothing lost": ([], {"pages": 3, "migrated": 3}),
    "some": (
        [
            {"kind": "skipped", "path": "old.md", "line": 1, "what": "Old", "why": "it is empty"},
            {"kind": "markup", "path": "a.md", "line": 3, "what": "{toc}", "why": "has no place"},
            {"kind": "markup", "path": "a.md", "line": 9, "what": "<u>", "why": "isn't allowed"},
            {"kind": "file", "path": "a.md", "line": 0, "what": "notes.pdf", "unheard": "of"},
            {"kind": "merged", "path": "b.md", "line": None, "what": "B", "why": "belongs to A"},
        ],
        {"pages": 6, "migrated": 3, "split": 1, "merged": 1, "skipped": 1},
    ),
    "many": (
        [
            *_MANY,
            {"kind": "skipped", "path": "b.md", "line": 1, "what": "b.md", "why": "it is empty"},
        ],
        {"pages": 13, "migrated": 12, "skipped": 1},
    ),
    "hostile": (
        [{"kind": text, "path": text, "line": 1, "what": text, "why": text} for text in HOSTILE],
        {},
    ),
}


def _fidelity(text: str, count: int = 1) -> dict[str, Any]:
    """Return a verified conversion with one difference of each outcome."""
    return {
        "pages": 2,
        "texts": 3,
        "identical": 2,
        "left_out": 0,
        "constructs": [
            {"construct": "text", "kept": 2000, "changed": 3, "reported": 4, "unreported": count},
            {"construct": "code", "kept": 2, "changed": 1, "reported": 0, "unreported": 0},
        ],
        "differing": [
            {
                "path": "a.md",
                "line": 1,
                "title": text,
                "keys": ["a"],
                "differences": [
                    {
                        "construct": "text",
                        "outcome": outcome,
                        "what": text,
                        "instead": text if outcome == "changed" else "",
                        "why": text if outcome == "reported" else "",
                        "count": count,
                    }
                    for outcome in ("changed", "reported", "unreported")
                ],
            }
        ],
    }


FIDELITIES: dict[str, dict[str, Any]] = {
    "empty": {
        "pages": 0, "texts": 0, "identical": 0, "left_out": 0, "constructs": [], "differing": []
    },
    "some": _fidelity("a word", 2),
    **{f"hostile {at}": _fidelity(text) for at, text in enumerate(HOSTILE)},
}  # fmt: skip
