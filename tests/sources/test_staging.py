"""Rules on pages: what each page is to be, and where each fault in the rules stands."""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent

import pytest

from importer.errors import ManifestError
from importer.model.draft import Draft, Place
from importer.model.ids import Kind
from importer.sources import (
    Account,
    Alias,
    Fate,
    Loss,
    LossKind,
    Options,
    Page,
    Passage,
    Stage,
    accounted,
    read_rule_file,
    shape,
    tally,
)
from importer.sources.page import Credit
from importer.sources.rule_file import PageRule, Rules, TagRules, When
from tests.conftest import ROOT
from tests.sources.factories import LONG, passage

Result = Draft | Loss | Account


def article(title: str = "Running the thing", text: str = LONG, **more: object) -> Page:
    given: dict[str, object] = {"place": Place(f"{title}.md", 1), "tags": ("ops",), "alone": True}
    given |= {"kind": Kind.ARTICLE, "body": passage(text), **more}
    return Page(title=title, **given)  # type: ignore[arg-type]  # a test names its fields


def made(rules: str, *pages: Page | Alias | Loss) -> list[Result]:
    read = read_rule_file(f"version: 1\n{dedent(rules)}", "rules.yaml")
    stage = Stage(lambda: pages, read)
    return list(accounted(shape(stage, Options())))


def drafts(results: list[Result]) -> list[Draft]:
    return [it for it in results if isinstance(it, Draft)]


def accounts(results: list[Result]) -> list[Account]:
    return [it for it in results if isinstance(it, Account)]


def losses(results: list[Result], kind: LossKind) -> list[tuple[str, str]]:
    return [(it.what, it.why) for it in results if isinstance(it, Loss) and it.kind is kind]


@pytest.mark.parametrize(
    ("when", "page", "holds"),
    [
        pytest.param("title: '^run'", article(), True, id="title, whatever the case"),
        pytest.param("title: ['x', 'thing$']", article(), True, id="one of several titles"),
        pytest.param("title: '^thing'", article(), False, id="another title"),
        pytest.param("path: 'a/**'", article(place=Place("a/b/c.md", 1)), True, id="below"),
        pytest.param("path: '*.md'", article(place=Place("a/b.md", 1)), False, id="not in folders"),
        pytest.param("label: OPS", article(), True, id="label"),
        pytest.param("label: [a, b]", article(), False, id="another label"),
        pytest.param("space: OPS", article(space="ops"), True, id="space"),
        pytest.param("parent: Run  books", article(parent="run books"), True, id="parent"),
        pytest.param("asks: true", article("How do I run it?"), True, id="asks"),
        pytest.param("asks: true", article(), False, id="does not ask"),
        pytest.param("{title: run, label: x}", article(), False, id="all of it has to hold"),
    ],
)
def test_a_rule_is_for_the_pages_it_names(when: str, page: Page, *, holds: bool) -> None:
    when = when if when.startswith("{") else f"{{{when}}}"
    (account,) = accounts(made(f"pages:\n  - when: {when}\n    skip: not wanted", page))
    assert (account.fate is Fate.SKIPPED) is holds
    assert account.why == ("not wanted" if holds else "")


def test_the_first_rule_that_holds_decides() -> None:
    rules = """
        pages:
          - {when: {label: ops}, kind: article, type: policy}
          - {when: {title: thing}, skip: never reached}
    """
    (draft,) = drafts(made(rules, article()))
    assert (draft.kind, draft.type) == (Kind.ARTICLE, "policy")


@pytest.mark.parametrize(
    ("question", "body"),
    [
        pytest.param("", "Running the thing\n\nThis question was moved from `", id="none"),
        pytest.param(
            "'Asked in **{space}** by nobody: {title} ({path})'",
            "Asked in **O\\*S** by nobody: Running the thing (Running the thing.md)",
            id="a template",
        ),
        pytest.param("first-paragraph", f"{LONG}\nIt goes on.", id="the first paragraph"),
    ],
)
def test_a_page_becomes_a_question_and_its_text_the_answer(question: str, body: str) -> None:
    text = f"# A heading\n\n- a list\n\n{LONG}\nIt goes on.\n\nMore."
    rule = f"pages: [{{kind: question{', question: ' + question if question else ''}}}]"
    (draft,) = drafts(made(rule, article(text=text, space="O*S")))
    assert draft.kind is Kind.QUESTION
    assert draft.body.startswith(body)
    (answer,) = draft.answers
    assert answer.body == text


