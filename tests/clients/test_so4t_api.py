"""A client of API v3 that nobody here wrote works with the sandbox: so4t_api, from PyPI.

Unmodified; its hard-coded hosts are mapped to the sandbox by a transport adapter.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from importer.sandbox import Behaviour, World, open_world
from tests.clients.serving import while_served

HOSTS = ("https://api.stackoverflowteams.com", "https://stackoverflowteams.com")
BODY = "Push the **button** that says so, and then wait for it."

# One page even of nothing: the client asks for the next page until the last one's number comes.
UNHURRIED = Behaviour(burst_per_s=0, v3_burst=0, v3_bucket=0, v3_empty_pages=1)


class _Mapped(HTTPAdapter):
    """Sends what is meant for the vendor's hosts to the sandbox."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> Any:
        assert request.url is not None
        for host in HOSTS:
            request.url = request.url.replace(host, self._origin, 1)
        return super().send(request, *args, **more)


@pytest.fixture
def world() -> Iterator[World]:
    found = open_world(behaviour=UNHURRIED)
    yield found
    found.close()


@pytest.fixture
def module() -> Any:
    return importlib.import_module("so4t_api.so4t_api")


Using = Callable[..., None]


@pytest.fixture
def using(world: World, module: Any, monkeypatch: pytest.MonkeyPatch) -> Using:
    """Let something be done with a client that has a moderator's token."""
    moderator = world.user("acme", "Chidi Okafor")
    token = world.issue_token(moderator)

    def run(work: Callable[[Any], object], *, slug: str = "acme", secret: str = token) -> None:
        begin = requests.Session.__init__

        def client(url: str) -> None:
            def mapped(session: requests.Session) -> None:
                begin(session)
                for host in HOSTS:
                    session.mount(host, _Mapped(url))

            monkeypatch.setattr(requests.Session, "__init__", mapped)
            work(module.StackClient(f"https://stackoverflowteams.com/c/{slug}", secret))

        while_served(world, client)

    return run


def test_its_question_and_answer_methods_work(using: Using, module: Any, world: World) -> None:
    def work(client: Any) -> None:
        made = client.add_question("How do I roll back a deploy?", BODY, ["Deploys", "b"])
        assert client.get_question_by_id(made["id"])["bodyMarkdown"] == BODY
        edited = client.edit_question(made["id"], title="How do I roll it back?", body=BODY)
        assert [tag["name"] for tag in edited["tags"]] == ["b", "deploys"]
        answer = client.add_answer(made["id"], BODY)
        assert client.get_answer_by_id(made["id"], answer["id"])["questionId"] == made["id"]
        tag = client.get_tag_by_name("deploys")
        found = client.get_questions(tag_id=[tag["id"]], author_id=made["owner"]["id"])
        assert [item["title"] for item in found] == ["How do I roll it back?"]
        (whole,) = client.get_all_questions_answers_and_comments()
        assert [item["id"] for item in whole["answers"]] == [answer["id"]]
        assert client.get_question_comments(made["id"]) == []
        client.delete_answer(made["id"], answer["id"])
        assert client.get_answers(made["id"]) == []
        client.delete_question(made["id"])
        assert client.get_question_by_id(made["id"])["isDeleted"] is True
        with pytest.raises(module.InvalidRequestError, match="QuestionAlreadyDeleted"):
            client.delete_question(made["id"])

    using(work)
    assert len(world.questions("acme", deleted=True)) == 1


def test_its_lists_go_through_all_pages(using: Using, world: World) -> None:
    ada = world.users("acme")[0]
    asked = [
        world.ask(ada, title=f"How do I roll back deploy {n}?", body=BODY, tags=["a"]).id
        for n in range(101)
    ]

    def work(client: Any) -> None:
        assert [item["id"] for item in client.get_questions(pagesize=30)] == asked
        assert len(client.get_search_results("deploy", pagesize=15)) == 15

    using(work)


