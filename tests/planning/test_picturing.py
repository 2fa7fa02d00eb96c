"""Images in plans: needed by what shows them, blocked with it, and never there by themselves."""

from __future__ import annotations

from importer.model.ids import Field, Kind, Verb, image_key
from importer.model.manifest import Item
from importer.model.pictures import Picture
from importer.model.plan import BlockedCode
from importer.text.digests import digest_text
from importer.text.links import Text
from tests.planning.stage import Known, Scene, answer, having, ids, question, unable
from tests.stage import HERE

DIGEST = digest_text("a picture")
IMAGE = image_key(DIGEST)
URL = "https://stackoverflowteams.com/images/a/0b7c.png"


def image(path: str = "img/a.png") -> Item:
    return Item(IMAGE, Kind.IMAGE, HERE, {}, picture=Picture(path, DIGEST, "image/png", 812))


def showing(item: Item) -> Item:
    return having(item, Field.BODY, Text("See what it is like: ![it](\0)\n", (f"key:{IMAGE}",)))


def test_what_shows_an_image_needs_its_upload() -> None:
    plan = Scene().plan(image(), showing(question("one")), answer("one#a"), question("two"))
    assert ids(plan) == [f"{IMAGE}!create", "one!create", "one#a!create", "two!create"]
    upload, one, *_ = plan.changes
    assert (upload.kind, upload.verb, upload.title) == (Kind.IMAGE, Verb.CREATE, "img/a.png")
    assert one.needs == (upload.id,)
    assert (plan.cost.uploaded, plan.cost.writes) == (812, 4)


def test_an_image_that_nothing_shows_is_not_uploaded() -> None:
    plan = Scene().plan(image(), question("one"))
    assert ids(plan) == ["one!create"]
    blocked = Scene().plan(image(), question("one"), ability=unable(Kind.IMAGE, "no upload"))
    assert (ids(blocked), blocked.blocked) == (["one!create"], ())


def test_what_can_not_be_uploaded_names_what_shows_it() -> None:
    items = [showing(question(key)) for key in ("a", "b", "c", "d", "e")]
    plan = Scene().plan(image(), *items, ability=unable(Kind.IMAGE, "no upload"))
    first, *others = plan.blocked
    assert first.why == "no upload; img/a.png is shown in a, b, c and 2 more"
    assert {it.code for it in others} == {BlockedCode.NEEDS}
    assert [it.key for it in others] == ["a", "b", "c", "d", "e"]
    assert plan.changes == ()


def test_two_pages_that_link_each_other_keep_their_image_in_the_first_write() -> None:
    body = "See ![it](\0) and [the other](\0).\n"
    one = having(question("one"), Field.BODY, Text(body, (f"key:{IMAGE}", "key:two")))
    two = having(question("two"), Field.BODY, Text(body, (f"key:{IMAGE}", "key:one")))
    plan = Scene().plan(image(), one, two)
    assert ids(plan)[0] == f"{IMAGE}!create"
    first = next(it for it in plan.changes if it.id in ("one!create", "two!create"))
    (text,) = (it.after for it in first.fields if it.field is Field.BODY)
    assert isinstance(text, Text)
    assert text.targets == (f"key:{IMAGE}",)


def test_an_image_in_a_post_of_ours_is_there_and_is_remembered() -> None:
    scene = Scene()
    scene.publish(showing(question("one")), known=Known.MARKER)
    scene.alter("one", pictures={IMAGE: URL})
    plan = scene.plan(image(), showing(question("one")), showing(question("two")))
    assert ids(plan) == ["two!create"]
    assert {it.key: it.url for it in plan.bindings}[IMAGE] == URL
    assert (plan.managed, plan.unchanged) == (1, 1)
