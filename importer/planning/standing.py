"""How the posts of a run stand now, against what the journal remembers of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from importer.model.ids import Field, Kind, Ref, RunId, Verb, target_of_key
from importer.model.ledger import Base, FieldDigests, Ledger, Operation
from importer.model.live import LiveItem, Snapshot
from importer.model.plan import BlockedCode
from importer.planning.abilities import Abilities
from importer.planning.baseline import digest_field
from importer.planning.keying import keyed_item
from importer.planning.objections import EDITED, LOCKED, NEWER, Objection, changed_later
from importer.planning.traces import Trace
from importer.text.digests import Digest, agree
from importer.text.marker import VERSION

__all__ = ["Standing", "any_agrees"]


class Standing:
    """Live posts by ref, bindings by ref and by key. `under` holds the answers of each question.

    `bound` names links as the executor does, by the bindings there are. What was written when more
    posts were bound (an undo that was interrupted has deleted some), or by another key (renamed
    since), is told by all there ever were: *ever* are all operations that were done. *later* maps
    fields to the last run that wrote them after the one that is to be taken back.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        ledger: Ledger,
        ability: Abilities,
        *,
        later: Mapping[tuple[Ref, Field | None], RunId],
        ever: Iterable[Operation],
    ) -> None:
        self.snapshot = snapshot
        self.ability = ability
        self.later = later
        self.by_key = ledger.bindings
        self.by_ref = {it.ref: it for it in ledger.bindings.values()}
        self.bound = {str(it.ref): target_of_key(it.key) for it in ledger.bindings.values()}
        named = {str(it.ref): target_of_key(it.key) for it in ever if it.ref}
        self.keyings = (self.bound, named | self.bound, self.bound | named)
        self.under: dict[Ref | None, list[LiveItem]] = defaultdict(list)
        for _, live in sorted(snapshot.items.items()):
            if isinstance(live, LiveItem) and not live.facts.deleted:
                self.under[live.parent].append(live)

    def live(self, ref: Ref) -> LiveItem | None:
        """Return the post as it stands; None when it is gone."""
        if ref.kind is Kind.TAG:
            return next((it for it in self.snapshot.declared.values() if it.ref == ref), None)
        live = self.snapshot.items.get(ref)
        return live if isinstance(live, LiveItem) and not live.facts.deleted else None

    def title_of(self, live: LiveItem) -> str:
        """Return the title of the post, or of its question."""
        question = self.live(live.parent) if live.parent else live
        return str(question.fields.get(Field.TITLE, "")) if question else ""

    def against_writing(
        self, live: LiveItem, verb: Verb, field: Field | None = None
    ) -> Objection | None:
        """Object to any write of the post."""
        able = self.ability(live.ref.kind, verb, field)
        if not able.able:
            return Objection(BlockedCode.UNSUPPORTED, able.reason, "Do it on the site.")
        if live.facts.locked:
            return LOCKED
        if live.marker is not None and live.marker.version > VERSION:
            return NEWER
        return None

    def changed_since(
        self, trace: Trace, live: LiveItem, fields: Mapping[Field, FieldDigests]
    ) -> Objection | None:
        """Object to *fields* that no longer say, on the site and in the journal, what we wrote."""
        binding = self.by_ref.get(live.ref)
        for name, it in fields.items():
            if name not in live.fields:
                continue
            kept = binding.base.get(name) if binding else None
            if self._is_as_written(it, live, kept):
                continue
            if Verb.CREATE in trace.verbs and name is Field.ACCEPTED and not live.fields[name]:
                continue  # The mark is off already, and the answer goes.
            edited = replace(EDITED, why=f"its {name} was changed on the site since")
            return self.by_later_run(live.ref, name) or edited
        return None

    def _is_as_written(self, it: FieldDigests, live: LiveItem, kept: Base | None) -> bool:
        """Tell whether the field is what the run wrote, and what is remembered of it, too."""
        shown = self.shown(live, it.field)
        if it.base is None or it.after is None:
            return any_agrees(shown, it.after)
        if kept is None:
            return False
        if agree(kept.ours, it.base):
            return any_agrees(shown, it.after) or any_agrees(shown, kept.served)
        # What it links to was renamed since, and nothing else: the same text by another key.
        return any_agrees(shown, kept.ours) and any_agrees(shown, it.base)

    def shown(self, live: LiveItem, name: Field) -> list[Digest]:
        """Return the digests of the field as it stands, links named in each way they ever were."""
        keyed = (keyed_item(live, targets).fields[name] for targets in self.keyings)
        return [digest_field(live.ref.kind, name, value) for value in keyed]

    def written_later(self, ref: Ref) -> Objection | None:
        """Object where a later run wrote anything of the post: the marker is that one's now."""
        runs = [run for (post, name), run in self.later.items() if post == ref and name]
        return changed_later(runs[-1]) if runs else None

    def by_later_run(self, ref: Ref, name: Field | None) -> Objection | None:
        """Object where a later run wrote the field; None: where one deleted the post."""
        run = self.later.get((ref, name))
        return changed_later(run) if run else None


def any_agrees(shown: Iterable[Digest], wanted: Digest | None) -> bool:
    """Tell whether *wanted* is among the digests *shown*."""
    return wanted is not None and any(agree(it, wanted) for it in shown)
