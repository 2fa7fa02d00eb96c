"""One claim for each behaviour of API v2.3 that the sandbox promises to reproduce.

The numbers are those of the project's table of such behaviours; 36, 39 and 40 have tests of their
own elsewhere.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from importer.sandbox import Backoff, Behaviour, Permissions, Shares
from tests.sandbox.driver import BODY, TITLE, UNHURRIED, Caller, Town

Found = Callable[..., Town]


@pytest.mark.parametrize(
    ("who", "team", "behaviour", "error"),
    [
        pytest.param(None, "acme", {}, 401, id="no token"),
        pytest.param("nonsense", "acme", {}, 402, id="wrong token"),
        pytest.param("expired", "acme", {}, 402, id="expired token"),
        pytest.param("foreign", "acme", {}, 403, id="token of another team"),
        pytest.param("foreign", "acme", {"foreign_team": 402}, 402, id="the same, switched"),
        pytest.param("read_write", None, {}, 400, id="no team"),
        pytest.param("read_write", "nowhere", {}, 400, id="unknown team"),
        pytest.param("read_write", "nowhere", {"unknown_team": 403}, 403, id="the same, switched"),
        pytest.param("read_write", "acme", {}, None, id="control"),
    ],
)
def test_row_01_token_and_team_are_needed(
    found_town: Found, who: str | None, team: str | None, behaviour: Any, error: int | None
) -> None:
    town = found_town(replace(UNHURRIED, **behaviour))
    token = getattr(town.tokens, who, who) if who else None
    answer = town.caller(token, team=team).get("/questions")
    assert answer.error == error
    assert answer.status == (200 if error is None else 400)


@pytest.mark.parametrize(
    ("tier", "reads", "writes"),
    [("free", 403, 403), ("basic", None, 403), ("business", None, None)],
)
def test_row_01_the_tier_decides_what_a_token_can_do(
    found_town: Found, tier: str, reads: int | None, writes: int | None
) -> None:
    town = found_town(tier=tier)
    assert town.api.get("/questions").error == reads
    assert town.api.post("/questions/add", title=TITLE, body=BODY, tags="a").error == writes
    assert len(town.world.questions("acme")) == (writes is None)


def test_row_02_an_error_body_has_three_keys(town: Town) -> None:
    answer = town.caller("nonsense").get("/questions", filter="total")
    assert set(answer.json) == {"error_id", "error_message", "error_name"}
    assert answer.json["error_name"] == "invalid_access_token"


@pytest.mark.parametrize(
    ("style", "status", "is_json"),
    [("json400", 400, True), ("json502", 502, True), ("json429", 429, True), ("html", 429, False)],
)
def test_row_03_a_throttle_can_show_in_other_ways_than_status_400(
    found_town: Found, style: Any, status: int, is_json: bool
) -> None:
    town = found_town(replace(UNHURRIED, throttle_as=style, quota_max=0))
    answer = town.api.get("/questions")
    assert answer.status == status
    assert answer.raw.headers["content-type"].startswith("application/json") is is_json
    assert town.world.requests[-1].error_id == 502


@pytest.mark.parametrize(
    ("encoding", "start", "unpack"),
    [("gzip", b"\x1f\x8b", gzip.decompress), ("deflate", b"\x78", zlib.decompress)],
)
def test_row_04_every_answer_is_compressed_unasked(
    found_town: Found, encoding: Any, start: bytes, unpack: Callable[[bytes], bytes]
) -> None:
    town = found_town(replace(UNHURRIED, encoding=encoding))
    messages: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {"type": "http", "method": "GET", "path": "/2.3/errors", "query_string": b""}
    scope |= {"headers": [(b"host", b"localhost")], "scheme": "http", "client": ("127.0.0.1", 1)}

    async def call() -> None:
        await town.app(scope, receive, send)

    town.runner.run(call())
    headers = dict(messages[0]["headers"])
    assert headers[b"content-encoding"] == encoding.encode()
    assert messages[1]["body"].startswith(start)
    assert b"no_method" in unpack(messages[1]["body"])
    assert headers[b"content-length"] == str(len(messages[1]["body"])).encode()


def test_row_05_the_default_wrapper(town: Town) -> None:
    default = town.api.get("/questions").json
    assert set(default) == {"items", "has_more", "quota_max", "quota_remaining"}
    more = town.api.filter(".total", ".page", ".page_size", ".type")
    extended = town.api.get("/questions", filter=more).json
    assert set(extended) - set(default) == {"total", "page", "page_size", "type"}
    assert (extended["page"], extended["page_size"], extended["type"]) == (1, 30, "question")
    assert town.api.get("/questions", filter="total").json == {"total": 0}


def test_row_06_filters_are_made_found_and_refused(town: Town) -> None:
    open_caller = town.caller(None, team=None)
    given = {"include": "question.body", "exclude": "question.tags;.quota_max"}
    safe = open_caller.get("/filters/create", **given).item
    assert safe["filter"].startswith("!")
    assert safe["filter_type"] == "safe"
    assert "question.body" in safe["included_fields"]
    assert "question.tags" not in safe["included_fields"]
    unsafe = open_caller.post("/filters/create", unsafe="true", **given).item
    assert not unsafe["filter"].startswith("!")
    assert open_caller.post("/filters/create", **given).item == safe

    known = open_caller.get(f"/filters/{safe['filter']};{unsafe['filter']};!nope;default")
    assert known.column("filter_type") == ["safe", "unsafe", "invalid", "safe"]
    assert town.api.get("/questions", filter="!nope").error == 400
    assert open_caller.get("/filters/create", include="question.nonsense").error == 400
    assert open_caller.get("/filters/create", base="nonsense").error == 400
    town.ask()
    assert "tags" not in town.api.get("/questions", filter=safe["filter"]).item


def test_row_06_equal_filters_have_equal_ids_in_every_world(found_town: Found) -> None:
    first, second = (found_town().api.filter("question.body", ".total") for _ in range(2))
    assert first == second


def test_row_07_the_default_filter_hides_texts(town: Town) -> None:
    question = town.ask()
    town.world.edit(town.ada, question, title="How do I really roll back?")
    town.world.answer(town.ada, question, body=BODY)
    hidden = {"body", "body_markdown", "share_link", "last_editor", "answers", "comments"}
    assert not hidden & set(town.api.get("/questions").item)
    assert not {*hidden, "title", "tags", "link"} & set(town.api.get("/answers").item)
    fields = [f"question.{name}" for name in hidden]
    assert hidden - {"comments"} <= set(
        town.api.get("/questions", filter=town.api.filter(*fields)).item
    )


def test_row_08_withbody_adds_the_body_alone(town: Town) -> None:
    town.ask()
    default, withbody = (town.api.get("/questions", filter=f).item for f in ("", "withbody"))
    assert set(withbody) - set(default) == {"body"}
    assert withbody["body"] == f"<p>{BODY}</p>\n"


def test_row_09_safe_filters_encode_and_unsafe_ones_do_not(town: Town) -> None:
    title, body = """R&D "é" <x> it's 日本 😀""", BODY + " <b>ü</b>"
    town.world.ask(town.bjorn, title=title, body=body, tags=["r"])
    asked_for = ("question.title", "question.body_markdown", "question.body")
    safe = town.api.get("/questions", filter=town.api.filter(*asked_for, unsafe=False)).item
    unsafe = town.api.get("/questions", filter=town.api.filter(*asked_for)).item
    assert safe["title"] == "R&amp;D &quot;&#233;&quot; &lt;x&gt; it&#39;s 日本 &#128512;"
    assert safe["body_markdown"].endswith("&lt;b&gt;&#252;&lt;/b&gt;")
    assert safe["owner"]["display_name"] == "Bj&#246;rn &#214;st"
    assert (unsafe["title"], unsafe["body_markdown"]) == (title, body)
    assert unsafe["owner"]["display_name"] == "Björn Öst"
    assert safe["body"] == unsafe["body"]


