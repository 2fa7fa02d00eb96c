"""Guards: limits on how much one plan may change, in force from 10 managed items on.

    what       without an option          with one
    updates    more than 30 %             --max-updates N or N%
    deletions  more than 5, or 10 %       --max-deletes N or N%
    creates    no limit                   --max-creates N or N%

Images don't count. A limit given as an option holds whatever the number of items. Percentages are
of managed items; what is to be deleted was one until now, or the guard would shrink with the
manifest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from importer.model.ids import Kind, Verb
from importer.model.plan import Blocked, BlockedCode, Change, Decisions, Reason

__all__ = ["check_guards"]

_FROM = 10
_UPDATES = 0.30
_DELETES = 0.10
_DELETES_AT_MOST = 5


@dataclass(frozen=True, slots=True)
class _Guard:
    what: str
    option: str
    count: int
    given: str | None
    default: float | None
    hint: str = ""


def check_guards(
    changes: Sequence[Change], managed: int, decisions: Decisions
) -> tuple[Blocked, ...]:
    """Return one blocked line for each guard that trips; nothing is applied then.

    *managed* counts the items of the manifest that have a post.
    """
    managed += _count(changes, Verb.DELETE)
    posts = [it for it in changes if it.kind is not Kind.IMAGE]
    updated = {it.key for it in changes if it.verb in (Verb.UPDATE, Verb.SET)} - {
        it.key for it in changes if it.verb is Verb.CREATE
    }
    counted = {it.key for it in changes if it.reason is not Reason.LINKS or it.key in updated}
    guards = (
        _Guard("created", "--max-creates", _count(posts, Verb.CREATE), decisions.max_creates, None),
        _Guard(
            "updated",
            "--max-updates",
            len(updated & counted),
            decisions.max_updates,
            _UPDATES * managed,
            "This is also what a foreign namespace looks like.",
        ),
        _Guard(
            "deleted",
            "--max-deletes",
            _count(changes, Verb.DELETE),
            decisions.max_deletes,
            min(_DELETES_AT_MOST, _DELETES * managed),
        ),
    )
    return tuple(it for guard in guards if (it := _trip(guard, managed)) is not None)


def _count(changes: Sequence[Change], verb: Verb) -> int:
    return sum(change.verb is verb for change in changes)


def _trip(guard: _Guard, managed: int) -> Blocked | None:
    if guard.given is not None:
        allowed: float = _allowed(guard.given, managed)
    elif guard.default is not None and managed >= _FROM:
        allowed = guard.default
    else:
        return None
    if guard.count <= allowed:
        return None
    return Blocked(
        BlockedCode.GUARD,
        None,
        None,
        f"{guard.count} {'item' if guard.count == 1 else 'items'} would be {guard.what}, the guard "
        f"allows {int(allowed)} "
        f"of {managed} managed",
        f"{guard.hint} Look at the plan, then allow it with {guard.option} {guard.count}.".strip(),
    )


def _allowed(given: str, managed: int) -> float:
    number = given.removesuffix("%")
    return int(number) * managed / 100 if number != given else int(number)