def test_its_article_methods_work(using: Using, world: World) -> None:
    bjorn = world.user("acme", "Björn Öst")

    def work(client: Any) -> None:
        made = client.add_article(
            "The rules of the house",
            BODY,
            "policy",
            ["rules"],
            editable_by="specificEditors",
            editor_user_ids=[bjorn.id],
        )
        edited = client.edit_article(made["id"], title="The rules of this house")
        assert edited["permissions"] == made["permissions"]
        assert (edited["type"], edited["permissions"]["editableBy"]) == (
            "policy",
            "specificEditors",
        )
        assert [item["id"] for item in client.get_articles()] == [made["id"]]
        client.delete_article(made["id"])
        assert client.get_article_by_id(made["id"])["isDeleted"] is True

    using(work)


def test_its_tag_and_expert_methods_work(using: Using, world: World) -> None:
    ada, bjorn = world.users("acme")[:2]
    world.ask(ada, title="How do I roll back a deploy?", body=BODY, tags=["a", "b"])

    def work(client: Any) -> None:
        group = client.add_user_group("Platform", [ada.id], "Who runs it.")
        tag = client.get_tag_by_name("a")["id"]
        client.add_sme_users(tag, [bjorn.id])
        both = client.add_sme_groups(tag, [group["id"]])
        assert [user["id"] for user in both["users"]] == [bjorn.id]
        counts = {item["name"]: item["subjectMatterExpertCount"] for item in client.get_tags()}
        assert counts == {"a": 2, "b": 0}
        client.remove_sme_user(tag, bjorn.id)
        client.remove_sme_group(tag, group["id"])
        assert client.get_tag_smes(tag) == {"users": [], "userGroups": []}
        client.edit_tag_smes(tag, user_ids=[ada.id])
        (known,) = client.get_tags(has_smes=True)
        assert known["name"] == "a"
        assert [it["smes"]["users"] for it in client.get_all_tags_and_smes()][1] == []
        assert "subjectMatterExperts" in client.get_tag_by_id(tag)

    using(work)


def test_its_user_group_methods_work(using: Using, world: World) -> None:
    ada, bjorn = world.users("acme")[:2]

    def work(client: Any) -> None:
        made = client.add_user_group("Platform", [ada.id])
        assert made["description"] is None
        edited = client.edit_user_group(made["id"], description="Who runs it.")
        assert [user["id"] for user in edited["users"]] == [ada.id]
        joined = client.add_users_to_group(made["id"], [bjorn.id])
        assert len(joined["users"]) == 2
        client.delete_user_from_group(made["id"], ada.id)
        (item,) = client.get_user_groups()
        assert item == client.get_user_group_by_id(made["id"])
        assert [user["id"] for user in item["users"]] == [bjorn.id]

    using(work)


def test_its_collection_methods_work(using: Using, world: World) -> None:
    ada = world.users("acme")[0]
    ids = [
        world.ask(ada, title=f"What is the number {n} thing?", body=BODY, tags=["a"]).id
        for n in range(3)
    ]

    def work(client: Any) -> None:
        made = client.add_collection("Start here", "In *this* order.", content_ids=ids[::-1])
        assert [item["id"] for item in made["content"]] == ids[::-1]
        edited = client.edit_collection(made["id"], owner_id=ada.id, title="Start with this")
        assert edited["owner"]["id"] == ada.id
        assert [item["id"] for item in edited["content"]] == ids[::-1]
        (item,) = client.get_collections(partial_title="start", author_ids=[ada.id])
        assert item["title"] == "Start with this"
        client.delete_collection(made["id"])
        assert client.get_collection_by_id(made["id"])["isDeleted"] is True

    using(work)


def test_its_errors_are_told_apart(using: Using, module: Any, world: World) -> None:
    tokens = world.tokens()

    def never(_: Any) -> None:
        raise AssertionError

    def work(client: Any) -> None:
        with pytest.raises(module.ForbiddenError, match="Forbidden Action"):
            client.add_question("How do I roll back a deploy?", BODY, ["a"])
        with pytest.raises(module.NotFoundError, match="User ID 40000 not found"):
            client.get_user_by_id(40000)
        with pytest.raises(module.BadURLError):
            client.get_items("/nowhere")

    using(work, secret=tokens.read_only)
    with pytest.raises(module.UnauthorizedError):
        using(never, secret="nonsense")
    with pytest.raises(module.BadURLError):
        using(never, slug="nowhere")