def test_row_10_safe_filters_can_encode_twice_and_unsafe_ones_do_not(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, double_encoding=True))
    title, body = 'R&D: it\'s <x>, "é"', BODY + " it's"
    town.world.ask(town.bjorn, title=title, body=body, tags=["r"])
    asked_for = ("question.title", "question.body_markdown", "question.body")
    safe = town.api.get("/questions", filter=town.api.filter(*asked_for, unsafe=False)).item
    unsafe = town.api.get("/questions", filter=town.api.filter(*asked_for)).item
    assert safe["title"] == (
        "R&amp;amp;D: it&amp;#39;s &amp;lt;x&amp;gt;, &amp;quot;&amp;#233;&amp;quot;"
    )
    assert safe["body_markdown"].endswith("it&amp;#39;s")
    assert (unsafe["title"], unsafe["body_markdown"]) == (title, body)
    assert safe["body"] == unsafe["body"]


@pytest.mark.parametrize(
    ("behaviour", "stored"),
    [
        pytest.param({}, "one\r\n\r\n\ttwo  \r\nthree", id="CRLF, end trimmed"),
        pytest.param({"crlf": False}, "one\n\n\ttwo  \nthree", id="LF"),
        pytest.param({"trim": False}, "one\r\n\r\n\ttwo  \r\nthree \r\n\r\n", id="end kept"),
    ],
)
def test_row_11_line_ends_and_trailing_blanks(
    found_town: Found, behaviour: Any, stored: str
) -> None:
    town = found_town(replace(UNHURRIED, body_min=1, **behaviour))
    town.api.ask(body="one\n\n\ttwo  \r\nthree \r\n\n")
    chosen = town.api.filter("question.body_markdown")
    assert town.api.get("/questions", filter=chosen).item["body_markdown"] == stored


