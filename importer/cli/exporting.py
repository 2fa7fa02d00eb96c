"""Carries an export out: a team is read, its posts are written, and what was written is planned.

What comes out has been read back, compared with the team and planned: a post that a manifest can't
hold, or that would ask for a change, is left out with the reason, and all is written anew.
"""

import shutil
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from importer.cli.export_proof import Owner, Owners, PlanOf, faults_in
from importer.manifests.fitting import Fitting
from importer.manifests.memory import Memory
from importer.manifests.pages import entry_name, page_name
from importer.manifests.staging import install, settle, staged
from importer.manifests.writing import Bounds, Writer, Written
from importer.model.exporting import Fate
from importer.model.ids import Field, Key, Kind, Ref, tag_key, tag_name, target_of_key
from importer.model.ledger import Ledger
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Manifest
from importer.planning.exporting import Exporter, Links
from importer.planning.fates import TELLTALE, Asked, known_in, sort_out
from importer.planning.naming_posts import name_posts
from importer.sources.naming import key_of
from importer.teams import Secret

__all__ = ["Export", "Exported", "Purpose"]


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is to be written where.

    `base` is the manifest that is in `folder` already: then only what is new is added to it. `ids`:
    posts are bound by their ids, and the manifest is pinned to `team`. `dry` writes nothing.
    """

    folder: Path
    namespace: str
    team: str
    schema: str
    asked: Asked
    ids: bool = True
    base: Manifest | None = None
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of everything. `files` are those written, by post; `limits` those stated."""

    fates: Mapping[Ref, Fate]
    reasons: Mapping[Ref, str]
    keys: Mapping[Ref, Key]
    files: Mapping[Ref, str]
    tags: tuple[str, ...]
    tags_left: Mapping[str, str]
    limits: Bounds
    open_lists: tuple[Ref, ...]


