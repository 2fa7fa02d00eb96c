"""Is a change still what was reviewed? Per change, against the live post as it stands now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from importer.model.fields import Fields, Value
from importer.model.ids import ChangeId, Field, Kind, Lineage, Ref, UserId
from importer.model.ledger import FieldDigests
from importer.model.live import Facts, LiveItem, Rates
from importer.model.plan import Change, Reason
from importer.planning.cost import cost_of
from importer.planning.freshness import Freshness, judge_freshness
from importer.planning.identity import field_digests, lineage_of, request_id, wanted_digest
from importer.text.links import plain
from tests.factories import (
    SITE,
    a_create,
    a_delete,
    a_field,
    an_accept,
    an_answer,
    an_update,
)

FRESH, ALREADY, STALE = Freshness.FRESH, Freshness.ALREADY, Freshness.STALE
CREATE = a_create()
WANTED = {it.field: it.after for it in CREATE.fields if it.after is not None}
BODY = a_field(Field.BODY, plain("Before.\n"), plain("After.\n"))
UPDATE = an_update(a_field(Field.TITLE, "before", "after"), BODY)
DELETE = a_delete()
FORMER = {it.field: it.before for it in DELETE.fields if it.before is not None}
ACCEPT = an_accept()
LINKS = an_update(
    a_field(Field.BODY, WANTED[Field.BODY], plain("With the link.\n")),
    key="oncall/freeze",
    reason=Reason.LINKS,
)


def _live(change: Change, fields: Fields) -> LiveItem:
    ref = change.ref or Ref(change.kind, 99)
    return LiveItem(ref, None, f"{SITE}/x", fields)


def _is(**fields: Value) -> dict[Field, Value]:
    return {Field(name): value for name, value in fields.items()}


@pytest.mark.parametrize(
    ("change", "live", "expected"),
    [
        pytest.param(CREATE, None, FRESH, id="create: not there"),
        pytest.param(CREATE, WANTED, ALREADY, id="create: there as wanted"),
        pytest.param(CREATE, {**WANTED, Field.TITLE: "x"}, STALE, id="create: there, other"),
        pytest.param(UPDATE, None, STALE, id="update: not there"),
        pytest.param(
            UPDATE, _is(title="before", body=plain("Before.\n")), FRESH, id="update: as before"
        ),
        pytest.param(
            UPDATE, _is(title="after", body=plain("After.\n")), ALREADY, id="update: as wanted"
        ),
        pytest.param(
            UPDATE, _is(title="after", body=plain("Before.\n")), STALE, id="update: half of it"
        ),
        pytest.param(UPDATE, _is(title="x", body=plain("Before.\n")), STALE, id="update: edited"),
        pytest.param(UPDATE, _is(title="before"), STALE, id="update: a field is missing"),
        pytest.param(
            UPDATE,
            {**_is(title="before", body=plain("Before.\n")), Field.TAGS: ("x",)},
            FRESH,
            id="update: a field it doesn't write moved",
        ),
        pytest.param(ACCEPT, None, STALE, id="set: not there"),
        pytest.param(ACCEPT, _is(accepted=False), FRESH, id="set: as before"),
        pytest.param(ACCEPT, _is(accepted=True), ALREADY, id="set: as wanted"),
        pytest.param(DELETE, None, ALREADY, id="delete: not there"),
        pytest.param(DELETE, FORMER, FRESH, id="delete: as before"),
        pytest.param(DELETE, {**FORMER, Field.TITLE: "x"}, STALE, id="delete: edited"),
    ],
)
def test_a_change_is_fresh_done_or_stale(
    change: Change, live: Fields | None, expected: Freshness
) -> None:
    judged = judge_freshness(change, None if live is None else _live(change, live))
    assert judged.freshness is expected
    assert bool(judged.why) is (expected is STALE)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(WANTED[Field.BODY], ALREADY, id="the first write happened"),
        pytest.param(plain("With the link.\n"), ALREADY, id="the second did, too"),
        pytest.param(plain("Something else.\n"), STALE, id="then somebody edited it"),
    ],
)
def test_a_create_whose_second_write_happened_is_done(body: Value, expected: Freshness) -> None:
    live = _live(CREATE, {**WANTED, Field.BODY: body})
    assert judge_freshness(CREATE, live, LINKS).freshness is expected


@pytest.mark.parametrize(
    ("change", "fields", "expected"),
    [
        pytest.param(replace(DELETE, unless_engaged=True), FORMER, STALE, id="held to it"),
        pytest.param(DELETE, FORMER, FRESH, id="not held to it"),
    ],
)
def test_a_deletion_held_to_nobodys_engagement_is_stale_once_others_engage(
    change: Change, fields: Fields, expected: Freshness
) -> None:
    live = replace(_live(change, fields), facts=Facts(engaged_by_others=True))
    assert judge_freshness(change, live).freshness is expected
    quiet = replace(live, facts=Facts())
    assert judge_freshness(change, quiet).freshness is FRESH


def test_a_value_that_was_not_there_before_has_no_precondition_that_holds() -> None:
    change = an_update(a_field(Field.TITLE, None, "after"))
    assert judge_freshness(change, _live(change, _is(title="before"))).freshness is STALE


# The names of requests.


def _request(change: Change = UPDATE, attempt: int = 1, lineage: str = "lineage") -> str:
    return request_id(Lineage(lineage), change.id, change.kind, field_digests(change), attempt)


def test_the_same_wish_is_the_same_request_to_every_process() -> None:
    assert _request() == _request(replace(UPDATE, title="said otherwise", span=None))
    assert len(_request()) == 26
    assert _request().isalnum()
    assert _request().islower()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(_request(attempt=2), id="another attempt"),
        pytest.param(_request(lineage="other"), id="another lineage"),
        pytest.param(_request(replace(UPDATE, id=ChangeId("x!update"))), id="another change"),
        pytest.param(
            _request(an_update(a_field(Field.TITLE, "before", "else"), BODY)), id="another wish"
        ),
        pytest.param(
            _request(an_update(a_field(Field.TITLE, "else", "after"), BODY)), id="another before"
        ),
    ],
)
def test_another_wish_is_another_request(other: str) -> None:
    assert other != _request()


def test_a_change_is_digested_per_field() -> None:
    create, delete = field_digests(CREATE), field_digests(DELETE)
    assert all(it.before is None and it.after is not None for it in create)
    assert all(it.before is not None and it.after is None for it in delete)
    assert [it.field for it in create] == [Field.TITLE, Field.TAGS, Field.BODY]


def test_what_is_left_behind_does_not_depend_on_what_was_there() -> None:
    one = field_digests(an_update(a_field(Field.TITLE, "a", "wanted")))
    other = field_digests(an_update(a_field(Field.TITLE, "b", "wanted")))
    assert wanted_digest(Kind.QUESTION, one) == wanted_digest(Kind.QUESTION, other)
    assert wanted_digest(Kind.QUESTION, one) != wanted_digest(Kind.ARTICLE, one)
    gone = (FieldDigests(Field.TITLE, None, None, None),)
    assert wanted_digest(Kind.QUESTION, one) != wanted_digest(Kind.QUESTION, gone)


def test_a_lineage_is_derived_so_two_runners_have_the_same() -> None:
    given = ("https://api.example", "acme", "handbook")
    assert lineage_of(*given) == lineage_of(*given)
    others = {lineage_of("x", *given[1:]), lineage_of(given[0], "x", given[2])}
    others.add(lineage_of(*given[:2], "x"))
    assert len(others | {lineage_of(*given)}) == 4


# The cost.

TAKEN_BACK = replace(DELETE, unless_engaged=True)
RATES = Rates(per_second=30.0, per_day=1000, page_size=100)


def _updates(count: int) -> list[Change]:
    return [an_update(BODY, key=f"u{it}") for it in range(count)]


@pytest.mark.parametrize(
    ("changes", "writes", "reads", "bumped"),
    [
        pytest.param([], 0, 0, 0, id="nothing"),
        pytest.param([CREATE], 1, 10, 1, id="one create"),
        pytest.param([CREATE, an_answer()], 2, 10, 1, id="an answer bumps its question"),
        pytest.param([CREATE, LINKS], 2, 11, 1, id="two writes of one post"),
        pytest.param([ACCEPT], 1, 10, 0, id="a mark bumps nothing, and others are looked for"),
        pytest.param([DELETE], 1, 9, 0, id="nor does a deletion"),
        pytest.param([DELETE] * 200, 200, 208, 0, id="each deletion has a look of its own"),
        pytest.param([TAKEN_BACK] * 200, 200, 408, 0, id="and one at the answers that go along"),
        pytest.param(_updates(100), 100, 9, 100, id="a page of edits"),
        pytest.param(_updates(101), 101, 10, 101, id="a page and one"),
        pytest.param(_updates(1000), 1000, 28, 1000, id="long enough to read them again"),
    ],
)
def test_a_plan_costs_its_writes_the_check_the_reading_and_the_audit(
    changes: list[Change], writes: int, reads: int, bumped: int
) -> None:
    cost = cost_of(changes, RATES)
    assert (cost.writes, cost.reads, cost.bumped) == (writes, reads, bumped)
    assert cost.requests == writes + reads
    assert cost.seconds == round((writes + reads) / 30.0, 1)
    assert cost.per_day == 1000


def test_a_second_door_and_each_author_cost_requests() -> None:
    one = cost_of([CREATE], RATES).reads
    assert cost_of([CREATE], replace(RATES, doors=2)).reads == one + 4
    signed = [replace(it, author=UserId(12)) for it in _updates(3)]
    assert cost_of(signed, RATES).reads == cost_of(_updates(3), RATES).reads + 3
    signed += [replace(signed[0], author=UserId(13))]
    assert cost_of(signed, RATES).reads == cost_of(_updates(4), RATES).reads + 5


def test_a_large_team_costs_more_to_read() -> None:
    small, large = (
        cost_of([CREATE], RATES),
        cost_of([CREATE], RATES, {Kind.QUESTION: 1001, Kind.TAG: 150}),
    )
    assert large.reads == small.reads + 10 + 1


@pytest.mark.parametrize(
    ("changes", "per_day", "days"),
    [
        pytest.param([], 1000, 0, id="nothing"),
        pytest.param(_updates(95), 1000, 1, id="one day"),
        pytest.param(_updates(90), 50, 2, id="two days"),
        pytest.param(_updates(95), 0, 0, id="no quota is known"),
    ],
)
def test_a_plan_says_on_how_many_days_the_quota_is_drawn(
    changes: list[Change], per_day: int, days: int
) -> None:
    assert cost_of(changes, replace(RATES, per_day=per_day)).days == days
