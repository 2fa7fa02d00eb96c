"""Makes the plan: comparison in, plan out, no I/O. Reads like a recipe.

compare -> choose -> judge -> hold back what waits, and what can't be reached -> order -> guard
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from importer.model.fields import Value
from importer.model.ids import (
    ChangeId,
    Field,
    FullKey,
    Key,
    Kind,
    Ref,
    RunId,
    Verb,
    change_id,
    full_key,
    parent_key,
    split_full_key,
)
from importer.model.ledger import Binding, Ledger, Operation
from importer.model.live import Ability, LiveItem, Rates, Snapshot
from importer.model.manifest import Manifest, footer_of, publishers_of
from importer.model.plan import (
    Blocked,
    BlockedCode,
    Change,
    Comparison,
    Decisions,
    Doubled,
    Gone,
    How,
    Pair,
    Plan,
)
from importer.model.writing import LATE_S, LISTING_S
from importer.planning.abilities import Abilities, said_beside
from importer.planning.authoring import NO_AUTHORING, authored, in_writers_names, unauthored
from importer.planning.compare import stamp_of
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
from importer.planning.picturing import judge_image, with_showing, without_idle
from importer.planning.policy import (
    Verdict,
    judge,
    overwrites,
    unless_rejected,
)
from importer.planning.remembering import binding_of
from importer.planning.sequencing import limited, reachable, sequenced, unlinked_first
from importer.planning.tagging import (
    after_birth,
    in_single_calls,
    judge_tag,
    retagging_left,
)
from importer.planning.tags import TagReview, review_tags, tags_left
from importer.planning.unreached import told_unreached
from importer.text.digests import Digest

__all__ = ["is_chosen", "make_plan"]

_MOST_NAMED = 5


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
    review = _review(verdicts, comparison, manifest, snapshot)
    wishes = [change for verdict in verdicts for change in verdict.changes]
    unborn = [change for change in wishes if _is_unborn(change)]
    wishes = [change for change in wishes if not _is_unborn(change)]
    wishes = authored(wishes, manifest, authoring, snapshot.me)
    contested = contested_marks(
        wishes, comparison.pairs, snapshot, ledger, lambda it: overwrites(it, decisions, manifest)
    )
    wishes = [change for change in wishes if change.id not in contested]
    held = [
        *unauthored(wishes, manifest, authoring, snapshot.me),
        *_unread(wishes, snapshot),
        *_equal_titles(wishes, comparison, manifest),
        *_refused_tags(wishes, review),
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
    brought = _bring_tags(limited(ordered, decisions.limit), review)
    changes, nowhere = after_birth(without_idle(brought), unborn)
    posts = [pair for pair in comparison.pairs if not _is_image(pair)]
    managed = sum(pair.live is not None for pair in posts)
    blocked = (
        *check_guards(changes, managed, decisions),
        *(it for it in comparison.blocked if is_chosen(it.key, decisions)),
        *(_blocked_gone(it) for it in comparison.gone if is_chosen(it.item.key, decisions)),
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
        bindings=_bindings(chosen, comparison, ledger),
        released=tuple(sorted(let_go | _renamed(chosen))),
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
        notes=_notes(
            ledger,
            decisions,
            snapshot,
            _renamed_by_name(chosen, changes, manifest),
            tags_left(changes, snapshot),
        ),
        publishers=publishers_of(manifest),
        footer=footer_of(manifest, snapshot.site),
    )


def is_chosen(key: Key | None, decisions: Decisions) -> bool:
    """Tell whether `--only` takes *key*; a glob that takes a question takes its answers."""
    if not decisions.only or key is None:
        return True
    names = [key, parent_key(key) or key]
    return any(fnmatchcase(name, glob) for glob in decisions.only for name in names)


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


def _review(
    verdicts: Iterable[Verdict], comparison: Comparison, manifest: Manifest, snapshot: Snapshot
) -> TagReview:
    wanted = {tag for verdict in verdicts for change in verdict.changes for tag in _tags_of(change)}
    declared = {item.key.removeprefix("tag:") for item in manifest.items if item.kind is Kind.TAG}
    values = (
        value
        for pair in comparison.pairs
        for value in (pair.item.fields.get(Field.TAGS), pair.item.initial.get(Field.TAGS))
    )
    stated = {name for value in values if isinstance(value, tuple) for name in value}
    return review_tags(wanted, set(snapshot.tags), declared, manifest.policy.new_tags, stated)


def _is_image(pair: Pair) -> bool:
    return pair.item.kind is Kind.IMAGE


def _is_unborn(change: Change) -> bool:
    """Tell whether *change* is about a tag that only this plan may bring."""
    return change.kind is Kind.TAG and change.ref is None


def _tags_of(change: Change) -> tuple[str, ...]:
    for it in change.fields:
        if it.field is Field.TAGS and isinstance(it.after, tuple):
            return it.after
    return ()


def _refused_tags(wishes: Iterable[Change], review: TagReview) -> list[Blocked]:
    return [
        Blocked(
            BlockedCode.NEW_TAG,
            change.key,
            change.kind,
            review.refused[tag],
            f"Use the existing tag, or declare `{tag}` under `tags:`: a tag can't be deleted.",
            span=change.span,
        )
        for change in wishes
        for tag in _tags_of(change)
        if tag in review.refused
    ]


def _unread(wishes: Iterable[Change], snapshot: Snapshot) -> list[Blocked]:
    """Return what to say of new posts of a kind that wasn't read: it may be there already."""
    return [
        Blocked(
            BlockedCode.UNREAD,
            change.key,
            change.kind,
            f"the team's {change.kind}s were not read completely: it may be there already",
            "Plan again later.",
            span=change.span,
        )
        for change in wishes
        if change.verb is Verb.CREATE
        and change.kind is not Kind.IMAGE
        and change.kind not in snapshot.covered
    ]