def test_row_12_what_has_no_value_is_absent(town: Town) -> None:
    question = town.api.ask()
    chosen = town.api.filter("question.answers", "question.last_editor", "question.comments")
    item = town.api.get(f"/questions/{question}", filter=chosen).item
    absent = {"last_edit_date", "accepted_answer_id", "closed_date", "answers", "last_editor"}
    assert not absent & set(item)
    assert None not in item.values()
    town.api.post(f"/answers/{town.api.answer(question)}/accept")
    assert {"accepted_answer_id", "answers"} <= set(
        town.api.get(f"/questions/{question}", filter=chosen).item
    )


def test_row_13_page_sizes(town: Town) -> None:
    for number in range(31):
        town.ask(f"How do I do this, number {number}?")
    assert len(town.api.get("/questions").items) == 30
    assert len(town.api.get("/questions", pagesize=100).items) == 31
    assert len(town.api.get("/questions", page=2).items) == 1
    for refused in ({"pagesize": 101}, {"pagesize": 0}, {"page": 0}, {"page": "x"}):
        answer = town.api.get("/questions", **refused)
        assert answer.error == 400
        assert answer.json["error_message"] == next(iter(refused))


def test_row_14_has_more_is_right_at_exact_multiples(town: Town) -> None:
    for number in range(4):
        town.ask(f"How do I do this, number {number}?")
    has_more = [
        town.api.get("/questions", pagesize=size, page=page).json["has_more"]
        for size, page in ((2, 1), (2, 2), (4, 1), (3, 1), (3, 2), (2, 3))
    ]
    assert has_more == [True, False, False, True, False, False]


def test_row_15_id_vectors(town: Town) -> None:
    first, second = town.ask(), town.ask("How do I do the second thing?")
    assert set(town.api.get(f"/questions/{first};{second};999").column("question_id")) == {
        first,
        second,
    }
    assert town.api.get("/questions/999").items == []
    hundred = ";".join(str(number) for number in range(1, 101))
    assert town.api.get(f"/questions/{hundred}").error is None
    assert town.api.get(f"/questions/{hundred};101").error == 400
    for letters in ("abc", "1;b", "1;", "-1", "1.5", "٣"):
        assert town.api.get(f"/questions/{letters}").error == 404


def test_row_16_tagged_means_all_in_lists_and_any_in_search(town: Town) -> None:
    both = town.ask("A question about both", tags="alpha beta")
    alpha = town.ask("A question about alpha", tags="alpha")
    town.ask("A question about gamma", tags="gamma")
    assert town.api.get("/questions", tagged="alpha;beta").column("question_id") == [both]
    either = town.api.get("/search", tagged="alpha;beta").column("question_id")
    assert set(either) == {both, alpha}
    assert town.api.get("/search", tagged="alpha;beta", nottagged="beta").column("question_id") == [
        alpha
    ]
    assert town.api.get("/questions", tagged="alpha;beta;c;d;e;f").items == []
    assert town.api.get("/questions", tagged="unheard-of").items == []
    assert town.api.get("/search").error == 400


