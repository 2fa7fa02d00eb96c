"""Doubles: live posts that share a key. The one place that says which counts, and what goes.

The lowest id counts, so that runners agree without a common journal; an answer under a question
that doesn't count, or under another one than its key's, doesn't count while there is another. Of
the others:

a post                                                  then
that this journal's runs made, as they left it, in
which nobody else has engaged                           goes: `apply` removes it after its writes
of another runner, or engaged in, or edited since       stays, for a person to look at
question, one of whose answers stays                    stays
answer of a question that stays                         stays with it: a pair is never torn

A person's copy of a marked text, being another author's, is none of ours.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from importer.model.fields import Value, rides_with_post
from importer.model.ids import Field, Key, Kind, Ref, UserId, Verb, change_id, split_full_key
from importer.model.ledger import Ledger, Operation, State
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Manifest, publishers_of
from importer.model.plan import Change, Comparison, Double, Doubled, Orphan, Reason
from importer.planning.baseline import digest_field
from importer.planning.deleting import says_nothing
from importer.planning.keying import keyed_item
from importer.text.digests import Digest, agree

__all__ = [
    "NO_HISTORIES",
    "UNCHOSEN",
    "UNDOING",
    "WAITING",
    "Histories",
    "as_deletions",
    "doubles_in",
    "doubles_of_plan",
    "find_doubles",
    "keys_told",
    "objection_to_removal",
    "whose_posts",
    "why_they_stay",
    "without",
    "without_doubled",
]

Histories = Mapping[Key, Sequence[Operation]]

NO_HISTORIES: Histories = MappingProxyType({})

# Why a post is left to another run.
UNCHOSEN = "`--only` leaves it out"
UNDOING = "an undo removes no doubles, `apply` does"
WAITING = "what came of a write of its key is not known yet"

_NOT_MADE = "this journal didn't make it"


def whose_posts(
    publishers: Collection[UserId], authors: Collection[UserId], me: UserId | None
) -> frozenset[UserId | None]:
    """Return whose marked posts are ours: the publishers', else those of this journal's runs."""
    known: Collection[UserId | None] = publishers or authors
    return frozenset(known or {me})


def find_doubles(
    posts: Iterable[LiveItem], namespace: str, authors: Collection[UserId | None]
) -> tuple[Doubled, ...]:
    """Return the keys of *namespace* that several of the authors' *posts* carry, answers last."""
    by_key: dict[tuple[Kind, str], dict[Ref, LiveItem]] = defaultdict(dict)
    under: dict[Ref, dict[Ref, LiveItem]] = defaultdict(dict)
    for post in posts:
        if post.facts.deleted:
            continue
        if post.parent is not None:
            under[post.parent][post.ref] = post
        if post.marker is None or post.facts.author not in authors:
            continue
        if split_full_key(post.marker.key)[0] == namespace:
            by_key[post.ref.kind, post.marker.key][post.ref] = post
    found: list[Doubled] = []
    lost: set[Ref | None] = set()
    several = [it for it in by_key.items() if len(it[1]) > 1]
    for (_, full), same in sorted(several, key=lambda it: (it[0][0] is Kind.ANSWER, it[0])):
        homes = by_key.get((Kind.QUESTION, full.partition("#")[0]), {})
        astray = {it.parent for it in same.values() if homes and it.parent not in homes} - {None}
        ranked = ((it.parent in lost, it.parent in astray, ref) for ref, it in same.items())
        winner, *losers = (same[ref] for *_, ref in sorted(ranked))
        lost.update(it.ref for it in losers)
        along = (post for loser in losers for _, post in sorted(under[loser.ref].items()))
        key = split_full_key(full)[1]
        found.append(Doubled(key, winner, tuple(losers), tuple(along)))
    return tuple(found)


def doubles_in(
    manifest: Manifest, comparison: Comparison, snapshot: Snapshot, ledger: Ledger
) -> tuple[Doubled, ...]:
    """Return the doubles of a whole reading, keyed as *comparison* has them.

    Over API v3 a reading doesn't tell whether others have engaged: the look right before a removal
    does, and until then nothing speaks against it.
    """
    authors = whose_posts(publishers_of(manifest), ledger.authors, snapshot.me)
    posts = (it for _, it in sorted(snapshot.items.items()) if isinstance(it, LiveItem))

    def keyed(posts: Iterable[LiveItem]) -> tuple[LiveItem, ...]:
        return tuple(keyed_item(_as_told(it), comparison.targets) for it in posts)

    return tuple(
        replace(it, winner=keyed([it.winner])[0], losers=keyed(it.losers), under=keyed(it.under))
        for it in find_doubles(posts, manifest.namespace, authors)
    )


def _as_told(live: LiveItem) -> LiveItem:
    engaged = live.facts.engaged_by_others and live.facts.sure_of_engagement
    return replace(live, facts=replace(live.facts, engaged_by_others=engaged))


