"""Makes the plan: comparison in, plan out, no I/O. Reads like a recipe.

compare -> choose -> judge -> hold back what waits, and what can't be reached -> order -> guard
"""

from collections.abc import Iterable, Mapping, Sequence

from importer.model.fields import Value
from importer.model.ids import (
    ChangeId,
    Field,
    Key,
    Kind,
    Ref,
    Verb,
    change_id,
)
from importer.model.ledger import Ledger, Operation
from importer.model.live import Ability, Rates, Snapshot
from importer.model.manifest import Manifest, footer_of, publishers_of
from importer.model.plan import (
    Change,
    Comparison,
    Decisions,
    Doubled,
    Pair,
    Plan,
)
from importer.planning.abilities import Abilities, said_beside
from importer.planning.authoring import NO_AUTHORING, authored, in_writers_names, unauthored
from importer.planning.choosing import is_chosen
from importer.planning.cost import asked_in, cost_of, held_in, singly_read
from importer.planning.deleting import plan_deletions
from importer.planning.doubling import (
    NO_HISTORIES,
    UNCHOSEN,
    Histories,
    as_deletions,
    doubles_in,
    doubles_of_plan,
    whose_posts,
    without,
    without_doubled,
)
from importer.planning.guards import check_guards
from importer.planning.marks import contested_marks
from importer.planning.merging import NO_TEXTS, with_merges
from importer.planning.notes import notes_of
from importer.planning.picturing import judge_image, with_showing, without_idle
from importer.planning.policy import (
    Verdict,
    judge,
    overwrites,
    unless_rejected,
)
from importer.planning.remembering import bindings_to_keep, keys_renamed
from importer.planning.sequencing import limited, reachable, sequenced, unlinked_first
from importer.planning.tagging import (
    after_birth,
    in_single_calls,
    judge_tag,
    retagging_left,
)
from importer.planning.tags import bring_tags, refused_tags, review_wishes
from importer.planning.unreached import told_unreached
from importer.planning.withholding import equal_titles, gone_posts, unread_kinds
from importer.text.digests import Digest

__all__ = ["make_plan"]