def test_row_17_sorts_and_bounds(town: Town) -> None:
    ids = []
    for number in range(3):
        ids.append(town.ask(f"How do I do this, number {number}?"))
        town.clock.advance(10)
    start = town.world.questions("acme")[0].created
    town.world.vote(town.bjorn, ids[1])
    town.world.answer(town.bjorn, ids[0], body=BODY)

    def order(**params: Any) -> list[int]:
        return town.api.get("/questions", **params).column("question_id")

    assert order() == [ids[0], ids[2], ids[1]]
    assert order(sort="creation") == ids[::-1]
    assert order(sort="creation", order="asc") == ids
    assert order(sort="votes")[0] == ids[1]
    assert order(sort="votes", min=1) == [ids[1]]
    assert order(sort="creation", min=start + 10, max=start + 10) == [ids[1]]
    assert order(sort="activity", min=start + 30) == [ids[0]]
    assert order(fromdate=start + 10, order="asc", sort="creation") == ids[1:]
    assert order(todate=start + 10, order="asc", sort="creation") == ids[:2]
    for sort in ("hot", "week", "month"):
        assert len(order(sort=sort)) == 3
        assert town.api.get("/questions", sort=sort, min=1).error == 400
    for wrong in ({"sort": "nonsense"}, {"order": "up"}, {"min": "x"}, {"fromdate": "today"}):
        assert town.api.get("/questions", **wrong).error == 400
    assert town.api.get("/answers", sort="hot").error == 400


def test_row_18_parameters_travel_in_form_or_query(town: Town) -> None:
    given = {"title": TITLE, "body": BODY, "tags": "a"}
    in_query = town.api.send("POST", "/questions/add", query=given).item
    in_form = town.api.send("POST", "/questions/add", data=given).item
    bare = b"title=How+is+the+form+won%3F&tags=a&body=" + BODY.replace(" ", "+").encode()
    headers = {"content-type": ""}
    untyped = town.api.send("POST", "/questions/add", content=bare, headers=headers).item
    both = town.api.send("POST", "/questions/add", query=given, content=bare).item
    trailing = town.api.send("POST", "/questions/add/", data=given).item
    assert in_query["title"] == in_form["title"] == trailing["title"] == TITLE
    assert untyped["title"] == both["title"] == "How is the form won?"


@pytest.mark.parametrize("given", ["b;A", "b,A", "b A", "b; ,A;;", "A;b;a"])
def test_row_19_tags_are_split_lowered_and_reordered(town: Town, given: str) -> None:
    question = town.api.ask(tags=given)
    assert town.api.get(f"/questions/{question}").item["tags"] == ["a", "b"]


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"tag_order": "kept"}, ["z", "a"]),
        ({"tag_order": "reversed"}, ["a", "z"]),
        ({"tag_case": "kept"}, ["A", "z"]),
    ],
)
def test_row_19_other_orders_and_cases_can_be_had(
    found_town: Found, behaviour: Any, expected: list[str]
) -> None:
    town = found_town(replace(UNHURRIED, **behaviour))
    tags = "z A" if "tag_case" in behaviour else "z a"
    assert town.api.get(f"/questions/{town.api.ask(tags=tags)}").item["tags"] == expected


def test_row_20_adding_a_question_gives_it_back(town: Town) -> None:
    item = town.api.post("/questions/add", title=TITLE, body=BODY, tags="deploys").item
    link = f"http://sandbox.localhost/c/acme/questions/{item['question_id']}"
    assert item["link"] == f"{link}/how-do-i-roll-back-a-deploy"
    assert town.api.get(f"/questions/{item['question_id']}").item == item
    (stored,) = town.world.questions("acme")
    assert (stored.title, stored.body, stored.owner_id) == (TITLE, BODY, town.ada.id)