def _equal_titles(
    wishes: Iterable[Change], comparison: Comparison, manifest: Manifest
) -> list[Blocked]:
    blocked = []
    for change in wishes:
        same = comparison.equal_titles.get(change.key, ())
        if change.verb is Verb.CREATE and same:
            live = same[0]
            who = "its question has this answer" if live.parent else "the team has this title"
            blocked.append(
                Blocked(
                    BlockedCode.EQUAL_TITLE,
                    change.key,
                    change.kind,
                    f"{who} already ({live.ref})",
                    _how_to_bind(live, manifest),
                    url=live.url,
                    span=change.span,
                )
            )
    return blocked


def _how_to_bind(live: LiveItem, manifest: Manifest) -> str:
    other = "write another answer" if live.parent else "choose another title"
    if live.marker is None:
        return (
            "`teams-importer adopt` finds such posts and binds what you accept. Or bind it with "
            f"`id: {live.ref.id}`, or {other}."
        )
    if split_full_key(live.marker.key)[0] == manifest.namespace:
        return f"Bind it with `was: {live.marker.key}`, or {other}."
    return f"It belongs to {live.marker.key}: leave the item out, or {other}."


def _bring_tags(changes: Iterable[Change], review: TagReview) -> list[Change]:
    """Return the changes, the first that uses a new tag saying that it brings it."""
    unborn = set(review.born)
    result = []
    for change in changes:
        brought = unborn.intersection(_tags_of(change))
        unborn -= brought
        result.append(replace(change, brings_tags=tuple(sorted(brought))) if brought else change)
    return result


def _blocked_gone(gone: Gone) -> Blocked:
    return Blocked(
        BlockedCode.GONE,
        gone.item.key,
        gone.item.kind,
        f"its post was deleted on the site ({gone.binding.ref})",
        "Remove the item (`removed:` with `live: keep`), or undelete the post on the site; "
        "give it a new key to post it again.",
        url=gone.binding.url,
        span=gone.item.span,
    )


