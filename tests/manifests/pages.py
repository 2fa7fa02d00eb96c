"""Files of manifests for tests: a caller states what matters, the rest is ordinary.

In a file's text the sign `^^` is taken out, and says: here a problem is expected. So a table shows
text and place in one, and every place is checked to the column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from importer.errors import ManifestError, Problem, Severity, Span
from importer.manifests import load_manifest
from importer.model.fields import Value
from importer.model.ids import Field
from importer.model.manifest import Item, Manifest

MANIFEST = "teams-importer.yaml"
HEAD = "version: 1\nnamespace: handbook\n"
TAGGED = f"{HEAD}defaults: {{tags: [handbook]}}\n"
BODY = "This is a text of more than thirty characters, as a post must have."
PAGES = f'{TAGGED}include: ["*.md"]\n'
HERE = "^^"

Files = Mapping[str, str | bytes]


def question(key: str = "a", more: str = "", *, title: str = "", body: str = BODY) -> str:
    """A row of `questions:`; *more* are further lines, each `name: value`."""
    rows = [f"key: {key}", f"title: {title or f'How do I do thing {key}?'}"]
    rows += [f"body: {body}"] if body else []
    rows += more.splitlines()
    return "- " + "\n  ".join(rows) + "\n"


def questions(*rows: str) -> str:
    return f"{TAGGED}questions:\n{''.join(rows)}"


def page(key: str = "a", body: str = BODY, *, title: str = "", more: str = "") -> str:
    """A Markdown file of one question."""
    return f"---\nkey: {key}\ntitle: {title or f'How do I do thing {key}?'}\n{more}---\n{body}\n"


def put(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def load(folder: Path, files: Files) -> Manifest:
    """The manifest, which has no finding."""
    put(folder, files)
    manifest, warnings = load_manifest(Path(MANIFEST))
    assert warnings == ()
    return manifest


def load_one(folder: Path, text: str) -> Manifest:
    return load(folder, {MANIFEST: text})


def by_key(manifest: Manifest) -> dict[str, Item]:
    return {item.key: item for item in manifest.items}


def fields_of(manifest: Manifest, key: str) -> dict[Field, Value]:
    return dict(by_key(manifest)[key].fields)


def findings(folder: Path, files: Files) -> tuple[Problem, ...]:
    """Every problem of the manifest, errors and warnings, sorted by place."""
    put(folder, files)
    try:
        _, warnings = load_manifest(Path(MANIFEST))
    except ManifestError as error:
        return error.problems
    assert all(it.severity is Severity.WARNING for it in warnings)
    return warnings


def assert_told(folder: Path, files: Files, *rules: str) -> tuple[Problem, ...]:
    """Check that the problems of *files* stand where the signs are, in order, and are *rules*."""
    plain: dict[str, str | bytes] = {}
    places: list[Span] = []
    for name, content in sorted(files.items()):
        plain[name] = content.replace(HERE, "") if isinstance(content, str) else content
        places += _places(name, content) if isinstance(content, str) else ()
    problems = findings(folder, plain)
    told = [(str(it.span), it.rule) for it in problems]
    assert told == [(str(at), rule) for at, rule in zip(places, rules, strict=True)]
    assert all(it.message and it.remedy for it in problems)
    return problems


def assert_told_of(folder: Path, text: str, *rules: str) -> tuple[Problem, ...]:
    """`assert_told` for a manifest of one file."""
    return assert_told(folder, {MANIFEST: text}, *rules)


def _places(name: str, text: str) -> Iterator[Span]:
    for number, line in enumerate(text.split("\n"), 1):
        before = line.split(HERE)[:-1]
        column = 1
        for part in before:
            column += len(part)
            yield Span(name, number, column)