def test_row_21_a_preview_changes_nothing(town: Town) -> None:
    form = {"title": TITLE, "body": BODY, "tags": "fresh"}
    asked = town.api.post("/questions/add", preview="true", **form).item
    assert not {"question_id", "link", "answer_count", "view_count"} & set(asked)
    assert (asked["title"], asked["tags"], asked["score"]) == (TITLE, ["fresh"], 0)
    assert town.world.questions("acme") == ()
    assert town.world.tags("acme") == ()

    question = town.ask()
    path = f"/questions/{question}"
    answered = town.api.post(f"{path}/answers/add", preview="true", body=BODY).item
    assert answered["answer_id"] == 0
    edited = town.api.post(f"{path}/edit", preview="true", **form | {"title": "x" * 20}).item
    assert (edited["title"], edited["question_id"]) == ("x" * 20, question)
    assert edited["last_edit_date"] == town.world.seconds
    assert town.api.post(f"{path}/delete", preview="true").items == []
    (stored,) = town.world.questions("acme")
    assert (stored.title, stored.edited) == (TITLE, None)
    assert town.world.answers("acme") == ()
    assert town.ask("The next id is not used up") == question + 1


def test_row_21_a_preview_takes_effect_where_it_is_not_honoured(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, honours_preview=False))
    item = town.api.post("/questions/add", preview="true", title=TITLE, body=BODY, tags="a").item
    assert [q.id for q in town.world.questions("acme")] == [item["question_id"]]


def test_row_22_a_deleted_post_is_gone_from_every_read(town: Town) -> None:
    question = town.api.ask()
    answer = town.api.answer(question)
    assert town.api.post(f"/questions/{question}/delete").items == []
    for path in (f"/questions/{question}", "/questions", f"/answers/{answer}", "/posts"):
        assert town.api.get(path).items == []
    assert town.api.post(f"/questions/{question}/delete").error == 400
    assert [post.id for post in town.world.questions("acme", deleted=True)] == [question]


def test_row_23_only_the_asker_accepts_and_the_mark_moves(town: Town) -> None:
    question = town.api.ask()
    first, second = town.api.answer(question), town.api.answer(question)
    other = town.caller(town.world.issue_token(town.bjorn))
    assert other.post(f"/answers/{first}/accept").error == 407

    assert town.api.post(f"/answers/{first}/accept").item["is_accepted"] is True
    assert town.api.post(f"/answers/{second}/accept").item["is_accepted"] is True
    item = town.api.get(f"/questions/{question}").item
    assert (item["accepted_answer_id"], item["is_answered"]) == (second, True)
    assert town.api.get(f"/answers/{first}").item["is_accepted"] is False
    assert town.api.post(f"/answers/{second}/accept/undo").item["is_accepted"] is False
    assert "accepted_answer_id" not in town.api.get(f"/questions/{question}").item


def test_row_24_an_edit_replaces_and_leaves_a_revision(town: Town) -> None:
    question = town.api.ask()
    town.clock.advance(60)
    form = {"title": "How do I roll forward?", "body": BODY * 2, "tags": "other"}
    edited = town.api.post(f"/questions/{question}/edit", comment="the other way", **form).item
    assert (edited["title"], edited["tags"]) == (form["title"], ["other"])
    assert edited["last_edit_date"] == edited["creation_date"] + 60
    assert edited["last_activity_date"] == edited["last_edit_date"]
    chosen = town.api.filter("revision.body")
    now, before = town.api.get(f"/posts/{question}/revisions", filter=chosen).items
    assert (now["comment"], now["revision_number"]) == ("the other way", 2)
    assert (now["title"], now["last_title"], before["title"]) == (form["title"], TITLE, TITLE)
    assert before["body"] == f"<p>{BODY}</p>\n"
    guid = before["revision_guid"]
    assert town.api.get(f"/revisions/{guid}").column("revision_number") == [1]


