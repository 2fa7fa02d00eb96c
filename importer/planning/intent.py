"""The intent of a plan: what it would leave behind, and nothing that moves by itself.

A plan has two digests. Its own (`plan_digest`) names it with all it holds: costs, drift, what each
field said before. The intent's covers the writes alone: which key, which kind, which verb, what the
field says afterwards. So it is the same for two plans that want the same, drawn at other times, by
other tokens, or offline.

It is made of parts, each of which stands for itself:

    create     the post with all its fields, and in whose name
    update     one field; so is `set`, and the second write of a cycle of links; a marker by itself
    delete     the post that goes: what a deletion leaves behind is that it isn't there

A plan whose parts are all among those of another wants nothing beyond it. The digest proves a list
of parts: whoever brings the list need not be trusted.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from importer.model.fields import Value
from importer.model.ids import Key, Lineage, Verb, mark_of
from importer.model.plan import Change, Double, FieldChange, Plan
from importer.text.digests import WHOLE, Digest, digest_of
from importer.text.links import Text
from importer.text.sealed import Sealed

__all__ = ["Intent", "Part", "comment_of", "intent_of", "lists_in", "parts_of", "proved"]

# What `comment_of` writes, wherever it was copied to.
_COMMENT = re.compile(rf"<!-- teams-importer:intent((?: [a-z2-7]{{{WHOLE}}})+) -->")


@dataclass(frozen=True, slots=True)
class Intent:
    """What a plan wants: the digests of its parts, sorted; `digest` names them all."""

    digest: Digest
    parts: tuple[Digest, ...]

    @classmethod
    def of(cls, lineage: Lineage, parts: Iterable[Digest]) -> "Intent":
        """Return the intent made of *parts*, for one team and namespace."""
        known = tuple(sorted(set(parts)))
        return cls(digest_of("intent", [lineage, *known]), known)


@dataclass(frozen=True, slots=True)
class Part:
    """One part, as people name it: `verb` and, of an update, the field."""

    key: Key
    verb: str
    change: Change | Double


def intent_of(plan: Plan) -> Intent:
    """Return what *plan* wants. Equal wishes for one team give equal intents."""
    return Intent.of(plan.lineage, parts_of(plan))


def parts_of(plan: Plan) -> Mapping[Digest, Part]:
    """Return the parts of *plan* by their digests, in the plan's order."""
    found: dict[Digest, Part] = {}
    for change in plan.changes:
        found.update(_parts_of(change))
    for double in plan.removals:
        digest = digest_of("part", [double.key, double.ref.kind, Verb.DELETE, str(double.ref)])
        found[digest] = Part(double.key, Verb.DELETE, double)
    return found


def comment_of(parts: Iterable[str]) -> str:
    """Return the digests of parts as a comment that Markdown doesn't show; "" for none."""
    comment = f"<!-- teams-importer:intent {' '.join(parts)} -->"
    return comment if _COMMENT.fullmatch(comment) else ""


def lists_in(text: str) -> tuple[tuple[Digest, ...], ...]:
    """Return the lists of parts in the comments that *text* holds, whatever stands around them."""
    found = (match.group(1).split() for match in _COMMENT.finditer(text))
    return tuple(tuple(Digest(it) for it in parts) for parts in found)


def proved(
    digest: Digest, lists: Iterable[tuple[Digest, ...]], lineage: Lineage
) -> frozenset[Digest] | None:
    """Return the list of parts that *digest* names; None when it is none of *lists*."""
    found = (it for it in lists if Intent.of(lineage, it).digest == digest)
    parts = next(found, None)
    return None if parts is None else frozenset(parts)


def _parts_of(change: Change) -> Iterator[tuple[Digest, Part]]:
    head = [change.key, change.kind, change.verb]
    match change.verb:
        case Verb.CREATE:
            who = str(change.author or "")
            fields = sorted(_said(it) for it in change.fields)
            yield digest_of("part", [*head, who, *fields]), Part(change.key, change.verb, change)
        case Verb.DELETE:
            yield digest_of("part", [*head, str(change.ref)]), Part(change.key, change.verb, change)
        case Verb.UPDATE | Verb.SET:
            if (mark := mark_of(change.id)) is not None:
                named = Part(change.key, f"{change.verb} marker", change)
                yield digest_of("part", [*head, f"marker={mark}"]), named
            for it in change.fields:
                named = Part(change.key, f"{change.verb} {it.field}", change)
                yield digest_of("part", [*head, _said(it)]), named


def _said(it: FieldChange) -> str:
    return f"{it.field}={_digest_of(it.after)}"


def _digest_of(value: Value | None) -> str:
    match value:
        case None:
            return ""
        case Text(holed, targets):
            return digest_of("text", (holed, *targets))
        case Sealed():
            return value.digest
        case bool():
            return digest_of("flag", (str(value),))
        case str():
            return digest_of("line", (value,))
        case tuple():
            return digest_of("names", value)
