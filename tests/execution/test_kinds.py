"""Articles, collections and experts, from an empty team to undo, upon a team that can do all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from importer.errors import ExitCode
from importer.execution import OnUnknown, RunOptions
from importer.model.fields import Value
from importer.model.ids import Field, FullKey, Key, Kind, Ref, UserId, Verb
from importer.model.live import Ability, LiveItem
from importer.model.manifest import Fate, Item, OnDrift, Removed
from importer.model.plan import BlockedCode, Plan
from importer.model.report import Report, ResultState
from importer.text.links import Text
from tests.execution.fake_team import ANN, ME, SITE, FakeTeam, KindStage
from tests.planning.stage import article, collection, having, tag, text
from tests.stage import HERE, answer, manifest, question

LEAVE = article("policy/leave", fields={Field.PERMISSIONS: ("everyone",)})
TRIPS = having(article("trips"), Field.BODY, text("See [leave](key:policy/leave) and all that."))
START = collection("start", "one", "policy/leave", "trips")
EXPERTS = tag("testing", experts=("user:7",), adds=(Field.EXPERTS,))
HANDBOOK = (EXPERTS, question("one"), answer("one#a", accepted=True), LEAVE, TRIPS, START)


def ids(plan: Plan) -> list[str]:
    return [it.id for it in plan.changes]


def states(report: Report) -> set[ResultState]:
    return {it.state for it in report.results}


def blocked(plan: Plan) -> dict[str | None, BlockedCode]:
    return {it.key: it.code for it in plan.blocked}


def applied(*items: Item) -> KindStage:
    stage = KindStage()
    report = stage.apply(manifest(*items))
    assert (report.exit_code, report.incidents) == (ExitCode.DONE, ())
    return stage


def content(team: FakeTeam) -> Mapping[Ref, Mapping[Field, Value]]:
    return {ref: it.fields for ref, it in team.posts.items()}


def test_a_handbook_of_all_kinds_is_written_once() -> None:
    stage = KindStage()
    plan = stage.plan(manifest(*HANDBOOK))
    assert ids(plan) == [
        "one!create",
        "tag:testing!set!experts",
        "one#a!create",
        "one#a!set!accepted",
        "policy/leave!create",
        "trips!create",
        "start!create",
    ]
    report = stage.apply(manifest(*HANDBOOK))
    assert (report.exit_code, states(report)) == (ExitCode.DONE, {ResultState.DONE})
    assert stage.fake.is_whole()
    assert stage.fake.experts("testing") == ("user:7",)
    members = [stage.fake.post(it).ref for it in ("one", "policy/leave", "trips")]
    assert stage.fake.post("start").fields[Field.ITEMS] == tuple(map(str, members))
    again = stage.plan(manifest(*HANDBOOK))
    assert (again.changes, again.blocked, again.drift, again.manual) == ((), (), (), ())
    assert again.unchanged == len(HANDBOOK)


@pytest.mark.parametrize("lose", [False, True])
def test_nothing_is_written_again_without_the_journal(lose: bool) -> None:
    stage = applied(*HANDBOOK)
    if lose:
        stage.lose_journal()
    sent = stage.fake.sent()
    report = stage.apply(manifest(*HANDBOOK))
    assert (report.exit_code, report.results) == (ExitCode.DONE, ())
    assert stage.fake.sent() == sent
    edited = having(having(LEAVE, Field.TYPE, "how-to-guide"), Field.PERMISSIONS, ("owner-only",))
    plan = stage.plan(manifest(*HANDBOOK[:3], edited, TRIPS, replace(START)))
    assert (ids(plan), plan.blocked) == (["policy/leave!update"], ())


# What is read.


def test_articles_and_collections_are_read_where_something_names_them() -> None:
    stage = applied(question("one"))
    assert stage.fake.kinds_read() == {Kind.TAG, Kind.QUESTION, Kind.ANSWER}
    assert not [it for it in stage.fake.scopes if type(it).__name__ in ("Tags", "People")]
    stage.apply(manifest(question("one"), LEAVE))
    assert Kind.ARTICLE in stage.fake.kinds_read()
    assert Kind.COLLECTION not in stage.fake.kinds_read()
    stage.fake.scopes.clear()
    plan = stage.plan(manifest(question("one")))
    assert [it.key for it in plan.orphans] == ["policy/leave"], "the journal names it"


def test_a_removed_article_is_found_without_a_journal() -> None:
    stage = applied(question("one"), LEAVE)
    stage.lose_journal()
    gone = [Removed(Key("policy/leave"), Fate.DELETE, HERE)]
    wanted = manifest(question("one"), removed=gone)
    assert ids(stage.plan(wanted)) == ["policy/leave!delete"]
    # A run has begun its journal before it looks at the team.
    assert [it.change for it in stage.apply(wanted).results] == ["policy/leave!delete"]


# Articles.


def test_permissions_that_nobody_states_are_sent_back_as_they_were_read() -> None:
    stage = applied(TRIPS, LEAVE)
    assert Field.PERMISSIONS not in stage.fake.writes[1].fields, "trips states none"
    stage.fake.edit("trips", Field.PERMISSIONS, ("specific-editors", "user:7"))
    edited = having(TRIPS, Field.TITLE, "Another title of the article about trips")
    report = stage.apply(manifest(edited, LEAVE))
    assert report.exit_code == ExitCode.DONE
    assert stage.fake.post("trips").fields[Field.PERMISSIONS] == ("specific-editors", "user:7")


def test_permissions_that_a_reading_does_not_tell_are_not_compared() -> None:
    stage = applied(LEAVE)
    stage.fake.hides = frozenset({Field.PERMISSIONS})
    assert stage.plan(manifest(LEAVE)).changes == ()
    edited = having(LEAVE, Field.TITLE, "Another title of the article about leave")
    assert stage.apply(manifest(edited)).exit_code == ExitCode.DONE
    assert stage.fake.writes[-1].fields.keys() == {
        Field.TITLE,
        Field.TAGS,
        Field.BODY,
        Field.TYPE,
    }


@pytest.mark.parametrize("page", ["", "https://acme.example/edit"])
def test_permissions_that_cannot_be_written_are_told(page: str) -> None:
    stage = KindStage()
    stage.fake.hides = frozenset({Field.PERMISSIONS})
    unable = Ability(able=False, reason="v2.3 knows no permissions", page=page)
    stage.fake.unable = {(Kind.ARTICLE, Field.PERMISSIONS): unable}
    plan = stage.plan(manifest(LEAVE, TRIPS))
    if not page:
        assert blocked(plan)[Key("policy/leave")] is BlockedCode.UNSUPPORTED
        assert blocked(plan)[Key("trips")] is BlockedCode.NEEDS
        return
    assert [(it.key, it.what) for it in plan.manual] == [
        ("policy/leave", "set the permissions to everyone")
    ]
    assert stage.apply(manifest(LEAVE, TRIPS)).exit_code == ExitCode.DONE
    again = stage.plan(manifest(LEAVE, TRIPS))
    assert (again.changes, len(again.manual)) == ((), 1)


def test_an_article_edited_on_the_site_is_left_alone_field_by_field() -> None:
    stage = applied(LEAVE)
    stage.fake.edit("policy/leave", Field.PERMISSIONS, ("owner-only",))
    plan = stage.plan(manifest(having(LEAVE, Field.TYPE, "announcement")))
    assert ids(plan) == ["policy/leave!update"]
    assert [it.field for it in plan.drift] == [Field.PERMISSIONS]
    stage.apply(manifest(having(LEAVE, Field.TYPE, "announcement")))
    assert stage.fake.post("policy/leave").fields[Field.PERMISSIONS] == ("owner-only",)


@pytest.mark.parametrize("kind", [Kind.ARTICLE, Kind.COLLECTION])
def test_a_kind_that_could_not_be_read_is_not_created(kind: Kind) -> None:
    """It may be there already: its marker was not seen."""
    stage = KindStage()
    found = stage.fake._found  # noqa: SLF001 - a test's double

    def partly(scope: object) -> list[object]:
        return [it for it in found(scope) if getattr(it, "kind", None) is not kind]  # type: ignore[arg-type]  # any scope

    stage.fake._found = partly  # type: ignore[method-assign, assignment]  # noqa: SLF001 - as above
    codes = blocked(stage.plan(manifest(question("one"), LEAVE, TRIPS, START)))
    assert BlockedCode.UNREAD in codes.values()


# Collections.


def test_a_collection_waits_for_its_items_by_name() -> None:
    stage = KindStage()
    stage.fake.posts[Ref(Kind.ARTICLE, 7)] = LiveItem(
        Ref(Kind.ARTICLE, 7), None, SITE.base, {Field.TITLE: LEAVE.fields[Field.TITLE]}
    )
    plan = stage.plan(manifest(*HANDBOOK))
    codes = blocked(plan)
    assert codes[Key("policy/leave")] is BlockedCode.EQUAL_TITLE
    (waiting,) = [it for it in plan.blocked if it.key == "start"]
    assert (waiting.code, "policy/leave" in waiting.why) == (BlockedCode.NEEDS, True)


def test_a_collections_new_order_is_one_update() -> None:
    stage = applied(*HANDBOOK)
    turned = collection("start", "trips", "one", "policy/leave")
    plan = stage.plan(manifest(*HANDBOOK[:5], turned))
    assert ids(plan) == ["start!update"]
    assert plan.changes[0].fields[0].before == START.fields[Field.ITEMS]
    stage.apply(manifest(*HANDBOOK[:5], turned))
    assert stage.plan(manifest(*HANDBOOK[:5], turned)).changes == ()


def test_what_a_person_put_into_a_collection_is_drift_and_is_sent_back() -> None:
    stage = applied(*HANDBOOK)
    live = stage.fake.post("start")
    theirs = (*live.fields[Field.ITEMS], "question/999")  # type: ignore[misc]  # a tuple of names
    stage.fake.edit("start", Field.ITEMS, theirs)
    renamed = having(START, Field.TITLE, "Where to start from")
    plan = stage.plan(manifest(*HANDBOOK[:5], renamed))
    assert (ids(plan), [it.field for it in plan.drift]) == (["start!update"], [Field.ITEMS])
    stage.apply(manifest(*HANDBOOK[:5], renamed))
    assert stage.fake.post("start").fields[Field.ITEMS] == theirs


def test_a_collection_gets_a_new_item_after_its_post() -> None:
    stage = applied(*HANDBOOK)
    wider = collection("start", "one", "policy/leave", "trips", "two")
    plan = stage.plan(manifest(*HANDBOOK[:5], wider, question("two")))
    assert ids(plan) == ["two!create", "start!update"]
    assert plan.changes[1].needs == ("two!create",)


def test_a_collections_description_carries_the_marker_and_its_links() -> None:
    described = having(START, Field.BODY, text("Begin with [leave](key:policy/leave)."))
    stage = applied(*HANDBOOK[:5], described)
    body = stage.fake.post("start").fields[Field.BODY]
    assert body == Text("Begin with [leave](\0).\n", (str(stage.fake.post("policy/leave").ref),))
    stage.lose_journal()
    assert stage.plan(manifest(*HANDBOOK[:5], described)).changes == ()


def test_an_item_leaves_its_collection_before_its_post_is_deleted() -> None:
    stage = applied(*HANDBOOK)
    smaller = collection("start", "one", "policy/leave")
    gone = [Removed(Key("trips"), Fate.DELETE, HERE)]
    plan = stage.plan(manifest(*HANDBOOK[:4], smaller, removed=gone))
    assert ids(plan) == ["start!update", "trips!delete"]
    assert plan.changes[1].needs == ("start!update",)
    report = stage.apply(manifest(*HANDBOOK[:4], smaller, removed=gone))
    assert report.exit_code == ExitCode.DONE
    assert stage.plan(manifest(*HANDBOOK[:4], smaller, removed=gone)).changes == ()


@pytest.mark.parametrize("key", ["policy/leave", "trips", "start"])
def test_a_post_deleted_on_the_site_is_gone_and_not_made_again(key: str) -> None:
    stage = applied(*HANDBOOK)
    del stage.fake.posts[stage.fake.post(key).ref]
    plan = stage.plan(manifest(*HANDBOOK))
    assert "create" not in " ".join(ids(plan))
    assert blocked(plan)[Key(key)] is BlockedCode.GONE


def test_protection_holds_for_an_article_that_left_the_manifest() -> None:
    stage = applied(replace(LEAVE, protected=True))
    gone = [Removed(Key("policy/leave"), Fate.DELETE, HERE)]
    assert blocked(stage.plan(manifest(removed=gone))) == {"policy/leave": BlockedCode.PROTECTED}


# Experts.


def test_experts_that_somebody_named_meanwhile_make_the_change_stale() -> None:
    stage = applied(question("one"))
    plan = stage.plan(manifest(question("one"), EXPERTS))
    stage.fake.tags["testing"].experts = ("user:9",)
    report = stage.apply(plan)
    assert states(report) == {ResultState.STALE}
    assert stage.fake.experts("testing") == ("user:9",)
    assert stage.apply(manifest(question("one"), EXPERTS)).exit_code == ExitCode.DONE
    assert stage.fake.experts("testing") == ("user:7", "user:9")


def test_experts_are_known_again_from_the_journal() -> None:
    exact = tag("testing", experts=("user:7",))
    stage = applied(question("one"), exact)
    stage.fake.tags["testing"].experts = ("user:7", "user:9")
    plan = stage.plan(manifest(question("one"), exact))
    assert (plan.changes, [it.field for it in plan.drift]) == ((), [Field.EXPERTS])
    stage.lose_journal()
    assert blocked(stage.plan(manifest(question("one"), exact))) == {
        "tag:testing": BlockedCode.NO_BASE
    }


def test_mail_addresses_are_looked_up_before_anything_is_planned() -> None:
    stage = KindStage()
    stage.fake.people = {"ada@acme.example": UserId(12)}
    item = tag("testing", experts=("email:ada@acme.example",), adds=(Field.EXPERTS,))
    assert stage.apply(manifest(question("one"), item)).exit_code == ExitCode.DONE
    assert stage.fake.experts("testing") == ("user:12",)
    assert stage.plan(manifest(question("one"), item)).changes == ()
    stage.fake.people = {}
    assert blocked(stage.plan(manifest(question("one"), item))) == {
        "tag:testing": BlockedCode.UNSUPPORTED
    }


def test_what_the_token_may_not_see_is_told_with_its_reason() -> None:
    stage = applied(question("one"))
    stage.fake.hides = frozenset({Field.EXPERTS})
    stage.fake.denied = {"testing": "the site has no experts"}
    (waiting,) = stage.plan(manifest(question("one"), EXPERTS)).blocked
    assert waiting.why == "the site has no experts"
    stage.fake.hides = frozenset()
    stage.fake.denied = {"ada@acme.example": "only administrators may look"}
    item = tag("testing", experts=("email:ada@acme.example",))
    (waiting,) = stage.plan(manifest(question("one"), item)).blocked
    assert waiting.why == "ada@acme.example: only administrators may look"


def test_experts_that_this_token_may_not_name_are_tried_again_with_another() -> None:
    stage = applied(question("one"))
    stage.fake.mishaps = ["rejected"]
    report = stage.apply(manifest(question("one"), EXPERTS))
    assert (report.exit_code, states(report)) == (ExitCode.PARTLY, {ResultState.REJECTED})
    assert ids(stage.plan(manifest(question("one"), EXPERTS))) == ["tag:testing!set!experts"]


def test_experts_of_a_synonym_are_its_masters() -> None:
    stage = applied(question("one"))
    stage.fake.synonyms = {"tests": "testing"}
    item = tag("tests", experts=("user:7",), adds=(Field.EXPERTS,))
    assert stage.apply(manifest(question("one"), item)).exit_code == ExitCode.DONE
    assert stage.fake.experts("testing") == ("user:7",)
    assert stage.plan(manifest(question("one"), item)).changes == ()


@pytest.mark.parametrize("mishap", ["lost before", "lost after"])
def test_experts_whose_outcome_is_unknown_are_looked_up(mishap: str) -> None:
    stage = applied(question("one"))
    stage.fake.mishaps = [mishap]
    assert stage.apply(manifest(question("one"), EXPERTS)).exit_code == ExitCode.DONE
    assert stage.fake.experts("testing") == ("user:7",)
    assert stage.fake.sent()["set tag"] == 1


@pytest.mark.parametrize("mishap", ["rejected", "lost before", "lost after"])
@pytest.mark.parametrize("exact", [True, False])
def test_experts_of_several_writes_are_whole_after_one_that_failed(
    mishap: str, *, exact: bool
) -> None:
    adds = () if exact else (Field.EXPERTS,)
    wanted = manifest(question("one"), tag("testing", experts=("group:4", "user:7"), adds=adds))
    stage = applied(question("one"))
    stage.fake.mishaps = [None, mishap]
    first = stage.apply(wanted)
    assert first.exit_code == (ExitCode.PARTLY if mishap == "rejected" else ExitCode.DONE)
    if mishap == "rejected":
        assert stage.fake.experts("testing") == ("user:7",)
        assert ids(stage.plan(wanted)) == ["tag:testing!set!experts"]
    assert stage.apply(wanted).exit_code == ExitCode.DONE
    assert stage.fake.experts("testing") == ("group:4", "user:7")
    assert stage.fake.sent()["set tag"] == 2
    assert stage.plan(wanted).changes == ()


def test_an_exact_set_that_was_only_added_to_before_waits_for_a_word() -> None:
    stage = applied(question("one"))
    stage.fake.tags["testing"].experts = ("user:9",)
    stage.apply(manifest(question("one"), EXPERTS))
    exact = replace(EXPERTS, adds=())
    report = stage.apply(manifest(question("one"), exact))
    assert report.exit_code == ExitCode.DECISION
    (waiting,) = report.blocked
    assert "user:9" in waiting.why
    assert stage.fake.experts("testing") == ("user:7", "user:9")
    decided = manifest(question("one"), replace(exact, on_drift=OnDrift.OVERWRITE))
    assert stage.apply(decided).exit_code == ExitCode.DONE
    assert stage.fake.experts("testing") == ("user:7",)
    assert stage.plan(manifest(question("one"), exact)).unchanged == 2
    plan, report = stage.undo()
    assert (plan.blocked, report.exit_code) == ((), ExitCode.DONE)
    assert stage.fake.experts("testing") == ("user:7", "user:9")


def test_a_step_by_hand_for_a_new_tag_still_holds_once_the_tag_is_there() -> None:
    stage = KindStage()
    page = "https://acme.example/tags"
    unable = Ability(able=False, reason="no API can", page=page)
    stage.fake.unable = {(Kind.TAG, Field.DESCRIPTION): unable}
    described = tag("testing", description="Whatever has to do with tests")
    (step,) = stage.apply(manifest(question("one"), described)).manual
    assert "testing" in stage.fake.tags
    what = 'set the description of the tag to "Whatever has to do with tests"'
    assert step.what == f"{what} (once a post bears the tag)"


# What goes wrong.


@pytest.mark.parametrize("item", [LEAVE, collection("start", "one")])
@pytest.mark.parametrize("park", [False, True])
@pytest.mark.parametrize("mishap", ["lost before", "lost after"])
def test_a_create_whose_answer_is_lost_is_found_by_its_marker(
    item: Item, park: bool, mishap: str
) -> None:
    stage = applied(question("one"))
    unknown = OnUnknown.PARK if park else OnUnknown.RESOLVE
    stage.options = RunOptions(settle_s=0.0, on_unknown=unknown)
    stage.fake.mishaps = [mishap]
    report = stage.apply(manifest(question("one"), item))
    assert report.exit_code == (ExitCode.UNKNOWN if park else ExitCode.DONE)
    assert stage.apply(manifest(question("one"), item)).exit_code == ExitCode.DONE
    assert stage.fake.sent()[f"create {item.kind}"] == 1
    assert stage.plan(manifest(question("one"), item)).changes == ()


@pytest.mark.parametrize("item", [LEAVE, START])
def test_two_posts_of_one_article_or_collection_are_found_by_the_audit(item: Item) -> None:
    stage = applied(*HANDBOOK)
    live = stage.fake.post(item.key)
    twin = replace(live, ref=Ref(live.ref.kind, 999))
    stage.fake.posts[twin.ref] = twin
    report = stage.apply(manifest(*HANDBOOK, question("two")))
    (incident,) = report.incidents
    assert (incident.key, incident.refs) == (item.key, (live.ref, twin.ref))


def test_a_team_that_tells_no_histories_is_not_waited_for() -> None:
    stage = applied(LEAVE)
    stage.fake.has_histories = False
    report = stage.apply(manifest(having(LEAVE, Field.TYPE, "announcement")))
    assert report.ended_at is not None
    assert report.started_at is not None
    assert (report.ended_at - report.started_at).total_seconds() < 5
    assert report.exit_code == ExitCode.DONE


def test_a_collection_has_no_history_to_look_at() -> None:
    stage = applied(*HANDBOOK)
    turned = collection("start", "trips", "one", "policy/leave")
    stage.fake.revisions.clear()
    stage.fake.scopes.clear()
    assert stage.apply(manifest(*HANDBOOK[:5], turned)).audited
    assert not [it for it in stage.fake.scopes if type(it).__name__ == "Revisions"]


# Undo.


def test_undone_a_handbook_of_all_kinds_leaves_nothing() -> None:
    stage = applied(question("zero"))
    before = content(stage.fake)
    stage.apply(manifest(question("zero"), *HANDBOOK))
    plan, report = stage.undo()
    assert (plan.blocked, plan.manual, report.exit_code) == ((), (), ExitCode.DONE)
    assert content(stage.fake) == before
    assert stage.fake.experts("testing") == ()


def test_undone_an_edit_of_all_kinds_is_as_before() -> None:
    stage = applied(*HANDBOOK)
    stage.fake.tags["testing"].experts = ("user:7", "user:9")
    before = content(stage.fake)
    edited = (
        replace(EXPERTS, fields={Field.EXPERTS: ("user:7", "user:8")}),
        *HANDBOOK[1:3],
        having(LEAVE, Field.PERMISSIONS, ("owner-only",)),
        having(TRIPS, Field.TYPE, "announcement"),
        collection("start", "trips", "one"),
    )
    assert stage.apply(manifest(*edited)).exit_code == ExitCode.DONE
    assert stage.fake.experts("testing") == ("user:7", "user:8", "user:9")
    plan, report = stage.undo()
    assert (plan.blocked, report.exit_code) == ((), ExitCode.DONE)
    assert content(stage.fake) == before
    assert stage.fake.experts("testing") == ("user:7", "user:9")
    assert len(stage.plan(manifest(*edited)).changes) == 4
    assert stage.plan(manifest(*HANDBOOK)).changes == ()


def test_what_a_reading_does_not_tell_is_not_undone_in_silence() -> None:
    stage = applied(LEAVE)
    edited = having(having(LEAVE, Field.PERMISSIONS, ("owner-only",)), Field.TYPE, "announcement")
    stage.apply(manifest(edited))
    stage.fake.hides = frozenset({Field.PERMISSIONS})
    plan, _ = stage.undo()
    assert (ids(plan), blocked(plan)) == (
        ["policy/leave!update"],
        {"policy/leave": BlockedCode.UNREAD},
    )
    assert stage.fake.post("policy/leave").fields[Field.TYPE] == "policy"


def test_experts_named_since_are_not_undone() -> None:
    stage = applied(question("one"))
    stage.apply(manifest(question("one"), EXPERTS))
    stage.fake.tags["testing"].experts = ("user:7", "user:9")
    plan, _ = stage.undo()
    assert blocked(plan) == {"tag:testing": BlockedCode.CONFLICT}


# Authors.


def test_an_author_nobody_can_write_as_waits_for_a_person() -> None:
    stage = KindStage()
    plan = stage.plan(manifest(replace(LEAVE, author=ANN), question("one")))
    (waiting,) = plan.blocked
    assert (waiting.key, "Enterprise" in waiting.why) == ("policy/leave", True)
    assert ids(plan) == ["one!create"]
    mine = stage.plan(manifest(replace(LEAVE, author=ME)))
    assert (ids(mine), mine.blocked) == (["policy/leave!create"], ())


def test_posts_are_written_in_their_authors_name_where_that_can_be_done() -> None:
    stage = KindStage()
    stage.fake.can_author = True
    items = (
        replace(question("one"), author=ANN),
        answer("one#a", accepted=True),
        replace(LEAVE, author=ANN),
    )
    report = stage.apply(manifest(*items))
    assert (report.exit_code, report.incidents) == (ExitCode.DONE, ())
    assert {(it.kind, it.verb, it.author) for it in stage.fake.writes} == {
        (Kind.QUESTION, Verb.CREATE, ANN),
        (Kind.ANSWER, Verb.CREATE, None),
        (Kind.ANSWER, Verb.SET, ANN),
        (Kind.ARTICLE, Verb.CREATE, ANN),
    }
    assert stage.fake.post("policy/leave").facts.author == ANN
    assert stage.plan(manifest(*items)).changes == ()
    stage.lose_journal()
    again = stage.plan(manifest(*items))
    assert (again.changes, again.blocked) == ((), ())


def test_an_author_is_as_good_as_a_publisher() -> None:
    """Or a runner without a journal would write their posts a second time."""
    stage = KindStage()
    stage.fake.can_author = True
    wanted = manifest(replace(LEAVE, author=ANN), publishers=[int(ME)])
    assert stage.apply(wanted).exit_code == ExitCode.DONE
    stage.lose_journal()
    assert stage.plan(wanted).changes == ()
    gone = [Removed(Key("policy/leave"), Fate.DELETE, HERE)]
    stage = KindStage()
    stage.fake.can_author = True
    stage.apply(manifest(replace(question("one"), author=ANN), replace(LEAVE, author=ANN)))
    plan = stage.plan(manifest(replace(question("one"), author=ANN), removed=gone))
    assert ids(plan) == ["policy/leave!delete"]


@pytest.mark.parametrize("mishap", ["lost before", "lost after"])
def test_a_lost_create_in_somebodys_name_is_found(mishap: str) -> None:
    stage = KindStage()
    stage.fake.can_author = True
    stage.fake.mishaps = [mishap]
    assert stage.apply(manifest(replace(LEAVE, author=ANN))).exit_code == ExitCode.DONE
    assert stage.fake.sent() == {"create article": 1}


# Tags.


def test_a_renamed_tag_retags_articles_too() -> None:
    stage = applied(question("one", tags=["deployment"]), having(LEAVE, Field.TAGS, ("testing",)))
    renaming = tag("deploys", was=(FullKey("handbook:tag:deployment"),))
    items = (
        renaming,
        question("one", tags=["deployment"]),
        having(LEAVE, Field.TAGS, ("testing",)),
    )
    assert ids(stage.plan(manifest(*items))) == ["one!update"]
    assert stage.apply(manifest(*items)).exit_code == ExitCode.DONE
    assert stage.fake.post("one").fields[Field.TAGS] == ("deploys",)
    assert stage.plan(manifest(*items)).changes == ()