def without_doubled(
    orphans: Iterable[Orphan],
    doubles: Iterable[Doubled],
    snapshot: Snapshot,
    authors: Collection[UserId | None],
) -> tuple[Orphan, ...]:
    """Return *orphans* but for those told as doubles, and others' copies of what is ours."""
    posts = snapshot.items
    losers = {it.ref for double in doubles for it in double.losers}
    winners = {double.winner.ref for double in doubles}

    def is_ours(ref: Ref) -> bool:
        post = posts.get(ref)
        return isinstance(post, LiveItem) and post.facts.author in authors

    def is_told(it: Orphan) -> bool:
        if it.ref in losers:
            return True
        if it.double_of is None:
            return False
        is_copy = is_ours(it.double_of) and not is_ours(it.ref)
        return is_copy or (it.ref in winners and it.double_of in losers)

    return tuple(it for it in orphans if not is_told(it))


def keys_told(doubles: Iterable[Doubled]) -> tuple[Key, ...]:
    """Return the keys whose histories decide about *doubles*."""
    keys = {it.key for it in doubles}
    keys |= {_key_of(post) for double in doubles for post in double.under}
    return tuple(sorted(key for key in keys if key))


def why_they_stay(
    doubles: Sequence[Doubled], histories: Histories, held: Mapping[Ref, str]
) -> dict[Ref, str]:
    """Return, for each post that doesn't count, why it stays; empty: it goes.

    *held* are those that stay whatever they look like, and why.
    """
    whys: dict[Ref, str] = {}
    for double in doubles:
        for loser in double.losers:
            under = [it for it in double.under if it.parent == loser.ref]
            why = held.get(loser.ref, "")
            whys[loser.ref] = why or objection_to_removal(double.key, loser, under, histories)
    # Nobody can take a question away from under an answer that stays.
    for ref, why in [(it.ref, whys[it.ref]) for double in doubles for it in double.losers]:
        parent = _parent_of(ref, doubles)
        if why and parent is not None and not whys.get(parent, why):
            whys[parent] = f"its answer {ref} stays: {why}"
    for ref in whys:
        parent = _parent_of(ref, doubles)
        if parent is not None and whys.get(parent) and not whys[ref]:
            whys[ref] = f"its question {parent} stays"
    return whys


def objection_to_removal(
    key: Key, loser: LiveItem, under: Iterable[LiveItem], histories: Histories
) -> str:
    """Return what speaks against removing a post that doesn't count; empty: nothing does.

    *under* are a question's answers, which would go along.
    """
    if why := _objection(key, loser, histories):
        return why
    for answer in under:
        if why := _objection(_key_of(answer), answer, histories):
            return f"its answer {answer.ref}: {why}"
    return ""


def doubles_of_plan(
    doubles: Sequence[Doubled], histories: Histories, held: Mapping[Ref, str]
) -> tuple[Double, ...]:
    """Return what a plan says of *doubles*."""
    whys = why_they_stay(doubles, histories, held)
    return tuple(
        Double(
            double.key,
            loser.ref,
            loser.url,
            str(loser.fields.get(Field.TITLE, "")),
            counts=double.winner.ref,
            counts_url=double.winner.url,
            stays=whys[loser.ref],
        )
        for double in doubles
        for loser in double.losers
    )


def without(doubles: Iterable[Doubled], going: Collection[Ref | None]) -> tuple[Doubled, ...]:
    """Return *doubles* as they are once the posts that are *going* are gone."""
    left = []
    for double in doubles:
        posts = [
            it
            for it in (double.winner, *double.losers)
            if it.ref not in going and it.parent not in going
        ]
        if len(posts) > 1:
            left.append(replace(double, winner=posts[0], losers=tuple(posts[1:])))
    return tuple(left)


def as_deletions(doubles: Iterable[Double]) -> tuple[Change, ...]:
    """Return the removals among *doubles* as the writes that they are, for what they cost."""
    return tuple(
        Change(
            id=change_id(it.key, Verb.DELETE),
            key=it.key,
            kind=it.ref.kind,
            verb=Verb.DELETE,
            reason=Reason.REMOVED,
            ref=it.ref,
            unless_engaged=True,
        )
        for it in doubles
        if not it.stays
    )


def _objection(key: Key, live: LiveItem, histories: Histories) -> str:
    done = [it for it in histories.get(key, ()) if it.state is State.DONE and it.ref == live.ref]
    if not any(it.verb is Verb.CREATE for it in done):
        return _NOT_MADE
    if live.facts.engaged_by_others:
        return "others have engaged with it"
    if not _is_as_written(live, done):
        return "it is not what was written from here any more"
    return ""


def _is_as_written(live: LiveItem, done: Iterable[Operation]) -> bool:
    """Tell whether nobody else edited *live* (keyed), and it says what this journal wrote.

    Of a collection nobody tells who edited it, and an edit before our last one shows in no
    editor.
    """
    if live.facts.editor not in (None, live.facts.author):
        return False
    written = {it.field: it.after for operation in done for it in operation.fields if it.after}
    return not written or all(
        _agrees(live.ref.kind, row.field, live.fields[row.field], written.get(row.field))
        for row in rides_with_post(live.ref.kind)
        if row.field in live.fields
    )


def _agrees(kind: Kind, field: Field, value: Value, written: Digest | None) -> bool:
    if written is None:
        return says_nothing(field, value)
    return agree(digest_field(kind, field, value), written)


def _key_of(post: LiveItem) -> Key:
    return split_full_key(post.marker.key)[1] if post.marker else Key("")


def _parent_of(ref: Ref, doubles: Iterable[Doubled]) -> Ref | None:
    found = (it.parent for double in doubles for it in double.losers if it.ref == ref)
    return next(found, None)