def test_a_question_becomes_an_article_that_holds_its_answers() -> None:
    licence = Credit("Ann", licence="CC BY-SA 4.0")
    page = article(
        kind=Kind.QUESTION, body=Passage("Why?"),
        answers=(Passage(LONG, credit=licence), Passage("Second.", accepted=True)),
    )  # fmt: skip
    (draft,) = drafts(made("pages: [{kind: article}]", page))
    assert (draft.kind, draft.answers) == (Kind.ARTICLE, ())
    assert draft.body.startswith(f"Why?\n\n{LONG}\n\n---\n\n*Moved here; by Ann; [CC BY-SA 4.0]")
    assert draft.body.endswith("Second.")


FAQ = f"""Before all. See [below](#second-one).

## How does the first one work?

{LONG} [ref]

```
## no heading
```

## Second one

### With a part

{LONG} Second.

## Empty one

Third one?
----------

{LONG} Third.

[ref]: https://example.com/
"""


def test_a_page_is_split_at_its_headings_and_accounted_for_once() -> None:
    page = article("All FAQ of ours", FAQ, names=("wiki:faq",))
    other = article("Another page", f"{LONG} [x](<All FAQ of ours.md#with-a-part>) [y](wiki:faq)")
    rules = "pages: [{when: {title: FAQ}, split: 2, kind: question}]"
    results = made(rules, page, other)
    assert tally(results).pages == 2
    whole, _ = accounts(results)
    assert (whole.fate, whole.title, whole.page) == (
        Fate.SPLIT, "All FAQ of ours", "All FAQ of ours.md",
    )  # fmt: skip
    assert whole.why == "by its headings; it is 4 now"
    assert whole.keys == (
        "all-faq-of-ours",
        "all-faq-of-ours/how-does-the-first-one-work",
        "all-faq-of-ours/second-one",
        "all-faq-of-ours/third-one",
    )
    intro, first, second, third, outside = drafts(results)
    assert (intro.kind, intro.title) == (Kind.ARTICLE, "All FAQ of ours")
    assert "[below](key:all-faq-of-ours/second-one)" in intro.body
    assert (first.kind, first.title) == (Kind.QUESTION, "How does the first one work?")
    assert first.answers[0].body.endswith("```\n## no heading\n```\n\n[ref]: https://example.com/")
    assert second.answers[0].body.startswith("### With a part")
    assert third.answers[0].body.startswith(f"{LONG} Third.")
    assert "[x](<key:all-faq-of-ours/second-one>)" in outside.body
    assert "[y](key:all-faq-of-ours)" in outside.body
    assert losses(results, LossKind.DECORATION) == [
        ("Empty one", "a heading without text of its own; no post is made of it")
    ]


def test_a_page_without_such_headings_stays_whole() -> None:
    (account,) = accounts(made("pages: [{split: 2, kind: question}]", article()))
    assert (account.fate, account.kind) == (Fate.MIGRATED, Kind.QUESTION)


def test_what_is_withheld_stays_unless_a_rule_includes_it() -> None:
    page = article(withheld="a draft")
    (account,) = accounts(made("pages: [{kind: question}]", page))
    assert (account.fate, account.why) == (Fate.SKIPPED, "a draft")
    results = made("pages: [{when: {withheld: true}, include: true}]", page)
    assert accounts(results)[0].fate is Fate.MIGRATED
    assert "a draft; moved because a rule includes it" in str(losses(results, LossKind.METADATA))


def test_types_come_of_labels_and_keys_of_templates() -> None:
    rules = """
        types: {how-to-guide: [How To, kb-how-to-article], policy: [rules]}
        pages: [{when: {label: how to}, key: "guides/{title}"}]
    """
    one, other = drafts(made(rules, article(tags=("how-to",)), article("The law", tags=("Rules",))))
    assert (one.type, one.key) == ("how-to-guide", "guides/running-the-thing")
    assert (other.type, other.key) == ("policy", "the-law")


