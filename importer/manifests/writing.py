"""Drafts to files: one Markdown file per draft, written as it comes; same drafts, same bytes."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from importer.errors import ManifestError, UsageError
from importer.manifests.assets import asset_path, copy_asset, with_assets
from importer.manifests.loading import MANIFEST_NAME
from importer.manifests.markdown_file import answer_lines
from importer.manifests.memory import Entry, Memory, blob_in, blob_of
from importer.manifests.rules import Findings
from importer.manifests.source import Source
from importer.manifests.staging import settle, staged
from importer.model.draft import Asset, Draft
from importer.model.ids import Kind, is_key
from importer.text.canonical import canonical_text
from importer.text.digests import digest_text

__all__ = ["SCHEMA", "Writer", "key_lines", "write_manifest"]

SCHEMA = "../schemas/manifest.schema.json"
"""Where an editor finds the schema, as seen from the manifest."""

_FOLDER = "content"
_TEMPORARY = ".tmp"
# What YAML reads as the very same text, and an editor neither as a number nor as a flag.
_PLAIN = re.compile(r"[A-Za-z](?:[\w .?!/'()+-]*[\w.?!/')+])?")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def write_manifest(
    folder: Path,
    drafts: Iterable[Draft],
    *,
    namespace: str,
    team: str | Sequence[str] = (),
    schema: str = SCHEMA,
) -> tuple[Path, ...]:
    """Write `teams-importer.yaml` and one Markdown file per draft; return their paths, sorted.

    The drafts' assets are copied to `assets/`, each once, and links to them lead there.

    Writes nothing into a folder that holds anything but these very files: UsageError. All or
    nothing where there is no folder yet; in one that is there each file appears whole or not at
    all, and the manifest last: after a crash, the same call goes on. Raises what `Writer` does.
    """
    memory = Memory()
    with memory, staged(folder) as stage:
        writer = Writer(stage, namespace=namespace, team=team, schema=schema, memory=memory)
        for draft in drafts:
            writer.add(draft)
        writer.finish()
        names = memory.names()
        settle(stage, folder)
    return tuple(folder / name for name in names)


class Writer:
    """Writes a manifest below a folder, each draft's file as it comes, and the assets of it.

    *schema* is where an editor finds the schema; "" leaves the line out. *memory* learns of every
    file. Names that are no keys, or given twice, are UsageErrors; so is an asset whose name is
    another's, or whose bytes changed since they were looked at.
    """

    def __init__(
        self,
        folder: Path,
        *,
        namespace: str,
        team: str | Sequence[str] = (),
        schema: str = SCHEMA,
        memory: Memory,
    ) -> None:
        _require_key(namespace)
        self._folder = folder
        self._namespace = namespace
        self._teams = (team,) if isinstance(team, str) else tuple(team)
        self._schema = schema
        self._memory = memory
        self._findings = Findings()
        self._count = 0

    def add(self, draft: Draft) -> None:
        """Write a draft's file, and its assets that are not there yet."""
        _require_key(draft.key)
        name = f"{_FOLDER}/{draft.key}.md"
        was = self._old_keys(draft)
        text = _page(draft, was)
        _check_answers(name, text, len(draft.answers), self._findings)
        self._count += 1
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # A lone surrogate can't be written; it can't be read either, so nobody's text has one.
        data = text.encode("utf-8", "replace")
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            _refuse(f"{draft.key!r} names two drafts")
        self._memory.learn(Entry(name, blob_of(data), draft.key, draft.sources, was=was))
        for asset in draft.assets:
            self._copy(asset)

    def _old_keys(self, draft: Draft) -> tuple[str, ...]:
        """Return the keys that an item had, the latest first: `plan` finds its post by them."""
        before = self._memory.item(draft.former or draft.key)
        former = (draft.former,) if draft.former else ()
        every = (*former, *(before.was if before else ()))
        return tuple(it for it in dict.fromkeys(every) if it != draft.key)

    def _copy(self, asset: Asset) -> None:
        name = asset_path(asset)
        known = self._memory.digest_of(name)
        if known == asset.digest:
            return
        if known:
            message = f"{name} would be two different files"
            raise UsageError(message, remedy="Give one of them another name.")
        path = self._folder / name
        copy_asset(path, asset, path.with_name(f"{path.name}{_TEMPORARY}"))
        self._memory.note(name, asset.digest)
        self._memory.learn(Entry(name, blob_in(path)))

    def finish(self) -> None:
        """Write the manifest itself. ManifestError when a text can't stand in a Markdown file.

        It can't where it holds a line that starts an answer.
        """
        if self._findings.failed:
            raise ManifestError(self._findings.problems)
        included = bool(self._count)
        text = _manifest(self._namespace, self._teams, self._schema, included=included)
        data = text.encode()
        (self._folder / MANIFEST_NAME).write_bytes(data)
        self._memory.learn(Entry(MANIFEST_NAME, blob_of(data)))


