"""What is made of wikitext is compared with what the wiki shows: nothing is lost unseen."""

from __future__ import annotations

import pytest

from importer.model.draft import Draft, Place
from importer.sources import Options, shape
from importer.sources.losses import Losses
from importer.sources.page import Passage
from importer.sources.verify import Watch, eye_of, seen_of_drafts
from importer.sources.verify_comparing import Comparison, Outcome, compared
from importer.sources.verify_seen import Construct, Seen, Sketch, Thing
from importer.sources.wikitext import Site, Wikitext
from tests.sources.factories import LONG, page

WIKI = Wikitext(Site({6: "Datei", 14: "Kategorie"}), "Oberseite/Unterseite")


def seen(text: str) -> Seen:
    sketch = Sketch()
    eye_of(WIKI)(text, sketch)
    return sketch.seen


def verified(text: str) -> Comparison:
    losses = Losses("a")
    markdown = WIKI.to_markdown(text, Place("a", 1), losses)
    # Every page that is linked is there.
    markdown = markdown.replace("](wiki:", "](key:")
    made = seen_of_drafts([Draft("a", "A", (), markdown, (), Place("a", 1))])
    return compared(seen(text), made, losses.found)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<code>a {{!}} b</code>", id="a sign in code"),
        pytest.param("up [[../]] in [[/Kind/]], [[../Schwester]]", id="pages above and below"),
        pytest.param("[[Datei:a.png|mini|verweis=Ober|A]]", id="an image that is a link"),
        pytest.param("a<ref>b:\n* c\n*: d\n* e</ref> f", id="a list in a footnote"),
        pytest.param("a [[Datei:a.png|mini|See [[Ober|b]]]] c", id="a caption"),
        pytest.param("<gallery>\nDatei:a.png|b c\nd.png|e|alt=f\n</gallery>", id="a gallery"),
        pytest.param("# a\n#: Fortsetzung\n# b", id="an item that goes on"),
        pytest.param("* a\n*: b\n** c\n**: d\n*: e\n# f\n*g\n", id="one around another"),
        pytest.param(":# a\n:#: b\n:c\n** d\n*** e\n; f : g", id="items in other lines"),
        pytest.param("{|\n|-\n|\n# a\n#: b\n# c\n|}", id="in a cell"),
    ],
)
def test_nothing_is_said_to_be_lost_that_is_there(text: str) -> None:
    found = [it for it in verified(text).differences if it.outcome is Outcome.LOST]
    assert [(it.construct, it.what) for it in found] == []


def test_a_sign_in_code_is_seen_as_the_sign() -> None:
    assert seen("<code>a {{!}} b</code>").things[Construct.SPAN] == [Thing("a | b")]


def test_items_without_end_are_seen() -> None:
    (thing, *_) = seen(f"{'*' * 3_000} a\n{'*' * 3_000}: b").things[Construct.ITEM]
    assert thing.what == "a"


def test_what_goes_on_in_an_item_is_of_that_item() -> None:
    found = seen("# a\n#: b\n## c\n#: d\n# e").things[Construct.ITEM]
    assert [it.what for it in found] == ["c", "a b d", "e"]


@pytest.mark.parametrize("result", ["1. a\n2. e", "1. a b\n2. other"])
def test_an_item_that_is_gone_is_seen_still(result: str) -> None:
    there = seen_of_drafts([Draft("a", "A", (), result, (), Place("a", 1))])
    found = compared(seen("# a\n#: b c d\n# e f g"), there, ()).differences
    assert Construct.ITEM in [it.construct for it in found]


def test_a_link_around_an_image_is_seen() -> None:
    found = seen("[[Datei:a.png|verweis=Oberseite]] [[Datei:b.png|lien=]]")
    assert found.things[Construct.LINK] == [Thing("Oberseite")]
    assert [it.what for it in found.things[Construct.IMAGE]] == ["a.png", "b.png"]


def test_a_link_to_a_page_above_that_is_not_moved_is_reported() -> None:
    text = f"Up to [[../|it]] and [[/Kind#a]]. {LONG}"
    one = page("The first of them all?", place=Place("a.xml", 7), body=Passage(text, WIKI))
    other = page("The second of them all?", place=Place("a.xml", 7), body=LONG)
    watch = Watch(lambda: (one, other))
    assert list(watch.over(shape(lambda: (one, other), Options())))
    (checked,) = watch.fidelity.differing
    assert [(it.outcome, it.what) for it in checked.differences] == [
        (Outcome.REPORTED, "it -> Oberseite"),
        (Outcome.REPORTED, "/Kind#a -> Oberseite/Unterseite/Kind#a"),
    ]


def test_words_below_an_image_are_words() -> None:
    assert "b c" in " ".join(seen("a [[Datei:a.png|mini|b c]]").blocks)
    assert seen("<gallery>\nDatei:a.png|b c\n</gallery>").things[Construct.ITEM] == [Thing("b c")]
