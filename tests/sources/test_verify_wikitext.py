"""What is made of wikitext is compared with what the wiki shows: nothing is lost unseen."""

from __future__ import annotations

import pytest

from importer.model.draft import Draft, Place
from importer.sources.losses import Losses
from importer.sources.verify import eye_of, seen_of_drafts
from importer.sources.verify_comparing import compared
from importer.sources.verify_seen import Construct, Seen, Sketch, Thing
from importer.sources.wikitext import Site, Wikitext

WIKI = Wikitext(Site({6: "Datei", 14: "Kategorie"}), "Oberseite/Unterseite")


def seen(text: str) -> Seen:
    sketch = Sketch()
    eye_of(WIKI)(text, sketch)
    return sketch.seen


def made(text: str) -> Seen:
    # Every page that is linked is there.
    markdown = WIKI.to_markdown(text, Place("a", 1), Losses("a")).replace("](wiki:", "](key:")
    return seen_of_drafts([Draft("a", "A", (), markdown, (), Place("a", 1))])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<code>a {{!}} b</code>", id="a sign in code"),
        pytest.param("up [[../]] in [[/Kind/]], [[../Schwester]]", id="pages above and below"),
    ],
)
def test_nothing_is_said_to_be_lost_that_is_there(text: str) -> None:
    found = compared(seen(text), made(text), ()).differences
    assert [(it.construct, it.outcome, it.what) for it in found] == []


def test_a_sign_in_code_is_seen_as_the_sign() -> None:
    assert seen("<code>a {{!}} b</code>").things[Construct.SPAN] == [Thing("a | b")]
