"""From files to a Manifest: what an author writes is what the items hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.errors import Span, UsageError
from importer.manifests import find_manifest, load_manifest
from importer.model.fields import Value
from importer.model.ids import Field, FullKey, Key, Kind, UserId
from importer.model.manifest import Fate, Footer, Manifest, NewTags, OnDrift, Policy, Removed
from importer.text.digests import digest_text
from importer.text.links import Text
from tests.manifests.pages import (
    BODY,
    HEAD,
    MANIFEST,
    PAGES,
    TAGGED,
    assert_told,
    by_key,
    fields_of,
    load,
    load_one,
    page,
    put,
    question,
    questions,
)

WHOLE = {
    MANIFEST: """\
# yaml-language-server: $schema=../schemas/manifest.schema.json
version: 1
namespace: handbook
team: [acme-staging, acme]        # optional pin
defaults: {tags: [handbook]}
policy: {on_drift: overwrite, new_tags: declared, prune: true}
markers: footer
publishers: [4711, 12]
include: ["content/**/*.md", "faq/*.yaml"]
tags:
  - name: deploys
    was: [deployment]
    description: Shipping to production
    experts: {users: [12], groups: [3], emails: [Ada@example.org]}
questions:
  - key: rollback
    title: How do I roll back a production deploy?
    tags: [deploys, ci]
    on_drift: overwrite
    manage: [title, body]
    body: |
      See [the freeze calendar](key:oncall/freeze) before you do anything.
    answers:
      - {key: cli, accepted: true, body_file: answers/rollback-cli.md}
      - key: git
        body: Revert the commit in the repository of deployments.
  - key: pat
    title: What is a personal access token?
    body: When a script asks for one and you don't know what to give it.
    answer: A secret that stands for you. Make one in your account settings.
articles:
  - key: policy/leave
    type: policy
    title: Parental leave for everybody
    tags: [hr]
    body_file: leave.md
    protect: true
    permissions: {editable_by: specific-editors, users: [7], groups: [2]}
collections:
  - {key: start, title: Start here, items: [rollback, policy/leave, pat]}
