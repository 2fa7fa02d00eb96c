"""What a plan says beside its lines: under which conditions it holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from importer.model.ids import FullKey, Key, Kind, RunId, Verb, full_key, split_full_key
from importer.model.ledger import Ledger
from importer.model.live import Snapshot
from importer.model.manifest import Manifest
from importer.model.plan import Change, Decisions, How, Pair
from importer.model.writing import LATE_S, LISTING_S
from importer.planning.tags import tags_left

__all__ = ["notes_of"]

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Note:
    holds: bool
    text: str


def notes_of(
    chosen: Sequence[Pair],
    changes: Sequence[Change],
    manifest: Manifest,
    snapshot: Snapshot,
    ledger: Ledger,
    decisions: Decisions,
) -> tuple[str, ...]:
    """Return what is to be said of the plan that makes *changes* of the *chosen* items."""
    renamed = _renamed_by_name(chosen, changes, manifest)
    bare_tags = tags_left(changes, snapshot)
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
