"""The plan of `adopt --mark`: markers on posts of ours that bear none, and nothing else.

A missing marker is never a reason for `apply` to write. Whoever wants every runner to find the
posts, with no journal and no `id:`, pays one edit for each; it brings them to the top of the page.

No guard: guards stand against a manifest that isn't what its author believes, and no text changes.
"""

from collections.abc import Collection, Mapping, Sequence

from importer.model.fields import rides_with_post
from importer.model.ids import ChangeId, Field, Key, Mark, UserId, Verb, mark_id
from importer.model.ledger import Binding, Ledger, Operation
from importer.model.live import Ability, LiveItem, Rates, Snapshot
from importer.model.manifest import Manifest, footer_of, publishers_of
from importer.model.plan import (
    Blocked,
    BlockedCode,
    Change,
    Comparison,
    Decisions,
    Pair,
    Plan,
    Reason,
)
from importer.planning.abilities import Abilities, unsupported
from importer.planning.adopting import KINDS, is_waiting
from importer.planning.authoring import NO_AUTHORING, in_writers_names
from importer.planning.choosing import is_chosen
from importer.planning.cost import cost_of, held_in, singly_read
from importer.planning.policy import unless_rejected
from importer.planning.remembering import binding_of

__all__ = ["make_marks"]


def make_marks(
    manifest: Manifest,
    comparison: Comparison,
    snapshot: Snapshot,
    ledger: Ledger,
    *,
    team: str,
    decisions: Decisions,
    ability: Abilities,
    rates: Rates,
    authoring: Ability = NO_AUTHORING,
) -> Plan:
    """Return the plan that marks the posts of items, as far as `--only` takes them."""
    chosen = [
        (pair, pair.live)
        for pair in comparison.pairs
        if pair.live is not None and pair.item.kind in KINDS and is_chosen(pair.item.key, decisions)
    ]
    titles = {
        it.key: str({**it.initial, **it.fields}.get(Field.TITLE, "")) for it in manifest.items
    }
    wanting = [(pair, live) for pair, live in chosen if live.marker is None]
    publishers = publishers_of(manifest)
    held = {
        pair.item.key: it
        for pair, live in wanting
        if (it := _held(pair, live, ledger, ability, publishers)) is not None
    }
    bindings = {pair.item.key: binding_of(pair, live) for pair, live in wanting}
    wishes = tuple(
        _mark(pair, live, bindings[pair.item.key], titles)
        for pair, live in wanting
        if pair.item.key not in held
    )
    rejected: Mapping[ChangeId, Operation] = {it.change: it for it in ledger.rejected}
    going, refused = unless_rejected(wishes, rejected)
    ours = {*ledger.authors, *publishers, *(it.author for it in manifest.items)}
    changes = tuple(in_writers_names(going, snapshot, ours, authoring))
    return Plan(
        lineage=ledger.lineage,
        serial=ledger.serial,
        namespace=manifest.namespace,
        team=team,
        site=snapshot.site.base,
        manifest=manifest.digest,
        decisions=decisions,
        changes=changes,
        blocked=(*held.values(), *refused),
        bindings=_new(bindings, [it.key for it in changes], ledger),
        cost=cost_of(changes, rates, held_in(snapshot), singly_read(snapshot)),
        managed=len(chosen),
        unchanged=len(chosen) - len(wanting),
        publishers=publishers,
        footer=footer_of(manifest, snapshot.site),
    )


def _new(
    bindings: Mapping[Key, Binding], keys: Sequence[Key], ledger: Ledger
) -> tuple[Binding, ...]:
    return tuple(bindings[key] for key in keys if ledger.bindings.get(key) != bindings[key])


def _mark(pair: Pair, live: LiveItem, binding: Binding, titles: Mapping[Key, str]) -> Change:
    item = pair.item
    riding = {row.field for row in rides_with_post(item.kind)} & item.fields.keys()
    return Change(
        id=mark_id(item.key, Mark.ON),
        key=item.key,
        kind=item.kind,
        verb=Verb.UPDATE,
        reason=Reason.MARKED,
        title=titles.get(item.parent or item.key, ""),
        ref=live.ref,
        parent=item.parent,
        parent_ref=live.parent,
        bumps=True,
        marker_base={it: base.ours for it, base in binding.base.items() if it in riding},
        protected=item.protected,
        url=live.url,
        span=item.span,
    )


def _held(
    pair: Pair,
    live: LiveItem,
    ledger: Ledger,
    ability: Abilities,
    publishers: Collection[UserId],
) -> Blocked | None:
    """Return what keeps a post from being marked."""
    item = pair.item
    able = ability(item.kind, Verb.UPDATE, None)
    if not able.able:
        return unsupported(item, able)
    if is_waiting(item, ledger):
        code, why = BlockedCode.OPEN, "what came of a write of it is not known yet"
        remedy = "`apply` looks it up; then mark again."
    elif live.facts.locked:
        code, why = BlockedCode.LOCKED, "its post is locked on the site"
        remedy = "Unlock it on the site, then mark again."
    elif publishers and live.facts.author not in publishers:
        code, why = BlockedCode.MISFIT, "its author is none of `publishers:`"
        remedy = "There a marker counts for nothing: name the author, or use `id:` (adopt --write)."
    else:
        return None
    return Blocked(code, item.key, item.kind, why, remedy, url=live.url, span=item.span)
