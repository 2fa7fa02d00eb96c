"""The pages show a team as a reader sees it, to this machine alone."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import pytest

from importer.sandbox import create_app
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


def test_every_link_of_every_page_leads_somewhere(town: Town) -> None:
    question, answer = _filled(town)
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
