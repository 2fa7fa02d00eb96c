"""From a path to a Manifest: find it, read all its files, check them, lower them."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from importer.errors import ManifestError, Problem, Severity, Span, UsageError
from importer.manifests.clashes import check_clashes
from importer.manifests.document import IncludeDocument, ManifestDocument
from importer.manifests.drafts import Draft, drafts_of
from importer.manifests.files import Files
from importer.manifests.lowering import Lowering
from importer.manifests.markdown_file import is_markdown, read_markdown
from importer.manifests.nodes import ListNode, MapNode, Node, parse
from importer.manifests.rules import Findings
from importer.manifests.source import Source
from importer.manifests.validating import Checked, validate
from importer.model.ids import Key, UserId
from importer.model.manifest import Footer, Item, Manifest, Policy, Removed, shown_in
from importer.text.digests import Digest, digest_of

__all__ = [
    "MANIFEST_NAME",
    "Opened",
    "find_manifest",
    "fingerprint",
    "load_manifest",
    "open_manifest",
]

MANIFEST_NAME = "teams-importer.yaml"
MAX_ITEMS = 200_000

_NOTHING: Mapping[str, bytes] = MappingProxyType({})
_SAYS_NOTHING = "Write some items, or keep the file out of the reach of `include`."
_OF_IMAGES = frozenset({"file-missing", "file-unreadable", "image-type", "image-too-large"})
_FREE_TEXT = ("title", "description", "body", "answer", "name")


@dataclass(frozen=True, slots=True)
class Opened:
    """A manifest with what it was made of: the drafts of its posts, and its documents."""

    manifest: Manifest
    drafts: Sequence[Draft]
    documents: Sequence[Checked]


def find_manifest(path: Path) -> Path:
    """Return the manifest that *path* means: itself, or the one in or above a folder or page.

    Raises UsageError when there is none.
    """
    if not path.exists():
        message = f"there is no file or folder {str(path)!r}"
        raise UsageError(message, remedy="Name a manifest, a folder, or a Markdown file below one.")
    if path.suffix.lower() in {".yaml", ".yml"} and not path.is_dir():
        return path
    if not path.is_dir() and not is_markdown(path.name):
        message = f"{str(path)!r} is neither YAML nor Markdown"
        raise UsageError(message, remedy="Name a manifest, a folder, or a Markdown file below one.")
    start = Path(os.path.abspath(path))  # noqa: PTH100 - resolving links could leave the repository
    for folder in [start, *start.parents]:
        if (folder / MANIFEST_NAME).is_file():
            found = folder / MANIFEST_NAME
            return path / MANIFEST_NAME if folder == start else found
    message = f"there is no {MANIFEST_NAME} in {str(path)!r} or above it"
    remedy = (
        "Name yours, or begin one with the 12 lines that open the README (examples/minimal.yaml)."
    )
    raise UsageError(message, remedy=remedy)


def load_manifest(path: Path) -> tuple[Manifest, tuple[Problem, ...]]:
    """Return the manifest at *path* (a YAML file) and its warnings, sorted by place.

    Raises ManifestError with every problem of every file when there is an error.
    """
    opened, problems = open_manifest(path)
    if opened is None or any(it.severity is Severity.ERROR for it in problems):
        raise ManifestError(problems)
    return opened.manifest, tuple(sorted(problems, key=lambda it: (it.span, it.rule)))


def open_manifest(
    path: Path, instead: Mapping[str, bytes] = _NOTHING
) -> tuple[Opened | None, Sequence[Problem]]:
    """Return the manifest at *path* with what it was made of, and every problem of every file.

    *instead* are bytes to take for those of its files, by path. None where nothing can be read.
    """
    findings = Findings()
    opened = _load(Files(path, findings, instead), findings)
    return opened, findings.problems


def fingerprint(path: Path) -> tuple[str, Digest]:
    """Return the namespace and digest of the manifest at *path*; empty ones where it has errors.

    What is wrong with an image is no error here: it holds up what shows it, by name.
    """
    findings = Findings()
    opened = _load(Files(path, findings), findings)
    errors = {it.rule for it in findings.problems if it.severity is Severity.ERROR}
    if opened is None or errors - _OF_IMAGES:
        return "", Digest("")
    return opened.manifest.namespace, opened.manifest.digest


def _load(files: Files, findings: Findings) -> Opened | None:
    name = files.manifest
    source = files.open(name, Span(files.name(name), 1, 1))
    if source is None:
        return None
    data = _data_of(source, findings, "Write `version: 1`, `namespace:` and some items.")
    if data is None:
        return None
    root = validate(ManifestDocument, source, data, findings)
    document = cast(ManifestDocument, root.document)
    checked = [root, *_included(document, root, files, findings)]
    if sum(map(_count, checked)) > MAX_ITEMS:
        findings.add("too-many-items", source.span(0), limit=MAX_ITEMS)
        return None
    drafts, catalogue = drafts_of(checked, files, findings)
    lowering = Lowering(root, document, catalogue, files, findings)
    items = [*_tags(checked, lowering), *map(lowering.item, drafts)]
    removed = tuple(_removed(checked))
    check_clashes(items, drafts, removed, document.namespace, findings)
    whole = _with_images(items, dict(lowering.images()))
    manifest = _manifest(files, root, document, tuple(whole), removed)
    return Opened(manifest, drafts, checked)


def _with_images(items: Iterable[Item], images: dict[Key, Item]) -> list[Item]:
    """Return *items*, each image before the first that shows it, before an answer's question."""
    placed: list[Item] = []
    begin = 0
    for item in items:
        if item.parent is None:
            begin = len(placed)
        shown = [key for key in shown_in(item) if key in images]
        new = [images.pop(key) for key in dict.fromkeys(shown)]
        placed[begin:begin] = new
        begin += len(new)
        placed.append(item)
    return placed


