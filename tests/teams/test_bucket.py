"""The mirror of a bucket that fills up by and by, alone and as a part of the limiter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import BudgetExhausted
from importer.model.ids import Kind
from importer.model.live import Everything
from importer.model.writing import Done, NotApplied
from importer.sandbox.behaviour import Behaviour
from importer.sandbox.throttling import Throttle
from importer.teams.bucket import Bucket
from importer.teams.exchange import Heard, Left, Request, Said
from importer.teams.limiter import Limiter
from tests.teams.contract import Dialect, on_write, read
from tests.teams.stage import a_world, answers, new_question, opened, staged
from tests.virtual_time import run

READ = Request("GET", "questions", "questions")


def test_nothing_is_known_until_an_answer_tells() -> None:
    bucket = Bucket()
    assert [bucket.take(5.0) for _ in range(50)] == [5.0] * 50


def test_what_is_left_may_go_at_once_but_for_a_few() -> None:
    bucket = Bucket()
    bucket.answered(Left(20, 30.0), now=0.0)
    went = [bucket.take(1.0) for _ in range(20)]
    assert went[:12] == [1.0] * 12
    assert all(30.0 < at < 31.0 for at in went[12:]), "the rest waits for the refill"


def test_what_is_under_way_counts_as_taken() -> None:
    bucket = Bucket()
    for _ in range(10):
        bucket.take(0.0)
    bucket.answered(Left(20, 30.0), now=0.0)
    assert [bucket.take(1.0) for _ in range(4)][-1] > 1.0


def test_an_answer_that_does_not_tell_frees_its_call_and_nothing_else() -> None:
    bucket = Bucket()
    bucket.answered(Left(10, 30.0), now=0.0)
    assert bucket.take(1.0) == 1.0
    bucket.answered(None, now=1.0)
    assert bucket.take(1.0) == 1.0
    assert bucket.take(1.0) == 1.0
    assert bucket.take(1.0) > 1.0


def test_a_call_that_was_not_made_is_put_back() -> None:
    bucket = Bucket()
    bucket.answered(Left(9, 30.0), now=0.0)
    assert bucket.take(0.0) == 0.0
    assert bucket.take(0.0) > 0.0
    bucket.give_back()
    bucket.give_back()
    assert bucket.take(0.0) == 0.0


def test_more_than_one_refill_is_waited_for_where_it_takes_more() -> None:
    bucket = Bucket(refill=10, every_s=60.0)
    bucket.answered(Left(8, 5.0), now=0.0)
    went = [bucket.take(0.0) for _ in range(25)]
    assert [sum(at < limit for at in went) for limit in (6.0, 66.0, 126.0)] == [10, 20, 25]


def test_a_server_that_names_no_moment_is_taken_to_refill_as_documented() -> None:
    bucket = Bucket()
    bucket.answered(Left(0), now=10.0)
    assert 70.0 < bucket.take(10.0) < 71.0


def test_after_the_refill_nothing_waits() -> None:
    bucket = Bucket()
    bucket.answered(Left(0, 30.0), now=0.0)
    assert bucket.take(40.0) == 40.0


@given(
    spare=st.integers(20, 400),
    refill=st.integers(20, 120),
    calls=st.integers(1, 900),
    at_once=st.integers(1, 8),
    trip_s=st.floats(0.0, 3.0),
)
def test_the_servers_bucket_is_never_overdrawn_and_its_refills_are_used(
    spare: int, refill: int, calls: int, at_once: int, trip_s: float
) -> None:
    """A server as the sandbox plays it, in whose own second each call arrives midway.

    Controls: no more waves of refills than there have to be, and one for the calls left alone.
    """
    # Less, and calls left alone would not stay in the bucket beside a whole refill.
    capacity = refill + spare
    behaviour = Behaviour(v3_bucket=capacity, v3_refill=refill, v3_refill_s=60, v3_burst=0)
    now = 0.0
    throttle = Throttle(lambda: now)
    bucket = Bucket(refill=refill)
    flying: list[tuple[float, Left]] = []
    free_at = [0.0] * at_once
    for _ in range(calls):
        free_at.sort()
        ready = free_at.pop(0)
        for answered_at, left in sorted(
            (it for it in flying if it[0] <= ready), key=lambda it: it[0]
        ):
            bucket.answered(left, answered_at)
        flying = [it for it in flying if it[0] > ready]
        sent = bucket.take(ready)
        now = max(now, sent + trip_s / 2)
        standing = throttle.take("token", behaviour)
        assert not standing.wait_s, f"a call at {sent:.1f} met the limit"
        flying.append((now + trip_s / 2, Left(standing.bucket_left, standing.bucket_refill_s)))
        free_at.append(now + trip_s / 2)
    waves = -(-max(0, calls - capacity) // refill)
    took = max(free_at) - calls * trip_s
    assert took <= (waves + 1) * 62.0 + trip_s


def test_a_limiter_gives_a_call_back_to_its_bucket() -> None:
    limiter = Limiter(places=50, window_s=2.0, spaced=False, bucket=Bucket())
    limiter.hear(READ, Heard(Said.ANSWER, left=Left(9, 30.0)), now=0.0)
    slot = limiter.take(READ, 0.0)
    assert limiter.take(READ, 0.0).at > 0.0
    limiter.give_back(READ, slot)
    assert limiter.bucket is not None
    limiter.bucket.give_back()
    assert limiter.take(READ, 0.0).at == 0.0


def test_others_who_use_the_token_take_their_part_of_the_burst() -> None:
    limiter = Limiter(places=50, window_s=2.0, spaced=False)
    slot = limiter.take(READ, 0.0)
    limiter.ended(READ, slot, sent_at=0.0, now=0.0)
    limiter.hear(READ, Heard(Said.ANSWER, burst_left=9), now=0.0)
    went = [limiter.take(READ, 0.0).at for _ in range(20)]
    assert sum(at == 0.0 for at in went) == 9
    assert all(at >= 2.0 for at in went[9:])


# Through the sandbox


def test_a_write_whose_hold_fails_leaves_its_place_to_the_next() -> None:
    """Otherwise each would shrink the bucket by one, for good."""

    class Gone(Exception):
        pass

    async def hold() -> None:
        raise Gone

    async def acting() -> float:
        world = a_world(v3_bucket=30)
        stage = staged(world)
        async with opened(world, api="3", stage=stage) as team:
            await team.write(new_question(0))
            for number in range(40):
                with pytest.raises(Gone):
                    await team.write(new_question(number), hold)
            assert isinstance(await team.write(new_question(1)), Done)
        return stage.times[-1]

    assert run(acting()) == 0.0


def test_a_bucket_that_fills_up_too_slowly_ends_the_run_and_not_a_day_later() -> None:
    world = a_world(questions=40, v3_bucket=30, v3_refill_s=4_000)
    with pytest.raises(BudgetExhausted, match="used up") as caught:
        Dialect("3").act(world, lambda team: read(team, Everything((Kind.QUESTION,))))
    assert caught.value.resume_after_s == pytest.approx(4_000, abs=5)


def test_waits_of_all_sorts_add_up_to_what_we_wait() -> None:
    """The bucket takes most of the two minutes, a 429 would take more than the rest."""
    world = a_world(v3_bucket=12, v3_refill_s=100, v3_refill=1)
    slow_down = answers(429, b"", retry_after="60")
    stage = staged(world, on_write(None, None, None, None, slow_down))

    async def acting() -> list[object]:
        async with opened(world, api="3", stage=stage, max_wait_s=120.0) as team:
            return [await team.write(new_question(number)) for number in range(6)]

    outcomes = run(acting())
    assert isinstance(outcomes[3], Done)
    assert isinstance(outcomes[4], NotApplied)
    assert outcomes[4].resume_after_s == pytest.approx(60, abs=2)
