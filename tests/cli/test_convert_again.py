"""`convert` over an earlier conversion: the wiki's changes come in, people's edits stay."""

from __future__ import annotations

import errno
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from importer.manifests import staging
from importer.sources.mediawiki import MediaWikiReader
from tests.cli.stage import Program, Result

TEXT = "This is a text of more than thirty characters as a post must have."
STATE = ".teams-importer-convert.jsonl"
Pages = Mapping[int, tuple[str, str]]
FIRST: Pages = {
    1: (
        "The first page of all",
        f"{TEXT}\n\nIt says one thing.\n\nAnd another [[The second page]].",
    ),
    2: ("The second page", f"{TEXT}\n\nIt says two things.\n\nAnd no more than that."),
    3: ("The third page", f"{TEXT}\n\nIt says three things."),
}


def wiki(home: Path, pages: Pages) -> None:
    rows = "".join(
        f"<page><title>{title}</title><ns>0</ns><id>{number}</id><revision><text>{text}</text>"
        "</revision></page>"
        for number, (title, text) in pages.items()
    )
    (home / "dump.xml").write_text(f"<mediawiki>{rows}</mediawiki>", encoding="utf-8")


def tree(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def again(cli: Program, home: Path) -> Callable[..., Result]:
    """Convert the first wiki; then what is called converts another state of it over it."""
    wiki(home, FIRST)
    done = cli("convert", "mediawiki", "dump.xml", "--out", "out", "--namespace", "ops")
    assert done.code == 0, done.err

    def convert(pages: Pages, *more: str) -> Result:
        wiki(home, pages)
        return cli("convert", "auto", "dump.xml", "--out", "out", "--format", "json", *more)

    return convert


def page(home: Path, name: str) -> Path:
    return home / "out" / "content" / f"{name}.md"


def counts(done: Result) -> dict[str, int]:
    found: dict[str, int] = done.document["renewal"]["counts"]
    return found


def files(done: Result, change: str) -> list[str]:
    return [it["file"] for it in done.document["renewal"]["files"] if it["change"] == change]


def test_nothing_new_changes_no_byte(again: Callable[..., Result], home: Path) -> None:
    before = tree(home / "out")
    done = again(FIRST)
    assert (done.code, counts(done)) == (0, {"unchanged": 4})
    assert tree(home / "out") == before


def test_the_state_is_small_sorted_and_free_of_text(
    again: Callable[..., Result], home: Path
) -> None:
    assert again(FIRST).code == 0
    lines = (home / "out" / STATE).read_text().splitlines()
    head, *rows = map(json.loads, lines)
    assert (head["format_version"], head["reader"]) == (1, "mediawiki")
    assert [it["file"] for it in rows] == sorted(it["file"] for it in rows)
    first = next(it for it in rows if it["key"] == "the-first-page-of-all")
    assert first["pages"] == ["page 1"]
    assert TEXT not in "".join(lines)


def test_what_only_the_wiki_changed_is_renewed(again: Callable[..., Result], home: Path) -> None:
    done = again({**FIRST, 2: ("The second page", f"{TEXT}\n\nSomething else.")})
    assert (done.code, files(done, "updated")) == (0, ["content/the-second-page.md"])
    assert "Something else." in page(home, "the-second-page").read_text()


def test_what_was_edited_here_stays(again: Callable[..., Result], home: Path, cli: Program) -> None:
    path = page(home, "the-second-page")
    path.write_text(path.read_text().replace("two things", "two good things"))
    manifest = home / "out" / "teams-importer.yaml"
    manifest.write_text(f"{manifest.read_text()}policy: {{prune: false}}\n")
    before = tree(home / "out")
    done = again(FIRST)
    assert (done.code, counts(done)) == (0, {"kept": 2, "unchanged": 2})
    assert tree(home / "out") == before
    assert cli("validate", "out").code == 0


def test_what_both_changed_is_laid_beside_until_a_person_settles_it(
    again: Callable[..., Result], home: Path, cli: Program
) -> None:
    path = page(home, "the-second-page")
    beside = path.with_name("the-second-page.md.new")
    mine = path.read_text().replace("two things", "two good things")
    path.write_text(mine)
    theirs = {**FIRST, 2: ("The second page", f"{TEXT}\n\nIt says two bad things.")}
    done = again(theirs)
    assert (done.code, files(done, "laid beside")) == (11, ["content/the-second-page.md"])
    assert path.read_text() == mine
    assert "two bad things" in beside.read_text()
    assert cli("validate", "out").code == 0
    assert (again(theirs).code, path.read_text()) == (11, mine)
    beside.unlink()
    done = again(theirs)
    assert (done.code, counts(done)["kept"], beside.exists()) == (0, 1, False)
    done = again({**theirs, 2: ("The second page", f"{TEXT}\n\nIt says two worse things.")})
    assert (done.code, "two worse things" in beside.read_text()) == (11, True)
    assert path.read_text() == mine


def test_what_is_laid_beside_goes_when_the_author_takes_it_over(
    again: Callable[..., Result], home: Path
) -> None:
    path = page(home, "the-second-page")
    path.write_text(path.read_text().replace("two things", "two good things"))
    theirs = {**FIRST, 2: ("The second page", f"{TEXT}\n\nIt says two bad things.")}
    assert again(theirs).code == 11
    beside = path.with_name(f"{path.name}.new")
    path.write_text(beside.read_text())
    assert (again(theirs).code, beside.exists()) == (0, False)


@pytest.mark.parametrize("is_edited", [True, False])
def test_what_a_person_wrote_into_the_file_beside_stays(
    again: Callable[..., Result], home: Path, *, is_edited: bool
) -> None:
    ours = page(home, "the-second-page")
    ours.write_text(ours.read_text() + "\nOurs.\n")
    beside = ours.with_name(f"{ours.name}.new")
    if is_edited:
        assert again({**FIRST, 2: ("The second page", f"{TEXT}\n\nTheirs.")}).code == 11
        assert "Theirs." in beside.read_text()
    beside.write_text("A person's own.\n")
    later = {**FIRST, 2: ("The second page", f"{TEXT}\n\nTheirs, later.")}
    for _ in range(2):
        done = again(later)
        assert (done.code, beside.read_text()) == (11, "A person's own.\n")
        (why,) = (it["why"] for it in done.document["renewal"]["files"] if "second" in it["file"])
        assert "the-second-page.md.new is not as it was laid there" in why
    beside.unlink()
    assert again(later).code == 11
    assert "Theirs, later." in beside.read_text()
    assert "Ours." in ours.read_text()


def git(folder: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "core.autocrlf=false")
    subprocess.run(["git", *settings, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git here")
def test_edits_that_lie_apart_are_merged_where_git_knows_the_version_between(
    again: Callable[..., Result], home: Path
) -> None:
    git(home, "init", "-q")
    git(home, "add", "out")
    git(home, "commit", "-qm", "as converted")
    path = page(home, "the-second-page")
    path.write_text(path.read_text().replace("no more than that", "no less than that"))
    theirs = {**FIRST, 2: ("The second page", FIRST[2][1].replace("two things", "two bad things"))}
    done = again(theirs)
    assert (done.code, files(done, "merged")) == (0, ["content/the-second-page.md"])
    text = path.read_text()
    assert "two bad things" in text
    assert "no less than that" in text
    assert counts(again(theirs)) == {"kept": 1, "unchanged": 3}


def test_a_new_title_leaves_the_key_and_the_file_alone(
    again: Callable[..., Result], home: Path, cli: Program
) -> None:
    renamed = {
        **FIRST,
        1: (FIRST[1][0], FIRST[1][1].replace("The second page", "Quite another title")),
        2: ("Quite another title", FIRST[2][1]),
        4: ("The second page", f"{TEXT}\n\nA new page under the old title."),
    }
    done = again(renamed)
    assert done.code == 0
    text = page(home, "the-second-page").read_text()
    assert "key: the-second-page\n" in text
    assert "title: Quite another title\n" in text
    assert "(key:the-second-page)" in page(home, "the-first-page-of-all").read_text()
    assert files(done, "new") == ["content/the-second-page-2.md"]
    assert cli("validate", "out").code == 0


def test_a_page_that_is_gone_is_listed_and_stays(again: Callable[..., Result], home: Path) -> None:
    less = {number: it for number, it in FIRST.items() if number != 3}
    done = again(less)
    assert (done.code, files(done, "gone")) == (0, ["content/the-third-page.md"])
    assert page(home, "the-third-page").exists()
    assert files(again(less), "gone") == ["content/the-third-page.md"]
    assert counts(again(FIRST)) == {"unchanged": 4}


def test_a_page_that_is_gone_is_deleted_when_asked_and_not_if_edited(
    again: Callable[..., Result], home: Path
) -> None:
    second = page(home, "the-second-page")
    second.write_text(f"{second.read_text()}\nMine.\n")
    less = {1: ("The first page of all", TEXT)}
    done = again(less, "--delete-gone")
    assert (done.code, files(done, "deleted")) == (0, ["content/the-third-page.md"])
    assert files(done, "gone") == ["content/the-second-page.md"]
    assert "{key: the-third-page, live: delete}" in done.err
    assert not page(home, "the-third-page").exists()
    assert second.exists()


def test_a_wiki_that_is_mostly_gone_deletes_nothing(cli: Program, home: Path) -> None:
    many = {number: (f"Page number {number}", f"{TEXT} {number}") for number in range(1, 30)}
    wiki(home, many)
    assert cli("convert", "mediawiki", "dump.xml", "--out", "out", "--namespace", "x").code == 0
    before = tree(home / "out")
    wiki(home, {1: many[1]})
    done = cli("convert", "mediawiki", "dump.xml", "--out", "out", "--delete-gone")
    assert (done.code, tree(home / "out")) == (4, before)


def test_what_was_taken_out_by_hand_stays_out_and_links_to_it_are_text(
    again: Callable[..., Result], home: Path, cli: Program
) -> None:
    page(home, "the-second-page").unlink()
    done = again(FIRST)
    assert (done.code, files(done, "taken out")) == (0, ["content/the-second-page.md"])
    assert not page(home, "the-second-page").exists()
    assert "key:the-second-page" not in page(home, "the-first-page-of-all").read_text()
    assert cli("validate", "out").code == 0


def test_a_file_that_was_moved_or_given_another_key_is_found_again(
    again: Callable[..., Result], home: Path, cli: Program
) -> None:
    second, third = page(home, "the-second-page"), page(home, "the-third-page")
    moved = page(home, "chapter/two")
    moved.parent.mkdir()
    second.rename(moved)
    edited = third.read_text().replace("three things", "3 things")
    third.write_text(edited.replace("key: the-third-page", "key: three"))
    done = again({**FIRST, 2: ("The second page", f"{TEXT}\n\nAnother text, [[The third page]].")})
    assert (done.code, files(done, "updated")) == (0, ["content/chapter/two.md"])
    assert files(done, "kept") == ["content/the-third-page.md"]
    assert "(key:three)" in moved.read_text()
    assert not second.exists()
    assert cli("validate", "out").code == 0


def test_files_that_changed_places_leave_links_as_they_are(
    again: Callable[..., Result], home: Path
) -> None:
    second, third = page(home, "the-second-page"), page(home, "the-third-page")
    texts = second.read_text(), third.read_text()
    second.write_text(texts[1])
    third.write_text(texts[0])
    done = again({**FIRST, 1: (FIRST[1][0], f"{FIRST[1][1]}\n\nChanged.")})
    first = page(home, "the-first-page-of-all").read_text()
    assert "Changed." in first
    assert "](key:the-second-page)" in first
    assert (second.read_text(), third.read_text()) == (texts[1], texts[0])
    assert done.code == 0


def test_a_new_page_gets_no_key_that_a_person_has_given(
    again: Callable[..., Result], home: Path, cli: Program
) -> None:
    page(home, "mine").write_text(
        f"---\nkey: a-new-page-of-the-wiki\ntitle: Something of mine\ntags: [a]\n---\n\n{TEXT}\n"
    )
    done = again({**FIRST, 4: ("A new page of the wiki", TEXT)})
    assert files(done, "new") == ["content/a-new-page-of-the-wiki-2.md"]
    assert cli("validate", "out").code == 0


@pytest.mark.parametrize("flag", ["--dry-run", "--check"])
def test_a_dry_run_says_it_all_and_writes_nothing(
    again: Callable[..., Result], home: Path, flag: str
) -> None:
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.name != "dump.xml"}
    done = again({**FIRST, 4: ("A fourth page", TEXT)}, flag)
    assert (done.code, counts(done)["new"]) == (2 if flag == "--check" else 0, 1)
    after = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.name != "dump.xml"}
    assert after.keys() == before.keys()
    assert {path for path in after if after[path] != before[path]} <= {home}
    assert again(FIRST, flag).code == 0


def test_a_dry_run_of_a_first_conversion_makes_no_folder(cli: Program, home: Path) -> None:
    wiki(home, FIRST)
    common = ("convert", "mediawiki", "dump.xml", "--out", "out", "--namespace", "x")
    assert cli(*common, "--dry-run").code == 0
    assert cli(*common, "--check").code == 2
    assert [path.name for path in home.iterdir()] == ["dump.xml"]


def test_options_are_those_of_last_time_and_others_are_told(
    again: Callable[..., Result], home: Path
) -> None:
    assert again(FIRST, "--tag", "wiki", "--team", "acme").code == 0
    assert "tags: [wiki]" in page(home, "the-third-page").read_text()
    done = again(FIRST)
    assert counts(done) == {"unchanged": 4}
    assert "last time" not in done.err
    done = again(FIRST, "--tag", "other")
    assert "tag: wiki last time, other now" in done.err
    assert "team: [acme]" in (home / "out" / "teams-importer.yaml").read_text()
    done = again(FIRST, "--namespace", "another")
    assert (done.code, "namespace is ops" in done.err) == (64, True)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        pytest.param('{"format_version": 9}', 9, "newer importer", id="newer"),
        pytest.param("{", 9, f"{STATE}:1", id="damaged"),
        pytest.param("", 9, "no first line", id="empty"),
        pytest.param(
            '{"format_version": 1}\n{"file": "../../etc/x", "wrote": "1"}', 9, f"{STATE}:2",
            id="leads out",
        ),
    ],
)  # fmt: skip
def test_a_state_that_is_not_ours_is_an_error_with_its_place(
    again: Callable[..., Result], home: Path, line: str, code: int, said: str
) -> None:
    (home / "out" / STATE).write_text(f"{line}\n")
    before = tree(home / "out")
    done = again({1: FIRST[1]})
    assert (done.code, said in done.err) == (code, True), done.err
    assert tree(home / "out") == before


