"""What a run did to each post, as the journal tells it: several writes folded into one trace."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from importer.model.ids import Field, Key, Kind, Mark, Ref, RunId, UserId, Verb, mark_of
from importer.model.ledger import FieldDigests, Operation, State
from importer.text.digests import Digest

__all__ = ["Trace", "digests_for_undo", "last_runs", "traces_of"]


def digests_for_undo(run: RunId, history: Sequence[Operation]) -> tuple[Digest, ...]:
    """Return the digests of the texts that `make_inverse` needs."""
    fields = [it for op in history if op.run == run for it in op.fields]
    digests = {it.before for it in fields} | {it.former.ours for it in fields if it.former}
    return tuple(sorted(it for it in digests if it is not None))


@dataclass(frozen=True, slots=True)
class Trace:
    """What a run did to one post: per field what was there before it first wrote, and after it.

    `author` is in whose name it did that first; None where an old journal doesn't say. `mark` is
    what it did last with the marker alone.
    """

    key: Key
    kind: Kind
    ref: Ref | None
    verbs: frozenset[Verb]
    fields: Mapping[Field, FieldDigests]
    author: UserId | None = None
    mark: Mark | None = None


def traces_of(operations: Iterable[Operation]) -> list[Trace]:
    """Return one trace per post, in the order of the posts' first operations."""
    by_post: dict[Ref | Key, list[Operation]] = defaultdict(list)
    for operation in operations:
        if operation.state in (State.DONE, State.OPEN):
            by_post[operation.ref or operation.key].append(operation)
    return [_trace(same) for same in by_post.values()]


def _trace(operations: Sequence[Operation]) -> Trace:
    first = operations[0]
    fields: dict[Field, FieldDigests] = {}
    for it in (it for operation in operations for it in operation.fields):
        start = fields.get(it.field, it)
        fields[it.field] = replace(it, before=start.before, former=start.former)
    verbs = frozenset(operation.verb for operation in operations)
    marks = [mark for it in operations if (mark := mark_of(it.change)) is not None]
    mark = marks[-1] if marks else None
    return Trace(first.key, first.kind, first.ref, verbs, fields, first.author, mark)


def last_runs(operations: Iterable[Operation]) -> Mapping[tuple[Ref, Field | None], RunId]:
    """Return, per field of a post, the last run that wrote it; under None one that deleted it."""
    last: dict[tuple[Ref, Field | None], RunId] = {}
    for operation in operations:
        if operation.state is not State.DONE or operation.ref is None:
            continue
        is_gone = operation.verb is Verb.DELETE
        for name in [None] if is_gone else [it.field for it in operation.fields]:
            last[operation.ref, name] = operation.run
    return last
