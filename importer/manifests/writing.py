"""Drafts to files: one file per draft, written as it comes; same drafts, same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from importer.errors import ManifestError, UsageError
from importer.manifests.assets import asset_path, copy_asset
from importer.manifests.loading import MANIFEST_NAME
from importer.manifests.memory import Entry, Memory, blob_in, blob_of
from importer.manifests.pages import (
    FOLDER,
    PageText,
    check_answers,
    collection_entry,
    entry_name,
    holds,
    page,
    page_name,
    post_entry,
    tag_rows,
)
from importer.manifests.rules import Findings
from importer.manifests.staging import settle, staged
from importer.manifests.yaml_text import flow_list, scalar
from importer.model.draft import Asset, Draft, DraftCollection, DraftTag
from importer.model.ids import is_key

__all__ = ["SCHEMA", "Bounds", "Writer", "Written", "write_manifest"]

SCHEMA = "../schemas/manifest.schema.json"
"""Where an editor finds the schema, as seen from the manifest."""

_TEMPORARY = ".tmp"
_MARKDOWN, _YAML = f"{FOLDER}/**/*.md", f"{FOLDER}/**/*.yaml"

Bounds = Mapping[str, Mapping[str, Mapping[str, int]]]
"""Limits of a site that are not the usual ones, as in a manifest: kind, field, `min` and `max`."""


_NO_BOUNDS: Bounds = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written, and from which line on it is about what, as `PageText` says."""

    name: str
    starts: tuple[tuple[int, str], ...]


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
        self._patterns: set[str] = set()

    def add(self, draft: Draft) -> Written:
        """Write a draft's Markdown file, and its assets that are not there yet."""
        _require_key(draft.key)
        was = self._old_keys(draft)
        made = page(draft, was)
        name = page_name(draft.key)
        check_answers(name, made.text, len(draft.answers), self._findings)
        self._put(name, _MARKDOWN, made, draft, was)
        return Written(name, made.starts)

    def add_anyhow(self, draft: Draft) -> Written:
        """Write a draft as `add` does, or as YAML where a page can't hold its texts."""
        if holds(draft):
            return self.add(draft)
        _require_key(draft.key)
        was = self._old_keys(draft)
        made = post_entry(draft, was)
        name = entry_name(draft.key)
        self._put(name, _YAML, made, draft, was)
        return Written(name, made.starts)

    def add_collection(self, draft: DraftCollection) -> Written:
        """Write the file of a collection."""
        _require_key(draft.key)
        made = collection_entry(draft)
        name = entry_name(draft.key)
        self._write(name, made.text, f"{draft.key!r} names two drafts")
        self._patterns.add(_YAML)
        return Written(name, made.starts)

    def _put(
        self, name: str, pattern: str, made: PageText, draft: Draft, was: tuple[str, ...]
    ) -> None:
        data = self._write(name, made.text, f"{draft.key!r} names two drafts")
        self._patterns.add(pattern)
        self._memory.learn(Entry(name, blob_of(data), draft.key, draft.sources, was=was))
        for asset in draft.assets:
            self._copy(asset)

    def _write(self, name: str, text: str, clash: str) -> bytes:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # A lone surrogate can't be written; it can't be read either, so nobody's text has one.
        data = text.encode("utf-8", "replace")
        try:
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            _refuse(clash)
        return data

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

    def finish(self, tags: Sequence[DraftTag] = (), limits: Bounds = _NO_BOUNDS) -> Written:
        """Write the manifest itself. ManifestError when a text can't stand in a Markdown file.

        It can't where it holds a line that starts an answer.
        """
        if self._findings.failed:
            raise ManifestError(self._findings.problems)
        rows = self._manifest()
        rows += _limit_rows(limits)
        starts = [(1, "")]
        declared = tag_rows(tags)
        starts += [(len(rows) + 2 + number, it.name) for number, it in enumerate(tags)]
        text = "\n".join([*rows, *declared, ""])
        data = text.encode()
        (self._folder / MANIFEST_NAME).write_bytes(data)
        self._memory.learn(Entry(MANIFEST_NAME, blob_of(data)))
        return Written(MANIFEST_NAME, tuple(starts))

    def _manifest(self) -> list[str]:
        rows = [f"# yaml-language-server: $schema={self._schema}"] if self._schema else []
        rows.append("version: 1")
        rows.append(f"namespace: {scalar(self._namespace)}")
        if self._teams:
            rows.append(f"team: {flow_list(self._teams)}")
        if self._patterns:
            patterns = (f'"{pattern}"' for pattern in sorted(self._patterns))
            rows.append(f"include: [{', '.join(patterns)}]")
        return rows


def _limit_rows(limits: Bounds) -> list[str]:
    rows = ["limits:"] if limits else []
    for kind, fields in sorted(limits.items()):
        parts = (
            f"{field}: {{{', '.join(f'{end}: {number}' for end, number in sorted(ends.items()))}}}"
            for field, ends in sorted(fields.items())
        )
        rows.append(f"  {kind}: {{{', '.join(parts)}}}")
    return rows


def _require_key(key: str) -> None:
    if not is_key(key):
        _refuse(f"{key!r} is not a key")


def _refuse(fault: str) -> NoReturn:
    remedy = "Keys are segments of a-z and 0-9, with single `.`, `_` or `-`, joined by `/`."
    raise UsageError(fault, remedy=remedy)