def test_a_link_that_leads_out_of_the_folder_is_not_written_through(
    again: Callable[..., Result], home: Path
) -> None:
    elsewhere = home / "elsewhere"
    (home / "out" / "content").rename(elsewhere)
    (home / "out" / "content").symlink_to(elsewhere)
    before = tree(elsewhere)
    done = again({**FIRST, 4: ("A fourth page", TEXT)})
    assert (done.code, "is a link" in done.err) == (64, True)
    assert tree(elsewhere) == before


@pytest.mark.parametrize("at", range(1, 10))
def test_a_crash_in_the_middle_leaves_what_a_further_run_completes(
    again: Callable[..., Result], home: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    mine = page(home, "the-second-page")
    mine.write_text(f"{mine.read_text()}\nMine.\n")
    now = {
        1: (FIRST[1][0], f"{TEXT}\n\nAnother."),
        2: (FIRST[2][0], f"{TEXT}\n\nTheirs."),
        3: ("The third page", f"{TEXT}\n\nYet another."),
        4: ("The fourth page", TEXT),
    }
    shutil.copytree(home / "out", home / "whole")
    replace, calls = Path.replace, [0]

    def broken(self: Path, target: Path) -> Path:
        calls[0] += 1
        if calls[0] == at:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", broken)
        crashed = again(now)
    assert crashed.code in (130, 11)
    done = again(now)
    assert done.code == 11
    (home / "out").rename(home / "torn")
    (home / "whole").rename(home / "out")
    assert again(now).code == 11
    assert tree(home / "torn") == tree(home / "out")
    assert mine.read_text().endswith("Mine.\n")


def test_an_interrupted_first_conversion_leaves_nothing(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki(home, FIRST)
    reading = MediaWikiReader.read
    calls = [0]

    def read(self: MediaWikiReader, *given: object) -> Iterator[object]:
        calls[0] += 1
        for number, it in enumerate(reading(self, *given)):  # type: ignore[arg-type]  # passed on
            if calls[0] == 2 and number == 2:
                raise KeyboardInterrupt
            yield it

    monkeypatch.setattr(MediaWikiReader, "read", read)
    before = tree(home)
    done = cli("convert", "mediawiki", "dump.xml", "--out", "a/out", "--namespace", "x")
    assert (done.code, tree(home)) == (130, before)


def test_what_a_killed_conversion_left_goes_with_the_next(cli: Program, home: Path) -> None:
    wiki(home, FIRST)
    left = home / ".out.teams-importer-convert.tmp"
    (left / "content").mkdir(parents=True)
    (left / "content" / "half.md").write_text("half")
    done = cli("convert", "mediawiki", "dump.xml", "--out", "out", "--namespace", "x")
    assert (done.code, left.exists()) == (0, False)
    assert "content/half.md" not in tree(home / "out")


def test_two_conversions_at_once_do_not_meet(cli: Program, home: Path) -> None:
    wiki(home, FIRST)
    with staging.staged(home / "out"):
        done = cli("convert", "mediawiki", "dump.xml", "--out", "out", "--namespace", "x")
    assert (done.code, "another command" in done.err) == (8, True)
    assert [path.name for path in home.iterdir()] == ["dump.xml"]


def test_a_full_disk_is_told_and_leaves_nothing(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki(home, FIRST)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere")

    monkeypatch.setattr("importer.manifests.writing.Writer.add", full)
    done = cli("convert", "mediawiki", "dump.xml", "--out", "out", "--namespace", "x")
    assert (done.code, "No space left" in done.err) == (9, True)
    assert [path.name for path in home.iterdir()] == ["dump.xml"]


def test_a_wiki_may_be_converted_into_a_folder_of_its_own(cli: Program, home: Path) -> None:
    (home / "Home.md").write_text(f"# The first page of all\n\n{TEXT}\n")
    common = ("convert", "markdown", ".", "--out", "new", "--namespace", "x", "--format", "json")
    done = cli(*common)
    assert (done.code, [it["path"] for it in done.document["pages"]]) == (0, ["Home.md"])


@pytest.mark.parametrize("reader", ["markdown", "faq"])
@pytest.mark.parametrize("in_git", [True, False])
def test_a_folder_within_its_source_is_not_read_again(
    cli: Program, home: Path, reader: str, *, in_git: bool
) -> None:
    for name in ("Home", "Other"):
        (home / f"{name}.md").write_text(f"# What is the {name} page for all?\n\n{TEXT}\n")
    common = ("convert", reader, ".", "--out", "docs/new", "--namespace", "x", "--format", "json")
    first = cli(*common).document["tally"]
    if in_git:
        git(home, "init", "--quiet")
        git(home, "add", ".")
        git(home, "commit", "--quiet", "--message", "all")
    for _ in range(2):
        done = cli(*common)
        assert (done.code, done.document["tally"]) == (0, first)
        assert done.document["renewal"]["counts"].keys() <= {"unchanged", "updated"}
        assert [it["why"] for it in done.document["losses"] if it["path"] == "docs/new"] == [
            "what an earlier conversion made; left out"
        ]
    assert len(list((home / "docs/new/content").rglob("*.md"))) == first["pages"]


def test_a_source_is_not_converted_into_itself(cli: Program, home: Path) -> None:
    (home / "wiki").mkdir()
    (home / "wiki" / "Home.md").write_text(f"# The first page of all\n\n{TEXT}\n")
    done = cli("convert", "markdown", "wiki", "--out", "./wiki", "--namespace", "x")
    assert (done.code, "is the source itself" in done.err) == (64, True)
    assert [it.name for it in (home / "wiki").iterdir()] == ["Home.md"]