_LONG = "word " * 6001


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"title": "x" * 15}, None),
        ({"title": "x" * 150}, None),
        ({"title": "x" * 14}, 407),
        ({"title": "x" * 151}, 407),
        ({"title": ""}, 400),
        ({"body": "y" * 30}, None),
        ({"body": "y" * 30_000}, None),
        ({"body": "y" * 29}, 407),
        ({"body": "y" * 30_001}, 407),
        ({"body": "   "}, 400),
        ({"tags": "a b c d e"}, None),
        ({"tags": "a b c d e f"}, 407),
        ({"tags": ""}, 400),
        ({"tags": " ;,"}, 400),
        ({"tags": "t" * 35}, None),
        ({"tags": "t" * 36}, 407),
        ({"tags": "c++ c# .net a-b"}, None),
        ({"tags": "under_score"}, 407),
        ({"tags": "größe"}, 407),
    ],
)
def test_row_25_limits_of_questions(town: Town, form: dict[str, str], error: int | None) -> None:
    given = {"title": TITLE, "body": BODY, "tags": "a"} | form
    answer = town.api.post("/questions/add", **given)
    assert answer.error == error
    assert len(town.world.questions("acme")) == (error is None)
    if error == 400:
        assert answer.json["error_message"] in form


@pytest.mark.parametrize(("length", "error"), [(1, None), (100_000, None), (100_001, 407)])
def test_row_25_limits_of_articles(town: Town, length: int, error: int | None) -> None:
    form = {"title": TITLE, "tags": "a", "article_type": "policy", "body": "y" * length}
    assert town.api.post("/articles/add", **form).error == error


def test_row_26_a_repeated_request_id_is_refused(town: Town) -> None:
    form = {"title": TITLE, "body": BODY, "tags": "a", "request_id": "one"}
    assert town.api.post("/questions/add", preview="true", **form).error is None
    assert town.api.post("/questions/add", **form | {"title": "short"}).error == 407
    question = town.api.post("/questions/add", **form).item["question_id"]
    assert town.api.post("/questions/add", **form).error == 409
    assert town.api.post(f"/questions/{question}/delete", request_id="one").error == 409
    assert [post.id for post in town.world.questions("acme")] == [question]
    other = town.caller(town.world.issue_token(town.bjorn))
    assert other.post("/questions/add", **form).error is None
    town.clock.advance(town.world.behaviour.request_id_window_s)
    assert town.api.post("/questions/add", **form).error is None


@pytest.mark.parametrize(
    ("order", "empty", "missing"),
    [
        ("scope_first", 403, 403),
        ("params_first", 400, 403),
        ("existence_first", 403, 400),
    ],
)
def test_row_27_a_read_only_token_reads_and_never_writes(
    found_town: Found, order: Any, empty: int, missing: int
) -> None:
    town = found_town(replace(UNHURRIED, check_order=order))
    question = town.ask()
    reader = town.caller(town.tokens.read_only)
    assert reader.get("/questions").column("question_id") == [question]
    assert reader.post("/questions/add", preview="true").error == empty
    assert reader.post("/answers/999/edit", preview="true", body=BODY).error == missing
    for path, form in (
        ("/questions/add", {"title": TITLE, "body": BODY, "tags": "a"}),
        ("/questions/add", {"title": TITLE, "body": BODY, "tags": "a", "preview": "true"}),
        (f"/questions/{question}/edit", {"title": TITLE, "body": BODY, "tags": "a"}),
        (f"/questions/{question}/delete", {}),
        (f"/questions/{question}/answers/add", {"body": BODY}),
        (f"/questions/{question}/upvote", {}),
    ):
        assert reader.post(path, **form).error == 403
    assert len(town.world.questions("acme")) == 1
    assert town.api.post("/questions/add", preview="true").error == 400


def test_row_28_a_token_expires_by_the_clock(town: Town) -> None:
    soon = town.clock.now().replace(hour=10)
    passing = town.caller(town.world.issue_token(town.ada, expires=soon))
    assert passing.get("/me").error is None
    town.clock.advance(3600)
    assert passing.get("/me").error == 402
    revoked = town.world.issue_token(town.ada)
    town.world.revoke_token(revoked)
    assert town.caller(revoked).get("/me").error == 402


def test_row_29_backoff_binds_one_method_of_one_user(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, backoff=(Backoff("questions", every=2, seconds=10),)))
    assert "backoff" not in town.api.get("/questions").json
    assert town.api.get("/questions").json["backoff"] == 10
    assert town.api.get("/answers").error is None
    other = town.caller(town.world.issue_token(town.bjorn))
    assert other.get("/questions").error is None
    town.clock.advance(9.9)
    early = town.api.get("/questions")
    assert (early.error, early.status) == (502, 400)
    assert early.json["error_message"] == "Violation of backoff parameter"
    town.clock.advance(0.1)
    assert town.api.get("/questions").error is None