removed:
  - {key: old-vpn, live: delete}
  - {key: pat#old, live: keep}
""",
    "answers/rollback-cli.md": f"{BODY}\n",
    "leave.md": "Everybody gets leave. There are no exceptions.\n",
    "x.md": "not included\n",
    "content/oncall/freeze.md": page("oncall/freeze", "When we freeze, and [why](../b.md) we do."),
    "content/b.md": page("b", f"{BODY}\n\n<!-- answer: one -->\n\nOne. {BODY}"),
    "faq/z.yaml": "questions:\n" + question("faq/z", "tags: [faq]"),
    "faq/a.yaml": "articles:\n" + question("faq/a", "tags: [faq]"),
}


@pytest.fixture
def whole(folder: Path) -> Manifest:
    return load(folder, WHOLE)


def test_items_come_in_the_authors_order(whole: Manifest) -> None:
    """Tags first, then each file's posts: the manifest's own, then each pattern's, by path."""
    assert [(it.kind, it.key) for it in whole.items] == [
        (Kind.TAG, "tag:deploys"),
        (Kind.QUESTION, "rollback"),
        (Kind.ANSWER, "rollback#cli"),
        (Kind.ANSWER, "rollback#git"),
        (Kind.QUESTION, "pat"),
        (Kind.ANSWER, "pat#answer"),
        (Kind.ARTICLE, "policy/leave"),
        (Kind.COLLECTION, "start"),
        (Kind.QUESTION, "b"),
        (Kind.ANSWER, "b#one"),
        (Kind.QUESTION, "oncall/freeze"),
        (Kind.ARTICLE, "faq/a"),
        (Kind.QUESTION, "faq/z"),
    ]


def test_what_holds_for_the_whole_manifest_is_kept(whole: Manifest) -> None:
    assert whole.namespace == "handbook"
    assert whole.span == Span(MANIFEST, 2, 1)
    assert whole.teams == ("acme-staging", "acme")
    assert whole.publishers == (UserId(4711), UserId(12))
    assert whole.policy == Policy(OnDrift.OVERWRITE, NewTags.DECLARED, prune=True)
    assert whole.footer == Footer()
    assert whole.removed == (
        Removed(Key("old-vpn"), Fate.DELETE, Span(MANIFEST, 42, 11)),
        Removed(Key("pat#old"), Fate.KEEP, Span(MANIFEST, 43, 11)),
    )


def test_every_file_that_was_read_is_digested_and_no_other(whole: Manifest, folder: Path) -> None:
    assert list(whole.files) == sorted(set(WHOLE) - {"x.md"})
    assert all(
        digest == digest_text((folder / name).read_text()) for name, digest in whole.files.items()
    )


EXPECTED: dict[str, dict[Field, Value]] = {
    "rollback": {
        Field.TITLE: "How do I roll back a production deploy?",
        Field.BODY: Text(
            "See [the freeze calendar](\0) before you do anything.\n", ("key:oncall/freeze",)
        ),
    },
    "rollback#cli": {Field.BODY: Text(f"{BODY}\n"), Field.ACCEPTED: True},
    "rollback#git": {Field.BODY: Text("Revert the commit in the repository of deployments.\n")},
    "pat": {
        Field.TITLE: "What is a personal access token?",
        Field.TAGS: ("handbook",),
        Field.BODY: Text("When a script asks for one and you don't know what to give it.\n"),
    },
    "pat#answer": {
        Field.BODY: Text("A secret that stands for you. Make one in your account settings.\n")
    },
    "policy/leave": {
        Field.TITLE: "Parental leave for everybody",
        Field.TAGS: ("hr",),
        Field.BODY: Text("Everybody gets leave. There are no exceptions.\n"),
        Field.TYPE: "policy",
        Field.PERMISSIONS: ("group:2", "specific-editors", "user:7"),
    },
    "start": {
        Field.TITLE: "Start here",
        Field.ITEMS: ("key:rollback", "key:policy/leave", "key:pat"),
    },
    "tag:deploys": {
        Field.DESCRIPTION: "Shipping to production",
        Field.EXPERTS: ("email:ada@example.org", "group:3", "user:12"),
    },
    "oncall/freeze": {
        Field.TITLE: "How do I do thing oncall/freeze?",
        Field.TAGS: ("handbook",),
        Field.BODY: Text("When we freeze, and [why](\0) we do.\n", ("key:b",)),
    },
    "b#one": {Field.BODY: Text(f"One. {BODY}\n")},
}


@pytest.mark.parametrize("key", EXPECTED)
def test_an_item_holds_what_its_author_wrote(whole: Manifest, key: str) -> None:
    assert fields_of(whole, key) == EXPECTED[key]


def test_a_field_left_out_of_manage_is_given_to_a_new_post_alone(whole: Manifest) -> None:
    rollback = by_key(whole)["rollback"]
    assert Field.TAGS not in rollback.fields
    assert rollback.initial == {Field.TAGS: ("ci", "deploys")}
    assert by_key(whole)["pat"].initial == {}


def test_an_answer_knows_its_question_and_nothing_else_has_a_parent(whole: Manifest) -> None:
    parents = {it.key: it.parent for it in whole.items if it.parent is not None}
    assert parents == {
        "rollback#cli": "rollback",
        "rollback#git": "rollback",
        "pat#answer": "pat",
        "b#one": "b",
    }


def test_protection_and_drift_are_said_per_item(whole: Manifest) -> None:
    items = by_key(whole)
    assert [it.key for it in whole.items if it.protected] == ["policy/leave"]
    assert items["rollback"].on_drift is OnDrift.OVERWRITE
    assert items["pat"].on_drift is None


@pytest.mark.parametrize(
    ("key", "field", "place"),
    [
        ("rollback", Field.TITLE, "teams-importer.yaml:17:12"),
        ("rollback", Field.TAGS, "teams-importer.yaml:18:11"),
        ("rollback", Field.BODY, "teams-importer.yaml:21:11"),
        ("rollback#cli", Field.BODY, "teams-importer.yaml:24:47"),
        ("rollback#cli", Field.ACCEPTED, "teams-importer.yaml:24:30"),
        ("pat", Field.TAGS, "teams-importer.yaml:5:18"),
        ("pat#answer", Field.BODY, "teams-importer.yaml:30:13"),
        ("start", Field.ITEMS, "teams-importer.yaml:40:44"),
        ("tag:deploys", Field.EXPERTS, "teams-importer.yaml:14:14"),
        ("b", Field.TITLE, "content/b.md:3:8"),
        ("b", Field.BODY, "content/b.md:5:1"),
        ("b#one", Field.BODY, "content/b.md:8:1"),
    ],
)
def test_every_field_has_its_place(whole: Manifest, key: str, field: Field, place: str) -> None:
    assert str(by_key(whole)[key].spans[field]) == place


@pytest.mark.parametrize(
    ("key", "place"),
    [
        ("tag:deploys", "teams-importer.yaml:11:5"),
        ("rollback", "teams-importer.yaml:16:5"),
        ("rollback#cli", "teams-importer.yaml:24:9"),
        ("pat#answer", "teams-importer.yaml:30:5"),
        ("b", "content/b.md:2:1"),
        ("b#one", "content/b.md:7:1"),
        ("faq/z", "faq/z.yaml:2:3"),
    ],
)
def test_every_item_has_its_place(whole: Manifest, key: str, place: str) -> None:
    assert str(by_key(whole)[key].span) == place


def test_what_an_author_leaves_out_has_the_mildest_meaning(folder: Path) -> None:
    made = load_one(folder, questions(question()))
    (item,) = made.items
    assert (made.teams, made.publishers, made.removed) == ((), (), ())
    assert made.policy == Policy(OnDrift.KEEP, NewTags.REVIEW, prune=False)
    assert made.footer is None
    assert (item.remote_id, item.seen, item.was, item.author) == (None, {}, (), None)
    assert (item.origin, item.protected, item.on_drift) == ((), False, None)


def test_a_manifest_without_an_item_is_one(folder: Path) -> None:
    assert load_one(folder, HEAD).items == ()


def test_one_team_needs_no_brackets(folder: Path) -> None:
    assert load_one(folder, f"{HEAD}team: acme\n").teams == ("acme",)


def test_an_item_can_bind_a_post_and_say_what_it_has_seen(folder: Path) -> None:
    more = "id: 4711\nauthor: 12\nseen: {title: k3v6q2ma, body: 2222aaaa}\norigin: [wiki/Page.md]"
    (item,) = load_one(folder, questions(question(more=more))).items
    assert item.remote_id == 4711
    assert item.author == UserId(12)
    assert item.seen == {Field.TITLE: "k3v6q2ma", Field.BODY: "2222aaaa"}
    assert item.origin == ("wiki/Page.md",)


@pytest.mark.parametrize(
    ("was", "answer_was", "expected"),
    [
        pytest.param("", "", {}, id="none"),
        pytest.param("old", "", {"a": ["handbook:old"], "a#x": ["handbook:old#x"]}, id="one"),
        pytest.param(
            "[old, 'other:old/key']",
            "",
            {
                "a": ["handbook:old", "other:old/key"],
                "a#x": ["handbook:old#x", "other:old/key#x"],
            },
            id="of another namespace",
        ),
        pytest.param("", "y", {"a#x": ["handbook:a#y"]}, id="an answer's local key"),
        pytest.param("", "'b#y'", {"a#x": ["handbook:b#y"]}, id="an answer of another question"),
        pytest.param("", "'o:b#y'", {"a#x": ["o:b#y"]}, id="an answer of another namespace"),
        pytest.param(
            "old",
            "y",
            {
                "a": ["handbook:old"],
                "a#x": ["handbook:a#y", "handbook:old#x", "handbook:old#y"],
            },
            id="both renamed",
        ),
    ],
)
def test_an_old_key_names_the_post_it_had(
    folder: Path, was: str, answer_was: str, expected: dict[str, list[str]]
) -> None:
    rows = [f"was: {was}"] if was else []
    rows += ["answers:", "- key: x", f"  body: {BODY}"]
    rows += [f"  was: {answer_was}"] if answer_was else []
    made = load_one(folder, questions(question(more="\n".join(rows))))
    assert {it.key: [*it.was] for it in made.items if it.was} == expected


def test_a_tag_keeps_its_old_names(folder: Path) -> None:
    (tag,) = load_one(folder, f"{HEAD}tags:\n- {{name: new, was: [Old, older]}}\n").items
    assert tag.key == "tag:new"
    assert tag.was == (FullKey("handbook:tag:old"), FullKey("handbook:tag:older"))


@pytest.mark.parametrize(
    ("own", "expected"),
    [("", ("handbook",)), ("tags: [own]", ("own",)), ("tags: [b, a, b]", ("a", "b"))],
)
def test_the_default_tags_are_those_of_items_without_any(
    folder: Path, own: str, expected: tuple[str, ...]
) -> None:
    made = load_one(folder, questions(question(more=own)))
    assert fields_of(made, "a")[Field.TAGS] == expected


def test_a_collection_lists_its_members_in_order(folder: Path) -> None:
    text = questions(question("b"), question("a")) + (
        "collections:\n- {key: c, title: Start here, items: [b, a]}\n"
    )
    assert fields_of(load_one(folder, text), "c")[Field.ITEMS] == ("key:b", "key:a")


def test_a_page_reads_as_the_same_entry_in_yaml_does(folder: Path) -> None:
    more = "tags: [x]\nprotect: true\nid: 5\n"
    answer = f"<!-- answer: one accepted -->\n{BODY} One."
    (folder / "two").mkdir()
    put(folder, {MANIFEST: PAGES, "a.md": page(body=f"{BODY}\n{answer}", more=more)})
    rows = f"{more}answers:\n- key: one\n  accepted: true\n  body: {BODY} One."
    put(folder / "two", {MANIFEST: questions(question(more=rows))})
    made, _ = load_manifest(folder / MANIFEST)
    same, _ = load_manifest(folder / "two" / MANIFEST)
    for one, other in zip(made.items, same.items, strict=True):
        assert (one.key, one.kind, one.fields) == (other.key, other.kind, other.fields)
        assert (one.protected, one.remote_id) == (other.protected, other.remote_id)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        pytest.param("teams-importer.yaml", "teams-importer.yaml", id="itself"),
        pytest.param("other.yml", "other.yml", id="another name"),
        pytest.param(".", "teams-importer.yaml", id="its folder"),
        pytest.param("content", "teams-importer.yaml", id="a folder below"),
        pytest.param("content/deep/a.md", "teams-importer.yaml", id="a page below"),
        pytest.param("content/inner/x.md", "content/inner/teams-importer.yaml", id="the nearest"),
    ],
)
def test_a_path_leads_to_its_manifest(folder: Path, asked: str, found: str) -> None:
    names = ("other.yml", "content/deep/a.md", "content/inner/x.md")
    put(folder, dict.fromkeys([MANIFEST, f"content/inner/{MANIFEST}", *names], ""))
    assert find_manifest(Path(asked)).resolve() == (folder / found).resolve()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        pytest.param("none", "no file or folder", id="nothing there"),
        pytest.param("a.txt", "neither YAML nor Markdown", id="another kind of file"),
        pytest.param(".", "no teams-importer.yaml", id="no manifest above"),
        pytest.param("a.md", "no teams-importer.yaml", id="a page without one"),
    ],
)
def test_without_a_manifest_there_is_an_error_and_no_guess(
    folder: Path, asked: str, said: str
) -> None:
    put(folder, {"a.txt": "", "a.md": "", "manifest.yaml": HEAD})
    with pytest.raises(UsageError, match=said) as caught:
        find_manifest(Path(asked))
    assert caught.value.remedy


def test_all_problems_of_all_files_are_told_in_one_pass(folder: Path) -> None:
    assert_told(
        folder,
        {
            MANIFEST: (
                f"{TAGGED}^^tokne: 1\n"
                'include: ["*.md", "x.yaml", ^^"nothing/*"]\n'
                "questions:\n"
                "- key: ^^Up\n  ^^titel: x\n  ^^body:\n  title: One of the many titles\n"
                f"- key: b\n  title: ^^short\n  body: {BODY} [gone](^^../../x.md)\n"
                "  tags: [^^not_a_tag]\n"
            ),
            "c.md": page("c", f"{BODY}\n\n<!-- ansver -->\n").replace("<!-- ans", "^^<!-- ans"),
            "d.md": "^^no front matter\n",
            "e.md": page("^^b", title="How do I do thing e?"),
            "x.yaml": f"questions:\n{question('x')}{question('y', '^^tags:')}",
        },
        *("answer-line", "front-matter-missing", "duplicate-item"),
        *("unknown-key", "include-nothing", "key-grammar", "unknown-key", "empty-value"),
        *("title-length", "link-leaves", "tag-alphabet", "empty-value"),
    )