def _manifest(
    files: Files,
    root: Checked,
    document: ManifestDocument,
    items: tuple[Item, ...],
    removed: tuple[Removed, ...],
) -> Manifest:
    digests = dict(sorted(files.digests.items()))
    markers = document.markers
    policy = document.policy
    return Manifest(
        document.namespace,
        root.source.span(root.data.at),
        items,
        digest_of("files", [part for pair in digests.items() for part in pair]),
        document.team,
        tuple(UserId(publisher) for publisher in document.publishers),
        Policy(policy.on_drift, policy.new_tags, policy.prune),
        Footer(markers.footer, markers.everywhere) if markers else None,
        removed,
        {**digests, **files.pictures},
    )


def _included(
    document: ManifestDocument, root: Checked, files: Files, findings: Findings
) -> Iterator[Checked]:
    rows = root.data.get("include", ListNode(0))
    for pattern, at in zip(document.include, rows.values_at, strict=True):
        for source in files.included(pattern, root.source.span(at)):
            data = _data_of(source, findings, _SAYS_NOTHING) if source else None
            if source is None or data is None:
                yield Checked(source or root.source, IncludeDocument(), MapNode(0), whole=False)
            else:
                yield validate(IncludeDocument, source, data, findings)


def _data_of(source: Source, findings: Findings, hint: str) -> Node:
    data: Node
    if is_markdown(source.path):
        data = read_markdown(source, findings)
    else:
        before = len(findings.problems)
        data = parse(source, findings)
        if data is None and len(findings.problems) == before:
            findings.add("yaml-empty", source.span(0), hint=hint)
    if source.cut:
        _check_cut(source, data, findings)
    return data


def _check_cut(source: Source, node: Any, findings: Findings) -> None:
    """Record each free text that a comment cuts short; elsewhere comments are welcome."""
    if isinstance(node, ListNode):
        for row in node:
            _check_cut(source, row, findings)
    elif isinstance(node, MapNode):
        for key, value in node.items():
            places = value.values_at if key == "tags" and isinstance(value, ListNode) else ()
            for at in [*places, *([node.values_at[key]] if key in _FREE_TEXT else ())]:
                if at in source.cut:
                    findings.add("cut-by-comment", source.span(at))
            _check_cut(source, value, findings)


def _count(checked: Checked) -> int:
    document = checked.document
    answers = sum(len(it.answers) + (it.answer is not None) for it in document.questions)
    parts = (document.tags, document.questions, document.articles, document.collections)
    return answers + sum(len(part) for part in parts)


def _tags(checked: list[Checked], lowering: Lowering) -> Iterator[Item]:
    for each in checked:
        for index, tag in enumerate(each.document.tags):
            yield lowering.tag(tag, each.data["tags"][index], each.source)


def _removed(checked: list[Checked]) -> Iterator[Removed]:
    for each in checked:
        for index, entry in enumerate(each.document.removed):
            node: MapNode = each.data["removed"][index]
            yield Removed(Key(entry.key), entry.live, each.source.span(node.values_at["key"]))