def test_row_29_me_is_the_same_method_as_users(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, backoff=(Backoff("users/{ids}", every=1, seconds=5),)))
    assert town.api.get("/me").json["backoff"] == 5
    assert town.api.get(f"/users/{town.bjorn.id}").error == 502


@pytest.mark.parametrize("banned_as", ["html", "json"])
def test_row_30_a_burst_is_banned(found_town: Found, banned_as: Any) -> None:
    town = found_town(Behaviour(banned_as=banned_as))
    answers = [town.api.get("/me").status for _ in range(31)]
    assert answers[:30] == [200] * 30
    assert answers[30] != 200
    town.clock.advance(29)
    refused = town.api.get("/me")
    if banned_as == "html":
        assert refused.raw.headers["content-type"].startswith("text/html")
    else:
        assert refused.error == 502
    town.clock.advance(1)
    assert town.api.get("/me").status == 200


def test_row_30_thirty_a_second_go_on_for_ever(found_town: Found) -> None:
    town = found_town(Behaviour())
    for _ in range(90):
        assert town.api.get("/me").status == 200
        town.clock.advance(0.034)


def test_row_31_the_daily_quota(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, quota_max=3))
    remaining = [town.api.get("/me").json["quota_remaining"] for _ in range(3)]
    assert remaining == [2, 1, 0]
    town.clock.advance(3600)
    refused = town.api.get("/me")
    assert refused.error == 502
    assert refused.json["error_message"] == (
        "too many requests from this IP, more requests available in 82801 seconds"
    )
    assert town.caller(town.world.issue_token(town.bjorn)).get("/me").error is None
    town.clock.advance(23 * 3600)
    assert town.api.get("/me").json["quota_remaining"] == 2


def test_row_32_articles_take_a_minute(town: Town) -> None:
    form = {"title": TITLE, "body": BODY, "tags": "a", "article_type": "policy"}
    assert town.api.post("/articles/add", preview="true", **form).error is None
    assert town.api.post("/articles/add", **form).error is None
    town.clock.advance(20)
    refused = town.api.post("/articles/add", **form)
    assert (refused.status, refused.error, refused.json["backoff"]) == (400, 502, 40)
    assert town.api.ask() > 0
    town.clock.advance(40)
    assert town.api.post("/articles/add", **form).error is None
    assert len(town.world.articles("acme")) == 2


def _publish(api: Caller, **form: str) -> Any:
    given = {"title": TITLE, "body": BODY, "tags": "hr", "article_type": "policy"} | form
    return api.post("/articles/add", **given)


def test_row_33_articles_of_four_types(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, article_gap_s=0))
    types = ["knowledge-article", "announcement", "how-to-guide", "policy"]
    ids = [_publish(town.api, article_type=sort).item["article_id"] for sort in types]
    assert town.api.get("/articles", order="asc").column("article_type") == types
    assert _publish(town.api, article_type="policies").error == 400
    edited = town.api.post(
        f"/articles/{ids[0]}/edit", title="x" * 20, body=BODY, tags="law", article_type="policy"
    ).item
    assert (edited["title"], edited["tags"], edited["article_type"]) == (
        "x" * 20,
        ["law"],
        "policy",
    )
    assert edited["link"].startswith(f"http://sandbox.localhost/c/acme/articles/{ids[0]}/")
    assert town.api.post(f"/articles/{ids[1]}/delete").items == []
    assert town.api.get(f"/articles/{ids[0]};{ids[1]}").column("article_id") == [ids[0]]
    other = town.caller(town.world.issue_token(town.bjorn))
    assert other.post(f"/articles/{ids[0]}/edit", title=TITLE, body=BODY, tags="a").error == 407
    assert town.api.get("/posts").items == []


def test_row_33_an_edit_leaves_an_articles_permissions_alone(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, article_gap_s=0, absent_permissions="refused"))
    article = _publish(town.api).item["article_id"]
    form = {"title": TITLE, "body": BODY * 2, "tags": "a"}
    other = town.caller(town.world.issue_token(town.bjorn))
    shared = Permissions("specificEditors", Shares((town.bjorn.id,)))
    town.world.edit(town.ada, article, permissions=shared)
    for caller in (other, town.api):
        assert caller.post(f"/articles/{article}/edit", **form).error is None
    assert town.world.permissions(article) == shared
    assert other.post(f"/articles/{article}/delete").error == 407
    assert other.post(f"/articles/{article}/edit", **form | {"article_type": "x"}).error == 400


