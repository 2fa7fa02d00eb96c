from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from importer.teams.exchange import ApiError, Heard, Quota, Request, Said
from importer.teams.limiter import PER_SECOND, Limiter, Slot
from tests.pacing import most_within

READ = Request("GET", "questions", "questions")
OTHER = Request("GET", "tags", "tags")
WRITE = Request("POST", "questions/add", "questions/add", family="write")
ANSWER = Request(
    "POST", "questions/{parent}/answers/add", "questions/1/answers/add", family="write"
)
ARTICLE = Request("POST", "articles/add", "articles/add", family="articles", gap_s=60)
DONE = Heard(Said.ANSWER)


def refused(said: Said, backoff_s: float | None = None, wait_s: float | None = None) -> Heard:
    return Heard(
        said, error=ApiError(502, "throttle_violation", ""), backoff_s=backoff_s, wait_s=wait_s
    )


def run_through(
    requests: int, trip: Callable[[], tuple[float, float]], began: float = 0.0
) -> list[float]:
    """Send as fast as a new limiter lets, and return the arrivals.

    `trip` draws the time there and the time from arrival to answer.
    """
    limiter = Limiter()
    flying: list[tuple[float, float, Slot]] = []
    arrivals: list[float] = []
    now = began
    for _ in range(requests):
        slot = limiter.take(READ, now)
        for answered_at, sent_at, earlier in sorted(flying, key=lambda it: it[0]):
            if answered_at <= slot.at:
                limiter.ended(READ, earlier, sent_at=sent_at, now=answered_at)
        flying = [it for it in flying if it[0] > slot.at]
        there, rest = trip()
        arrivals.append(slot.at + there)
        flying.append((slot.at + there + rest, slot.at, slot))
        now = slot.at
    return arrivals


def test_answered_at_once_thirty_go_a_second_and_not_one_more() -> None:
    arrivals = run_through(3_000, lambda: (0.0, 0.0))
    assert most_within(arrivals) == 30
    assert arrivals[-1] == pytest.approx(3_000 / 30, rel=0.01)


def test_a_steady_round_trip_costs_nothing() -> None:
    arrivals = run_through(3_000, lambda: (0.05, 0.05))
    assert most_within(arrivals) == 30
    assert arrivals[-1] == pytest.approx(3_000 / 30, rel=0.01)


@pytest.mark.parametrize(
    "draw",
    [
        pytest.param(lambda random: random.uniform(0.02, 0.06), id="even"),
        pytest.param(lambda random: 0.02 + random.expovariate(50), id="a long tail"),
        pytest.param(lambda random: random.choice([0.02, 0.2]), id="two ways"),
        pytest.param(lambda random: 0.02 + 0.2 * random.random() ** 4, id="mostly fast"),
    ],
)
def test_an_unsteady_round_trip_costs_its_mean_excess_and_no_violation(
    draw: Callable[[Random], float],
) -> None:
    for seed in range(10):
        random = Random(seed)
        trips = [(draw(random), draw(random)) for _ in range(2_000)]
        arrivals = run_through(2_000, iter(trips).__next__)
        assert most_within(arrivals) <= 30
        whole = [there + rest for there, rest in trips]
        excess_s = sum(whole) / len(whole) - min(whole)
        assert arrivals[-1] < 2_000 / 30 * (1.02 + 1.4 * excess_s)


