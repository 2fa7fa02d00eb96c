"""What a dialect can't write of an item, and what is said of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from importer.model.fields import Value, rides_with_post, word_of
from importer.model.ids import Field, Kind, Verb
from importer.model.live import Ability
from importer.model.manifest import Item
from importer.model.plan import Blocked, BlockedCode, Change, ManualStep, Moved, Pair

__all__ = ["Abilities", "Beyond", "said_beside", "unsupported", "within_ability", "words_of"]

Abilities = Callable[[Kind, Verb, Field | None], Ability]

_SETTLED = frozenset({Moved.EQUAL, Moved.NEITHER, Moved.LIVE})


@dataclass(frozen=True, slots=True)
class Beyond:
    """What of an item is beyond the dialect."""

    blocked: tuple[Blocked, ...] = ()
    manual: tuple[ManualStep, ...] = ()


def within_ability(pair: Pair, ability: Abilities) -> tuple[Pair, Beyond]:
    """Return *pair* without the fields that its post's own call can't write, and what of them.

    What a person can do on the site instead is a manual step; a new post waits for the rest, or it
    would stand there without (an article that not everybody was meant to edit).
    """
    item, live = pair.item, pair.live
    verb = Verb.CREATE if live is None else Verb.UPDATE
    stated = item.fields if live else {**item.initial, **item.fields}
    left: set[Field] = set()
    blocked: list[Blocked] = []
    manual: list[ManualStep] = []
    for row in rides_with_post(item.kind):
        if row.field not in stated or pair.moved.get(row.field) in _SETTLED:
            continue
        able = ability(item.kind, verb, row.field)
        if able.able:
            continue
        left.add(row.field)
        if able.page:
            what = f"set the {row.field} to {', '.join(words_of(stated[row.field]))}"
            span = item.spans.get(row.field, item.span)
            page = live.url if live and live.url else able.page
            manual.append(ManualStep(item.key, what, page, span))
        else:
            blocked.append(unsupported(item, able, row.field))
    if not left:
        return pair, Beyond()
    kept = replace(
        item,
        fields={it: value for it, value in item.fields.items() if it not in left},
        initial={it: value for it, value in item.initial.items() if it not in left},
    )
    moved = {it: who for it, who in pair.moved.items() if it not in left}
    return replace(pair, item=kept, moved=moved), Beyond(tuple(blocked), tuple(manual))


def words_of(value: Value) -> tuple[str, ...]:
    """Return the names that *value* lists, or itself."""
    return value if isinstance(value, tuple) else (str(value),)


def unsupported(item: Item, able: Ability, field: Field | None = None) -> Blocked:
    """Return what is said of a wish that the dialect can't carry out; with *field*, of that."""
    what = f"its `{field}:`" if field else "it"
    leave = f"leave {what} out of this manifest for now, or do it on the site."
    return Blocked(
        BlockedCode.UNSUPPORTED,
        item.key,
        item.kind,
        able.reason,
        f"{able.remedy} Otherwise {leave}" if able.remedy else leave[0].upper() + leave[1:],
        span=item.span,
    )


def said_beside(blocked: Iterable[Blocked], changes: Iterable[Change]) -> tuple[Blocked, ...]:
    """Return *blocked*, each field beyond the dialect saying so where the rest of its post goes on.

    Nothing depends on it: the post is there already, and keeps what it has of that field.
    """
    edited = {it.key: it for it in changes if it.verb is Verb.UPDATE}

    def said(it: Blocked) -> Blocked:
        edit = edited.get(it.key) if it.key and it.code is BlockedCode.UNSUPPORTED else None
        if edit is None:
            return it
        rest = ", ".join(word_of(edit.kind, each.field) for each in edit.fields)
        return replace(it, why=f"{it.why}; only this waits, the rest ({rest}) is written")

    return tuple(map(said, blocked))