@pytest.mark.parametrize(("most", "count"), [(4, 4), (5, 5)])
def test_row_33_how_many_tags_an_article_may_have_is_a_switch(
    found_town: Found, most: int, count: int
) -> None:
    town = found_town(replace(UNHURRIED, article_gap_s=0, article_tags_max=most))
    tags = [f"tag-{number}" for number in range(count)]
    assert _publish(town.api, tags=" ".join(tags)).item["tags"] == tags
    assert _publish(town.api, tags=" ".join([*tags, "more"])).error == 407


@pytest.mark.parametrize("path", ["/tags", "/tags/add", "/tags/a/edit", "/tags/a/wikis", "/nope"])
def test_row_34_tags_cannot_be_written(town: Town, path: str) -> None:
    answer = town.api.post(path, name="x")
    assert (answer.error, answer.json["error_name"]) == (404, "no_method")


def test_row_35_tags_without_a_wiki_are_missing(town: Town) -> None:
    town.ask(tags="alpha beta")
    town.world.describe_tag(town.chidi, "alpha", excerpt="The first.", wiki="All about *alpha*.")
    wiki = town.api.get("/tags/alpha;beta/wikis", filter="withbody").item
    assert (wiki["tag_name"], wiki["excerpt"]) == ("alpha", "The first.")
    assert wiki["body"] == "<p>All about <em>alpha</em>.</p>\n"
    assert set(town.api.get("/tags/alpha;beta;nope/info").column("name")) == {"alpha", "beta"}


def test_row_37_errors_are_listed_and_simulated(town: Town) -> None:
    ids = town.api.get("/errors").column("error_id")
    assert ids == [400, 401, 402, 403, 404, 405, 406, 407, 409, 500, 502, 503]
    for error in ids:
        answer = town.caller(None, team=None).get(f"/errors/{error}")
        assert (answer.status, answer.error) == (400, error)
    assert town.api.get("/errors/499").error == 400


@pytest.mark.parametrize("name", ["access_token", "key", "anything"])
def test_row_38_a_token_in_the_query_opens_nothing(town: Town, name: str) -> None:
    secret = town.tokens.read_write
    assert town.caller(None).get("/questions", **{name: secret}).error == 401
    assert town.api.get("/questions", **{name: secret}).error is None
    assert town.api.get("/questions").error is None


@pytest.mark.parametrize("name", ["access_token", "key", "anything"])
def test_row_38_in_strict_mode_it_is_compromised_from_then_on(found_town: Found, name: str) -> None:
    town = found_town(replace(UNHURRIED, token_in_query="voided"))
    secret, form = town.tokens.read_write, {"title": TITLE, "body": BODY, "tags": "a"}
    assert town.api.get("/questions").error is None
    assert town.caller(None).get("/questions", **{name: secret}).error == 401
    refused = town.api.get("/questions")
    assert (refused.status, refused.error) == (400, 406)
    assert refused.json["error_name"] == "access_token_compromised"
    assert town.api.post("/questions/add", **form).error == 406
    assert town.world.questions("acme") == ()
    reader = town.caller(town.tokens.read_only)
    assert reader.get("/questions").error is None
    assert reader.get("/questions", access_token=town.tokens.read_only).error == 406


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        (["comment.body_markdown"], set()),
        (["comment.body"], {"body"}),
        (["comment.body", "comment.body_markdown"], {"body", "body_markdown"}),
    ],
)
def test_row_40_a_comments_source_comes_with_its_html_alone(
    town: Town, fields: list[str], shown: set[str]
) -> None:
    question = town.ask()
    town.world.comment_on(town.bjorn, question, body="Which *version* is that?")
    chosen = town.api.filter(*fields, "question.comments")
    (nested,) = town.api.get(f"/questions/{question}", filter=chosen).item["comments"]
    for comment in (nested, town.api.get("/comments", filter=chosen).item):
        assert set(comment) & {"body", "body_markdown"} == shown
