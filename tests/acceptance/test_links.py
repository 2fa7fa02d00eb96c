"""Wikis whose pages link each other: after the import every link leads to a live post."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest

from importer.manifests import load_manifest
from importer.model.ids import Field, Key, key_of_target
from importer.model.manifest import Item
from importer.sandbox import open_world
from importer.text.links import Text
from tests.cli.stage import Program

GITHUB = "https://github.com"
_FENCE = re.compile(r"(?ms)^ *(```|~~~).*?^ *\1[^\n]*$|`[^`\n]*`")


def links_of(item: Item) -> list[Key]:
    body = item.fields.get(Field.BODY)
    targets = body.targets if isinstance(body, Text) else ()
    return [key for target in targets if (key := key_of_target(target)) is not None]


def in_cycles(links: dict[Key, list[Key]]) -> set[Key]:
    """Return the items from which links lead back to them."""

    def reached(start: Key) -> set[Key]:
        seen: set[Key] = set()
        waiting = list(links[start])
        while waiting:
            key = waiting.pop()
            if key not in seen:
                seen.add(key)
                waiting += links.get(key, [])
        return seen

    return {key for key in links if key in reached(key)}


def name_of(path: str) -> str:
    """Return how a link in a wiki names the page of a file, whatever its case."""
    bare = unquote(path).removeprefix("wiki:").partition("#")[0]
    return bare.rpartition("/")[2].partition(".")[0].lower()


def live_addresses(cli: Program) -> dict[Key, str]:
    """Return where each item is, by the journal."""
    lines = cli("journal", "export", "out", "--url", "sandbox:team.db").out.splitlines()
    rows = [it for it in map(json.loads, lines) if it["type"] == "binding"]
    return {Key(it["key"]): it["url"] for it in rows}


def live_bodies(home: Path) -> dict[str, str]:
    """Return what each article says, by its address, read from the sandbox's own store."""
    world = open_world(home / "team.db")
    try:
        found = world.articles("acme")
        return {f"http://sandbox.localhost/c/acme/articles/{it.id}": it.body for it in found}
    finally:
        world.close()


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize(
    ("source", "address", "least"),
    [
        pytest.param(
            "githubwiki-typescript", f"{GITHUB}/microsoft/TypeScript/wiki", 40, id="GitHub"
        ),
        pytest.param("mediawiki-bips", f"{GITHUB}/bitcoin/bips/blob/master", 60, id="MediaWiki"),
    ],
)
def test_all_links_between_pages_lead_to_live_posts_cycles_included(
    corpora: Path, cli: Program, home: Path, source: str, address: str, least: int
) -> None:
    data = corpora / source / "data"
    more = ("--namespace", "x", "--address", address, "--format", "json")
    done = cli("convert", "auto", data, "--out", "out", *more)
    assert done.code == 0, done.err
    names = {name_of(it["path"]) for it in done.document["pages"]}
    lost = {
        name_of(it["what"]) for it in done.document["losses"] if "no page of this name" in it["why"]
    }
    assert not names & lost
    manifest, _ = load_manifest(home / "out" / "teams-importer.yaml")
    links = {item.key: links_of(item) for item in manifest.items}
    assert sum(map(len, links.values())) >= least
    cycles = in_cycles(links)
    assert cycles

    done = cli("apply", "out", "--url", "sandbox:team.db", "--yes", "--format", "json")
    assert done.code == 0, done.err
    results = done.document["report"]["results"]
    writes = Counter(it["change"].partition("!")[0] for it in results if it["state"] == "done")
    again = {key: number for key, number in writes.items() if number > 1}
    assert again.keys() <= cycles
    assert set(again.values()) <= {2}

    urls, bodies = live_addresses(cli), live_bodies(home)
    assert len(urls) == len(bodies) == len(links)
    for key, targets in links.items():
        body = bodies[urls[key]]
        assert "key:" not in "".join(re.findall(r"\]\([^)]*\)", _FENCE.sub("", body)))
        written = Counter(re.findall(r"https?://sandbox\.localhost[^\s)>]*", body))
        for target, number in Counter(targets).items():
            assert written[urls[target]] >= number, (key, target)

    done = cli("plan", "out", "--url", "sandbox:team.db", "--detailed-exitcode")
    assert done.code == 0, done.out