def make_plan(
    manifest: Manifest,
    comparison: Comparison,
    snapshot: Snapshot,
    ledger: Ledger,
    *,
    team: str,
    decisions: Decisions,
    ability: Abilities,
    rates: Rates,
    texts: Mapping[Digest, Value] = NO_TEXTS,
    authoring: Ability = NO_AUTHORING,
    histories: Histories = NO_HISTORIES,
) -> Plan:
    """Return what would change and what waits. The same inputs give an equal plan.

    *texts* are the values under `digests_for_sides`, as far as the journal has them. *authoring*
    tells whether posts can be written in somebody else's name. *histories* are the journal's of
    the keys under `keys_told`: they decide about doubles.
    """
    comparison = with_merges(comparison, texts)
    chosen = [it for it in comparison.pairs if _is_image(it) or is_chosen(it.item.key, decisions)]
    verdicts = _judge_all(chosen, manifest, snapshot, ledger, decisions, ability, texts)
    wishes = [change for verdict in verdicts for change in verdict.changes]
    review = review_wishes(wishes, comparison, manifest, snapshot)
    unborn = [change for change in wishes if _is_unborn(change)]
    wishes = [change for change in wishes if not _is_unborn(change)]
    wishes = authored(wishes, manifest, authoring, snapshot.me)
    contested = contested_marks(
        wishes, comparison.pairs, snapshot, ledger, lambda it: overwrites(it, decisions, manifest)
    )
    wishes = [change for change in wishes if change.id not in contested]
    held = [
        *unauthored(wishes, manifest, authoring, snapshot.me),
        *unread_kinds(wishes, snapshot),
        *equal_titles(wishes, comparison, manifest),
        *refused_tags(wishes, review),
    ]
    judged = (it for verdict in verdicts for it in verdict.blocked)
    told = with_showing(judged, wishes, chosen)
    wishes, stranded = reachable(wishes, {it.key for it in held}, comparison)
    deletions = plan_deletions(manifest, comparison, snapshot, decisions, ledger)
    rejected = {operation.change: operation for operation in ledger.rejected}
    going, refused = unless_rejected(deletions.changes, rejected)
    going = tuple(it for it in going if is_chosen(it.key, decisions))
    stated = {it.author for it in manifest.items}
    ours = stated | ledger.authors | set(manifest.publishers)
    going = tuple(in_writers_names(going, snapshot, ours, authoring))
    ordered = [*sequenced(wishes), *unlinked_first(going, wishes)]
    brought = bring_tags(limited(ordered, decisions.limit), review)
    changes, nowhere = after_birth(without_idle(brought), unborn)
    posts = [pair for pair in comparison.pairs if not _is_image(pair)]
    managed = sum(pair.live is not None for pair in posts)
    blocked = (
        *check_guards(changes, managed, decisions),
        *(it for it in comparison.blocked if is_chosen(it.key, decisions)),
        *gone_posts(it for it in comparison.gone if is_chosen(it.item.key, decisions)),
        *said_beside(told, changes),
        *contested.values(),
        *held,
        *stranded,
        # What a limit left out is for the next run, not for a person.
        *(nowhere if decisions.limit is None else ()),
        *(it for it in (*deletions.blocked, *refused) if is_chosen(it.key, decisions)),
    )
    changes = [step for change in changes for step in in_single_calls(change)]
    drift = tuple(it for verdict in verdicts for it in verdict.drift)
    named = {it.key for it in changes} | {it.key for it in blocked} | {it.key for it in drift}
    let_go = {key for key in deletions.released if is_chosen(key, decisions)}
    deleted = {it.ref for it in changes if it.verb is Verb.DELETE}
    let_go |= {key for key, question in deletions.taken_along.items() if question in deleted}
    doubled = without(doubles_in(manifest, comparison, snapshot, ledger), deleted - {None})
    spared = _spared(doubled, decisions, rejected, ability)
    authors = whose_posts(publishers_of(manifest), ledger.authors, snapshot.me)
    doubles = doubles_of_plan(doubled, histories, spared)
    kept = without_doubled(deletions.kept, doubled, snapshot, authors)
    return Plan(
        lineage=ledger.lineage,
        serial=ledger.serial,
        namespace=manifest.namespace,
        team=team,
        site=snapshot.site.base,
        manifest=manifest.digest,
        decisions=decisions,
        changes=tuple(changes),
        drift=drift,
        orphans=tuple(it for it in kept if is_chosen(it.key, decisions)),
        doubles=tuple(it for it in doubles if is_chosen(it.key, decisions)),
        blocked=told_unreached(blocked, ability),
        manual=(
            *(it for verdict in verdicts for it in verdict.manual),
            *retagging_left([it.item for it in chosen], snapshot, comparison),
        ),
        bindings=bindings_to_keep(chosen, comparison, ledger),
        released=tuple(sorted(let_go | keys_renamed(chosen))),
        new_tags=tuple(sorted({tag for change in changes for tag in change.brings_tags})),
        cost=cost_of(
            [*changes, *as_deletions(doubles)],
            rates,
            held_in(snapshot),
            singly_read(snapshot),
            asked_in(manifest.items, snapshot, rates),
        ),
        managed=managed,
        unchanged=sum(
            pair.live is not None and pair.item.key not in named
            for pair in chosen
            if not _is_image(pair)
        ),
        notes=notes_of(chosen, changes, manifest, snapshot, ledger, decisions),
        publishers=publishers_of(manifest),
        footer=footer_of(manifest, snapshot.site),
    )


def _spared(
    doubles: Iterable[Doubled],
    decisions: Decisions,
    rejected: Mapping[ChangeId, Operation],
    ability: Abilities,
) -> Mapping[Ref, str]:
    """Return the doubles that stay whatever they look like, and why."""

    def why(key: Key, ref: Ref) -> str:
        earlier = rejected.get(change_id(key, Verb.DELETE))
        able = ability(ref.kind, Verb.DELETE, None)
        if not is_chosen(key, decisions):
            return UNCHOSEN
        if earlier is not None and earlier.ref == ref:
            return earlier.evidence
        return "" if able.able else able.reason

    return {post.ref: why(it.key, post.ref) for it in doubles for post in it.losers}


def _judge_all(
    chosen: Sequence[Pair],
    manifest: Manifest,
    snapshot: Snapshot,
    ledger: Ledger,
    decisions: Decisions,
    ability: Abilities,
    texts: Mapping[Digest, Value],
) -> list[Verdict]:
    titles = {item.key: _title(item.fields, item.initial) for item in manifest.items}
    rejected = {operation.change: operation for operation in ledger.rejected}

    def judged(pair: Pair) -> Verdict:
        if _is_image(pair):
            return judge_image(pair, ability, rejected)
        if pair.item.kind is not Kind.TAG:
            return judge(pair, manifest, decisions, ability, titles, rejected, texts)
        overwrite = overwrites(pair.item, decisions, manifest)
        return judge_tag(pair, snapshot, ability, rejected, overwrite=overwrite)

    return [judged(pair) for pair in chosen]


def _title(*stated: Mapping[Field, Value]) -> str:
    return next((str(it[Field.TITLE]) for it in stated if Field.TITLE in it), "")


def _is_image(pair: Pair) -> bool:
    return pair.item.kind is Kind.IMAGE


def _is_unborn(change: Change) -> bool:
    """Tell whether *change* is about a tag that only this plan may bring."""
    return change.kind is Kind.TAG and change.ref is None
