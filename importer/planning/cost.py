"""What a plan costs, before it is paid.

Where lists bear content, a hundred posts are read in one request, and looked at again in one. Where
they don't (`Rates.singly`), each post that isn't known costs a request, each question with such an
answer one for the list of its answers, and each edit a look of its own. A deletion has one of its
own everywhere, and so has a mark that comes to a question which others know already.

Declared tags are asked for one by one, over API v3: by name where no list has shown it, and then
what it is. That API is asked for the tags and their synonyms before it reads anything.
"""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from types import MappingProxyType
from typing import assert_never

from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, Verb, parent_key, tag_name
from importer.model.live import LiveItem, Rates, Snapshot
from importer.model.manifest import Item
from importer.model.plan import Change, Cost

__all__ = ["asked_in", "cost_of", "held_in", "singly_read"]

_EMAIL = "email:"
_NOTHING: Mapping[Kind, int] = MappingProxyType({})
_WITH_HISTORY = frozenset({Kind.QUESTION, Kind.ANSWER})

# At the door of each further API: who am I, three probes of the right to write.
_AT_A_DOOR = 4
# Before writing in others' names: whether that can be done; for each of them an account, a token.
_AUTHORS, _AN_AUTHOR = 1, 2
# A post that was seen longer ago than this (in seconds) is read again before it is edited.
_FRESH_FOR_S = 30.0


# Requests of a look before a deletion that has to show whether others have engaged.
_LOOKS_OF_DELETION = {Kind.QUESTION: 3, Kind.ARTICLE: 2}
# How many answers are looked at for another mark, each by itself: nothing here tells how many.
_USUAL_ANSWERS = 2


def cost_of(
    changes: Sequence[Change],
    rates: Rates,
    held: Mapping[Kind, int] = _NOTHING,
    singly: int = 0,
    asked: int = 0,
) -> Cost:
    """Return the requests and the least time of an undisturbed apply, from its start to its audit.

    *held* says how many posts of each kind that is read, and tags, the team holds: it is read
    whole; *singly* are the requests beside its lists where those bear no content, *asked* those for
    what is asked for by name. The time is the documented pace's bound: what a server asks for on
    the way (backoff) can't be known before.
    """
    if not changes:
        return Cost(per_day=rates.per_day)
    bumped = _bumped(changes)
    reads = _opening(changes, rates) + _reading(rates, held) + asked
    reads += singly + _audit_of_lists(changes, rates) if rates.singly else _audit(changes, rates)
    waits = _waits(changes, rates)
    is_long = max(waits, _least_s(len(changes) + reads, rates)) > _FRESH_FOR_S
    posts = [it for it in changes if it.kind is not Kind.TAG]
    created = {it.key for it in changes if it.verb is Verb.CREATE}
    if rates.singly:
        reads += sum(_looks(it, created, is_long=is_long) for it in posts)
    else:
        looks = [(it, _looks_in_bulk(it, created, is_long=is_long)) for it in posts]
        again = [it for it, own in looks if is_long and it.ref and not own]
        reads += sum(own for _, own in looks) + _pages(len(again), rates)
    # A tag is looked at one by one, right before its experts are set; a new one is found first.
    reads += len(changes) - len(posts)
    reads += len({it.key for it in changes if it.kind is Kind.TAG and it.ref is None})
    seconds = round(max(waits, _least_s(len(changes) + reads, rates)), 1)
    uploaded = sum(it.picture.size for it in changes if it.picture)
    return Cost(len(changes), reads, seconds, rates.per_day, len(bumped), uploaded)


def singly_read(snapshot: Snapshot) -> int:
    """Return what reading *snapshot* again costs beside the lists, where those bear no content."""
    read = _read(snapshot)
    lists = {it.parent for it in read if it.parent is not None}
    # A list of the questions with an accepted answer says which marks moved.
    marks = any(ref.kind is Kind.ANSWER for ref in snapshot.unread)
    return len(read) + len(lists) + marks


def _read(snapshot: Snapshot) -> list[LiveItem]:
    """Return the posts whose content was read, not only what a list shows."""
    return [
        it
        for ref, it in snapshot.items.items()
        if isinstance(it, LiveItem) and ref not in snapshot.unread and Field.BODY in it.fields
    ]


def asked_in(items: Sequence[Item], snapshot: Snapshot, rates: Rates) -> int:
    """Return the requests of reading *snapshot* again beside the lists of posts, over API v3.

    They are for declared tags, and mail addresses of experts; for all tags, where that API reads
    posts beside another, and then for each of those; for the synonyms of each tag that has some.
    """
    if not rates.singly and rates.doors == 1:
        return 0
    tags = [it for it in items if it.kind is Kind.TAG and it.fields]
    names = {snapshot.synonyms.get(it, it) for it in (tag_name(tag.key) for tag in tags)}
    there = sum(it in snapshot.declared for it in names)
    experts = {name for tag in tags for name in _names(tag.fields.get(Field.EXPERTS))}
    requests = there + sum(it.startswith(_EMAIL) for it in experts)
    permissions = any(Field.PERMISSIONS in it.fields for it in items)
    singly = {Kind.COLLECTION, *([Kind.ARTICLE] if permissions else ())} & snapshot.covered
    if not rates.singly and not singly:
        return requests + len(names)
    if not rates.singly:
        requests += max(1, _pages(len(snapshot.tags), rates))
        requests += sum(it.ref.kind in singly for it in _read(snapshot))
    return requests + len(names) - there + len(set(snapshot.synonyms.values()))


