"""Keys for live posts that no manifest has named: the same for the same team, each but once.

post                            its key
in the journal, or marked       as there: it is the item's name already
a question, article, collection of its title; where an older post has that, with its own id behind
an answer                       `answer` where it is its question's oldest without one, else
                                `answer-ID`

New posts have higher ids, so an older post's key stays what it was.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import count

from importer.model.ids import Field, Key, Kind, Ref, is_key, split_full_key
from importer.model.live import LiveItem

__all__ = ["marked_key", "name_posts"]

_ANSWER = "answer"


def marked_key(live: LiveItem, namespace: str) -> Key | None:
    """Return the key that a post's marker bears, where it is one of *namespace*."""
    if live.marker is None:
        return None
    owner, key = split_full_key(live.marker.key)
    return key if owner == namespace else None


def name_posts(
    posts: Iterable[LiveItem],
    namespace: str,
    given: Mapping[Ref, Key],
    key_of: Callable[[str], str],
    is_taken: Callable[[str], bool],
) -> Mapping[Ref, Key]:
    """Return a key for each of *posts*; answers' questions are among them, or *given*.

    *given* are keys that posts have already, *key_of* makes one of a title. No other post gets a
    key that *is_taken*, or given. Where two posts bear the same marker, the older one has its key.
    """
    ordered = sorted(posts, key=lambda it: (it.ref.id, it.ref.kind))
    names = {it.ref: given[it.ref] for it in ordered if it.ref in given}
    used = {*given.values()}
    for live in ordered:
        marked = marked_key(live, namespace)
        if live.ref in names or marked is None or marked in used or not _is_whole(marked, live):
            continue
        names[live.ref] = marked
        used.add(marked)
    for live in ordered:
        if live.ref not in names and live.ref.kind is not Kind.ANSWER:
            names[live.ref] = _of_title(live, used, key_of, is_taken)
            used.add(names[live.ref])
    for live in ordered:
        if live.ref.kind is Kind.ANSWER and live.parent is not None:
            question = names.get(live.parent) or given[live.parent]
            names[live.ref] = _of_answer(live, names.get(live.ref), question, used)
            used.add(names[live.ref])
    return names


def _is_whole(key: Key, live: LiveItem) -> bool:
    question, hash_, answer = key.partition("#")
    is_answer = live.ref.kind is Kind.ANSWER
    return is_key(question) and bool(hash_) is is_answer and (not is_answer or is_key(answer))


def _of_title(
    live: LiveItem,
    used: set[Key],
    key_of: Callable[[str], str],
    is_taken: Callable[[str], bool],
) -> Key:
    # A slash in a title is no folder.
    key = key_of(str(live.fields[Field.TITLE]).replace("/", " "))
    names = (key, f"{key}-{live.ref.id}", f"{key}-{live.ref.kind}-{live.ref.id}")
    return next(Key(it) for it in _endless(names) if it not in used and not is_taken(it))


def _endless(names: Sequence[str]) -> Iterator[str]:
    yield from names
    yield from (f"{names[-1]}-{number}" for number in count(2))


def _of_answer(live: LiveItem, had: Key | None, question: Key, used: set[Key]) -> Key:
    if had is not None and had.partition("#")[0] == question:
        return had
    key = f"{question}#{_ANSWER}"
    return next(Key(it) for it in _endless((key, f"{key}-{live.ref.id}")) if it not in used)
