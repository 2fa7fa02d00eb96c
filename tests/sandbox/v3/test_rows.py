"""One claim for each behaviour of API v3 that the sandbox promises to reproduce.

The numbers are those of the project's table of such behaviours, counted from its first row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.sandbox.driver import BODY, TITLE, Town
from tests.sandbox.v3.driver import UNBOUND, article, as_user, question, v3

Found = Callable[..., Town]

NOWHERE = 2_147_483_647
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
MIB = 2**20


def test_row_01_a_question_is_read_through_its_own_team_only(town: Town) -> None:
    asked = v3(town).ask()
    assert v3(town).get(f"/questions/{asked}").json["id"] == asked
    for slug in ("umbrella", "nowhere"):
        other = v3(town, base=f"/v3/teams/{slug}").get(f"/questions/{asked}")
        assert (other.status, other.raw.text) == (401, "Invalid access token")
    foreign = v3(town, town.tokens.foreign, base="/v3/teams/umbrella")
    assert foreign.get(f"/questions/{asked}").status == 404
    assert v3(town, base="/v3").get(f"/questions/{asked}").status == 404


def test_row_01_an_enterprise_site_has_a_base_of_its_own(found_town: Found) -> None:
    town = found_town(UNBOUND, tier="enterprise")
    asked = v3(town, base="/api/v3").ask()
    private = v3(town, base="/api/v3/teams/platform")
    within = private.ask()
    assert v3(town, base="/api/v3").get(f"/questions/{asked}").status == 200
    assert private.get(f"/questions/{within}").status == 200
    assert private.get(f"/questions/{asked}").status == 404
    assert v3(town, base="/api/v3").get(f"/questions/{within}").status == 404
    for base in ("/v3/teams/acme", "/v3/teams/platform", "/api/v3/teams/umbrella"):
        assert v3(town, base=base).get(f"/questions/{asked}").status == 401
    item = v3(town, base="/api/v3").get(f"/questions/{asked}").json
    assert item["webUrl"] == f"http://sandbox.localhost/questions/{asked}"


def test_row_01_a_key_alone_reads_an_enterprise_site_but_for_its_images(
    found_town: Found,
) -> None:
    town = found_town(UNBOUND, tier="enterprise")
    own = v3(town, base="/api/v3")
    asked = own.ask()
    sent = own.send("POST", "/images/upload", files={"file": ("x.png", PNG)}).json

    def with_key(method: str, path: str, key: str = town.world.keys().read, **more: Any) -> Any:
        headers = {"X-API-Key": key}
        return v3(town, "", base="/api/v3").send(method, path, headers=headers, **more)

    assert with_key("GET", f"/questions/{asked}").status == 200
    assert {user["email"] for user in with_key("GET", "/users").items} == {None}
    assert with_key("POST", "/questions", json=question()).status == 403
    assert with_key("GET", f"/images/{sent['id']}").status == 401
    assert with_key("GET", "/teams/platform/questions").status == 401
    assert with_key("GET", f"/questions/{asked}", key="nonsense").status == 401
    headers = {"X-API-Key": town.world.keys().read}
    hosted = v3(town, "", base="/v3/teams/umbrella")
    assert hosted.send("GET", "/questions", headers=headers).status == 401


@pytest.mark.parametrize("who", ["", "nonsense", "expired", "foreign"])
def test_row_02_a_token_that_opens_nothing_gets_plain_text(town: Town, who: str) -> None:
    answer = v3(town, getattr(town.tokens, who, who)).get("/users/me")
    assert answer.status == 401
    assert answer.raw.headers["content-type"].startswith("text/plain")
    assert answer.raw.text == "Invalid access token"


def test_row_02_the_other_api_s_header_opens_nothing(town: Town) -> None:
    headers = {"X-API-Access-Token": town.tokens.read_write}
    assert v3(town, "").send("GET", "/users/me", headers=headers).status == 401


def test_row_03_the_write_flag_comes_before_the_body_s_shape(town: Town) -> None:
    refused = v3(town, town.tokens.read_only).post("/questions", {})
    assert refused.status == 403
    forbidden = {"type": "/v3/errors/forbidden", "title": "Forbidden Action", "status": 403}
    assert refused.json == forbidden

    invalid = v3(town).post("/questions", {})
    assert invalid.status == 400
    assert invalid.json["errors"] == {
        "Title": ["The Title field is required."],
        "Body": ["The Body field is required."],
        "Tags": ["The Tags field is required."],
    }
    assert invalid.json["traceId"].startswith("00-")
    assert "detail" not in invalid.json


def test_row_03_the_order_can_be_the_other(found_town: Found) -> None:
    town = found_town(replace(UNBOUND, v3_check_order="body_first"))
    reader = v3(town, town.tokens.read_only)
    assert reader.post("/questions", {}).status == 400
    assert reader.post("/questions", question()).status == 403


@pytest.mark.parametrize(("who", "status"), [("read_only", 403), ("read_write", 400)])
def test_row_03_a_question_that_can_not_be_tells_what_a_token_may(
    town: Town, who: str, status: int
) -> None:
    probe = v3(town, getattr(town.tokens, who)).post(f"/questions/{NOWHERE}/answers", {})
    assert probe.status == status


@pytest.mark.parametrize(
    ("tier", "reads", "writes"), [("free", 403, 403), ("basic", 200, 403), ("business", 200, 201)]
)
def test_row_03_the_plan_decides_too(found_town: Found, tier: str, reads: int, writes: int) -> None:
    town = found_town(tier=tier)
    assert v3(town).get("/questions").status == reads
    assert v3(town).post("/questions", question()).status == writes


def test_row_04_members_it_does_not_know_are_ignored(town: Town) -> None:
    asked = v3(town).post("/questions", question(id=77, preview="true", isDeleted=True))
    assert asked.status == 201
    assert asked.json["id"] != 77
    assert asked.json["isDeleted"] is False


def test_row_05_each_operation_has_its_status(town: Town) -> None:
    api = v3(town)
    asked = api.post("/questions", question())
    one = f"/questions/{asked.json['id']}"
    answered = api.post(f"{one}/answers", body=BODY)
    reply = f"{one}/answers/{answered.json['id']}"
    others = as_user(town, town.bjorn)
    statuses = [
        asked,
        answered,
        api.put(one, question(tags=["b"])),
        api.put(reply, body=BODY + "!"),
        api.post(f"{reply}/accept", {}),
        api.delete(f"{reply}/accept"),
        others.post(f"{one}/upvote", {}),
        others.delete(f"{one}/upvote"),
        others.post(f"{reply}/downvote", {}),
        others.post(f"{one}/bookmark", {}),
        others.delete(f"{one}/bookmark"),
        api.delete(reply),
        api.delete(one),
    ]
    expected = [201, 201, 200, 200, 200, 200, 200, 200, 200, 201, 200, 204, 204]
    assert [answer.status for answer in statuses] == expected
    assert statuses[-1].raw.content == b""


def test_row_06_an_edit_replaces_the_whole(town: Town) -> None:
    api = v3(town)
    asked = api.ask()
    partial = api.put(f"/questions/{asked}", title=TITLE, body=BODY)
    assert partial.status == 400
    assert set(partial.json["errors"]) == {"Tags"}
    whole = api.put(f"/questions/{asked}", question(title="How do I roll it back?", tags=["b"]))
    assert whole.json["title"] == "How do I roll it back?"
    assert [tag["name"] for tag in whole.json["tags"]] == ["b"]


def test_row_07_items_of_lists_lack_the_markdown(town: Town) -> None:
    api = v3(town)
    asked = api.ask()
    answered = api.answer(asked)
    for path, one in (("/questions", asked), (f"/questions/{asked}/answers", answered)):
        (item,) = api.get(path).items
        assert "bodyMarkdown" not in item
        whole = api.get(f"{path}/{one}").json
        assert whole["bodyMarkdown"] == BODY
        assert whole["body"] == item["body"] == f"<p>{BODY}</p>\n"


def test_row_08_answers_have_a_share_link_and_others_a_share_url(town: Town) -> None:
    api = v3(town)
    asked = api.ask()
    api.answer(asked)
    (question_item,) = api.get("/questions").items
    (answer_item,) = api.get(f"/questions/{asked}/answers").items
    assert {"shareUrl", "shareLink"} & set(question_item) == {"shareUrl"}
    assert {"shareUrl", "shareLink"} & set(answer_item) == {"shareLink"}


@pytest.mark.parametrize(
    ("query", "status", "size"),
    [
        pytest.param({}, 200, 15, id="default"),
        pytest.param({"pageSize": 15}, 200, 15, id="15"),
        pytest.param({"pageSize": 30}, 200, 30, id="30"),
        pytest.param({"pageSize": 50}, 200, 50, id="50"),
        pytest.param({"pagesize": 100}, 200, 100, id="100, in lower case"),
        pytest.param({"pageSize": 10}, 400, None, id="10"),
        pytest.param({"pageSize": "all"}, 400, None, id="no number"),
        pytest.param({"page": 0}, 400, None, id="page 0"),
        pytest.param({"sort": "hot"}, 400, None, id="unknown sort"),
        pytest.param({"SORT": "Creation", "order": "ASC"}, 200, 15, id="values in any case"),
    ],
)
def test_row_09_page_sizes_and_names(
    town: Town, query: dict[str, Any], status: int, size: int | None
) -> None:
    answer = v3(town).get("/questions", **query)
    assert answer.status == status
    assert answer.json.get("pageSize") == size
    if status == 400:
        assert list(answer.json["errors"]) == list(query)


@pytest.mark.parametrize(("behaviour", "pages"), [({}, 0), ({"v3_empty_pages": 1}, 1)])
def test_row_10_the_envelope_of_nothing(
    found_town: Found, behaviour: dict[str, Any], pages: int
) -> None:
    town = found_town(replace(UNBOUND, **behaviour))
    assert v3(town).get("/questions").json == {
        "totalCount": 0,
        "pageSize": 15,
        "page": 1,
        "totalPages": pages,
        "sort": "activity",
        "order": "desc",
        "items": [],
    }


def test_row_10_the_envelope_counts_and_pages(found_town: Found) -> None:
    town = found_town(UNBOUND)
    ids = [town.ask(f"How do I roll back deploy {number}?") for number in range(16)]
    api = v3(town)
    first = api.get("/questions", sort="creation", order="asc")
    assert (first.json["totalCount"], first.json["totalPages"]) == (16, 2)
    second = api.get("/questions", sort="creation", order="asc", page=2)
    assert first.column("id") + second.column("id") == ids
    assert api.get("/questions", page=3).items == []


def test_row_11_values_of_a_repeated_filter_are_alternatives(town: Town) -> None:
    a, b, c = (town.ask(tags=tag) for tag in ("a", "b", "c"))
    api = v3(town)
    tags = {tag["name"]: tag["id"] for tag in api.get("/tags").items}
    found = api.get("/questions", tagId=[tags["a"], tags["b"]], sort="creation", order="asc")
    assert found.column("id") == [a, b]
    assert set(api.get("/questions", questionId=[b, c]).column("id")) == {b, c}


def test_row_12_a_tag_is_born_by_use_and_never_vanishes(town: Town) -> None:
    api = v3(town)
    asked = api.ask(tags="Deploys")
    (tag,) = api.get("/tags", partialName="DEPLOY").items
    assert (tag["name"], tag["postCount"], tag["description"]) == ("deploys", 1, "")
    api.delete(f"/questions/{asked}")
    assert api.get(f"/tags/{tag['id']}").json["postCount"] == 0
    assert api.post("/tags", name="new").status == 405


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"title": "t" * 150}, None),
        ({"title": "t" * 151}, "Title cannot be longer than 150 characters."),
        ({"body": "b" * 30_000}, None),
        ({"body": "b" * 30_001}, "30000"),
        ({"tags": ["a", "b", "c", "d", "e"]}, None),
        ({"tags": ["a", "b", "c", "d", "e", "f"]}, "5"),
        ({"tags": ["t" * 35]}, None),
        ({"tags": ["t" * 36]}, "35"),
        ({"tags": ["a_b"]}, "a_b"),
        ({"tags": []}, "tag"),
    ],
)
def test_row_13_a_limit_is_a_problem_with_a_detail(
    town: Town, changes: dict[str, Any], detail: str | None
) -> None:
    answer = v3(town).post("/questions", question(**changes))
    if detail is None:
        assert answer.status == 201
        return
    assert answer.status == 400
    assert detail in answer.json["detail"]
    assert answer.json["type"] == "/v3/errors/questions/ValidationErrors"
    assert answer.json["title"] == "Question not created"
    assert not {"errors", "traceId"} & set(answer.json)


@pytest.mark.parametrize(
    ("switch", "again", "detail"),
    [
        (
            "duplicate_title_refused",
            {"body": BODY + " Twice."},
            "A question with that title already exists; please be more specific.",
        ),
        (
            "duplicate_text_refused",
            {"title": "How do I roll it back again?"},
            "This post appears to be a duplicate of another post.",
        ),
    ],
)
def test_row_14_a_duplicate_can_be_refused(
    found_town: Found, switch: Any, again: dict[str, Any], detail: str
) -> None:
    changes: Any = {switch: True}
    town = found_town(replace(UNBOUND, **changes))
    assert v3(town).post("/questions", question()).status == 201
    refused = v3(town).post("/questions", question(**again))
    assert (refused.status, refused.json["detail"]) == (400, detail)
    lenient = found_town(UNBOUND)
    assert v3(lenient).post("/questions", question()).status == 201
    assert v3(lenient).post("/questions", question(**again)).status == 201


def test_row_15_a_deletion_is_soft_and_happens_once(town: Town) -> None:
    api, moderator = v3(town), as_user(town, town.chidi)
    asked = api.ask()
    assert api.delete(f"/questions/{asked}").status == 204
    seen = moderator.get(f"/questions/{asked}")
    assert (seen.status, seen.json["isDeleted"]) == (200, True)
    assert api.get(f"/questions/{asked}").status == 404
    again = api.delete(f"/questions/{asked}")
    assert again.status == 400
    assert again.json["type"] == "/v3/errors/delete/QuestionAlreadyDeleted"
    assert again.json["detail"] == "This post is already deleted"
    assert moderator.get("/questions").items == []


@pytest.mark.parametrize(
    ("shown", "statuses"),
    [("moderators", [404, 200]), ("everyone", [200, 200]), ("nobody", [404, 404])],
)
def test_row_15_who_sees_what_was_deleted_is_a_switch(
    found_town: Found, shown: Any, statuses: list[int]
) -> None:
    town = found_town(replace(UNBOUND, v3_deleted_shown=shown, v3_lists_deleted=True))
    api, moderator = v3(town), as_user(town, town.chidi)
    asked = api.ask()
    reply = f"/questions/{asked}/answers/{api.answer(asked)}"
    api.delete(reply)
    assert [each.get(reply).status for each in (api, moderator)] == statuses
    api.delete(f"/questions/{asked}")
    assert [each.get(f"/questions/{asked}").status for each in (api, moderator)] == statuses
    listed = [len(each.get("/questions").items) for each in (api, moderator)]
    assert listed == [status == 200 for status in statuses]


def test_row_16_an_answer_stands_under_its_own_question(town: Town) -> None:
    api = v3(town)
    first, second = api.ask(), api.ask("How do I roll it forward?")
    answered = api.answer(first)
    assert api.get(f"/questions/{first}/answers/{answered}").status == 200
    wrong = f"/questions/{second}/answers/{answered}"
    assert api.get(wrong).status == 404
    assert api.put(wrong, body=BODY).status == 404
    assert api.post(f"{wrong}/accept", {}).status == 404
    assert api.delete(wrong).status == 404
    assert api.get(f"/questions/{answered}").status == 404


def test_row_17_one_answer_is_accepted_by_who_asked_or_a_moderator(town: Town) -> None:
    api, other, moderator = v3(town), as_user(town, town.bjorn), as_user(town, town.chidi)
    asked = api.ask()
    first, second = (f"/questions/{asked}/answers/{api.answer(asked)}" for _ in "ab")

    assert other.post(f"{first}/accept", {}).status == 403
    accepted = api.post(f"{first}/accept", {})
    assert (accepted.status, accepted.json["isAccepted"]) == (200, True)
    assert "bodyMarkdown" not in accepted.json
    assert moderator.post(f"{second}/accept", {}).status == 200
    marks = [api.get(path).json["isAccepted"] for path in (first, second)]
    assert marks == [False, True]
    assert other.delete(f"{second}/accept").status == 403
    assert api.delete(f"{second}/accept").json["isAccepted"] is False
    assert api.get("/questions", hasAcceptedAnswer="true").items == []


def test_row_18_posts_of_all_kinds_share_one_sequence_of_ids(town: Town) -> None:
    api = v3(town)
    asked = api.ask()
    answered = api.answer(asked)
    published = api.post("/articles", article()).json["id"]
    assert asked < answered < published < api.ask("How do I roll it forward?")


def test_row_19_permissions_go_in_as_ids_and_come_out_as_objects(town: Town) -> None:
    group = town.world.make_group(town.chidi, name="Editors", member_ids=[town.ada.id])
    wanted = {
        "editableBy": "specificEditors",
        "editorUserIds": [town.bjorn.id],
        "editorUserGroupIds": [group.id],
    }
    api, other = v3(town), as_user(town, town.bjorn)
    made = api.post("/articles", article(permissions=wanted))
    assert made.status == 201
    permissions = api.get(f"/articles/{made.json['id']}").json["permissions"]
    assert permissions["editableBy"] == "specificEditors"
    assert [user["id"] for user in permissions["editorUsers"]] == [town.bjorn.id]
    assert [it["id"] for it in permissions["editorUserGroups"]] == [group.id]
    assert [it["id"] for it in permissions["editorUserGroups"][0]["users"]] == [town.ada.id]
    one = f"/articles/{made.json['id']}"
    assert other.get(one).json["userCanEdit"] is True
    assert other.put(one, article(title="The rules, edited", permissions=wanted)).status == 200
    assert "permissions" not in api.get("/articles").items[0]


@pytest.mark.parametrize(
    ("mode", "status", "editable_by"),
    [("kept", 200, "everyone"), ("reset", 200, "ownerOnly"), ("refused", 400, "everyone")],
)
def test_row_19_permissions_may_be_absent(
    found_town: Found, mode: Any, status: int, editable_by: str
) -> None:
    town = found_town(replace(UNBOUND, absent_permissions=mode))
    api = v3(town)
    one = f"/articles/{api.post('/articles', article()).json['id']}"
    without = article()
    del without["permissions"]
    edited = api.put(one, without)
    assert edited.status == status
    if status == 400:
        assert edited.json["errors"] == {"Permissions": ["The Permissions field is required."]}
    assert api.get(one).json["permissions"]["editableBy"] == editable_by


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"type": "howToGuide"}, 201),
        ({"type": "how-to-guide"}, 400),
        ({"type": None}, 400),
        ({"body": "b" * 100_000}, 201),
        ({"body": "b" * 100_001}, 400),
        ({"permissions": {"editableBy": "nobody"}}, 400),
        ({"permissions": {"editorUserIds": "all"}}, 400),
        ({"permissions": {"editableBy": "specificEditors", "editorUserIds": [1]}}, 404),
    ],
)
def test_row_19_what_an_article_may_be(town: Town, changes: dict[str, Any], status: int) -> None:
    made = v3(town).post("/articles", article(**changes))
    assert made.status == status
    if status == 201:
        assert made.json["type"] == changes.get("type", "knowledgeArticle")


def test_row_19_articles_are_edited_and_deleted(town: Town) -> None:
    api, moderator = v3(town), as_user(town, town.chidi)
    one = f"/articles/{api.post('/articles', article()).json['id']}"
    assert api.put(one, article(type="policy")).json["type"] == "policy"
    assert moderator.post(f"{one}/upvote", {}).json["score"] == 1
    assert moderator.delete(f"{one}/upvote").json["score"] == 0
    assert api.get(f"{one}/comments").raw.json() == []
    assert api.delete(one).status == 204
    assert api.delete(one).json["type"] == "/v3/errors/delete/ArticleAlreadyDeleted"
    assert moderator.get(one).json["isDeleted"] is True
    assert api.get("/articles").items == []


def test_row_20_comments_are_a_bare_array_and_can_only_be_read(town: Town) -> None:
    api = v3(town)
    asked = api.ask()
    answered = api.answer(asked)
    for target in (asked, answered):
        for text in ("The **first** of two comments.", "The second one of both."):
            town.world.comment_on(town.bjorn, target, body=text)
    for path in (f"/questions/{asked}", f"/questions/{asked}/answers/{answered}"):
        found: Any = api.get(f"{path}/comments").raw.json()
        assert [comment["body"][:10] for comment in found] == ["The **firs", "The second"]
        names = {"id", "score", "body", "ownerUserId", "ownerDisplayName", "creationDate"}
        assert set(found[0]) == names
        assert found[0]["ownerDisplayName"] == town.bjorn.name
        assert api.post(f"{path}/comments", body=BODY).status == 405
    assert api.get("/questions").items[0]["commentCount"] == 2


def test_row_20_a_missing_method_can_be_a_missing_page(found_town: Found) -> None:
    town = found_town(replace(UNBOUND, v3_wrong_method=404))
    assert v3(town).post("/tags", name="new").status == 404


def test_row_21_a_put_replaces_all_experts_and_a_post_adds_some(town: Town) -> None:
    town.ask(tags="a")
    moderator = as_user(town, town.chidi)
    (tag,) = moderator.get("/tags").items
    path = f"/tags/{tag['id']}/subject-matter-experts"
    group = town.world.make_group(town.chidi, name="G", member_ids=[town.bjorn.id, town.ada.id])

    def named(answer: Any) -> tuple[list[int], list[int]]:
        assert answer.status == 200, answer.raw.text
        found = answer.json
        return [it["id"] for it in found["users"]], [it["id"] for it in found["userGroups"]]

    set_ = moderator.put(path, userIds=[town.ada.id], userGroupIds=[])
    assert named(set_) == ([town.ada.id], [])
    assert named(moderator.post(f"{path}/users", [town.bjorn.id])) == (
        [town.ada.id, town.bjorn.id],
        [],
    )
    assert named(moderator.post(f"{path}/user-groups", [group.id]))[1] == [group.id]
    assert moderator.get("/tags", hasSmes="true").items[0]["subjectMatterExpertCount"] == 2
    whole = moderator.get(f"/tags/{tag['id']}").json["subjectMatterExperts"]
    assert len(whole["users"]) == 2
    assert moderator.delete(f"{path}/users/{town.ada.id}").status == 204
    assert moderator.delete(f"{path}/user-groups/{group.id}").status == 204
    assert named(moderator.get(path)) == ([town.bjorn.id], [])
    assert named(moderator.put(path, userIds=[], userGroupIds=[])) == ([], [])
    assert v3(town).put(path, userIds=[], userGroupIds=[]).status == 403
    assert v3(town).get(path).status == 200


def test_row_21_experts_can_be_off(found_town: Found) -> None:
    town = found_town(replace(UNBOUND, experts=False))
    town.ask(tags="a")
    moderator = as_user(town, town.chidi)
    (tag,) = moderator.get("/tags").items
    assert tag["subjectMatterExpertCount"] is None
    path = f"/tags/{tag['id']}/subject-matter-experts"
    one = f"{path}/users/{town.ada.id}"
    answers = [moderator.get(path), moderator.put(path, {}), moderator.post(f"{path}/users", [1])]
    assert [it.status for it in (*answers, moderator.delete(one))] == [422] * 4


def test_row_22_a_group_can_not_be_deleted_and_a_put_blanks(town: Town) -> None:
    moderator = as_user(town, town.chidi)
    made = moderator.post(
        "/user-groups", name="Platform", description="Who runs it.", userIds=[town.ada.id]
    )
    assert (made.status, made.json["description"]) == (201, "Who runs it.")
    one = f"/user-groups/{made.json['id']}"
    joined = moderator.post(f"{one}/members", [town.bjorn.id])
    assert [it["id"] for it in joined.json["users"]] == [town.ada.id, town.bjorn.id]
    left = moderator.delete(f"{one}/members/{town.ada.id}")
    assert (left.status, [it["id"] for it in left.json["users"]]) == (200, [town.bjorn.id])
    blank = moderator.put(one, name="Platform")
    assert (blank.json["description"], blank.json["users"]) == (None, [])
    assert moderator.delete(one).status == 405
    assert moderator.post("/user-groups", {}).json["errors"] == {
        "Name": ["The Name field is required."]
    }
    assert v3(town).post("/user-groups", name="Mine").status == 403
    assert moderator.get("/user-groups/7").status == 404
    assert moderator.get("/user-groups", sort="size").column("name") == ["Platform"]


def test_row_23_a_collection_keeps_its_order_and_mixes_kinds(town: Town) -> None:
    api, moderator = v3(town), as_user(town, town.chidi)
    first, second = api.ask(), api.post("/articles", article()).json["id"]
    made = api.post("/collections", title="Start here", contentIds=[second, first])
    assert made.status == 201
    one = f"/collections/{made.json['id']}"
    held = api.get(one).json["content"]
    assert [(it["id"], it["type"]) for it in held] == [(second, "article"), (first, "question")]
    turned = api.put(one, title="Start here", contentIds=[first, second], ownerId=town.bjorn.id)
    assert [it["id"] for it in turned.json["content"]] == [first, second]
    assert turned.json["owner"]["id"] == town.bjorn.id
    assert {tag["name"] for tag in turned.json["tags"]} == {"deploys"}
    (item,) = api.get("/collections", permissions="all").items
    assert not {"content", "editorUsers", "editorUserGroups"} & set(item)
    assert api.get("/collections", permissions="owned").items == []
    assert len(as_user(town, town.bjorn).get("/collections", permissions="editable").items) == 1
    assert api.get("/collections", partialTitle="START").column("id") == [item["id"]]
    assert api.put(one, title="Mine again").status == 403

    assert moderator.delete(one).status == 204
    assert moderator.get(one).json["isDeleted"] is True
    assert moderator.delete(one).status == 400
    assert api.get("/collections").items == []
    assert api.post("/collections", contentIds=[]).status == 400


@pytest.mark.parametrize(("mode", "shown"), [("dropped", []), ("unknown", ["unknown"])])
def test_row_23_what_was_deleted_is_not_shown(
    found_town: Found, mode: Any, shown: list[str]
) -> None:
    town = found_town(replace(UNBOUND, v3_dead_content=mode))
    api = v3(town)
    asked = api.ask()
    one = f"/collections/{api.post('/collections', title='T', contentIds=[asked]).json['id']}"
    api.delete(f"/questions/{asked}")
    assert [it["type"] for it in api.get(one).json["content"]] == shown


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(PNG, 200, id="png"),
        pytest.param(b"\xff\xd8\xff" + bytes(9), 200, id="jpeg"),
        pytest.param(b"GIF89a" + bytes(9), 200, id="gif"),
        pytest.param(b"BM" + bytes(9), 200, id="bmp"),
        pytest.param(b"RIFF\0\0\0\0WEBP" + bytes(9), 200, id="webp"),
        pytest.param(b"<svg></svg>", 415, id="svg"),
        pytest.param(PNG + bytes(2 * MIB - len(PNG)), 200, id="2 MiB"),
        pytest.param(PNG + bytes(2 * MIB - len(PNG) + 1), 400, id="a byte more"),
    ],
)
def test_row_24_images_of_five_types_up_to_two_mebibytes(
    town: Town, content: bytes, status: int
) -> None:
    api = v3(town)
    sent = api.send("POST", "/images/upload", files={"file": ("x.png", content)})
    assert sent.status == status
    if status != 200:
        return
    assert set(sent.json) == {"id", "url"}
    for name in (sent.json["id"], sent.json["url"].rpartition("/")[2]):
        assert api.get(f"/images/{name}").raw.content == content
    assert v3(town, "").get(f"/images/{sent.json['id']}").status == 401


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"files": {"image": ("x.png", PNG)}}, 400),
        ({"json": {}}, 415),
        ({"content": PNG, "headers": {"content-type": "img/png"}}, 200),
    ],
)
def test_row_24_an_upload_is_a_form(town: Town, options: dict[str, Any], status: int) -> None:
    assert v3(town).send("POST", "/images/upload", **options).status == status


def test_row_24_a_read_only_token_uploads_nothing(town: Town) -> None:
    sent = v3(town, town.tokens.read_only).send("POST", "/images/upload", files={"file": b"x"})
    assert sent.status == 403
    assert v3(town).get("/images/nope").status == 404


def test_row_25_a_search_finds_posts_of_three_types(town: Town) -> None:
    api = v3(town)
    asked = api.ask(body="Everything about the walrus, at some length.")
    answered = api.answer(asked, "The walrus is large, and so is this answer.")
    published = api.post("/articles", article(body="A walrus.")).json["id"]
    found = api.get("/search", query="WALRUS").json
    assert "order" not in found
    assert (found["sort"], found["totalCount"]) == ("relevance", 3)
    by_type = {item["type"]: item for item in found["items"]}
    assert by_type["question"]["questionId"] == asked
    assert by_type["question"]["answerCount"] == 1
    assert by_type["answer"]["answerId"] == answered
    assert by_type["answer"]["parentQuestionId"] == asked
    assert by_type["answer"]["title"] == TITLE
    assert by_type["article"]["articleId"] == published
    assert by_type["article"]["articleType"] == "knowledgeArticle"
    assert api.get("/search", query="walrus", sort="hot").status == 400
    newest = api.get("/search", query="walrus", sort="newest").column("type")
    assert newest == ["article", "answer", "question"]


def test_row_25_the_index_lags(found_town: Found) -> None:
    town = found_town(replace(UNBOUND, v3_search_lag_s=30))
    api = v3(town)
    asked = api.ask()
    assert api.get("/search", query="roll back").items == []
    assert api.get("/questions").column("id") == [asked]
    town.clock.advance(30)
    assert len(api.get("/search", query="roll back").items) == 1
    api.delete(f"/questions/{asked}")
    assert len(api.get("/search", query="roll back").items) == 1
    town.clock.advance(31)
    assert api.get("/search", query="roll back").items == []


@pytest.mark.parametrize(("whole", "size"), [(False, 15), (True, 100)])
def test_row_25_the_page_size_is_not_heeded(found_town: Found, whole: bool, size: int) -> None:
    town = found_town(replace(UNBOUND, v3_search_whole=whole))
    for number in range(101):
        town.ask(f"How do I roll back deploy {number}?")
    assert len(v3(town).get("/search", query="deploy", pageSize=15).items) == size


def test_row_26_every_answer_says_what_is_left(town: Town) -> None:
    names = {
        "x-burst-throttle-calls-left",
        "x-burst-throttle-seconds-until-full",
        "x-token-bucket-calls-left",
        "x-token-bucket-seconds-until-full",
        "x-token-bucket-seconds-until-next-refill",
    }
    api = v3(town)
    answers = [
        api.get("/users/me"),
        api.get("/nowhere"),
        api.post("/questions", {}),
        api.delete("/questions"),
        v3(town, "nonsense").get("/users/me"),
    ]
    assert [answer.status for answer in answers] == [200, 404, 400, 405, 401]
    left = [int(answer.raw.headers["x-burst-throttle-calls-left"]) for answer in answers]
    assert left == [49, 48, 47, 46, 49]
    for answer in answers:
        assert names <= set(answer.raw.headers)


def test_row_26_a_burst_is_throttled_until_two_seconds_have_passed(town: Town) -> None:
    api = v3(town)
    assert {api.get("/users/me").status for _ in range(50)} == {200}
    refused = api.get("/users/me")
    assert refused.status == 429
    assert refused.raw.headers["x-burst-throttle-calls-left"] == "0"
    assert refused.raw.headers["x-burst-throttle-seconds-until-full"] == "2"
    assert as_user(town, town.bjorn).get("/users/me").status == 200
    town.clock.advance(1.9)
    assert api.get("/users/me").status == 429
    town.clock.advance(0.1)
    assert api.get("/users/me").status == 200


def test_row_26_a_bucket_of_calls_is_refilled_every_minute(found_town: Found) -> None:
    town = found_town(replace(UNBOUND, v3_bucket=5000))
    api = v3(town)
    assert {api.get("/nowhere").status for _ in range(5000)} == {404}
    refused = api.get("/users/me")
    assert refused.status == 429
    assert refused.raw.headers["x-token-bucket-calls-left"] == "0"
    assert refused.raw.headers["x-token-bucket-seconds-until-next-refill"] == "60"
    assert refused.raw.headers["x-token-bucket-seconds-until-full"] == "3000"
    town.clock.advance(60)
    assert [api.get("/nowhere").status for _ in range(101)] == [404] * 100 + [429]


@pytest.mark.parametrize(
    ("style", "header"),
    [("absent", None), ("seconds", "2"), ("date", "Mon, 05 Jan 2026 09:00:02 GMT")],
)
@pytest.mark.parametrize("form", ["problem", "text"])
def test_row_26_a_429_has_several_forms(
    found_town: Found, style: Any, header: str | None, form: Any
) -> None:
    behaviour = replace(UNBOUND, v3_burst=1, v3_retry_after=style, v3_throttled_as=form)
    town = found_town(behaviour)
    v3(town).get("/users/me")
    refused = v3(town).get("/users/me")
    assert refused.status == 429
    assert refused.raw.headers.get("retry-after") == header
    is_json = refused.raw.headers["content-type"].startswith("application/json")
    assert is_json is (form == "problem")


@pytest.mark.parametrize(
    ("style", "tag_zoned", "post_zoned"),
    [("mixed", False, True), ("zoned", True, True), ("zoneless", False, False)],
)
def test_row_27_dates_of_tags_have_no_zone(
    found_town: Found, style: Any, tag_zoned: bool, post_zoned: bool
) -> None:
    town = found_town(replace(UNBOUND, v3_dates=style))
    asked = v3(town).ask()
    item = v3(town).get(f"/questions/{asked}").json
    assert item["creationDate"] == "2026-01-05T09:00:00" + ("Z" if post_zoned else "")
    assert item["tags"][0]["creationDate"] == "2026-01-05T09:00:00.07" + ("Z" if tag_zoned else "")


def test_row_28_a_success_can_come_without_a_content_type(found_town: Found) -> None:
    town = found_town(replace(UNBOUND, v3_untyped=True))
    assert "content-type" not in v3(town).get("/users/me").raw.headers
    assert "content-type" in v3(town).get("/questions/7").raw.headers


@pytest.mark.parametrize(
    ("sort", "status"),
    [
        (None, 201),
        ("application/json", 201),
        ("application/json-patch+json; charset=utf-8", 201),
        ("text/json", 201),
        ("application/vnd.api+json", 201),
        ("application/x-www-form-urlencoded", 415),
    ],
)
def test_row_28_a_request_needs_no_content_type(town: Town, sort: str | None, status: int) -> None:
    content = '{"title": "%s", "BODY": "%s", "tags": ["a"]}' % (TITLE, BODY)  # noqa: UP031
    headers = {"content-type": sort} if sort else {}
    answer = v3(town).send("POST", "/questions", content=content, headers=headers)
    assert answer.status == status


def test_row_29_bodies_come_as_html_that_stays_the_same(town: Town) -> None:
    api = v3(town)
    asked = api.ask(body="See [this](https://example.org) and **that**, in `code`.")
    html = api.get(f"/questions/{asked}").json["body"]
    assert html == (
        '<p>See <a href="https://example.org" rel="nofollow noreferrer">this</a>'
        " and <strong>that</strong>, in <code>code</code>.</p>\n"
    )
    assert api.get("/questions").items[0]["body"] == html


@pytest.mark.parametrize(
    ("behaviour", "source"),
    [
        ({}, "It's 1 < 2, as\r\nwritten on two lines."),
        ({"v3_lf": True}, "It's 1 < 2, as\nwritten on two lines."),
        ({"crlf": False}, "It's 1 < 2, as\nwritten on two lines."),
        ({"v3_markdown": "encoded"}, "It&#39;s 1 &lt; 2, as\r\nwritten on two lines."),
    ],
)
def test_row_29_the_source_can_come_back_in_several_forms(
    found_town: Found, behaviour: dict[str, Any], source: str
) -> None:
    town = found_town(replace(UNBOUND, **behaviour))
    asked = v3(town).ask(body="It's 1 < 2, as\nwritten on two lines.")
    found = v3(town).get(f"/questions/{asked}").json["bodyMarkdown"]
    assert found.replace("&#x27;", "&#39;") == source


def test_row_30_posts_outlive_the_accounts_of_their_authors(town: Town) -> None:
    asked = town.world.ask(town.bjorn, title=TITLE, body=BODY, tags=["a"]).id
    answered = town.world.answer(town.bjorn, asked, body=BODY).id
    town.world.comment_on(town.bjorn, asked, body="A comment of some length.")
    town.world.remove_user(town.bjorn)
    api = v3(town)
    assert api.get(f"/questions/{asked}").json["owner"] is None
    owner = api.get(f"/questions/{asked}/answers/{answered}").json["owner"]
    assert (owner["id"], "accountId" in owner) == (town.bjorn.id, False)
    (comment,) = api.get(f"/questions/{asked}/comments").raw.json()
    assert comment["ownerUserId"] is None
    assert api.get(f"/users/{town.bjorn.id}").status == 404
    assert town.api.get(f"/questions/{asked}").status == 200


def test_row_31_a_token_made_for_somebody_else_acts_as_them(found_town: Found) -> None:
    town = found_town(replace(UNBOUND, impersonation=True), tier="enterprise")
    service = town.enterprise(None, town.world.keys().service)
    made = service.post(
        "/access-tokens/exchange",
        access_tokens=town.tokens.read_write,
        exchange_type="impersonate",
        account_id=town.bjorn.account_id,
    )
    api = v3(town, made.item["access_token"], base="/api/v3")
    assert api.get("/users/me").json["id"] == town.bjorn.id
    asked = api.ask()
    assert api.get(f"/questions/{asked}").json["owner"]["accountId"] == town.bjorn.account_id
