from __future__ import annotations

from random import Random

import pytest

from importer.teams.exchange import Ended, Failure, Heard, Held, Reply, Said, Trouble
from importer.teams.retry import ATTEMPTS, Budget, Course, Next, Sign, after, jitter_s, sign_of


def reply(status: int, said: Said) -> Reply:
    return Reply(status, "application/json", Heard(said))


@pytest.mark.parametrize(
    ("ended", "sign"),
    [
        pytest.param(reply(200, Said.ANSWER), Sign.ANSWERED, id="a success"),
        pytest.param(reply(400, Said.REFUSAL), Sign.ANSWERED, id="a refusal"),
        pytest.param(
            reply(502, Said.REFUSAL), Sign.ANSWERED, id="a refusal with a status of noise"
        ),
        pytest.param(
            reply(200, Said.DENIAL), Sign.ANSWERED, id="a denial with a status of success"
        ),
        pytest.param(reply(400, Said.REPEATED), Sign.ANSWERED, id="seen before"),
        pytest.param(reply(400, Said.THROTTLE), Sign.THROTTLED, id="a throttle"),
        pytest.param(reply(400, Said.PAUSE), Sign.PAUSED, id="a pause"),
        pytest.param(reply(400, Said.FAILURE), Sign.NOISE, id="the API's own failure"),
        pytest.param(reply(200, Said.NOTHING), Sign.NOISE, id="a page with status 200"),
        pytest.param(reply(204, Said.NOTHING), Sign.NOISE, id="nothing at all"),
        pytest.param(reply(429, Said.NOTHING), Sign.NOISE, id="a ban without words"),
        pytest.param(reply(503, Said.NOTHING), Sign.NOISE, id="a gateway's page"),
        pytest.param(reply(502, Said.ANSWER), Sign.NOISE, id="a gateway's JSON"),
        pytest.param(reply(302, Said.NOTHING), Sign.WALL, id="a redirect"),
        pytest.param(reply(403, Said.NOTHING), Sign.WALL, id="a challenge"),
        pytest.param(reply(406, Said.NOTHING), Sign.WALL, id="not acceptable"),
        pytest.param(reply(404, Said.NOTHING), Sign.WALL, id="no such page"),
        pytest.param(Failure(Trouble.CONNECT, sent=False), Sign.UNSENT, id="no connection"),
        pytest.param(Failure(Trouble.CERTIFICATE, sent=False), Sign.WALL, id="no trust"),
        pytest.param(Failure(Trouble.EXPIRED, sent=False), Sign.WALL, id="out of date"),
        pytest.param(Failure(Trouble.OTHERS, sent=False), Sign.WALL, id="of another host"),
        pytest.param(Failure(Trouble.BROKEN, sent=True), Sign.NOISE, id="a reset"),
        pytest.param(Held("quota"), Sign.HELD, id="held"),
    ],
)
def test_what_an_exchange_shows(ended: Ended, sign: Sign) -> None:
    assert sign_of(ended) is sign


def then(sign: Sign, *, repeatable: bool, attempt: int = 1, pauses: int = 1) -> Next:
    return after(sign, repeatable=repeatable, attempt=attempt, pauses=pauses)


@pytest.mark.parametrize(
    ("sign", "read", "write"),
    [
        (Sign.ANSWERED, Next.TAKE, Next.TAKE),
        (Sign.WALL, Next.TAKE, Next.TAKE),
        (Sign.HELD, Next.TAKE, Next.TAKE),
        (Sign.THROTTLED, Next.TURN, Next.TURN),
        (Sign.PAUSED, Next.TURN, Next.TURN),
        (Sign.UNSENT, Next.JITTER, Next.JITTER),
        (Sign.NOISE, Next.JITTER, Next.TAKE),
    ],
)
def test_only_what_surely_did_not_happen_is_repeated_for_a_write(
    sign: Sign, read: Next, write: Next
) -> None:
    assert then(sign, repeatable=True) is read
    assert then(sign, repeatable=False) is write


@pytest.mark.parametrize("sign", [Sign.UNSENT, Sign.NOISE])
def test_attempts_are_bounded(sign: Sign) -> None:
    assert then(sign, repeatable=True, attempt=ATTEMPTS - 1) is Next.JITTER
    assert then(sign, repeatable=True, attempt=ATTEMPTS) is Next.TAKE


@pytest.mark.parametrize(("sign", "most"), [(Sign.THROTTLED, 50), (Sign.PAUSED, 3)])
def test_throttles_are_bounded_too(sign: Sign, most: int) -> None:
    assert then(sign, repeatable=False, pauses=most - 1) is Next.TURN
    assert then(sign, repeatable=False, pauses=most) is Next.TAKE


def test_the_jitter_is_full_and_capped() -> None:
    random = Random(1)
    waits = {attempt: [jitter_s(attempt, random) for _ in range(500)] for attempt in (1, 2, 9)}
    assert all(0 <= wait <= 1 for wait in waits[1])
    assert all(0 <= wait <= 2 for wait in waits[2])
    assert all(0 <= wait <= 8 for wait in waits[9])
    assert max(waits[9]) > 7
    assert min(waits[9]) < 1


def test_equal_seeds_give_equal_waits() -> None:
    assert jitter_s(3, Random(5)) == jitter_s(3, Random(5))


def test_the_budget_is_a_tenth_of_the_requests_and_ten_more() -> None:
    budget = Budget(requests=100)
    assert sum(budget.spend() for _ in range(50)) == 20
    budget.requests = 200
    assert sum(budget.spend() for _ in range(50)) == 10


def test_throttles_do_not_use_up_a_reads_attempts() -> None:
    course = Course(repeatable=True, budget=Budget(), random=Random(1))
    for _ in range(10):
        assert course.goes_on(reply(400, Said.THROTTLE))
        assert course.wait_s == 0.0
    noise = [course.goes_on(reply(503, Said.NOTHING)) for _ in range(ATTEMPTS)]
    assert noise == [True, True, True, False]


def test_an_empty_budget_ends_a_reads_attempts() -> None:
    course = Course(repeatable=True, budget=Budget(retries=10), random=Random(1))
    assert not course.goes_on(reply(503, Said.NOTHING))
