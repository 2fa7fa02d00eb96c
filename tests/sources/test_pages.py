"""What any reader may say of a page, and what becomes of it: articles, names, credits, no page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources import Account, Fate, LossKind, Options, Page, Passage, Tally, shape, tally
from importer.sources.linking import normal
from importer.sources.page import Credit, File
from tests.sources.factories import LONG, named, page, parted, results_of, shaped

EDITED = datetime(2024, 5, 2, 12, tzinfo=UTC)


def article(title: str = "The way to the office", **more: object) -> Page:
    given = {"kind": Kind.ARTICLE, "body": LONG, "answers": (), "place": Place("way.txt", 1)}
    return page(title, **(given | more))


def test_an_article_keeps_its_text_and_type() -> None:
    (draft,), losses = shaped(article(body="Left, then right.", type="policy"))
    assert (draft.kind, draft.type) == (Kind.ARTICLE, "policy")
    assert (draft.body, draft.answers) == ("Left, then right.", ())
    assert losses == []


@pytest.mark.parametrize(
    ("title", "tags", "expected"),
    [
        ("JSX", ("wiki",), "Wiki article: JSX"),
        ("JSX in depth", ("wiki",), "JSX in depth (wiki)"),
        ("__init__ and *args", ("wiki",), "__init__ and *args"),
        ("", ("wiki",), "Untitled article in way.txt"),
    ],
)
def test_a_plain_title_is_kept_sign_by_sign(
    title: str, tags: tuple[str, ...], expected: str
) -> None:
    (draft,), _ = shaped(article(title, tags=tags, title_is_plain=True))
    assert draft.title == expected


def test_a_title_that_is_cut_is_said_above_the_article() -> None:
    title = "The way to the office by * and by train " * 5
    (draft,), _ = shaped(article(title.strip(), title_is_plain=True))
    assert draft.title.endswith(" …")
    assert draft.body.startswith("**The way to the office by \\* and by train The way")


def test_an_article_that_is_too_long_is_several_that_lead_to_each_other() -> None:
    text = "\n\n".join(f"## Part {number}\n\n{'Some words. ' * 5_000}" for number in range(1, 5))
    results = results_of(article(body=text, addresses=("https://wiki.example/way",)))
    drafts, _ = parted(results)
    assert [(it.key, it.title) for it in drafts] == [
        ("the-way-to-the-office", "The way to the office"),
        ("the-way-to-the-office/part-2", "The way to the office (part 2 of 4)"),
        ("the-way-to-the-office/part-3", "The way to the office (part 3 of 4)"),
        ("the-way-to-the-office/part-4", "The way to the office (part 4 of 4)"),
    ]
    assert "[part 4](key:the-way-to-the-office/part-4)" in drafts[0].body
    assert "[part 1](key:the-way-to-the-office)" in drafts[3].body
    assert [it.origin for it in drafts] == [("https://wiki.example/way",), (), (), ()]
    assert tally(results) == Tally(1, migrated=0, split=1, merged=0, skipped=0)


def test_a_page_that_not_all_may_see_is_not_moved_and_links_to_it_say_so() -> None:
    results = results_of(
        article(withheld="a draft", names=("wiki:Way",)),
        article("The way home again", body=f"{LONG} [x](wiki:Way)"),
        article("An empty page, this", body=" \n"),
    )
    drafts, losses = parted(results)
    assert [it.key for it in drafts] == ["the-way-home-again"]
    assert drafts[0].body == f"{LONG} x (link not moved: `wiki:Way`)"
    assert [it.why for it in losses if it.kind is LossKind.SKIPPED] == [
        "a draft",
        "there is no text on it",
    ]
    assert tally(results) == Tally(3, migrated=1, split=0, merged=0, skipped=2)


@pytest.mark.parametrize(
    ("link", "target"),
    [
        pytest.param("https://qa.example/questions/7/a-slug", "q", id="below a name"),
        pytest.param("http://QA.example/questions/7", "q", id="another scheme"),
        pytest.param("//qa.example/questions/7/a-slug/?x=1", "q", id="no scheme, a query"),
        pytest.param("/questions/7/a-slug#comment-1", "q", id="a part of it"),
        pytest.param("/questions/7/a-slug/8#8", "q#answer-8", id="an answer within"),
        pytest.param("/a/8", "q#answer-8", id="an answer"),
        pytest.param("wiki:A%20b", "q", id="by title"),
        pytest.param("https://qa.example/questions/70", None, id="another page"),
        pytest.param("https://other.example/questions/7", None, id="another host"),
    ],
)
def test_a_link_by_any_name_leads_to_the_page(link: str, target: str | None) -> None:
    asked = page(
        names=(
            "https://qa.example/questions/7/*", "/questions/7/*", "/questions/7", "wiki:A b",
        ),
        addresses=("https://qa.example/questions/7",),
        answers=(Passage(LONG, name="8", names=("/a/8", "/questions/7/*#8")),),
        name="q",
    )  # fmt: skip
    other = page("How is this another one?", answers=(f"{LONG} [x]({link})",))
    drafts, _ = shaped(asked, other)
    assert drafts[0].answers[0].key == "answer-8"
    expected = f"key:{target}" if target else link
    assert drafts[1].answers[0].body == f"{LONG} [x]({expected})"


def test_addresses_are_compared_without_what_does_not_matter() -> None:
    assert normal("http://Host.example/a%20b/") == normal("//host.example/a b") != normal("/a b")


def test_a_licence_asks_for_a_credit_and_nothing_else_does() -> None:
    credit = Credit("Ann *Lee*", "https://a.example/u/1", "https://a.example/q/1", EDITED)
    licensed = replace(credit, licence="CC BY-SA 4.0")
    answers = (Passage(LONG, credit=credit), Passage(LONG, credit=licensed))
    (draft,), _ = shaped(page(answers=answers))
    assert draft.answers[0].body == LONG
    assert draft.answers[1].body == (
        f"{LONG}\n\n---\n\n*[Moved here](<https://a.example/q/1>); by [Ann \\*Lee\\*]"
        "(<https://a.example/u/1>), last edited on 2024-05-02; "
        "[CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/).*"
    )


def test_every_page_has_an_account_of_its_own() -> None:
    credit = Credit("Ann Lee", when=EDITED)
    kept = article(
        body=Passage(LONG, credit=credit),
        revision="17",
        parent="Offices",
        files=(File("plan.png", 12_000, "ab" * 32),),
    )
    results = results_of(kept, replace(kept, place=Place("way2.txt", 1)))
    first, second = (it for it in results if isinstance(it, Account))
    assert (first.fate, first.keys, first.owner, first.edited, first.size) == (
        Fate.MIGRATED, ("the-way-to-the-office",), "Ann Lee", EDITED, len(LONG),
    )  # fmt: skip
    assert (first.revision, first.parent) == ("17", "Offices")
    assert (second.fate, second.why) == (Fate.MERGED, "word for word the same as way.txt:1")
    _, losses = parted(results)
    assert named(losses, LossKind.FILE) == ["way.txt:1 plan.png"]


def test_a_source_that_changes_while_it_is_read_is_refused() -> None:
    readings = iter([(article(),), (article(body="other words"),)])
    with pytest.raises(UsageError, match="changed while it was read"):
        list(shape(lambda: next(readings), Options()))
