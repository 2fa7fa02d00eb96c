"""`redirects` of a wiki that was converted: titles with any sign, and stubs for that wiki."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.stage import Program, question, write_manifest
from tests.cli.test_redirects import Apache, Nginx

# A title, and how a MediaWiki writes it in an address.
TITLES = {
    "Wie geht das?": "Wie_geht_das%3F",
    "Was ist C++? & mehr": "Was_ist_C%2B%2B%3F_%26_mehr",
    "C++ im Einsatz": "C%2B%2B_im_Einsatz",
    "100% sicher": "100%25_sicher",
    'Der "Plan" \\ alt': "Der_%22Plan%22_%5C_alt",
    "Hilfe:Suche (neu)": "Hilfe:Suche_(neu)",
    "Oberseite/Unter = mehr": "Oberseite/Unter_%3D_mehr",
    "Größe 🎉": "Gr%C3%B6%C3%9Fe_%F0%9F%8E%89",
    "C++": "C%2B%2B",
    "C": "C",
    "O'Neill's $1; ~*": "O%27Neill%27s_$1;_~*",
}
SANDBOX = ("--url", "sandbox:team.db")
SHORT = "https://wiki.example/wiki/"
LONG = "https://wiki.example/w/index.php?title="


def moved(cli: Program, home: Path, before: str) -> None:
    pages = "".join(
        f"<page><title>{escape(title)}</title><ns>{12 if title.startswith('Hilfe') else 0}</ns>"
        f"<id>{number}</id><revision><text>A text about number {number}, long enough.</text>"
        "</revision></page>"
        for number, title in enumerate(TITLES, 1)
    )
    (home / "wiki.xml").write_text(
        f"<mediawiki><siteinfo><base>{before}Hauptseite</base><namespaces>"
        f'<namespace key="12">Hilfe</namespace></namespaces></siteinfo>{pages}</mediawiki>'
    )
    done = cli("convert", "mediawiki", "wiki.xml", "--out", "out", "--namespace", "x")
    assert done.code == 0, done.err
    done = cli("apply", "out", "--yes", *SANDBOX)
    assert done.code == 0, done.err


def news(cli: Program, before: str) -> dict[str, str]:
    """Return the live address of each title."""
    done = cli("redirects", "out", *SANDBOX, "--format", "json")
    assert done.code == 0, done.err
    found = {it["old"]: it["new"] for it in done.document["redirects"]}
    assert set(found) == {f"{before}{written}" for written in TITLES.values()}
    return {title: found[f"{before}{written}"] for title, written in TITLES.items()}


@pytest.mark.parametrize("before", [SHORT, LONG])
@pytest.mark.parametrize(("form", "server"), [("nginx", Nginx), ("apache", Apache)])
def test_a_title_with_any_sign_leads_to_its_post(
    cli: Program, home: Path, form: str, server: type[Nginx | Apache], before: str
) -> None:
    moved(cli, home, before)
    wanted = news(cli, before)
    assert len(set(wanted.values())) == len(TITLES)
    done = cli("redirects", "out", *SANDBOX, "--format", form)
    assert done.code == 0, done.err
    served = server(done.out)
    root = before.removeprefix("https://wiki.example")
    for title, written in TITLES.items():
        assert served.location("wiki.example", f"{root}{written}") == wanted[title], title
    assert served.location("wiki.example", f"{root}Wie_geht_das") == ""
    if isinstance(served, Nginx):
        assert bool(served.maps[1]) == (before == LONG), "only real queries"


@pytest.mark.parametrize("before", [SHORT, LONG])
def test_stubs_for_a_mediawiki_have_the_true_titles(cli: Program, home: Path, before: str) -> None:
    moved(cli, home, before)
    wanted = news(cli, before)
    for more in ((), ("--address", before.partition("index.php")[0])):
        done = cli("redirects", "out", *SANDBOX, "--format", "mediawiki", *more)
        pages = {
            it.findtext("{*}title") or "": it.findtext("{*}revision/{*}text") or ""
            for it in ET.fromstring(done.out)  # noqa: S314 - our own
        }
        assert set(pages) == set(TITLES)
        assert all(f"[{wanted[title]} " in text for title, text in pages.items())


FOLDERS = ("andere/runbook", "betrieb/runbook", "betrieb/Gr%C3%B6%C3%9Fe-%C3%A4ndern", "home")


@pytest.mark.parametrize(
    "before", ["https://git.example/wiki/-/wikis/", "https://docs.example/handbuch/"]
)
def test_stubs_of_pages_in_folders_are_in_these_folders(
    cli: Program, home: Path, before: str
) -> None:
    write_manifest(
        home, *(question(f"q{n}", origin=[f"{before}{it}"]) for n, it in enumerate(FOLDERS))
    )
    assert cli("apply", "--yes", *SANDBOX).code == 0
    done = cli("redirects", *SANDBOX, "--format", "github-wiki", "--out", "stubs")
    assert done.code == 0, done.err
    written = {str(it.relative_to(home / "stubs")) for it in (home / "stubs").rglob("*.md")}
    assert written == {
        "andere/runbook.md", "betrieb/runbook.md", "betrieb/Größe-ändern.md", "home.md",
    }  # fmt: skip
    done = cli("redirects", *SANDBOX, "--format", "mediawiki")
    titles = [it.findtext("{*}title") for it in ET.fromstring(done.out)]  # noqa: S314 - our own
    assert sorted(str(it) for it in titles) == [
        "andere/runbook", "betrieb/Größe-ändern", "betrieb/runbook", "home",
    ]  # fmt: skip


def test_no_two_pages_of_an_import_have_one_title(cli: Program, home: Path) -> None:
    olds = ("https://a.example/wiki/Runbook", "https://b.example/wiki/runbook")
    write_manifest(home, *(question(f"q{n}", origin=[it]) for n, it in enumerate(olds)))
    assert cli("apply", "--yes", *SANDBOX).code == 0
    done = cli("redirects", *SANDBOX, "--format", "mediawiki")
    assert done.out.count("<page>") == 1
    assert "1 old page left out" in done.err
    assert f"  runbook: {olds[1]}" in done.err
    document = json.loads(cli("redirects", *SANDBOX, "--format", "json").out)
    assert len(document["redirects"]) == 2