def test_without_doubt_about_the_fastest_trip_there_are_violations(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control: the counting of the test above can fail."""
    monkeypatch.setattr("importer.teams.limiter._DOUBT", 0.0)
    monkeypatch.setattr("importer.teams.limiter._DOUBT_LEAST", 0.0)
    most = 0
    for seed in range(20):
        random = Random(seed)
        trips = [(random.uniform(0.02, 0.06), random.uniform(0.02, 0.06)) for _ in range(2_000)]
        arrivals = run_through(2_000, iter(trips).__next__)
        most = max(most, most_within(arrivals))
    assert most > 30


def test_after_a_pause_requests_catch_up_by_a_fifth_and_no_more() -> None:
    limiter = Limiter()
    first = [limiter.take(READ, 0.0).at for _ in range(10)]
    later = [limiter.take(READ, 100.0).at for _ in range(10)]
    assert (first[0], later[0]) == (0.0, 100.0)
    assert all(b - a == pytest.approx(1 / 30, rel=0.01) for a, b in pairwise(first))
    assert all(b - a == pytest.approx(1 / 36, rel=0.01) for a, b in pairwise(later))


def test_two_short_runs_in_a_row_are_one_to_the_server() -> None:
    """A limiter knows nothing of the run before it, and `apply` follows `plan` closely."""
    arrivals: list[float] = []
    ends = 0.0
    for _ in range(4):
        arrivals += (run := run_through(25, lambda: (0.0, 0.0), began=ends))
        ends = run[-1] + 1 / 30
    assert most_within(arrivals) <= 30


def test_what_is_not_answered_yet_keeps_its_slot_for_two_seconds() -> None:
    limiter = Limiter()
    slots = [limiter.take(READ, 0.0) for _ in range(PER_SECOND)]
    assert limiter.take(READ, 0.6).at == pytest.approx(slots[0].at + 2.0, abs=0.01)


def test_what_got_no_answer_keeps_its_slot_for_a_second_after_that() -> None:
    limiter = Limiter()
    slots = [limiter.take(READ, 0.0) for _ in range(PER_SECOND)]
    limiter.broke(slots[7], 0.5)
    assert limiter.take(READ, 0.6).at == pytest.approx(1.5, abs=0.01)


def test_a_slot_given_back_can_be_taken_again() -> None:
    limiter = Limiter()
    slots = [limiter.take(READ, 0.0) for _ in range(PER_SECOND)]
    limiter.give_back(READ, slots[7])
    assert limiter.take(READ, 1.1).at == 1.1
    assert limiter.take(READ, 1.2).at == pytest.approx(2.0, abs=0.01)


def test_a_backoff_heard_while_a_request_waits_for_its_slot_keeps_it_back() -> None:
    limiter = Limiter()
    slot = limiter.take(WRITE, 0.0)
    other = limiter.take(READ, 0.0)
    limiter.hear(WRITE, Heard(Said.ANSWER, backoff_s=10), now=0.0)
    assert not limiter.may_go(WRITE, slot, slot.at)
    assert limiter.may_go(READ, other, other.at)
    assert limiter.may_go(WRITE, slot, 11.0)


def test_a_write_whose_slot_is_given_back_does_not_hold_up_the_next() -> None:
    limiter = Limiter()
    limiter.give_back(ARTICLE, limiter.take(ARTICLE, 0.0))
    assert limiter.paced_until(ARTICLE) < 0


def test_a_backoff_holds_its_method_one_second_longer_and_no_other() -> None:
    limiter = Limiter()
    limiter.hear(READ, Heard(Said.ANSWER, backoff_s=10), now=5.0)
    assert limiter.held_until(READ) == 16.0
    assert limiter.held_until(OTHER) < 5.0


def test_a_backoff_holds_the_method_whatever_the_post() -> None:
    limiter = Limiter()
    first = Request("GET", "questions/{ids}", "questions/1;2")
    second = Request("GET", "questions/{ids}", "questions/3")
    limiter.hear(first, Heard(Said.ANSWER, backoff_s=10), now=0.0)
    assert limiter.held_until(second) == 11.0


def test_a_shorter_backoff_does_not_shorten_a_longer_one() -> None:
    limiter = Limiter()
    limiter.hear(READ, Heard(Said.ANSWER, backoff_s=60), now=0.0)
    limiter.hear(READ, Heard(Said.ANSWER, backoff_s=1), now=1.0)
    assert limiter.held_until(READ) == 61.0


def test_a_throttle_without_a_method_stops_everything() -> None:
    limiter = Limiter()
    limiter.hear(READ, refused(Said.THROTTLE, wait_s=40), now=0.0)
    assert limiter.stopped_until == 41.0
    limiter.resume()
    assert limiter.stopped_until is None


def test_a_throttle_of_what_was_under_way_when_its_method_was_closed_stops_nothing() -> None:
    refusal = Heard(Said.THROTTLE, wait_s=30, guessed=True)
    limiter = Limiter()
    limiter.hear(READ, Heard(Said.ANSWER, backoff_s=10), now=5.0)
    limiter.hear(READ, refusal, now=5.1)
    assert limiter.stopped_until is None
    assert limiter.held_until(READ) == 16.0
    limiter.hear(OTHER, refusal, now=5.1)
    assert limiter.stopped_until == pytest.approx(36.1), "the control: an open method's"


def test_a_ban_without_words_lasts_longer_each_time_in_a_row() -> None:
    limiter = Limiter()
    lasted: list[float | None] = []
    for _ in range(6):
        limiter.stopped_until = None
        limiter.stop(0.0)
        lasted.append(limiter.stopped_until)
    assert lasted == [31, 61, 61, 61, 61, 61]
    limiter.resume()
    limiter.stop(0.0)
    assert limiter.stopped_until == 31


def test_writes_with_a_known_distance_keep_it() -> None:
    limiter = Limiter()
    assert limiter.paced_until(ARTICLE) < 0
    limiter.take(ARTICLE, 0.0)
    assert limiter.paced_until(ARTICLE) == 60.0
    assert limiter.paced_until(WRITE) < 0


def simulate(gap_s: float, writes: int, *, whole: bool) -> tuple[int, float]:
    """Write as fast as the limiter lets, against a server that wants *gap_s* between two writes.

    Returns the refusals and the time. `whole`: `backoff` tells the gap, else what is left of it.
    """
    limiter, now, refusals, last_done = Limiter(), 0.0, 0, float("-inf")
    for number in range(writes):
        request = (WRITE, ANSWER)[number % 2]
        while True:
            now = max(now, limiter.held_until(request), limiter.paced_until(request))
            slot = limiter.take(request, now)
            now = slot.at
            limiter.ended(request, slot, sent_at=now, now=now)
            if now - last_done >= gap_s:
                last_done = now
                limiter.hear(request, DONE, now)
                break
            refusals += 1
            left = gap_s if whole else gap_s - (now - last_done)
            limiter.hear(request, refused(Said.PAUSE, backoff_s=left), now)
    return refusals, now


@pytest.mark.parametrize("whole", [True, False])
def test_a_pause_the_server_wants_between_writes_is_learned(whole: bool) -> None:
    """F55."""
    refusals, took = simulate(5.0, 300, whole=whole)
    assert 1 <= refusals <= 4
    assert took < 300 * 5.0 * 1.1


def test_without_such_a_pause_writes_go_as_fast_as_reads() -> None:
    refusals, took = simulate(0.0, 300, whole=True)
    assert refusals == 0
    assert took == pytest.approx(300 / PER_SECOND, rel=0.1)


def test_a_single_pause_is_forgotten_again() -> None:
    limiter, now = Limiter(), 0.0
    limiter.hear(WRITE, refused(Said.PAUSE, backoff_s=60), now)
    for _ in range(400):
        now = max(now, limiter.held_until(WRITE), limiter.paced_until(WRITE))
        now = limiter.take(WRITE, now).at
        limiter.hear(WRITE, DONE, now)
    began = now
    assert limiter.paced_until(WRITE) <= began


@pytest.mark.parametrize(
    ("heard", "why"),
    [
        pytest.param(Heard(Said.REFUSAL, backoff_s=9), "refused for itself", id="a refusal"),
        pytest.param(Heard(Said.ANSWER, backoff_s=9), "done", id="a success"),
    ],
)
def test_a_backoff_beside_anything_else_is_no_pause_between_writes(heard: Heard, why: str) -> None:
    limiter = Limiter()
    limiter.take(WRITE, 0.0)
    limiter.hear(WRITE, heard, 0.0)
    assert limiter.paced_until(ANSWER) <= 0.0, why
    assert limiter.held_until(WRITE) == 10.0


def quota(highest: int, remaining: int) -> Limiter:
    limiter = Limiter()
    limiter.hear(READ, Heard(Said.ANSWER, quota=Quota(highest, remaining)), 0.0)
    return limiter


@pytest.mark.parametrize(
    ("highest", "reserve"), [(10_000, 200), (1_000, 20), (300, 20), (50, 5), (5, 0)]
)
def test_the_reserve_is_two_percent_at_least_twenty_at_most_a_tenth(
    highest: int, reserve: int
) -> None:
    assert quota(highest, highest).reserve == reserve


@pytest.mark.parametrize(
    ("spent", "request_"),
    [
        pytest.param(lambda: quota(10_000, 199), WRITE, id="below the reserve"),
        pytest.param(lambda: quota(10_000, 0), WRITE, id="nothing left"),
    ],
)
def test_writes_end_at_the_reserve_and_reads_do_not(
    spent: Callable[[], Limiter], request_: Request
) -> None:
    limiter = spent()
    assert limiter.is_spent(request_, 0.0)
    assert not limiter.is_spent(READ, 0.0)


@pytest.mark.parametrize(
    "limiter",
    [
        pytest.param(Limiter(), id="never told"),
        pytest.param(quota(10_000, 200), id="at the reserve"),
        pytest.param(quota(10_000, -81_147), id="a number that can't be"),
    ],
)
def test_writes_go_on_while_the_numbers_do_not_forbid_it(limiter: Limiter) -> None:
    assert not limiter.is_spent(WRITE, 0.0)


def test_an_old_number_forbids_nothing() -> None:
    assert not quota(10_000, 0).is_spent(WRITE, 3_600.0)
