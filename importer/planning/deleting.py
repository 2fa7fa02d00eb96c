"""Deletions: only what was asked for, only where nothing speaks against it.

asked for by    speaks against it
removed: delete the kind was not read completely        blocked: unread
--prune         protect, now or when last written       blocked: protected
                others voted, answered, commented,
                or edited it since                      blocked: engaged (--delete-engaged)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from importer.errors import Span
from importer.model.fields import rides_with_post
from importer.model.ids import Field, Key, Kind, Verb, change_id
from importer.model.ledger import Binding
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Fate, Manifest
from importer.model.plan import (
    Blocked,
    BlockedCode,
    Change,
    Comparison,
    Decisions,
    FieldChange,
    Orphan,
    Reason,
)
from importer.planning.compare import base_of, digest_field
from importer.text.digests import agree

__all__ = ["Deletions", "plan_deletions"]


@dataclass(frozen=True, slots=True)
class Deletions:
    """`kept` are orphans that stay and are listed; `released` are keys to forget."""

    changes: tuple[Change, ...]
    blocked: tuple[Blocked, ...]
    kept: tuple[Orphan, ...]
    released: tuple[Key, ...]


def plan_deletions(
    manifest: Manifest,
    comparison: Comparison,
    snapshot: Snapshot,
    decisions: Decisions,
    bindings: Mapping[Key, Binding],
) -> Deletions:
    """Return what is deleted, what that waits for, and what is let go."""
    fates = {it.key: it.fate for it in manifest.removed}
    spans = {it.key: it.span for it in manifest.removed}
    named = {item.key for item in manifest.items}
    prune = manifest.policy.prune or decisions.prune
    going = {
        orphan.ref
        for orphan, _, _ in comparison.orphans
        if _is_going(orphan.key, fates, named, prune=prune)
    }
    changes: list[Change] = []
    blocked: list[Blocked] = []
    kept: list[Orphan] = []
    for orphan, live, binding in comparison.orphans:
        if live.parent in going and orphan.key not in named:
            continue  # It goes with its question.
        if orphan.ref not in going:
            if fates.get(orphan.key) is not Fate.KEEP:
                kept.append(orphan)
            continue
        objection = _objection(live, binding, snapshot, decisions)
        if objection is None:
            reason = Reason.REMOVED if orphan.key in fates else Reason.PRUNED
            changes.append(_deletion(orphan, live, reason, spans.get(orphan.key)))
        else:
            code, why, remedy = objection
            blocked.append(
                Blocked(
                    code,
                    orphan.key,
                    orphan.ref.kind,
                    f"it is not deleted: {why}",
                    remedy,
                    url=orphan.url,
                    span=spans.get(orphan.key),
                )
            )
    deleted = {change.key for change in changes}
    released = tuple(sorted((fates.keys() & bindings.keys()) - deleted - {b.key for b in blocked}))
    return Deletions(_answers_first(changes), tuple(blocked), tuple(kept), released)


def _is_going(key: Key, fates: Mapping[Key, Fate], named: set[Key], *, prune: bool) -> bool:
    if key in fates:
        return fates[key] is Fate.DELETE
    return prune and key not in named


def _objection(
    live: LiveItem, binding: Binding | None, snapshot: Snapshot, decisions: Decisions
) -> tuple[BlockedCode, str, str] | None:
    if live.ref.kind not in snapshot.covered:
        return BlockedCode.UNREAD, "the team was not read completely", "Plan again later."
    if binding is not None and binding.protected:
        return (
            BlockedCode.PROTECTED,
            "it was written with `protect: true`",
            "Put the item back without `protect:`, apply, then remove it.",
        )
    if decisions.delete_engaged:
        return None
    if live.facts.engaged_by_others:
        return (
            BlockedCode.ENGAGED,
            "others have answered, commented or voted on it",
            "Allow it with --delete-engaged, or use `live: keep`.",
        )
    if _edited_since(live, binding):
        return (
            BlockedCode.ENGAGED,
            "it was edited on the site since it was last written",
            "Allow it with --delete-engaged, or use `live: keep`.",
        )
    return None


def _edited_since(live: LiveItem, binding: Binding | None) -> bool:
    for row in rides_with_post(live.ref.kind):
        base = base_of(row, live, binding)
        if base is None or row.field not in live.fields:
            continue
        digest = digest_field(live.ref.kind, row.field, live.fields[row.field])
        if not agree(digest, base.ours) and not agree(digest, base.served):
            return True
    return False


def _deletion(orphan: Orphan, live: LiveItem, reason: Reason, span: Span | None) -> Change:
    return Change(
        id=change_id(orphan.key, Verb.DELETE),
        key=orphan.key,
        kind=orphan.ref.kind,
        verb=Verb.DELETE,
        reason=reason,
        title=orphan.title or _first_words(live),
        ref=orphan.ref,
        parent_ref=live.parent,
        fields=tuple(
            FieldChange(row.field, live.fields[row.field], None)
            for row in rides_with_post(orphan.ref.kind)
            if row.field in live.fields
        ),
        url=orphan.url,
        span=span,
    )


def _first_words(live: LiveItem) -> str:
    body = live.fields.get(Field.BODY)
    return getattr(body, "holed", "")[:60].partition("\n")[0]


def _answers_first(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda it: (it.kind is not Kind.ANSWER, it.key)))
