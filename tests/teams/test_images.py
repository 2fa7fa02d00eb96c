"""Uploads over API v3: what is sent, what is made of the answer, and what is read again of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from importer.model.ids import Key, Kind, Ref, Verb, image_key, image_ref
from importer.model.live import Everything
from importer.model.pictures import MOST_BYTES, Picture
from importer.model.site import Site
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Unknown, Write
from importer.sandbox import World
from importer.teams import Breach, Mode
from importer.teams.dressing import dress, pictures_in, undress
from importer.teams.exchange import Part, Request
from importer.teams.headers import multipart_encoded
from importer.text.digests import digest_bytes
from importer.text.links import Text
from tests.pictures import BMP, GIF, HTML, JPEG, SVG, WEBP, png
from tests.teams.stage import (
    BODY,
    Act,
    Stage,
    a_world,
    answers,
    everything,
    fails,
    new_question,
    on,
    opened,
    rewrites,
    staged,
)
from tests.virtual_time import run

SITE = Site("https://stackoverflowteams.com/c/acme")
DOT = png()
DIGEST = digest_bytes(DOT)
IMAGE = image_key(DIGEST)
URL = "https://stackoverflowteams.com/images/a/0b7c.png"


def upload(content: bytes = DOT, media_type: str = "image/png") -> Write:
    picture = Picture("secret plans/a.png", digest_bytes(content), media_type, len(content))
    key = image_key(picture.digest)
    return Write(f"up-{key}", Verb.CREATE, Kind.IMAGE, picture=picture, content=content)


def sent(write: Write, *acts: Act | None, world: World | None = None, api: str = "3") -> Any:
    """Send *write*, *acts* played on the uploads; return the outcome, and the stage."""
    there = world or a_world()
    stage = staged(there, on("images/upload", *acts))

    async def sending() -> Outcome:
        async with opened(there, stage=stage, api=api) as team:
            return await team.write(write)

    return run(sending()), stage


def uploads_of(stage: Stage) -> list[httpx.Request]:
    return [it for it in stage.requests if it.url.path.endswith("images/upload")]


@pytest.mark.parametrize("api", ["auto", "3"])
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (DOT, "image/png"),
        (JPEG, "image/jpeg"),
        (GIF, "image/gif"),
        (BMP, "image/bmp"),
        (WEBP, "image/webp"),
        (png(size=MOST_BYTES), "image/png"),
    ],
    ids=["png", "jpeg", "gif", "bmp", "webp", "2 MiB"],
)
def test_an_image_is_uploaded_byte_by_byte(content: bytes, media_type: str, api: str) -> None:
    world = a_world()
    outcome, stage = sent(upload(content, media_type), world=world, api=api)
    assert isinstance(outcome, Done)
    assert outcome.item is not None
    assert outcome.item.ref == image_ref(outcome.item.url)
    name = outcome.item.url.rpartition("/")[2].partition(".")[0]
    assert world.image_content(name) == content
    (request,) = uploads_of(stage)
    assert request.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b"secret plans" not in request.content, "an author's file names are nobody's business"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(SVG, "image/svg+xml"), (HTML, "image/png"), (png(size=MOST_BYTES + 1), "image/png")],
    ids=["svg", "a page", "a byte too large"],
)
def test_a_refusal_is_one_of_this_image_alone(content: bytes, media_type: str) -> None:
    outcome, _ = sent(upload(content, media_type))
    assert isinstance(outcome, Rejected)
    assert not outcome.stops_run


@pytest.mark.parametrize(
    ("act", "kind"),
    [
        pytest.param(fails(httpx.ReadError("gone")), Unknown, id="broken before"),
        pytest.param(fails(httpx.ReadError("gone"), after=True), Unknown, id="broken after"),
        pytest.param(fails(httpx.ConnectError("no")), Done, id="never sent: sent again"),
        pytest.param(answers(500, b"oops"), Unknown, id="a page of errors"),
        pytest.param(answers(200, {"id": "x"}, after=True), Unknown, id="no address"),
        pytest.param(
            rewrites(lambda it: it.update(url="javascript:alert(1)")), Unknown, id="no web address"
        ),
        pytest.param(
            rewrites(lambda it: it.update(url="https://x/a.png) [b](c")), Unknown, id="Markdown"
        ),
    ],
)
def test_an_upload_is_done_only_where_the_answer_says_so(
    act: Act, kind: type[Done | Unknown | NotApplied]
) -> None:
    outcome, _ = sent(upload(), act)
    assert isinstance(outcome, kind)


@pytest.mark.parametrize("body", [b"", b"<html><h1>No</h1></html>"], ids=["nothing", "a page"])
@pytest.mark.parametrize(("status", "word"), [(400, "anew"), (413, "smaller"), (415, "png")])
def test_a_status_that_says_no_refuses_an_upload_whoever_answers(
    status: int, word: str, body: bytes
) -> None:
    outcome, stage = sent(upload(), *[answers(status, body)] * 3)
    assert isinstance(outcome, Rejected)
    assert (outcome.stops_run, outcome.lasting) == (False, False)
    assert word in outcome.message
    assert f"status {status}" in outcome.message
    assert len(uploads_of(stage)) == 1


@pytest.mark.parametrize("status", [404, 408, 502])
def test_any_other_status_of_something_else_leaves_an_upload_open(status: int) -> None:
    outcome, _ = sent(upload(), *[answers(status, b"<html></html>")] * 9)
    assert isinstance(outcome, Unknown)


def test_a_page_in_the_answers_place_refuses_no_post() -> None:
    world = a_world()
    stage = staged(world, on("questions", answers(413, b"<html></html>")))

    async def sending() -> Outcome:
        async with opened(world, stage=stage, api="3") as team:
            return await team.write(new_question())

    assert isinstance(run(sending()), Unknown)


@pytest.mark.parametrize("mode", [Mode.READ, Mode.PROBE])
def test_a_dry_run_uploads_nothing(mode: Mode) -> None:
    async def sending() -> list[str]:
        world = a_world()
        stage = staged(world)
        async with opened(world, mode=mode, stage=stage, api="3") as team:
            with pytest.raises(Breach):
                await team.write(upload())
        return [it.method for it in uploads_of(stage)]

    assert run(sending()) == []


def test_v2_can_not_upload_and_nobody_can_change_an_image() -> None:
    async def asking() -> dict[str, tuple[bool, str]]:
        told = {}
        for api in ("2.3", "3", "auto"):
            async with opened(a_world(), api=api) as team:
                able = team.ability(Kind.IMAGE, Verb.CREATE)
                told[api] = (able.able, able.reason)
                assert not team.ability(Kind.IMAGE, Verb.DELETE).able
        return told

    told = run(asking())
    assert told == {
        "2.3": (False, "API v2.3 cannot upload images"),
        "3": (True, ""),
        "auto": (True, ""),
    }


def test_a_request_with_an_image_is_small_to_show_and_can_be_told_from_others() -> None:
    part = Part("file", "a.png", "image/png", png(size=MOST_BYTES))
    request = Request("POST", "images/upload", "images/upload", file=part)
    assert len(repr(request)) < 400
    assert str(request) == "POST images/upload"
    assert hash(request) != hash(Request("POST", "images/upload", "images/upload"))


def test_a_form_is_parted_by_what_is_not_in_it() -> None:
    content = DOT + b"\r\n--part-\r\n--"
    part = Part("file", "a.png", "image/png", content)
    whole = multipart_encoded(part)
    assert whole == multipart_encoded(part), "the same bytes each time"
    (before, middle, after) = whole.split(f"--{part.boundary}".encode())
    assert (before, after) == (b"", b"--\r\n")
    assert middle.partition(b"\r\n\r\n")[2] == content + b"\r\n"


# What is written of an image, and read again.


def test_what_is_written_ends_with_the_digest_and_is_read_as_the_image() -> None:
    text = Text("Look: ![it](\0)\n", (f"key:{IMAGE}",))
    written = dress(text, {}, SITE, "", {IMAGE: URL})
    assert written == f"Look: ![it]({URL}#ti={DIGEST})\n"
    assert undress(written, SITE) == (text, None)
    assert pictures_in(written, SITE) == {IMAGE: URL}


def test_an_image_that_is_not_uploaded_yet_is_our_bug() -> None:
    text = Text("![it](\0)\n", (f"key:{IMAGE}",))
    with pytest.raises(ValueError, match="image"):
        dress(text, {IMAGE: Ref(Kind.IMAGE, 1)}, SITE, "")


@pytest.mark.parametrize(
    "url",
    [
        URL,
        f"{URL}#ti={DIGEST[:-1]}",
        f"{URL}#ti={DIGEST.upper()}",
        f"{URL}#top#ti={DIGEST}",
        f"https://example.com/images/a/0b7c.png#ti={DIGEST}",
        f"http://stackoverflowteams.com/images/a/0b7c.png#ti={DIGEST}",
        f"https://stackoverflowteams.com.example.com/images/a/0b7c.png#ti={DIGEST}",
        f"https://stackoverflowteams.com@example.com/images/a/0b7c.png#ti={DIGEST}",
        f"https://stackoverflowteams.com/c/acme/questions/12#ti={DIGEST}",
        f"https://[/images/a/0b7c.png#ti={DIGEST}",
        f"/images/a/0b7c.png#ti={DIGEST}",
    ],
)
def test_what_does_not_say_whose_bytes_it_is_stays_as_it_is(url: str) -> None:
    markdown = f"Look: ![it]({url})\n"
    assert undress(markdown, SITE) == (Text(markdown), None)
    assert pictures_in(markdown, SITE) == {}


def test_a_team_on_this_machine_keeps_its_images_when_its_port_changes() -> None:
    before = Site("http://127.0.0.1:4711/c/acme", local=True)
    now = Site("http://localhost:4712/c/acme", local=True)
    text = Text("![it](\0)\n", (f"key:{IMAGE}",))
    url = f"{before.base}/images/a/0b7c.png"
    written = dress(text, {}, before, "", {IMAGE: url})
    assert undress(written, now) == (text, None)
    again = dress(text, {}, now, "", pictures_in(written, now))
    assert again == f"![it]({now.base}/images/a/0b7c.png#ti={DIGEST})\n"


@pytest.mark.parametrize("api", ["2.3", "3"])
def test_either_api_tells_where_the_images_of_a_post_are(api: str) -> None:
    async def reading() -> list[Any]:
        world = a_world()
        async with opened(world, api="3") as team:
            made = await team.write(upload())
            assert isinstance(made, Done)
            assert made.item is not None
            asked = new_question(1)
            assert isinstance(await team.write(asked), Done)
            fields = {
                field: Text(f"{BODY.format(1)} ![it](\0)\n", (f"key:{IMAGE}",))
                if isinstance(value, Text)
                else value
                for field, value in asked.fields.items()
            }
            images = {Key(IMAGE): made.item.url}
            one = Write(
                "w", Verb.UPDATE, Kind.QUESTION, Ref(Kind.QUESTION, 1), fields=fields, images=images
            )
            assert isinstance(await team.write(one), Done)
        async with opened(world, api=api) as team:
            found = await everything(team, Everything((Kind.QUESTION,)))
        return [(dict(it.pictures), images) for it in found]

    ((told, images),) = run(reading())
    assert told == images
