"""What names a request: the digest of what a change wants, and the request id made from it.

`request_id = H(lineage, change, base, wanted, attempt)`: the same wish sent again, by whatever
process, is the same request to a server that remembers request ids.
"""

from collections.abc import Sequence

from importer.model.ids import ChangeId, Kind, Lineage
from importer.model.ledger import Binding, FieldDigests
from importer.model.plan import Change
from importer.planning.baseline import digest_field
from importer.text.digests import Digest, digest_of

__all__ = ["field_digests", "lineage_of", "request_id", "wanted_digest"]


def lineage_of(origin: str, team: str, namespace: str) -> Lineage:
    """Return what plans, journals and request ids of one manifest on one team belong to.

    It is derived, not random: two runners without a common journal have the same.
    """
    return Lineage(digest_of("lineage", [origin, team, namespace]))


def field_digests(change: Change, binding: Binding | None = None) -> tuple[FieldDigests, ...]:
    """Return the digests of each field's values before and after *change*.

    *binding* is what is remembered of the item before it.
    """
    bases = binding.base if binding else {}
    return tuple(
        FieldDigests(
            it.field,
            None if it.before is None else digest_field(change.kind, it.field, it.before),
            None if it.after is None else digest_field(change.kind, it.field, it.after),
            it.base,
            bases.get(it.field),
        )
        for it in change.fields
    )


def wanted_digest(kind: Kind, fields: Sequence[FieldDigests]) -> Digest:
    """Return one digest of what an operation leaves behind."""
    return digest_of("wanted", [kind, *(f"{it.field}={it.after or ''}" for it in fields)])


def request_id(
    lineage: Lineage, change: ChangeId, kind: Kind, fields: Sequence[FieldDigests], attempt: int
) -> str:
    """Return the id of one attempt: 26 characters, lower case letters and digits."""
    before = digest_of("before", [f"{it.field}={it.before or ''}" for it in fields])
    return digest_of(
        "request", [lineage, change, before, wanted_digest(kind, fields), str(attempt)]
    )