class Export:
    """One export of a team that was read."""

    def __init__(
        self, purpose: Purpose, snapshot: Snapshot, ledger: Ledger, secrets: Iterable[Secret]
    ) -> None:
        self.purpose = purpose
        self.snapshot = snapshot
        self.known = known_in(purpose.base, snapshot, ledger)
        self._secrets = tuple(secrets)
        base = purpose.base
        self._items: set[str] = set()
        if base is not None:
            self._items = {it.key for it in base.items} | {it.key for it in base.removed}
        fates, reasons = sort_out(
            snapshot, purpose.asked, self.known, purpose.namespace, self._is_secret
        )
        self.fates, self.reasons = dict(fates), dict(reasons)
        given = {it.ref: key for key, it in ledger.bindings.items()} | {**self.known.keys}
        self.keys = name_posts(self._chosen(), purpose.namespace, given, key_of, self._is_taken)
        self.exporter = Exporter(snapshot, purpose.namespace, {**given, **self.keys}, ids=True)
        self.tags_left = {
            name: TELLTALE
            for name, live in snapshot.declared.items()
            if self._is_secret(str(live.fields.get(Field.DESCRIPTION, "")))
        }
        self._tags: tuple[str, ...] = ()
        self._used: frozenset[str] = frozenset()
        self._limits: Bounds = {}
        self._lines: dict[str, tuple[tuple[int, Owner], ...]] = {}

    def _is_secret(self, text: str) -> bool:
        return any(it.redact(text) != text for it in self._secrets)

    def _chosen(self) -> list[LiveItem]:
        items = ((ref, self.snapshot.items[ref]) for ref in sorted(self.fates))
        return [
            it for ref, it in items if self.fates[ref] is Fate.EXPORTED and isinstance(it, LiveItem)
        ]

    def _is_taken(self, key: str) -> bool:
        """Tell whether the folder has a file where that of *key* would be, or an item of it."""
        folder, base = self.purpose.folder, self.purpose.base
        files = (page_name(key), entry_name(key))
        return key in self._items or (
            base is not None and any((folder / it).exists() for it in files)
        )

    def write(self, plan_of: PlanOf) -> Exported:
        """Write the manifest and return what became of everything."""
        with staged(self.purpose.folder, apart=self.purpose.dry) as stage:
            # Each round leaves something out, and what is left may have led to it.
            while left := self._round(stage, plan_of):
                self._leave_out(left)
            if not self.purpose.ids:
                # Without ids nothing would be found here: what was planned had them.
                self.exporter = replace(self.exporter, ids=False)
                self._round(stage, lambda _: ())
            self._settle(stage)
        chosen = self._chosen()
        return Exported(
            self.fates,
            self.reasons,
            self.exporter.keys,
            self._owned().files,
            self._tags,
            {name: why for name, why in self.tags_left.items() if name in self._used},
            self._limits,
            tuple(it.ref for it in chosen if self._is_open_list(it)),
        )

    def _owned(self) -> Owners:
        tags = {tag_key(it): tag_key(it) for it in self._tags}
        return Owners(self._lines, {**tags, **{self.keys[it.ref]: it.ref for it in self._chosen()}})

    def _round(self, stage: Path, plan_of: PlanOf) -> dict[Owner, str]:
        """Write everything anew, and return what must not stay as it was written, and why."""
        _empty(stage)
        self._write_all(stage)
        return faults_in(stage, self._owned(), plan_of)

    def _is_open_list(self, live: LiveItem) -> bool:
        is_list = live.ref.kind is Kind.COLLECTION
        return is_list and not self.exporter.collection(live, self._links).owns_items

    @property
    def _links(self) -> Links:
        keys = {**{it.ref: self.keys[it.ref] for it in self._chosen()}, **self.known.keys}
        return {str(ref): target_of_key(key) for ref, key in keys.items()}

    def _write_all(self, stage: Path) -> None:
        purpose = self.purpose
        self._lines = {}
        fitting = Fitting(purpose.namespace)
        used: set[str] = set()
        links = self._links
        chosen = self._chosen()
        answers = _answers_of(chosen)
        with Memory() as memory:
            writer = Writer(
                stage,
                namespace=purpose.namespace,
                team=purpose.team if purpose.ids else (),
                schema=purpose.schema,
                memory=memory,
            )
            for live in chosen:
                if live.ref.kind is Kind.COLLECTION:
                    self._own(writer.add_collection(self.exporter.collection(live, links)), live)
                elif live.ref.kind is not Kind.ANSWER:
                    below = answers.get(live.ref, [])
                    draft = self.exporter.draft(live, below, links)
                    fitting.look(draft)
                    used.update(draft.tags)
                    self._own(writer.add_anyhow(draft), live, below)
            if purpose.base is not None:
                _copy(purpose.folder, purpose.base, stage)
                return
            declared = self.exporter.tags(used) if Kind.TAG in purpose.asked.kinds else []
            declared = [it for it in declared if it.name not in self.tags_left]
            self._tags = tuple(it.name for it in declared)
            self._used = frozenset(used)
            self._limits = fitting.bounds()
            root = writer.finish(declared, self._limits)
            self._lines[root.name] = tuple(
                (line, tag_key(name)) for line, name in root.starts if name
            )

    def _own(self, written: Written, live: LiveItem, answers: Iterable[LiveItem] = ()) -> None:
        keys = {self.keys[it.ref].partition("#")[2]: it.ref for it in answers}
        refs = {"": live.ref, **keys}
        self._lines[written.name] = tuple((line, refs[name]) for line, name in written.starts)

    def _leave_out(self, left: Mapping[Owner, str]) -> None:
        for owner, why in left.items():
            if isinstance(owner, Ref):
                self.fates[owner], self.reasons[owner] = Fate.LEFT_OUT, why
            else:
                self.tags_left[tag_name(owner)] = why
        for live in self._chosen():
            parent = live.parent
            if parent is not None and self.fates.get(parent) is Fate.LEFT_OUT:
                self.fates[live.ref] = Fate.LEFT_OUT
                self.reasons[live.ref] = "its question is left out"

    def _settle(self, stage: Path) -> None:
        purpose = self.purpose
        if purpose.base is None:
            settle(stage, purpose.folder, dry=purpose.dry)
            return
        for name in () if purpose.dry else self._lines:
            install(stage, purpose.folder, name)


def _answers_of(posts: Iterable[LiveItem]) -> Mapping[Ref, list[LiveItem]]:
    found: dict[Ref, list[LiveItem]] = defaultdict(list)
    for live in posts:
        if live.ref.kind is Kind.ANSWER and live.parent is not None:
            found[live.parent].append(live)
    return found


def _copy(folder: Path, base: Manifest, stage: Path) -> None:
    for name in base.files:
        place = stage / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, place)


def _empty(stage: Path) -> None:
    for path in stage.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
