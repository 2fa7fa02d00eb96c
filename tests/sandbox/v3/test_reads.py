"""What lists can be asked for, what votes do, and what one API writes the other reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from importer.sandbox import Faults, Profile, create_app
from importer.sandbox.v3.params import ID_MAX
from tests.sandbox.driver import BODY, TITLE, Town
from tests.sandbox.v3.driver import UNBOUND, article, as_user, question, v3

Found = Callable[..., Town]


@pytest.fixture
def town(found_town: Found) -> Town:
    return found_town(UNBOUND)


@pytest.fixture
def shelf(town: Town) -> dict[str, int]:
    """Ask three questions, two of Ada's and one of Björn's, an hour apart."""
    world, found = town.world, {}
    for name, by in (("first", town.ada), ("second", town.bjorn), ("third", town.ada)):
        asked = world.ask(by, title=f"What is the {name} thing?", body=BODY, tags=[name, "all"])
        found[name] = asked.id
        town.clock.advance(3600)
    answer = world.answer(town.bjorn, found["first"], body=BODY)
    world.accept(town.ada, answer.id)
    other = world.answer(town.ada, found["second"], body=BODY)
    world.vote(town.bjorn, other.id)
    world.vote(town.chidi, found["second"])
    return found


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "second first third"),
        ({"order": "asc"}, "third first second"),
        ({"sort": "creation"}, "third second first"),
        ({"sort": "score", "order": "desc"}, "second third first"),
        ({"isAnswered": "true"}, "second"),
        ({"isAnswered": "false", "sort": "creation"}, "third first"),
        ({"hasAcceptedAnswer": "true"}, "first"),
        ({"hasAcceptedAnswer": "False", "sort": "creation"}, "third second"),
        ({"from": "2026-01-05T09:30:00Z", "sort": "creation"}, "third second"),
        ({"from": "2026-01-05T11:00:00+01:00", "sort": "creation"}, "third second"),
        ({"to": "2026-01-05T10:00:00"}, "second first"),
        ({"from": "2026-01"}, "second first third"),
        ({"from": "2026-02"}, ""),
        ({"to": "2026-01-05"}, ""),
    ],
)
def test_questions_are_sorted_and_filtered(
    town: Town, shelf: dict[str, int], query: dict[str, str], names: str
) -> None:
    found = v3(town).get("/questions", **query).column("id")
    assert found == [shelf[name] for name in names.split()]


def test_questions_are_filtered_by_author(town: Town, shelf: dict[str, int]) -> None:
    found = v3(town).get("/questions", authorId=town.bjorn.id)
    assert found.column("id") == [shelf["second"]]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"isAnswered": "perhaps"},
        {"tagId": "deploys"},
        {"authorId": str(ID_MAX + 1)},
        {"order": "up"},
    ],
)
def test_what_can_not_be_read_is_refused_by_name(town: Town, query: dict[str, str]) -> None:
    refused = v3(town).get("/questions", **query)
    assert (refused.status, list(refused.json["errors"])) == (400, list(query))


def test_an_answered_question_can_be_one_with_any_answer(found_town: Found) -> None:
    town = found_town(replace(UNBOUND, v3_answered="any"))
    asked = town.ask()
    town.world.answer(town.bjorn, asked, body=BODY)
    (item,) = v3(town).get("/questions", isAnswered="true").items
    assert (item["isAnswered"], item["answerCount"]) == (True, 1)


def test_answers_are_sorted(town: Town) -> None:
    asked, ids = town.ask(), []
    for _ in range(3):
        ids.append(town.world.answer(town.ada, asked, body=BODY).id)
        town.clock.advance(60)
    town.world.vote(town.bjorn, ids[1])
    town.world.edit(town.ada, ids[0], body=f"{BODY} Edited.")
    a, b, c = ids
    for sort, order in (("score", [b, c, a]), ("modified", [a, c, b]), ("creation", [c, b, a])):
        found = v3(town).get(f"/questions/{asked}/answers", sort=sort, order="desc")
        assert found.column("id") == order
    whole = v3(town).get(f"/questions/{asked}/answers/{a}").json
    assert (whole["lastEditDate"], whole["lastEditor"]["id"]) == (
        "2026-01-05T09:03:00Z",
        town.ada.id,
    )


def test_articles_are_filtered_too(town: Town) -> None:
    one, two = (v3(town).post("/articles", article(tags=[tag])).json["id"] for tag in "ab")
    tags = {tag["name"]: tag["id"] for tag in v3(town).get("/tags").items}
    assert v3(town).get("/articles", tagId=tags["a"]).column("id") == [one]
    assert v3(town).get("/articles", authorId=town.bjorn.id).items == []
    assert v3(town).get(f"/articles/{two}/linked-questions").items == []


def test_questions_lead_to_each_other(town: Town) -> None:
    base = "https://example.localhost/c/acme/questions"
    first = town.ask(tags="a b")
    second = town.ask("How do I roll it forward?", f"As in {base}/{first}/slug, but on.", "b")
    third = town.ask("What has that to do with it?", BODY, "c")
    api = v3(town)
    assert api.get(f"/questions/{first}/linked").column("id") == [second]
    assert api.get(f"/questions/{second}/linked").column("id") == [first]
    assert api.get(f"/questions/{first}/related", sort="hot").column("id") == [second]
    assert api.get(f"/questions/{third}/related").items == []


def test_tags_have_synonyms_and_numbers(town: Town) -> None:
    town.ask(tags="deploys other")
    town.world.add_synonym(town.chidi, "rollouts", "deploys")
    town.world.describe_tag(town.chidi, "deploys", excerpt="On bringing things out.")
    api = v3(town)
    (tag,) = api.get("/tags", hasSynonyms="true").items
    assert (tag["name"], tag["description"]) == ("deploys", "On bringing things out.")
    assert api.get("/tags", hasSynonyms="false").column("name") == ["other"]
    assert api.get("/tags", sort="postCount", order="desc").json["totalCount"] == 2
    synonyms = api.get(f"/tags/{tag['id']}/synonyms").json
    assert [it["name"] for it in synonyms["items"]] == ["rollouts"]
    assert not {"sort", "order"} & set(synonyms)
    assert api.get("/tags/99").status == 404
    assert v3(town, town.tokens.foreign, base="/v3/teams/umbrella").get("/tags").items == []


def test_votes_are_cast_and_taken_back(town: Town) -> None:
    asked = town.ask()
    other = as_user(town, town.bjorn)
    assert other.post(f"/questions/{asked}/downvote", {}).json["score"] == -1
    up = other.post(f"/questions/{asked}/upvote", {}).json
    assert (up["score"], up["userHasUpvoted"], up["userHasDownvoted"]) == (1, True, False)
    assert other.delete(f"/questions/{asked}/upvote").json["score"] == 0
    assert other.post(f"/questions/{asked}/bookmark", {}).json["userHasBookmarked"] is True
    assert other.delete(f"/questions/{asked}/bookmark").json["userHasBookmarked"] is False
    missing = other.post("/questions/999999/upvote", {})
    assert missing.json["type"] == "/v3/errors/vote/QuestionNotFound"
    assert missing.json["detail"] == "Question with id 999999 not found"


@pytest.mark.parametrize("status", [403, 400])
def test_a_vote_for_oneself_is_refused(found_town: Found, status: Any) -> None:
    town = found_town(replace(UNBOUND, v3_own_vote=status))
    assert v3(town).post(f"/questions/{town.ask()}/upvote", {}).status == status


def test_a_user_s_address_is_for_admins_and_oneself(town: Town) -> None:
    admin_user = town.world.add_user("acme", "Root", role="admin", email="root@acme.example")
    admin, api = as_user(town, admin_user), v3(town)
    assert admin.get("/users/by-email/root%40acme.example").json["id"] == admin_user.id
    assert admin.get("/users/by-email/none@acme.example").status == 404
    assert admin.get("/users/by-external-id/x").raw.json() == []
    assert api.get("/users/by-email/root@acme.example").status == 403
    emails = {item["id"]: item["email"] for item in api.get("/users").items}
    assert {user for user, email in emails.items() if email} == {town.ada.id}
    me = api.get("/users/me").json
    assert (me["id"], me["role"], me["communities"]) == (town.ada.id, "Registered", [])
    assert api.get(f"/users/{town.chidi.id}").json["role"] == "Moderator"
    assert admin.get("/users/me").json["role"] == "Admin"
    assert api.get("/users/1").json["detail"] == "User ID 1 not found"


@pytest.mark.parametrize("path", ["/nowhere", "/questions/abc", "/questions/1/nothing", "/", ""])
def test_an_unknown_route_is_no_json(town: Town, path: str) -> None:
    answer = v3(town).get(path)
    assert answer.status == 404
    assert not answer.raw.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("number", [0, ID_MAX + 1, "9" * 5000])
def test_ids_have_bounds(town: Town, number: int | str) -> None:
    assert v3(town).get(f"/questions/{number}").status == 400


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", ""),
        (b"null", ""),
        (b"{", "$"),
        (b"[]", "$"),
        (b'{"title": 5, "body": "b", "tags": []}', "$.title"),
        (b'{"title": "t", "body": "b", "tags": "a"}', "$.tags"),
        (b'{"title": "t", "body": "b", "tags": [1]}', "$.tags[0]"),
        (b'{"title": "\\ud800", "body": "b", "tags": []}', "$.title"),
        (b'{"title": "  ", "body": "b", "tags": []}', "Title"),
        (b"\xff\xfe", "$"),
    ],
)
def test_bodies_that_are_not_what_was_asked_for(town: Town, content: bytes, key: str) -> None:
    refused = v3(town).send("POST", "/questions", content=content)
    assert refused.status == 400
    assert key in refused.json["errors"]


def test_what_v3_writes_v2_reads(town: Town) -> None:
    api = v3(town)
    asked = api.ask(tags="a b")
    answered = api.answer(asked)
    api.post(f"/questions/{asked}/answers/{answered}/accept", {})
    published = api.post("/articles", article(type="howToGuide")).json["id"]
    question_item = town.api.get(f"/questions/{asked}").item
    assert (question_item["title"], question_item["tags"]) == (TITLE, ["a", "b"])
    assert question_item["accepted_answer_id"] == answered
    assert town.api.get(f"/articles/{published}").item["article_type"] == "how-to-guide"
    api.put(f"/questions/{asked}", question(title="Something else entirely?"))
    assert town.api.get(f"/questions/{asked}").item["title"] == "Something else entirely?"
    api.delete(f"/questions/{asked}")
    assert town.api.get("/questions").items == []


def test_what_v2_writes_v3_reads(town: Town) -> None:
    asked = town.api.ask(tags="a b")
    answered = town.api.answer(asked)
    town.api.post(f"/answers/{answered}/accept")
    town.api.post(f"/posts/{answered}/comments/add", body="A comment of some length.")
    api = v3(town)
    whole = api.get(f"/questions/{asked}").json
    assert [tag["name"] for tag in whole["tags"]] == ["a", "b"]
    (item,) = api.get(f"/questions/{asked}/answers").items
    assert (item["id"], item["isAccepted"], item["commentCount"]) == (answered, True, 1)
    town.api.post(f"/questions/{asked}/delete")
    assert api.get(f"/questions/{asked}").status == 404


def test_lists_can_lag_while_ids_do_not(found_town: Found) -> None:
    town = found_town(replace(UNBOUND, listing_lag_s=60), seed=1)
    api = v3(town)
    asked = api.ask()
    answered = api.answer(asked)
    assert api.get("/questions").items == []
    assert api.get(f"/questions/{asked}/answers").items == []
    assert api.get(f"/questions/{asked}").json["answerCount"] == 0
    assert api.get(f"/questions/{asked}/answers/{answered}").status == 200
    assert api.get("/search", query="push").items == []
    town.clock.advance(60)
    assert api.get("/questions").column("id") == [asked]
    town.world.behaviour = replace(UNBOUND, listing_lag_s=60, lag_by_id=True)
    assert api.get(f"/questions/{api.ask('How do I roll it on?')}").status == 404


def test_reads_can_come_from_a_replica_and_writes_never(found_town: Found) -> None:
    town = found_town(replace(UNBOUND, replica_lag_s=60), seed=1)
    town.clock.advance(120)
    api = v3(town)
    asked = api.ask()
    town.clock.advance(1)
    seen = {api.get(f"/questions/{asked}").status for _ in range(40)}
    assert seen == {200, 404}
    assert api.put(f"/questions/{asked}", question()).status == 200


def test_row_28_every_fault_meets_calls_of_v3_in_its_own_shape(found_town: Found) -> None:
    town = found_town(UNBOUND)
    kinds = {"error": 0.4, "too_many": 0.2, "throttle": 0.2}
    town.app = create_app(town.world, faults=Faults(Profile(kinds), 7))
    api = v3(town)
    answers = [api.post("/questions", question(title=f"{TITLE} {n}")) for n in range(200)]
    assert {answer.status for answer in answers} == {201, 429, 500, 502, 503, 504}
    for answer in answers:
        if answer.raw.headers["content-type"].startswith("application/json"):
            assert "error_id" not in answer.json
            assert answer.status == 201 or answer.json["status"] == answer.status
    created = len(town.world.questions("acme"))
    assert created > sum(answer.status == 201 for answer in answers)


def test_row_28_a_commit_can_come_although_the_connection_went(found_town: Found) -> None:
    town = found_town(UNBOUND)
    town.app = create_app(town.world, faults=Faults(Profile({"drop": 1, "twice": 0}), 7))
    api, lost = v3(town), 0
    for number in range(30):
        try:
            api.post("/questions", question(title=f"{TITLE} {number}"))
        except ConnectionAbortedError:
            lost += 1
    assert lost == 20
    assert 10 < len(town.world.questions("acme")) < 30


def test_row_28_a_write_can_be_delivered_twice(found_town: Found) -> None:
    town = found_town(UNBOUND)
    town.app = create_app(town.world, faults=Faults(Profile({"twice": 1}), 7))
    assert v3(town).post("/questions", question()).status == 201
    assert len(town.world.questions("acme")) == 2
    deleted = v3(town).delete(f"/questions/{town.world.questions('acme')[0].id}")
    assert deleted.json["type"] == "/v3/errors/delete/QuestionAlreadyDeleted"