def _names(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _least_s(requests: int, rates: Rates) -> float:
    """Return the seconds that the documented pace takes for so many requests."""
    seconds = requests / rates.per_second
    if rates.bucket:
        seconds = max(seconds, (requests - rates.bucket) / rates.refill_per_s)
    return seconds


def _bumped(changes: Sequence[Change]) -> set[Key]:
    """Return the questions that come to the top of everybody's page."""
    return {
        parent_key(change.key) or change.key
        for change in changes
        if change.bumps and change.kind in (Kind.QUESTION, Kind.ANSWER)
    }


def _is_unaudited(change: Change) -> bool:
    """Tell whether *change* is an edit that no history shows: it rests on a look of its own."""
    return change.verb is Verb.UPDATE and change.kind not in _WITH_HISTORY


def _looks_in_bulk(change: Change, created: Set[Key], *, is_long: bool) -> int:
    """Return the requests for one change's post right before its write, where lists bear content.

    One is for the post. The other is for the answers of its question: they go along with one that
    is deleted unless others have engaged, and another may bear the mark.
    """
    if change.verb is Verb.DELETE:
        return 1 + _takes_answers_along(change)
    if _is_unaudited(change):
        return _looks(change, created, is_long=is_long)
    return 2 * _moves_mark(change, created)


def _looks(change: Change, created: Set[Key], *, is_long: bool) -> int:
    """Return the requests for one change's post, right before its write and after it."""
    match change.verb:
        case Verb.CREATE:
            return 0
        case Verb.DELETE:
            return _LOOKS_OF_DELETION.get(change.kind, 1) + _takes_answers_along(change)
        case Verb.UPDATE:
            # A collection's editors are read, as a replacement would take them away.
            return 2 if change.kind is Kind.COLLECTION else 1
        case Verb.SET:
            # What confirms a mark has no text: that of an answer from before this run is read.
            confirming = bool(change.ref)
            if _moves_mark(change, created):
                return 2 + _USUAL_ANSWERS + confirming
            return confirming * (1 + is_long)
    assert_never(change.verb)


def _takes_answers_along(change: Change) -> bool:
    return change.kind is Kind.QUESTION and change.unless_engaged


def _moves_mark(change: Change, created: Set[Key]) -> bool:
    """Tell whether *change* accepts an answer of a question that isn't one of those *created*."""
    is_mark = any(it.field is Field.ACCEPTED and it.after is True for it in change.fields)
    return change.verb is Verb.SET and is_mark and parent_key(change.key) not in created


def held_in(snapshot: Snapshot) -> Mapping[Kind, int]:
    """Return how many tags the team holds, and posts of each kind that is read by itself."""
    counts = Counter(ref.kind for ref in snapshot.items)
    asked = snapshot.covered - {Kind.TAG, Kind.QUESTION, Kind.ANSWER}
    held = {Kind.TAG: len(snapshot.tags), Kind.QUESTION: counts[Kind.QUESTION]}
    return held | {it: counts[it] for it in sorted(asked)}


def _opening(changes: Sequence[Change], rates: Rates) -> int:
    authors = {it.author for it in changes if it.author is not None}
    asked = _AUTHORS + _AN_AUTHOR * len(authors) if authors else 0
    return rates.opening + _AT_A_DOOR * (rates.doors - 1) + asked


def _reading(rates: Rates, held: Mapping[Kind, int]) -> int:
    """Return the requests of reading the team: synonyms, tags, and posts; answers come along."""
    counts = {Kind.TAG: 0, Kind.QUESTION: 0, **held}
    return (not rates.singly) + sum(max(1, _pages(it, rates)) for it in counts.values())


def _waits(changes: Sequence[Change], rates: Rates) -> float:
    """Return the seconds that creates of one kind wait for each other, of the slowest kind."""
    created = Counter(it.kind for it in changes if it.verb is Verb.CREATE)
    waits = (gap_s * max(0, created[kind] - 1) for kind, gap_s in rates.between_creates.items())
    return max(waits, default=0.0)


def _audit(changes: Sequence[Change], rates: Rates) -> int:
    """Return the requests of the look afterwards: at new posts for doubles, at edits' histories."""
    created = _listed_creates(changes)
    edited = sum(it.verb is Verb.UPDATE and it.kind in _WITH_HISTORY for it in changes)
    listed = {Kind.QUESTION, Kind.ANSWER, *created}
    new = sum(max(1, _pages(created[it], rates)) for it in listed)
    return (new if created else 0) + _pages(edited, rates)


def _audit_of_lists(changes: Sequence[Change], rates: Rates) -> int:
    """Return the requests of the look afterwards where there are lists alone, and no histories.

    Answers are looked for under the questions that moved: a list that takes several pages is looked
    at once more, for what moved meanwhile.
    """
    created = _listed_creates(changes)
    if not created:
        return 0
    moved = max(1, _pages(len(_bumped(changes)), rates))
    listed = {Kind.QUESTION, *created} - {Kind.ANSWER}
    return moved + (moved > 1) + sum(max(1, _pages(created[it], rates)) for it in listed)


def _pages(number: int, rates: Rates) -> int:
    return -(-number // rates.page_size)


def _listed_creates(changes: Sequence[Change]) -> Mapping[Kind, int]:
    """Return how many of each kind are created, but for images, which no list shows."""
    return Counter(
        it.kind for it in changes if it.verb is Verb.CREATE and it.kind is not Kind.IMAGE
    )
