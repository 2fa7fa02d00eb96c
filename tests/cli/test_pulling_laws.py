"""A law of pulling: what people did on the site is in the manifest, or it is told why it isn't."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from importer.cli.pulling import take_in
from importer.execution import Sighting
from importer.manifests import load_manifest
from importer.model.ids import Field, Kind
from importer.model.manifest import Manifest
from importer.model.plan import Moved
from importer.planning.baseline import digest_field
from importer.planning.compare import compare
from importer.planning.merging import digests_for_sides
from importer.planning.pulling import Choice, pull
from importer.text.canonical import canonical_text
from importer.text.links import dig
from tests.manifests.pages import BODY, MANIFEST, TAGGED, put
from tests.planning.stage import SITE, Scene

LINES = st.sampled_from(
    ["", "", "one", "two  ", "- three", "    code", "```", "<!-- answer: x -->", "---", "key: a",
     "\ttab", "# head", "=======", "<<<<<<< HEAD", ">>>>>>> topic", "<!-- teams-importer:1 h:a -->",
     "[a](key:b)", "[b](b.md)", f"[c]({SITE.base}/questions/2)", f"[d]({SITE.base}/questions/99)",
     "[e](key:nobody)", "![f](img/none.png)", "é &amp; \\* `x`", "<pre>", "a: b # c", "{{ x }}"]
)  # fmt: skip
TEXTS = st.lists(LINES, max_size=7).map(lambda it: "\n".join([BODY, *it, "The end."]) + "\n")
TITLES = st.text(st.characters(codec="utf-8"), min_size=15, max_size=60).map(str.strip)
KEYS = ("a", "b")


def _files(bodies: dict[str, str]) -> dict[str, str | bytes]:
    """One question in YAML, and one in a page."""
    lines = "".join(f"      {line}\n" if line else "\n" for line in bodies["a"].split("\n"))
    title = "title: How do I do thing"
    return {
        MANIFEST: f'{TAGGED}include: ["*.md"]\nquestions:\n  - key: a # a\n    {title} a?\n'
        f"    body: |\n{lines.rstrip()}\n",
        "b.md": f"---\nkey: b\n{title} b?\n---\n\n{bodies['b']}",
    }


def _sighting(manifest: Manifest, scene: Scene, base: Manifest) -> Sighting:
    comparison = compare(manifest, scene.snapshot(), scene.ledger())
    known = {
        digest_field(it.kind, field, value): value
        for it in base.items
        for field, value in it.fields.items()
    }
    texts = {it: known[it] for it in digests_for_sides(comparison) if it in known}
    return Sighting(scene.snapshot(), scene.ledger(), comparison, texts)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_what_people_did_is_in_the_manifest_or_it_is_told_why_not(data: st.DataObject) -> None:
    first = dict.fromkeys(KEYS, f"{BODY}\n\nThe middle.\n\nThe end.\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        put(folder, _files(first))
        base, _ = load_manifest(folder / MANIFEST)
        scene = Scene(tags={"handbook"})
        scene.publish(*base.items)
        ours = {
            key: first[key].replace("The end.", data.draw(st.sampled_from(["The end.", "Ours."])))
            for key in KEYS
        }
        put(folder, _files(ours))
        manifest, _ = load_manifest(folder / MANIFEST)
        for key in KEYS:
            if data.draw(st.booleans()):
                found = dig(canonical_text(data.draw(TEXTS)), _target)
                scene.edit(key, Field.BODY, found)
            if data.draw(st.booleans()):
                scene.edit(key, Field.TITLE, data.draw(TITLES))
        sighting = _sighting(manifest, scene, base)
        pulled = pull(sighting.comparison, sighting.texts, Choice(), manifest.policy)
        outcome = take_in(folder / MANIFEST, pulled, sighting)
        outcome.editor.write(outcome.edited)
        after, _ = load_manifest(folder / MANIFEST)
        told = {it.key for it in outcome.refused}
        told |= {it.item.key for it in pulled.intakes if it.wanted is None}
        for pair in sighting.compared(after).pairs:
            moved = set(pair.moved.values())
            if pair.item.key not in told:
                assert moved <= {Moved.EQUAL, Moved.NEITHER, Moved.OURS}
        items = {it.key: it for it in after.items}
        for it in manifest.items:
            if it.key in told:
                assert (items[it.key].fields, items[it.key].seen) == (it.fields, it.seen)


def _target(url: str) -> str | None:
    ref = SITE.find(url)
    return str(ref) if ref and ref.kind is Kind.QUESTION else None
