"""The pages show a team as a reader sees it, to this machine alone."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

import pytest

from importer.sandbox import Permissions, Shares, create_app
from tests.sandbox.driver import BODY, Caller, Town


def _filled(town: Town) -> tuple[int, int]:
    question = town.ask(body=BODY + "\n\n<b>bold</b> <i onclick=x>i</i>\n\n<!-- marker -->")
    plain = town.world.answer(town.bjorn, question, body="The second best of the answers to this.")
    best = town.world.answer(town.chidi, question, body="The very best answer there is to give.")
    for user in (town.ada, town.chidi):
        town.world.vote(user, plain.id)
    town.world.accept(town.ada, best.id)
    town.world.edit(town.bjorn, question, title="How do I <really> roll back?")
    town.world.comment_on(town.bjorn, question, body="Which *version* is that?")
    town.world.publish(town.ada, title="Parental leave, explained", body=BODY, tags=["hr", "c#"])
    town.world.describe_tag(town.chidi, "hr", excerpt="All about *people*.")
    return question, best.id


def test_a_question_page_shows_everything_in_order(town: Town) -> None:
    question, _ = _filled(town)
    page = town.api.page(f"/c/acme/questions/{question}/slug")
    assert page.status_code == 200
    html = page.text
    assert "<h1>How do I &lt;really&gt; roll back?</h1>" in html
    assert "<b>bold</b> <i>i</i>" in html
    assert "marker" not in html
    assert html.index("The very best") < html.index("The second best")
    assert "2 Answers" in html
    assert "Which <em>version</em> is that?" in html
    assert re.search(r"edited</a>.*?Björn Öst", html, re.DOTALL)
    assert "deploys" in html


@pytest.mark.parametrize(
    "path", ["/c/acme/questions/{q}", "/c/acme/q/{q}", "/c/acme/a/{a}", "/c/acme/articles/{n}"]
)
def test_short_addresses_lead_to_the_page(town: Town, path: str) -> None:
    question, answer = _filled(town)
    article = town.world.articles("acme")[0].id
    page = town.api.page(path.format(q=question, a=answer, n=article))
    assert page.status_code == 302
    target = page.headers["location"]
    assert target.startswith("/c/acme/")
    assert town.api.page(target).status_code == 200
    if "/a/" in path:
        assert target.endswith(f"/{answer}#{answer}")


def _shared(town: Town) -> tuple[int, str]:
    """Fill a team with what members share; give a collection's id and an image's address."""
    world, ada, bjorn, chidi = town.world, town.ada, town.bjorn, town.chidi
    group = world.make_group(chidi, name="Platform <team>", member_ids=[bjorn.id])
    image = world.upload(ada, b"\x89PNG\r\n\x1a\n" + bytes(24))
    address = f"/c/acme{image.path}"
    question = town.ask(title="Where do the pictures go?", tags="pictures")
    both = Shares((bjorn.id,), (group.id,))
    article = world.publish(
        ada,
        title="How we draw, in short",
        body=f"![a picture](http://127.0.0.1:1{address})",
        tags=["pictures"],
        article_type="how-to-guide",
        permissions=Permissions("specificEditors", both),
    )
    tag = world.tag(world.team("acme"), "pictures")
    assert tag is not None
    world.set_experts(chidi, tag.id, both)
    made = world.make_collection(
        ada,
        title="Start <here>",
        description="For *newcomers*.",
        content_ids=[article.id, question],
        editors=both,
    )
    return made.id, address


def test_a_collection_is_shown_in_its_order(town: Town) -> None:
    collection, _ = _shared(town)
    listed = town.api.page("/c/acme/collections").text
    assert "<strong>Start &lt;here&gt;</strong>" in listed
    assert "2 posts, by" in listed
    short = town.api.page(f"/c/acme/collections/{collection}")
    assert short.status_code == 302
    html = town.api.page(short.headers["location"]).text
    assert "For <em>newcomers</em>." in html
    assert html.index("How we draw, in short") < html.index("Where do the pictures go?")
    assert re.search(r"Can be edited by.*Björn Öst.*Platform &lt;team&gt;", html, re.DOTALL)
    assert town.api.page(f"/c/umbrella/collections/{collection}/x").status_code == 404
    (article,) = town.world.articles("acme")
    town.world.delete(town.ada, article.id)
    assert "How we draw" not in town.api.page(f"/c/acme/collections/{collection}/x").text
    town.world.delete_collection(town.ada, collection)
    assert town.api.page(f"/c/acme/collections/{collection}/x").status_code == 404
    assert "Nothing here yet" in town.api.page("/c/acme/collections").text


@pytest.mark.parametrize(
    ("permissions", "says"),
    [
        (None, "Can be edited by its owner."),
        (Permissions("everyone"), "Can be edited by everyone."),
        (Permissions("specificEditors"), "Can be edited by its owner."),
    ],
)
def test_an_article_says_its_type_and_who_may_edit_it(
    town: Town, permissions: Permissions | None, says: str
) -> None:
    article = town.world.publish(
        town.ada,
        title="Parental leave, explained",
        body=BODY,
        tags=["hr"],
        article_type="policy",
        permissions=permissions,
    )
    html = town.api.page(f"/c/acme/articles/{article.id}/x").text
    assert '<span class="label">Policy</span>' in html
    assert says in html
    assert "Can be edited" not in town.api.page(f"/c/acme/questions/{town.ask()}/x").text


def test_a_tag_shows_its_experts_where_the_site_has_them(town: Town) -> None:
    _shared(town)
    html = town.api.page("/c/acme/questions/tagged/pictures").text
    assert re.search(r"Subject matter experts:.*Björn.*Platform &lt;team&gt;", html, re.DOTALL)
    town.world.behaviour = replace(town.world.behaviour, experts=False)
    assert "experts" not in town.api.page("/c/acme/questions/tagged/pictures").text
    assert "Platform &lt;team&gt;" in town.api.page("/c/acme/users").text


def test_an_image_is_shown_from_wherever_the_sandbox_listens(town: Town) -> None:
    _, address = _shared(town)
    (article,) = town.world.articles("acme")
    html = town.api.page(f"/c/acme/articles/{article.id}/x").text
    assert f'<img src="{address}" alt="a picture">' in html
    image = town.api.page(address)
    assert (image.status_code, image.headers["content-type"]) == (200, "image/png")
    assert image.content.startswith(b"\x89PNG")
    assert image.headers["x-content-type-options"] == "nosniff"
    for wrong in (address[:-3] + "gif", address.replace("acme", "umbrella"), address[:-9]):
        assert town.api.page(wrong).status_code == 404


def test_an_enterprise_main_site_has_its_pages_without_a_name(found_town: Any) -> None:
    site = found_town(tier="enterprise")
    image = site.world.upload(site.ada, b"GIF89a" + bytes(8))
    body = f"{BODY}\n\n![x](http://localhost{image.path})"
    question = site.ask(body=body)
    page = site.api.page(f"/questions/{question}/x")
    assert f'src="{image.path}"' in page.text
    assert site.api.page(image.path).headers["content-type"] == "image/gif"
    assert 'href="/collections"' in page.text
    for place in ("questions", "articles", "collections", "tags", "users", "search"):
        assert site.api.page(f"/{place}").status_code == 200
        assert site.api.page(f"/c/platform/{place}").status_code == 200


def test_every_link_of_every_page_leads_somewhere(town: Town) -> None:
    question, answer = _filled(town)
    _shared(town)
    town.world.edit(
        town.ada, question, body=f"See http://localhost/ {BODY} [a](/c/acme/a/{answer})"
    )
    for number in range(25):
        town.ask(f"How do I do this, number {number}?")
    seen, todo = set(), ["/"]
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        page = town.api.page(path)
        assert page.status_code in (200, 302), path
        links = re.findall(r'(?:href|src)="([^"]*)"', page.text)
        links += [page.headers["location"]] if page.status_code == 302 else []
        todo += [
            urljoin(path, link.replace("&amp;", "&")).split("#")[0]
            for link in links
            if not link.startswith("http")
        ]
    assert {"/c/acme/tags", "/c/acme/users", "/c/acme/articles", "/assets/site.css"} <= seen
    assert any("page=2" in path for path in seen)
    assert any(path.endswith("/revisions") for path in seen)


def test_lists_search_tags_and_users(town: Town) -> None:
    question, _ = _filled(town)
    assert "How do I &lt;really&gt; roll back?" in town.api.page("/c/acme/questions").text
    assert town.api.page("/c/acme/questions/tagged/hr").text.count('class="row"') == 0
    assert town.api.page("/c/acme/questions/tagged/deploys").text.count('class="row"') == 1
    found = town.api.page("/c/acme/search?q=SECOND+best").text
    assert f"/questions/{question}/" in found
    assert 'value="SECOND best"' in found
    assert "Nothing here yet" in town.api.page("/c/acme/search?q=%22%3E%3Cscript%3E").text
    assert "<script" not in town.api.page("/c/acme/search?q=%22%3E%3Cscript%3E").text
    assert "All about <em>people</em>." in town.api.page("/c/acme/tags").text
    assert "Chidi Okafor" in town.api.page("/c/acme/users").text
    assert "Policy" not in town.api.page("/c/acme/articles").text
    assert "Knowledge article" in town.api.page("/c/acme/articles").text
    assert "Umbrella" in town.api.page("/").text


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/c/nowhere/questions",
        "/c/acme/questions/999/x",
        "/c/acme/questions/abc",
        "/c/acme/questions/" + "9" * 100,
        "/c/acme/questions/" + "9" * 5000,
        "/c/acme/users/1/x",
        "/c/acme/q/999",
    ],
)
def test_missing_pages_say_so(town: Town, path: str) -> None:
    page = town.api.page(path)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


def test_a_deleted_question_and_another_teams_have_no_page(town: Town) -> None:
    question = town.ask()
    assert town.api.page(f"/c/umbrella/questions/{question}/x").status_code == 404
    assert town.api.page(f"/c/acme/questions/{question}/x").status_code == 200
    town.world.delete(town.ada, question)
    assert town.api.page(f"/c/acme/questions/{question}/x").status_code == 404


def test_pages_run_no_script_and_load_nothing_remote(town: Town) -> None:
    question, _ = _filled(town)
    for path in ("/", f"/c/acme/questions/{question}/x", "/nope", "/assets/site.css"):
        headers = town.api.page(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8123", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("sandbox.localhost", 200),
        ("named.example", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("", 421),
    ],
)
def test_pages_answer_to_this_machines_names_alone(town: Town, host: str, status: int) -> None:
    app = create_app(town.world, hosts=["named.example"])
    assert Caller(app, town.runner, None).page("/", host=host).status_code == status


def test_pages_can_only_be_read(town: Town) -> None:
    caller = town.api.send("POST", "/../c/acme/questions")
    assert caller.status in (404, 405)


def test_pages_are_compressed_too(town: Town) -> None:
    assert town.api.page("/").headers["content-encoding"] == "gzip"
