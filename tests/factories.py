"""Plans and reports for tests: a caller states what matters, the rest is ordinary.

`plans()` and `reports()` draw random ones for the laws; *texts* fills every free text in them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from importer.errors import Problem, Severity, Span
from importer.model.fields import Value
from importer.model.ids import (
    ChangeId,
    Field,
    Key,
    Kind,
    Lineage,
    Ref,
    RunId,
    Verb,
    change_id,
    parent_key,
)
from importer.model.ledger import Base, Binding
from importer.model.manifest import Footer, OnDrift
from importer.model.pictures import Picture
from importer.model.plan import (
    Blocked,
    BlockedCode,
    Change,
    Cost,
    Decisions,
    Drift,
    FieldChange,
    ManualStep,
    Orphan,
    Plan,
    Reason,
    Side,
)
from importer.model.report import Incident, Report, Result, ResultState
from importer.text.digests import Digest, digest_text
from importer.text.links import Text, plain

SITE = "https://stackoverflowteams.com/c/acme"
MANIFEST = digest_text("a manifest")

HOSTILE = (
    "\x1b[2J\x1b[31mred",
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x9b31m",
    "over\rwritten",
    "back\b\bspace",
    "\u202egnp.exe\u202c",
    "zero\u200bwidth\ufeff",
    "::stop-commands::token",
    "  ::add-mask::secret",
    "::set-output name=a::b",
    "x ##[group]folded",
    "##vso[task.setvariable variable=a]b",
    "a | b",
    "`tick` ``ticks`` ```fence```",
    "~~~",
    "</td></tr></table>",
    "</details><details open>",
    "<img src=https://evil.example/x.png>",
    "![pixel](https://evil.example/x.png)",
    "[link](javascript:alert(1))",
    "@acme/everybody",
    "fixes #123",
    "<!-- comment",
    "{{ 7*7 }}{% raw %}",
    "No changes. 40 items match the team.",
    "# heading\n- list\n1. list\n> quote\n---\n::error::line",
    "\\",
    "\n\n",
    "&amp;&#124;",
)
"""Texts that would do harm on a terminal, in a CI log, in a Markdown comment or in a template."""


def a_span(line: int = 3, path: str = "content/oncall.md") -> Span:
    return Span(path, line, 1)


def a_field(field: Field, before: Value | None, after: Value | None, **more: Any) -> FieldChange:
    return FieldChange(field, before, after, **more)


def a_create(
    key: str = "oncall/freeze",
    title: str = "When is the release freeze?",
    body: str = "The calendar is on the wall.\n",
    tags: tuple[str, ...] = ("deploys", "oncall"),
    **more: Any,
) -> Change:
    fields = (
        a_field(Field.TITLE, None, title),
        a_field(Field.TAGS, None, tags),
        a_field(Field.BODY, None, plain(body)),
    )
    given = {"fields": fields, "title": title, "bumps": True, "span": a_span(), **more}
    return a_change(key, Verb.CREATE, Reason.NEW, **given)


def an_answer(
    key: str = "oncall/freeze#calendar", body: str = "In the last week of each quarter.\n"
) -> Change:
    return a_change(
        key,
        Verb.CREATE,
        Reason.NEW,
        kind=Kind.ANSWER,
        fields=(a_field(Field.BODY, None, plain(body)),),
        needs=(change_id(parent_key(Key(key)) or Key(key), Verb.CREATE),),
        bumps=True,
        span=a_span(9),
    )


def an_upload(
    path: str = "img/way.png", key: str = "image:aaaaaaaaaaaaaaaaaaaaaaaaaa", size: int = 48_213
) -> Change:
    picture = Picture(path, Digest(key.removeprefix("image:")), "image/png", size)
    return a_change(
        key,
        Verb.CREATE,
        Reason.NEW,
        kind=Kind.IMAGE,
        title=path,
        picture=picture,
        span=a_span(12),
    )


def an_update(*fields: FieldChange, key: str = "rollback", **more: Any) -> Change:
    given = {
        "title": "How do I roll back a production deploy?",
        "ref": Ref(Kind.QUESTION, 12),
        "url": f"{SITE}/questions/12",
        "span": a_span(10, "content/rollback.md"),
        "bumps": True,
        **more,
    }
    return a_change(key, Verb.UPDATE, given.pop("reason", Reason.EDITED), fields=fields, **given)


def an_accept(key: str = "rollback#cli", *, after: bool = True) -> Change:
    return a_change(
        key,
        Verb.SET,
        Reason.EDITED,
        kind=Kind.ANSWER,
        fields=(a_field(Field.ACCEPTED, not after, after),),
        ref=Ref(Kind.ANSWER, 13),
        url=f"{SITE}/a/13",
        span=a_span(14, "content/rollback.md"),
    )


def a_delete(key: str = "old-vpn", title: str = "How do I reach the old VPN?") -> Change:
    fields = (
        a_field(Field.TITLE, title, None),
        a_field(Field.TAGS, ("vpn",), None),
        a_field(Field.BODY, plain("Dial in.\n\nThen wait.\n"), None),
    )
    return a_change(
        key,
        Verb.DELETE,
        Reason.REMOVED,
        title=title,
        fields=fields,
        ref=Ref(Kind.QUESTION, 7),
        url=f"{SITE}/questions/7",
        span=a_span(40, "teams-importer.yaml"),
    )


def a_change(
    key: str, verb: Verb, reason: Reason, *, kind: Kind = Kind.QUESTION, **more: Any
) -> Change:
    name = Key(key)
    field = more["fields"][0].field if verb is Verb.SET else None
    links = reason is Reason.LINKS
    return Change(change_id(name, verb, field, links=links), name, kind, verb, reason, **more)


def a_drift(field: Field, ours: Value, live: Value, key: str = "pat") -> Drift:
    return Drift(
        Key(key),
        Kind.QUESTION,
        Ref(Kind.QUESTION, 21),
        f"{SITE}/questions/21",
        "What is a personal access token?",
        field,
        ours,
        live,
        a_span(2, "content/pat.md"),
    )


def a_conflict(*sides: Side, key: str = "vpn/setup") -> Blocked:
    return Blocked(
        BlockedCode.CONFLICT,
        Key(key),
        Kind.QUESTION,
        "the manifest and the site both changed the body since the last apply",
        f"Take the site's edit home with `teams-importer pull {key}`, then plan again.",
        url=f"{SITE}/questions/30",
        sides=sides,
        span=a_span(5, "content/vpn.md"),
    )


def a_guard() -> Blocked:
    return Blocked(
        BlockedCode.GUARD,
        None,
        None,
        "14 items would be updated, the guard allows 12 of 40 managed",
        "Look at the plan, then allow it with --max-updates 14.",
    )


def a_plan(*changes: Change, **more: Any) -> Plan:
    given = {
        "lineage": Lineage("lineage"),
        "serial": 7,
        "namespace": "handbook",
        "team": "acme",
        "site": SITE,
        "manifest": MANIFEST,
        "decisions": Decisions(),
        "managed": 40,
        "unchanged": 40,
        **more,
    }
    writes = len(changes)
    bumped = sum(it.bumps for it in changes)
    uploaded = sum(it.picture.size for it in changes if it.picture)
    cost = Cost(writes, 3 if writes else 0, writes * 0.5, 10_000, bumped, uploaded)
    return Plan(changes=changes, **{"cost": cost, **given})


def a_result(
    key: str = "oncall/freeze",
    verb: Verb = Verb.CREATE,
    state: ResultState = ResultState.DONE,
    **more: Any,
) -> Result:
    kind = Kind.ANSWER if "#" in key else Kind.QUESTION
    return Result(change_id(Key(key), verb), Key(key), kind, verb, state, **more)


def a_report(*results: Result, **more: Any) -> Report:
    given = {
        "started_at": datetime(2026, 3, 1, 9, 0, tzinfo=UTC),
        "ended_at": datetime(2026, 3, 1, 9, 1, 12, tzinfo=UTC),
        "requests": len(results) + 3,
        **more,
    }
    return Report(RunId("2026-03-01-a1b2"), results, **given)


def a_problem(
    message: str = "the title has 9 characters, it needs 15",
    *,
    path: str = "content/oncall.md",
    line: int = 3,
    severity: Severity = Severity.ERROR,
) -> Problem:
    return Problem("title-length", message, Span(path, line, 8), "Say more in the title.", severity)


def hostile_texts() -> st.SearchStrategy[str]:
    """Any text at all, often one made of the pieces that do harm."""
    pieces = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=5), min_size=1, max_size=4)
    return st.text(max_size=20) | pieces.map("".join) | pieces.map("\n".join)


def _values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Value]:
    targets = st.lists(texts, max_size=2).map(tuple)
    return st.one_of(
        st.builds(Text, texts, targets),
        texts,
        st.booleans(),
        st.sampled_from(["true", "false", "1", ""]),
        st.lists(texts, max_size=3).map(tuple),
    )


def _some(strategy: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


def plans(texts: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[Plan]:
    text = st.text(max_size=12) if texts is None else texts
    value, key, digest = _values(text), text.map(Key), text.map(Digest)
    number = st.integers(min_value=0, max_value=10**12)
    ref = st.builds(Ref, st.sampled_from(Kind), number)
    span = st.none() | st.builds(Span, text, number, number)
    kind, field = st.sampled_from(Kind), st.sampled_from(Field)
    some_ref = st.none() | ref
    fields = st.builds(
        FieldChange,
        field,
        st.none() | value,
        st.none() | value,
        st.none() | digest,
        st.booleans(),
    )
    change = st.builds(
        Change,
        text.map(ChangeId),
        key,
        kind,
        st.sampled_from(Verb),
        st.sampled_from(Reason),
        text,
        some_ref,
        st.none() | key,
        some_ref,
        _some(fields, 3),
        _some(text.map(ChangeId)),
        _some(text),
        st.booleans(),
        st.dictionaries(field, digest, max_size=2),
        st.booleans(),
        url=text,
        span=span,
        picture=st.none() | st.builds(Picture, text, digest, text, number),
    )
    base = st.dictionaries(field, st.builds(Base, digest, digest), max_size=2)
    side = st.builds(Side, field, *[st.none() | value] * 3)
    code = st.sampled_from(BlockedCode)
    return st.builds(
        Plan,
        lineage=text.map(Lineage),
        serial=number,
        namespace=text,
        team=text,
        site=text | st.just(SITE),
        manifest=digest,
        decisions=_decisions(text, number),
        changes=_some(change, 3),
        drift=_some(st.builds(Drift, key, kind, ref, text, text, field, value, value, span)),
        orphans=_some(st.builds(Orphan, key, ref, text, text, st.booleans())),
        blocked=_some(
            st.builds(
                Blocked,
                code,
                st.none() | key,
                st.none() | kind,
                text,
                text,
                text,
                _some(side),
                span,
            )
        ),
        manual=_some(st.builds(ManualStep, key, text, text, span)),
        bindings=_some(st.builds(Binding, key=key, ref=ref, url=text, base=base)),
        new_tags=_some(text),
        cost=st.builds(
            Cost,
            number,
            number,
            st.floats(min_value=0, max_value=1e9) | st.integers(0, 100),
            number,
            number,
        ),
        managed=number,
        unchanged=number,
        notes=_some(text),
        footer=st.none() | st.builds(Footer, text, st.booleans()),
    )


def _decisions(
    text: st.SearchStrategy[str], number: st.SearchStrategy[int]
) -> st.SearchStrategy[Decisions]:
    return st.builds(
        Decisions,
        _some(text),
        st.none() | st.sampled_from(OnDrift),
        st.booleans(),
        st.none() | number,
        st.none() | text,
        st.none() | text,
        st.none() | text,
        st.booleans(),
    )


def reports(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Report]:
    number = st.integers(min_value=0, max_value=10**12)
    ref = st.builds(Ref, st.sampled_from(Kind), number)
    result = st.builds(
        Result,
        texts.map(ChangeId),
        texts.map(Key),
        st.sampled_from(Kind),
        st.sampled_from(Verb),
        st.sampled_from(ResultState),
        texts,
        st.none() | ref,
        texts,
        texts,
    )
    incident = st.builds(Incident, texts, texts.map(Key), _some(ref), st.booleans())
    return st.builds(
        Report,
        texts.map(RunId),
        _some(result, 4),
        _some(incident),
        texts,
        st.integers(0, 143),
        texts,
        st.none() | st.datetimes(timezones=st.just(UTC)),
        st.none() | st.datetimes(timezones=st.just(UTC)),
        number,
    )