def _require_key(key: str) -> None:
    if not is_key(key):
        _refuse(f"{key!r} is not a key")


def _refuse(fault: str) -> NoReturn:
    remedy = "Keys are segments of a-z and 0-9, with single `.`, `_` or `-`, joined by `/`."
    raise UsageError(fault, remedy=remedy)


def _check_answers(name: str, text: str, expected: int, findings: Findings) -> None:
    source = Source(name, name, text, digest_text(text))
    start = text.index("\n---\n") + len("\n---\n")
    found = answer_lines(source, start, findings)
    for at, _ in found if len(found) != expected else ():
        findings.add("answer-line", source.span(at))


def _manifest(namespace: str, teams: Sequence[str], schema: str, *, included: bool) -> str:
    rows = [f"# yaml-language-server: $schema={schema}"] if schema else []
    rows.append("version: 1")
    rows.append(f"namespace: {_scalar(namespace)}")
    if teams:
        rows.append(f"team: {_list(teams)}")
    if included:
        rows.append(f'include: ["{_FOLDER}/**/*.md"]')
    return "\n".join([*rows, ""])


def key_lines(key: str, was: Sequence[str] = ()) -> str:
    """Return the lines of a file that say an item's key, and those it had before."""
    olds = f"was: {_list(was)}\n" if was else ""
    return f"key: {_scalar(key)}\n{olds}"


def _page(draft: Draft, was: Sequence[str]) -> str:
    rows = ["---", key_lines(draft.key, was).rstrip("\n")]
    if draft.kind is not Kind.QUESTION:
        rows.append(f"kind: {draft.kind}")
    rows.append(f"title: {_scalar(draft.title)}")
    if draft.type:
        rows.append(f"type: {_scalar(draft.type)}")
    rows.append(f"tags: {_list(draft.tags)}")
    if draft.origin:
        rows.append(f"origin: {_list(draft.origin)}")
    parts = ["\n".join([*rows, "---"]), _text(draft, draft.body)]
    for answer in draft.answers:
        accepted = " accepted" if answer.accepted else ""
        parts.append(f"<!-- answer: {answer.key}{accepted} -->")
        parts.append(_text(draft, answer.body))
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(draft: Draft, markdown: str) -> str:
    text = canonical_text(markdown).rstrip("\n")
    return with_assets(text, draft, f"{_FOLDER}/{draft.key}.md")


def _list(values: Iterable[str]) -> str:
    # Within brackets, libyaml takes a question mark for the beginning of a key.
    written = (_quoted(value) if "?" in value else _scalar(value) for value in values)
    return f"[{', '.join(written)}]"


def _scalar(text: str) -> str:
    """Return *text* as YAML: plain where that is safe for readers and tools, else in quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _quoted(text)


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else "".join(map(_escaped, quoted))


def _escaped(char: str) -> str:
    # Not JSON's escape: that is a pair of surrogates beyond the first plane.
    return char if char.isprintable() else f"\\U{ord(char):08x}"
