"""Names of pages are learnt in a time that grows with the source, however they hang together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from importer.model.draft import Draft, Place
from importer.sources import Alias, Known, Page, shape
from importer.sources.linking import Addresses
from importer.sources.losses import Account, Fate
from importer.sources.reader import Options
from tests.sources.factories import LONG, page

MANY = 20_000
Source = list[Page | Alias]


def alias(name: str, target: str) -> Alias:
    return Alias(Place("dump.xml", 1), name, (f"wiki:{name}",), f"wiki:{target}", (f"/{name}",))


def made(source: Source) -> Iterator[object]:
    return shape(lambda: iter(source), Options())


def chain(length: int) -> list[Alias]:
    return [alias(f"r{it}", f"r{it + 1}") for it in range(length)]


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what is looked for, as it comes."""
    found: list[str] = []
    real = Addresses.find

    def counted(self: Addresses, base: str, destination: str) -> tuple[str | None, bool]:
        found.append(destination)
        return real(self, base, destination)

    monkeypatch.setattr(Addresses, "find", counted)
    return found


@pytest.mark.parametrize(
    "aliases",
    [
        pytest.param([*chain(3_000), alias("r3000", "End")], id="chain"),
        pytest.param([*chain(3_000), alias("r3000", "End")][::-1], id="chain from its end"),
        pytest.param([alias(f"r{it}", "End") for it in range(MANY)], id="all to one"),
    ],
)
def test_redirects_are_followed_in_linear_time(aliases: list[Alias], finds: list[str]) -> None:
    end = page("End", names=("wiki:End",), alone=False)
    found = list(made([*aliases, end]))
    accounts = [it for it in found if isinstance(it, Account)]
    assert [it.fate for it in accounts].count(Fate.MERGED) == len(aliases)
    (draft,) = (it for it in found if isinstance(it, Draft))
    assert {f"/{it.title}" for it in aliases} <= set(draft.origin)
    assert len(finds) < 8 * len(aliases)


def test_redirects_in_a_circle_or_to_nothing_lead_nowhere() -> None:
    circle = [*chain(50), alias("r50", "r0"), alias("lost", "nothing"), alias("self", "self")]
    found = list(made([*circle, page("End", names=("wiki:End",), alone=False)]))
    accounts = [it for it in found if isinstance(it, Account)]
    assert [it.fate for it in accounts].count(Fate.SKIPPED) == len(circle)


def test_pages_that_are_equal_take_linear_time() -> None:
    found = made([page(place=Place(f"{it}.md", 1), alone=True) for it in range(MANY)])
    (draft,) = (it for it in found if isinstance(it, Draft))
    assert len(draft.origin) == len(draft.sources) == MANY


def test_pages_of_one_name_get_numbers_in_linear_time() -> None:
    known = _Counting()
    pages: Source = [
        page(place=Place(f"{it}.md", 1), alone=True, answers=(f"{LONG} {it}",)) for it in range(500)
    ]
    found = shape(lambda: iter(pages), Options(), Known(is_taken=known.is_taken))
    keys = [it.key for it in found if isinstance(it, Draft)]
    assert keys[:3] == [
        "how-do-i-reset-my-password",
        "how-do-i-reset-my-password-2",
        "how-do-i-reset-my-password-3",
    ]
    assert (len(set(keys)), known.asked < 2_000) == (500, True)


class _Counting:
    """A memory in which no key is taken, and that counts how often it is asked."""

    asked = 0

    def is_taken(self, _: str) -> bool:
        self.asked += 1
        return False