def _bindings(
    chosen: Sequence[Pair], comparison: Comparison, ledger: Ledger
) -> tuple[Binding, ...]:
    """Return the bindings that differ from what the journal remembers.

    A post that is gone, or differs and isn't chosen, is not as it was: without its stamp, nobody
    takes it for unchanged unread.
    """
    found = [
        *(binding_of(pair, pair.live) for pair in chosen if pair.live),
        *(replace(it.binding, stamp="") for it in comparison.gone),
    ]
    known = {it.item.key for it in chosen}
    for pair in comparison.pairs:
        kept = ledger.bindings.get(pair.item.key)
        if kept and pair.live and pair.item.key not in known:
            found.append(kept if stamp_of(pair.live, kept.base) else replace(kept, stamp=""))
    return tuple(it for it in found if ledger.bindings.get(it.key) != it)


def _renamed_by_name(
    chosen: Iterable[Pair], changes: Iterable[Change], manifest: Manifest
) -> list[Key]:
    """Return the items that only `was:` leads to: a rename alone writes no marker.

    This journal knows its own renames; another namespace's marker speaks for that one as before.
    """
    rewritten = {it.key for it in changes if it.verb is Verb.UPDATE}
    return [
        pair.item.key
        for pair in chosen
        if pair.live
        and pair.live.marker
        and pair.item.key not in rewritten
        and pair.live.marker.key != full_key(manifest.namespace, pair.item.key)
        and (
            pair.how is How.MARKER
            or split_full_key(FullKey(pair.live.marker.key))[0] != manifest.namespace
        )
    ]


def _renamed(chosen: Iterable[Pair]) -> set[Key]:
    return {
        pair.binding.key
        for pair in chosen
        if pair.live and pair.binding and pair.binding.key != pair.item.key
    }


@dataclass(frozen=True, slots=True)
class _Note:
    holds: bool
    text: str


def _notes(
    ledger: Ledger,
    decisions: Decisions,
    snapshot: Snapshot,
    renamed: Sequence[Key],
    bare_tags: str,
) -> tuple[str, ...]:
    notes = (
        _Note(
            not ledger.exists,
            "There is no journal here: posts are found by their markers. Without it, an item "
            "whose post was deleted on the site looks like a new one, and nothing can be undone.",
        ),
        _Note(
            bool(ledger.open),
            _still_open(len(ledger.open), ledger.under_way),
        ),
        _Note(
            decisions.limit is not None,
            _limited_to(decisions.limit or 0),
        ),
        _Note(
            not {Kind.QUESTION, Kind.ANSWER} <= snapshot.covered,
            "The team was not read completely: nothing is deleted or taken for gone.",
        ),
        _Note(
            bool(renamed),
            f"Keep `was:` until the next edit of {_listed(renamed)}: it alone leads there, the "
            "marker bears the old key until then.",
        ),
        _Note(bool(bare_tags), bare_tags),
    )
    return tuple(note.text for note in notes if note.holds)


def _listed(keys: Sequence[Key]) -> str:
    more = len(keys) - _MOST_NAMED
    named = ", ".join(sorted(keys)[:_MOST_NAMED])
    return f"{named} and {more} more items" if more > 0 else named


def _still_open(number: int, under_way: RunId | None) -> str:
    if under_way is not None:
        have = "1 write has" if number == 1 else f"{number:,} writes have"
        return f"The run {under_way} is under way: {have} no known outcome yet."
    if number == 1:
        which, them = "1 write of an earlier run has", "it"
    else:
        which, them = f"{number:,} writes of an earlier run have", "them"
    minutes, seconds = divmod(round(LISTING_S + LATE_S), 60)
    return (
        f"{which} no known outcome; `apply` looks {them} up before it sends anything, which takes "
        f"up to about {minutes} min {seconds} s (--settle)."
    )


def _limited_to(number: int) -> str:
    if number == 1:
        return "Limited to 1 question, article or collection; run it again for the next one."
    return (
        f"Limited to {number:,} questions, articles or collections; run it again for the next ones."
    )
