"""Plays a team and its journal from a snapshot's file: the ports, without a connection.

So a plan is drawn offline by the very same steps as online. What the snapshot doesn't tell is
denied with that reason, never taken for absent.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from datetime import datetime

from importer.execution.preflight import Drawn
from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, Ref, RunId, Verb
from importer.model.ledger import Ledger, Operation
from importer.model.live import (
    Ability,
    Access,
    Covered,
    Denied,
    Everything,
    LiveItem,
    Need,
    People,
    Person,
    Rates,
    Refs,
    Scope,
    Synonym,
    Tags,
)
from importer.model.manifest import Manifest
from importer.model.saved_snapshot import SavedSnapshot
from importer.planning.compare import compare
from importer.planning.doubling import doubles_in, keys_told
from importer.planning.snapshot_file import sealed_snapshot
from importer.ports import JournalReader, Read, TeamReader
from importer.text.digests import Digest, digest_text

__all__ = ["OfflineJournal", "OfflineTeam", "seal_drawing"]

_UNTOLD = "the snapshot was taken before the manifest named it"


async def seal_drawing(
    drawn: Drawn,
    manifest: Manifest,
    reader: TeamReader,
    journal: JournalReader,
    access: Access,
    taken_at: datetime,
) -> SavedSnapshot:
    """Return what *drawn* was drawn from, without any text."""
    ledger = await journal.ledger()
    comparison = compare(manifest, drawn.snapshot, ledger)
    doubled = doubles_in(manifest, comparison, drawn.snapshot, ledger)
    return sealed_snapshot(
        drawn.snapshot,
        ledger,
        taken_at=taken_at,
        namespace=manifest.namespace,
        team=drawn.plan.team,
        access=access,
        ability=reader.ability,
        rates=reader.rates,
        targets=comparison.targets,
        histories={key: await journal.history(key=key) for key in keys_told(doubled)},
    )


class OfflineTeam:
    """Implements TeamReader over a snapshot's file."""

    def __init__(self, saved: SavedSnapshot) -> None:
        self._saved = saved
        self._abilities = {(it.kind, it.verb, it.field): it.ability for it in saved.abilities}

    async def check(self, need: Need) -> Access:  # noqa: ARG002 - the port's
        """Return what was found when the snapshot was taken."""
        authoring = self._saved.authoring
        return Access(
            me=self._saved.me,
            name="",
            site=self._saved.site,
            write_proven=None,
            can_author=authoring.able,
            why_not_author=authoring.reason,
            how_to_author=authoring.remedy,
        )

    def ability(self, kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        """Tell whether it could be done when the snapshot was taken."""
        return self._abilities.get((kind, verb, field), Ability(able=False, reason=_UNTOLD))

    def server_time(self) -> datetime | None:
        """Return nothing: there is no server."""
        return None

    def keeps_history(self, kind: Kind) -> bool:  # noqa: ARG002 - the port's
        """Tell that nothing shows afterwards what others wrote."""
        return False

    @property
    def rates(self) -> Rates:
        """The pace of the API that the snapshot was taken through."""
        return self._saved.rates

    async def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield what the snapshot holds of *scope*."""
        saved = self._saved
        match scope:
            case Everything():
                for each in self._everything(scope):
                    yield each
            case Refs(refs):
                for post in (it for it in saved.posts if it.ref in refs):
                    yield post
            case Tags(names):
                for name in names:
                    for each in self._tag(name):
                        yield each
            case People(emails):
                for email in emails:
                    for each in self._person(email):
                        yield each
            case _:
                return

    def _everything(self, scope: Everything) -> list[Read]:
        saved = self._saved
        tags = (
            LiveItem(Ref(Kind.TAG, number), None, "", {Field.TITLE: name})
            for number, name in enumerate(saved.tags, 1)
        )
        until = saved.until or saved.taken_at
        return [
            *(Synonym(name, master) for name, master in saved.synonyms.items()),
            *tags,
            *(it for it in saved.posts if it.ref.kind in scope.kinds),
            *(Covered(it, until) for it in saved.covered if it in scope.kinds),
        ]

    def _tag(self, name: str) -> Iterator[Read]:
        """Yield what is told of a declared tag, and what isn't; nothing of one that isn't there."""
        told = [it for it in self._saved.declared if it.fields[Field.TITLE] == name]
        yield from told
        why = self._saved.denied.get(digest_text(name))
        if why is None and not told and name in self._saved.tags:
            why = _UNTOLD
        if why is not None:
            yield Denied(name, why)

    def _person(self, email: str) -> Iterator[Read]:
        digest = digest_text(email)
        if digest in self._saved.people:
            yield Person(email, self._saved.people[digest])
        else:
            yield Denied(email, self._saved.denied.get(digest, _UNTOLD))


class OfflineJournal:
    """Implements JournalReader over a snapshot's file."""

    def __init__(self, saved: SavedSnapshot) -> None:
        self._saved = saved

    async def ledger(self) -> Ledger:
        """Return the journal as it was when the snapshot was taken."""
        saved = self._saved
        return Ledger(
            saved.lineage,
            saved.serial,
            bindings={it.key: it for it in saved.bindings},
            open=saved.open,
            rejected=saved.rejected,
            exists=saved.has_journal,
            authors=frozenset(saved.authors),
        )

    async def texts(
        self,
        digests: Sequence[Digest],  # noqa: ARG002 - the port's
    ) -> Mapping[Digest, Value]:
        """Return nothing: a snapshot holds no texts."""
        return {}

    async def history(
        self,
        run: RunId | None = None,  # noqa: ARG002 - the port's
        key: Key | None = None,
    ) -> Sequence[Operation]:
        """Return the operations of one key, as far as they decide about doubles."""
        return self._saved.histories.get(key, ()) if key is not None else ()
