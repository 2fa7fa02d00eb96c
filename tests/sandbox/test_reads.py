"""The reads of API v2.3 that the table of rows doesn't name."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.driver import BODY, TITLE, Town

REMARK = "Which *version* is that?"


def test_posts_comments_and_people_are_found_by_each_road(town: Town) -> None:
    question = town.ask()
    answer = town.world.answer(town.bjorn, question, body=BODY).id
    under = [town.world.comment_on(town.bjorn, post, body=REMARK).id for post in (question, answer)]
    assert set(town.api.get("/posts").column("post_id")) == {question, answer}
    assert town.api.get(f"/posts/{answer}").item["post_type"] == "answer"
    assert town.api.get(f"/questions/{question}/answers").column("answer_id") == [answer]
    assert town.api.get(f"/answers/{answer}/questions").column("question_id") == [question]
    assert set(town.api.get("/comments").column("comment_id")) == set(under)
    for road, found in (
        (f"/questions/{question}/comments", under[:1]),
        (f"/answers/{answer}/comments", under[1:]),
        (f"/posts/{answer}/comments", under[1:]),
        (f"/comments/{under[0]}", under[:1]),
        (f"/users/{town.bjorn.id}/comments", under[::-1]),
        ("/me/comments", []),
        (f"/articles/{question}/comments", []),
    ):
        assert town.api.get(road).column("comment_id") == found
    for road, column, found in (
        ("/me/questions", "question_id", [question]),
        ("/me/answers", "answer_id", []),
        (f"/users/{town.bjorn.id}/answers", "answer_id", [answer]),
        (f"/users/{town.bjorn.id}/posts", "post_id", [answer]),
        ("/questions/no-answers", "question_id", []),
        ("/questions/unanswered", "question_id", [question]),
    ):
        assert town.api.get(road).column(column) == found


def test_a_question_is_read_whole_with_answers_and_comments(town: Town) -> None:
    question = town.ask()
    answer = town.world.answer(town.bjorn, question, body=BODY)
    town.world.comment_on(town.chidi, answer.id, body=REMARK)
    chosen = town.api.filter(
        "question.answers",
        "question.body_markdown",
        "answer.body_markdown",
        "answer.comments",
        "answer.comment_count",
        "comment.body",
        "comment.body_markdown",
        "comment.link",
        "answer.link",
        "answer.title",
        "answer.tags",
    )
    item = town.api.get("/questions", filter=chosen).item
    (shown,) = item["answers"]
    assert (shown["body_markdown"], shown["comment_count"]) == (BODY, 1)
    assert (shown["title"], shown["tags"]) == (TITLE, ["deploys"])
    assert shown["link"].endswith(f"/{answer.id}#{answer.id}")
    (comment,) = shown["comments"]
    assert (comment["body_markdown"], comment["owner"]["display_name"]) == (REMARK, "Chidi Okafor")
    assert comment["body"] == "Which <em>version</em> is that?"


def test_users_are_listed_and_searched(town: Town) -> None:
    raw = town.api.filter()
    people = town.api.get("/users", sort="name", order="asc", filter=raw)
    assert people.column("display_name") == ["Ada Berg", "Björn Öst", "Chidi Okafor"]
    assert town.api.get("/users", inname="ÖST").column("user_id") == [town.bjorn.id]
    assert town.api.get("/me").item["user_id"] == town.ada.id
    assert town.api.get("/me", filter="!6WPIommaBqvsI").item["question_count"] == 0
    types = town.api.get("/users", sort="creation", order="asc").column("user_type")
    assert types == ["registered", "registered", "moderator"]
    foreign = town.world.users("umbrella")[0]
    assert town.api.get(f"/users/{foreign.id}").items == []


def test_tags_synonyms_and_site_figures(town: Town) -> None:
    first = town.ask(tags="alpha beta")
    town.ask("A second question, later", tags="beta")
    town.world.answer(town.bjorn, first, body=BODY)
    town.world.add_synonym(town.chidi, "bravo", "beta")
    assert town.api.get("/tags", sort="popular").column("name") == ["beta", "alpha"]
    assert town.api.get("/tags", sort="name", order="asc", min="b").column("name") == ["beta"]
    assert town.api.get("/tags", inname="LPH").column("count") == [1]
    beta = town.api.get("/tags/bravo/info", filter="!nNPvSNMp-i").item
    assert (beta["name"], beta["synonyms"], beta["has_synonyms"]) == ("beta", ["bravo"], True)
    synonym = town.api.get("/tags/synonyms").item
    assert (synonym["from_tag"], synonym["to_tag"], synonym["applied_count"]) == (
        "bravo",
        "beta",
        0,
    )
    town.ask("A third question, later", tags="bravo")
    assert town.api.get("/tags/synonyms").item["applied_count"] == 1
    assert town.api.get("/tags/beta/synonyms").column("from_tag") == ["bravo"]
    assert len(town.api.get("/questions", tagged="bravo").items) == 3
    info = town.api.get("/info").item
    assert (info["total_questions"], info["total_answers"], info["total_unanswered"]) == (3, 1, 2)
    gaps = town.api.get("/me/write-permissions").items
    assert {gap["object_type"]: gap["min_seconds_between_actions"] for gap in gaps}["article"] == 60


@pytest.mark.parametrize(
    ("path", "params", "found"),
    [
        ("/search", {"intitle": "ROLL back"}, "a"),
        ("/search", {"intitle": "nothing such"}, ""),
        ("/search/advanced", {"q": "freeze CALENDAR"}, "b"),
        ("/search/advanced", {"q": "über"}, "b"),
        ("/search/advanced", {"title": "roll", "tagged": "deploys;x"}, "a"),
        ("/search/advanced", {"body": "calendar"}, "b"),
        ("/search/advanced", {"accepted": "true"}, "a"),
        ("/search/advanced", {"accepted": "false"}, "b"),
        ("/search/advanced", {"answers": "1"}, "a"),
        ("/search/advanced", {"closed": "true"}, "b"),
        ("/search/advanced", {"nottagged": "deploys"}, "b"),
        ("/search/advanced", {"wiki": "true"}, ""),
        ("/search/advanced", {"views": "1"}, ""),
        ("/search/advanced", {"q": "the", "sort": "relevance"}, "ab"),
        ("/similar", {"title": "how to roll a deploy back"}, "a"),
        ("/similar", {"title": "the calendar of a deploy", "nottagged": "deploys"}, "b"),
    ],
)
def test_searches(town: Town, path: str, params: dict[str, str], found: str) -> None:
    roll = town.ask(body="The button does nothing at all, it seems.")
    calendar = town.world.ask(
        town.bjorn,
        title="Where are the dates?",
        body="ÜBER all, there is no freeze calendar.",
        tags=["d"],
    )
    town.world.accept(town.ada, town.world.answer(town.bjorn, roll, body=BODY).id)
    town.world.close_question(town.chidi, calendar.id)
    names = {roll: "a", calendar.id: "b"}
    ids = town.api.get(path, **params).column("question_id")
    assert "".join(sorted(names[number] for number in ids)) == found


def test_search_excerpts_hold_questions_and_answers(town: Town) -> None:
    question = town.ask(body="The button does <b>nothing</b> at all, it seems.")
    town.world.answer(town.bjorn, question, body="The button needs a second press, it seems.")
    items = town.api.get("/search/excerpts", q="button").items
    assert {item["item_type"] for item in items} == {"question", "answer"}
    assert {item["question_id"] for item in items} == {question}
    assert "&lt;b&gt;" in next(item for item in items if item["item_type"] == "question")["excerpt"]
    assert town.api.get("/similar").error == 400


def test_closed_and_locked_questions_say_so(town: Town) -> None:
    question = town.ask()
    town.world.close_question(town.chidi, question, "Duplicate")
    town.world.lock(town.chidi, question)
    chosen = town.api.filter("question.closed_details", "question.can_answer")
    item = town.api.get("/questions", filter=chosen).item
    assert (item["closed_reason"], item["can_answer"]) == ("Duplicate", False)
    assert item["closed_details"]["by_users"][0]["user_id"] == town.chidi.id
    assert item["locked_date"] == item["closed_date"]
    assert town.api.post(f"/questions/{question}/answers/add", body=BODY).error == 407
    assert town.api.post(f"/questions/{question}/edit", title=TITLE, body=BODY, tags="a").error == (
        407
    )


PUBLIC: list[tuple[str, str, set[str]]] = [
    (
        "/posts",
        "!nOedRLbqzB",
        {"link", "score", "last_activity_date", "creation_date", "post_id", "post_type"}
        | {"body_markdown", "owner", "title", "last_edit_date"},
    ),
    (
        "/questions",
        "!X9DEEiFwy0OeSWoJzb.QMqab2wPSk.X2opZDa2L",
        {"answers", "body", "body_markdown", "comment_count", "comments", "down_vote_count"}
        | {"favorite_count", "last_editor", "share_link", "up_vote_count", "title", "tags", "owner"}
        | {"link", "score", "view_count", "question_id", "is_answered", "answer_count"}
        | {"creation_date", "last_activity_date", "last_edit_date"},
    ),
    (
        "/articles",
        "!*Mg4Pjg9LXr9d_(v",
        {"article_id", "article_type", "body", "body_markdown", "comment_count", "comments"}
        | {"creation_date", "last_activity_date", "last_edit_date", "last_editor", "link", "owner"}
        | {"score", "tags", "title", "view_count"},
    ),
    (
        "/tags",
        "!nNPvSNMp-i",
        {"count", "has_synonyms", "is_moderator_only", "is_required", "last_activity_date", "name"},
    ),
]


@pytest.mark.parametrize(("path", "name", "keys"), PUBLIC)
def test_published_filters_hold_what_clients_read(
    town: Town, path: str, name: str, keys: set[str]
) -> None:
    question = town.ask(body=BODY + " it's")
    article = town.world.publish(town.ada, title=TITLE, body=BODY, tags=["deploys"])
    town.world.answer(town.bjorn, question, body=BODY)
    for post in (question, article.id):
        town.world.comment_on(town.bjorn, post, body=REMARK)
        town.world.edit(town.chidi, post, title="How do I roll it back?")
    items = town.api.get(path, filter=name).items
    whole = next(item for item in items if item.get("post_type") != "answer")
    assert set(whole) == keys
    if path == "/posts":
        assert whole["body_markdown"].endswith("it&#39;s")
        owner = {"account_id", "reputation", "user_id", "user_type", "profile_image"}
        assert set(whole["owner"]) == owner | {"display_name", "link"}
        answer = next(item for item in items if item.get("post_type") == "answer")
        assert {"body_markdown", "title", "link"} <= set(answer) < keys


def test_links_follow_the_origin_of_the_request(town: Town) -> None:
    question = town.ask()
    links: list[Any] = [
        town.api.send("GET", f"/questions/{question}", headers={"host": host}).item["link"]
        for host in ("127.0.0.1:8123", "api.example.org")
    ]
    assert links[0].startswith(f"http://127.0.0.1:8123/c/acme/questions/{question}/")
    assert links[1].startswith("http://api.example.org/c/acme/")


def test_votes_and_favourites(town: Town) -> None:
    question = town.world.ask(town.bjorn, title=TITLE, body=BODY, tags=["a"]).id
    chosen = town.api.filter("question.up_vote_count", "question.upvoted", "question.favorited")
    path = f"/questions/{question}"
    assert town.api.post(f"{path}/upvote", filter=chosen).item["upvoted"] is True
    assert town.api.post(f"{path}/downvote").item["score"] == -1
    assert town.api.post(f"{path}/downvote/undo").item["score"] == 0
    assert town.api.post(f"{path}/favorite", filter=chosen).item["favorited"] is True
    assert town.api.post(f"/questions/{town.ask()}/upvote").error == 407


def test_comments_are_written_edited_and_deleted(town: Town) -> None:
    question = town.ask()
    comment = town.api.post(f"/posts/{question}/comments/add", body=REMARK).item["comment_id"]
    assert town.api.post(f"/comments/{comment}/edit", body=REMARK * 2).item["edited"] is True
    other = town.caller(town.world.issue_token(town.bjorn))
    assert other.post(f"/comments/{comment}/upvote").item["score"] == 1
    assert other.post(f"/comments/{comment}/delete").error == 407
    assert town.api.post(f"/comments/{comment}/delete").items == []
    assert town.api.post(f"/comments/{comment}/edit", body=REMARK).error == 400
    assert town.api.post(f"/posts/{question}/comments/add", body="too short").error == 407
    assert town.world.comments(question) == ()


def test_rendering_shows_what_adding_would_make_and_makes_nothing(town: Town) -> None:
    reader = town.caller(town.tokens.read_only)
    form = {"title": TITLE, "body": BODY, "tags": "fresh"}
    shown = reader.post("/questions/render", filter="withbody", **form).item
    assert shown["body"] == f"<p>{BODY}</p>\n"
    assert "question_id" not in shown
    question = town.ask()
    assert reader.post(f"/questions/{question}/answers/render", body=BODY).item["answer_id"] == 0
    assert "comment_id" not in reader.post(f"/posts/{question}/comments/render", body=REMARK).item
    assert [tag.name for tag in town.world.tags("acme")] == ["deploys"]
    assert town.world.answers("acme") == ()


HOSTILE = [
    "/questions?pagesize=" + "9" * 400,
    "/questions?page=99999999999999999999",
    "/questions?page=2147483647&pagesize=100",
    "/questions?min=" + "9" * 15,
    "/questions?fromdate=-999999999999999",
    "/questions?sort[]=x&order=%00",
    "/questions?tagged=%00;%FF;'--",
    "/questions?filter=%00",
    "/questions?filter=" + "x" * 5000,
    "/questions/" + "1;" * 99 + "1",
    "/questions/99999999999",
    "/questions/1%00",
    "/questions/" + "9" * 5000,
    "/tags/';DROP TABLE posts;--/info",
    "/tags/%F0%9F%98%80/wikis",
    "/revisions/" + "z" * 36,
    "/revisions/" + ";".join(["0" * 32] * 21),
    "/search/advanced?q=%25%27%22&user=abc",
    "/search/advanced?closed=perhaps",
    "/similar?title=%F0%9F%98%80",
    "/users?inname=%25",
    "/filters/a;b;c",
    "/filters/create?include=;;.;.items;question.",
    "/errors/99999999999999999999",
    "/?" + "&".join(f"a{n}=1" for n in range(300)),
]


@pytest.mark.parametrize("path", HOSTILE, ids=range(len(HOSTILE)))
def test_odd_requests_get_an_answer_and_never_an_internal_error(town: Town, path: str) -> None:
    town.ask()
    answer = town.api.send("GET", path.split("?")[0], query=None) if "?" not in path else None
    raw = town.api.page("/2.3" + path + ("&" if "?" in path else "?") + "team=acme")
    assert raw.status_code in (200, 400)
    assert raw.json().get("error_id") != 500
    assert answer is None or answer.error != 500


def test_odd_texts_come_back_as_they_were_sent(town: Town) -> None:
    title = "\u202eweird \x00 '); -- \u0301 😀 title"
    body = "\x00\x01 tab\there \u2028 'quoted' \\ %s {} $$ 日本語 🏳️‍🌈 and more text"
    question = town.api.ask(title=title, body=body)
    chosen = town.api.filter("question.body_markdown")
    item = town.api.get(f"/questions/{question}", filter=chosen).item
    assert (item["title"], item["body_markdown"]) == (title, body)
    assert re.fullmatch(r"[a-z0-9-]+", item["link"].rsplit("/", 1)[1])
