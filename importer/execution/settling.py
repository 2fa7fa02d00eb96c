"""What is remembered once a write is known to have happened.

sent verbatim     Base(ours, the server's echo of exactly that)
merged, restored  Base(ours, ours): what is somebody else's in it stays visible as drift
restored, no base none: what stood there before the run that is undone was nobody's word to us
kept              untouched
created           fields with a call of their own start as the server makes them
"""

from collections.abc import Mapping

from importer.model.fields import Shape, digest_value, fields_of
from importer.model.ids import Field, Verb
from importer.model.ledger import Base, Binding, Operation
from importer.model.live import LiveItem
from importer.planning.baseline import digest_field, stamp_of
from importer.planning.matching import marked_fields
from importer.text.digests import Digest, agree

__all__ = ["binding_after", "rewritten_fields"]


def binding_after(
    operation: Operation, old: Binding | None, live: LiveItem, *, protected: bool, found: bool
) -> Binding:
    """Return the item's binding after *operation*, whose post is *live* (keyed).

    *found* says that the post was looked up later: what differs from what was sent may then be
    somebody's edit, and is not taken for the server's echo.
    """
    bases = dict(old.base) if old else _first_bases(operation)
    for it in operation.fields:
        if it.after is None or it.field not in live.fields:
            continue
        if it.base is None:
            bases.pop(it.field, None)
            continue
        if not agree(it.base, it.after):
            bases[it.field] = Base(it.base, it.base)
            continue
        served = digest_field(live.ref.kind, it.field, live.fields[it.field])
        if found and not agree(served, it.after):
            served = it.after
        bases[it.field] = Base(it.base, served)
    return Binding(
        key=operation.key,
        ref=live.ref,
        url=live.url,
        base=bases,
        parent=live.parent,
        marked=marked_fields(live),
        stamp=stamp_of(live, bases),
        protected=protected,
        author=live.facts.author,
    )


def _first_bases(operation: Operation) -> dict[Field, Base]:
    if operation.verb is not Verb.CREATE:
        return {}
    unset = digest_value(Shape.FLAG, False)  # noqa: FBT003 - the value itself
    flags = (row for row in fields_of(operation.kind) if row.own_call and row.shape is Shape.FLAG)
    return {row.field: Base(unset, unset) for row in flags}


def rewritten_fields(operation: Operation, live: LiveItem) -> tuple[Field, ...]:
    """Return the fields whose echo differs from what was sent: the server's canonical form."""
    sent: Mapping[Field, Digest] = {
        it.field: it.after for it in operation.fields if it.after is not None
    }
    return tuple(
        field
        for field, digest in sent.items()
        if field in live.fields
        and not agree(digest_field(live.ref.kind, field, live.fields[field]), digest)
    )