def test_short_titles_get_the_template_and_long_ones_are_cut() -> None:
    rules = "short_title: '{title} in the space {space}'"
    results = made(rules, article("VPN", space="OPS"), article("word " * 60))
    short, long = drafts(results)
    assert short.title == "VPN in the space OPS"
    assert short.key == "vpn"
    (placeless,) = drafts(made(rules, article("VPN")))
    assert placeless.title == "Wiki article: VPN"
    assert len(long.title) <= 150
    assert long.title.endswith("word \u2026")


TAGS = """
    tags:
      map:
        - {from: "C#", to: csharp}
        - {from: [old, kb], drop: true}
        - {match: "team-(.*)", to: "$1"}
      known: [ops]
"""


@pytest.mark.parametrize(
    ("more", "tags", "expected"),
    [
        pytest.param("", ("C#", "ops"), ("ops", "csharp"), id="from"),
        pytest.param("", ("c# ", "OLD"), ("csharp",), id="blanks and case mean nothing"),
        pytest.param("", ("team-red",), ("red",), id="match"),
        pytest.param("", ("Two Words",), ("two-words",), id="normalised"),
        pytest.param("unknown: drop", ("x", "ops"), ("ops",), id="unknown dropped"),
        pytest.param("max: 2", ("a", "b", "ops"), ("ops", "a"), id="most used first, then cut"),
        pytest.param("from_path: {'*.md': red}", ("ops",), ("ops", "red"), id="by path"),
        pytest.param("from_space: {ops: [blue]}", ("ops",), ("ops", "blue"), id="by space"),
    ],
)
def test_tags_go_through_the_map(
    more: str, tags: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    rules = f"{dedent(TAGS)}  {more}\n"
    pages = (article(tags=tags, space="OPS"), article("Another page", f"{LONG} b", tags=("ops",)))
    assert drafts(made(rules, *pages))[0].tags == expected


def test_names_that_become_one_tag_are_told() -> None:
    pages = (article(tags=("C",)), article("Another page", f"{LONG} b", tags=("C ", "gone!!")))
    results = made("tags: {unknown: keep}", *pages)
    assert [it.tags for it in drafts(results)] == [("c",), ("c", "gone")]
    assert losses(results, LossKind.TAG) == [
        ("C", "as a tag it is `c`"),
        ("C ", "as a tag it is `c`, and so is `C`: they are one now"),
        ("gone!!", "as a tag it is `gone`"),
    ]


def test_an_unknown_tag_can_be_an_error_with_its_page() -> None:
    with pytest.raises(ManifestError) as caught:
        made("tags: {known: [ops], unknown: error}", article(), article("B", LONG, tags=("x",)))
    (problem,) = caught.value.problems
    assert str(problem.span) == "B.md:1:1"
    assert "'x'" in problem.message


EDITED = datetime(2024, 5, 2, tzinfo=UTC)
CREDIT = Credit("Ann_Lee", address="https://wiki.example/p/1", when=EDITED)


@pytest.mark.parametrize(
    ("footer", "expected"),
    [
        pytest.param("off", LONG, id="off"),
        pytest.param(
            "short",
            f"{LONG}\n\n---\n\n*Moved from [Running the thing](<https://wiki.example/p/1>), last "
            "edited on 2024-05-02.*",
            id="short, without a name",
        ),
        pytest.param(
            "full",
            f"{LONG}\n\n---\n\n*Moved from [Running the thing](<https://wiki.example/p/1>), last "
            "edited on 2024-05-02 by Ann\\_Lee.*",
            id="full",
        ),
        pytest.param(
            "'From {address}, {author}'",
            f"{LONG}\n\n---\n\nFrom https://wiki.example/p/1, Ann\\_Lee",
            id="a template",
        ),
    ],
)
def test_a_footer_says_where_a_post_comes_from(footer: str, expected: str) -> None:
    page = article(body=Passage(LONG, credit=CREDIT))
    (draft,) = drafts(made(f"footer: {footer}", page))
    assert draft.body == expected


def test_a_footer_stands_once_where_it_says_the_same() -> None:
    answers = (Passage(LONG), Passage(LONG, credit=CREDIT))
    page = article(kind=Kind.QUESTION, answers=answers)
    (draft,) = drafts(made("footer: short", page))
    assert draft.body.endswith("*Moved from \u201cRunning the thing\u201d.*")
    assert draft.answers[0].body == LONG
    assert "last edited on 2024-05-02" in draft.answers[1].body


def test_a_page_made_a_question_has_its_footer_below_its_text_alone() -> None:
    rules = "footer: short\npages: [{kind: question, question: 'How does {title} go, in all?'}]"
    (draft,) = drafts(made(rules, article()))
    assert draft.body == "How does Running the thing go, in all?"
    assert draft.answers[0].body.endswith("*Moved from \u201cRunning the thing\u201d.*")


def test_a_licence_gets_its_credit_whatever_the_footer() -> None:
    page = article(body=Passage(LONG, credit=Credit("Ann", licence="CC BY 4.0")))
    for footer in ("off", "full"):
        (draft,) = drafts(made(f"footer: {footer}\npeople: drop", page))
        assert draft.body.count("---") == 1
        assert "by Ann; [CC BY 4.0]" in draft.body


def test_names_of_people_can_be_left_out() -> None:
    page = article(body=Passage(LONG, credit=CREDIT))
    results = made("people: drop\nfooter: full", page)
    assert "Ann" not in repr(accounts(results))
    control = made("footer: full", page)
    assert "Ann" in repr(accounts(control))


def test_no_rules_change_nothing() -> None:
    pages = (article(), article("VPN", kind=Kind.QUESTION, answers=(passage(LONG),)))
    plain = list(accounted(shape(lambda: pages, Options())))
    assert made("", *pages) == plain


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("version: 2", "1:10: error: version: ", id="version"),
        pytest.param("pages: []", "1:1: error: the file: version is missing", id="no version"),
        pytest.param("version: 1\npags: []", "2:1: error: pags: no rule has", id="a typo"),
        pytest.param("version: 1\npages:\n- skip: x\n  kinds: y", "4:3: error", id="in a rule"),
        pytest.param("version: 1\npages: [{kind: page}]", "2:16: error: pages.0.kind", id="a kind"),
        pytest.param("version: 1\npages: [{when: {title: '('}}]", "2:24: error", id="a pattern"),
        pytest.param("version: 1\npages: [{split: 9}]", "2:17: error", id="a level"),
        pytest.param("version: 1\nfooter: '{who}'", "2:9: error: footer: no such", id="a hole"),
        pytest.param("version: 1\ntags: {default: [A b]}", "'a-b' is one", id="a tag"),
        pytest.param("version: 1\ntypes: {memo: [x]}", "2:9: error", id="a type"),
        pytest.param("version: 1\npages: [{skip: x, kind: article}]", "2:25: error", id="both"),
        pytest.param("version: 1\ntags: {map: [{to: x}]}", "2:14: error", id="no name"),
        pytest.param("version: 1\ntags: {map: [{match: a, to: $1}]}", "2:29: error", id="group"),
        pytest.param("version: 1\nversion: 1", "2:1: error: the key 'version' is", id="twice"),
        pytest.param("version: [", "error: no YAML: ", id="syntax"),
        pytest.param("version: 1\npages: &a [*a]", "error: too deep", id="a cycle"),
        pytest.param("- a", "1:1: error: the file: ", id="a list"),
        pytest.param("", "1:1: error: the file: version is missing", id="empty"),
    ],
)
def test_a_fault_in_the_rules_has_its_place(text: str, said: str) -> None:
    with pytest.raises(ManifestError) as caught:
        read_rule_file(text, "rules.yaml")
    assert caught.value.message == "the rules have 1 error"
    (problem,) = caught.value.problems
    assert str(problem).startswith("rules.yaml:")
    assert said in str(problem)


def test_the_example_is_valid_and_names_every_member() -> None:
    text = (ROOT / "examples" / "rules.yaml").read_text()
    rules = read_rule_file(text, "rules.yaml")
    assert len(rules.pages) == 6
    docs = (ROOT / "docs" / "moving-a-wiki.md").read_text()
    models = (Rules, PageRule, When, TagRules)
    names = [name for model in models for name in model.model_fields]
    assert not [name for name in names if f"`{name}`" not in docs]
