"""The accepted mark: a question has one, so setting it on an answer takes it off another.

the mark stands on      then
no answer               set
one that we marked      set: the manifest moves its own mark
any other answer        blocked: conflict, somebody chose it; with `on_drift: overwrite` set
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from importer.model.ids import ChangeId, Field, Ref, Verb
from importer.model.ledger import Ledger
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Item
from importer.model.plan import Blocked, BlockedCode, Change, Pair
from importer.planning.baseline import digest_field
from importer.text.digests import agree

__all__ = ["contested_marks"]


def contested_marks(
    wishes: Iterable[Change],
    pairs: Iterable[Pair],
    snapshot: Snapshot,
    ledger: Ledger,
    overwrites: Callable[[Item], bool],
) -> Mapping[ChangeId, Blocked]:
    """Return what to say of each wish for a mark that somebody set on another answer."""
    marks = [change for change in wishes if _sets_mark(change)]
    if not marks:
        return {}
    by_key = {pair.item.key: pair for pair in pairs}
    chosen = _chosen_by_others(snapshot, ledger)
    contested = {}
    for change in marks:
        question = by_key.get(change.parent) if change.parent else None
        others = chosen.get(question.live.ref, []) if question and question.live else []
        others = [live for live in others if live.ref != change.ref]
        if others and not overwrites(by_key[change.key].item):
            contested[change.id] = _contested(change, others[0])
    return contested


def _sets_mark(change: Change) -> bool:
    wanted = {it.field: it.after for it in change.fields}
    return change.verb is Verb.SET and wanted.get(Field.ACCEPTED) is True


def _chosen_by_others(snapshot: Snapshot, ledger: Ledger) -> Mapping[Ref, list[LiveItem]]:
    """Return, by question, the accepted answers that no run of ours accepted."""
    ours = {
        binding.ref
        for binding in ledger.bindings.values()
        if (base := binding.base.get(Field.ACCEPTED)) is not None
        and agree(base.ours, digest_field(binding.ref.kind, Field.ACCEPTED, value=True))
    }
    chosen: dict[Ref, list[LiveItem]] = defaultdict(list)
    for ref, live in sorted(snapshot.items.items()):
        if isinstance(live, LiveItem) and live.parent and ref not in ours and _is_chosen(live):
            chosen[live.parent].append(live)
    return chosen


def _is_chosen(live: LiveItem) -> bool:
    return live.fields.get(Field.ACCEPTED) is True and not live.facts.deleted


def _contested(change: Change, other: LiveItem) -> Blocked:
    return Blocked(
        BlockedCode.CONFLICT,
        change.key,
        change.kind,
        f"another answer is accepted on the site ({other.ref})",
        "Leave `accepted:` out, take the mark off that answer on the site, or state "
        "`on_drift: overwrite` for this one.",
        url=other.url,
        span=change.span,
    )
