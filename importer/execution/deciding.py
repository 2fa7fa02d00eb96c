"""Decides what became of an operation whose outcome is unknown, by what looking has shown. Pure.

    operation    sighting                          then
    create       own posts with its marker, >= 1   FOUND: the lowest id (the others: an incident)
                 none, window over                 ABSENT
                 none, window open                 WAIT
    upload       nothing shows one, window over    ABSENT: sent again, an image no post shows harms
                                                   nobody
    update, set  live equals after                 FOUND
                 live equals before, window over   ABSENT
                 live equals neither               ABSENT: the next plan sees what moved
                 post gone                         ABSENT
    mark         the marker is as wanted           FOUND
                 it isn't, window over             ABSENT
    delete       post gone                         FOUND
                 post there, window over           ABSENT

The settle window begins when nothing of the write can be sent any more. It is over once it has
passed, and two looks a minute apart (or as far as the window is long) have missed the post: one
look may have met a stale copy of the team.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from importer.model.ids import Kind, Mark, Ref, Verb, mark_of
from importer.model.ledger import Operation
from importer.model.live import LiveItem
from importer.planning.baseline import digest_field
from importer.text.digests import agree

__all__ = ["Decision", "Looked", "Sightings", "Verdict", "decide"]

# Absence takes two looks this far apart: the server may answer from a cache as long (documented).
_APART_S = 60.0


class Verdict(StrEnum):
    """What looking has shown."""

    FOUND = "found"
    ABSENT = "absent"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, the post it rests on, further posts of the same key, and what was seen."""

    verdict: Verdict
    live: LiveItem | None = None
    others: tuple[Ref, ...] = ()
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Sightings:
    """What one look saw: own new posts, and the posts asked for by name (None: not there)."""

    newest: tuple[LiveItem, ...]
    by_ref: Mapping[Ref, LiveItem | None]


@dataclass(frozen=True, slots=True)
class Looked:
    """When the first and the last look began, in the server's time."""

    first: datetime
    last: datetime

    def over_in_s(self, operation: Operation, settle_s: float) -> float:
        """Return the seconds from the last look until the operation's window is over."""
        quiet = operation.quiet_at or operation.opened_at or self.first
        ends = max(
            quiet + timedelta(seconds=settle_s),
            self.first + timedelta(seconds=min(_APART_S, settle_s)),
        )
        return (ends - self.last).total_seconds()


def decide(
    operation: Operation, full: str, sightings: Sightings, looked: Looked, settle_s: float
) -> Decision:
    """Decide what became of *operation*, whose item's full key is *full*, by the table above."""
    over = looked.over_in_s(operation, settle_s) <= 0.0
    waiting = Decision(Verdict.WAIT)
    if operation.verb is Verb.CREATE:
        own = sorted(_own_posts(operation, full, sightings.newest), key=lambda it: it.ref)
        if own:
            others = tuple(it.ref for it in own[1:])
            return Decision(Verdict.FOUND, own[0], others, f"found as {own[0].ref}")
        evidence = "no post carries its marker"
        if operation.kind is Kind.IMAGE:
            evidence = "whether it arrived can't be seen"
        return Decision(Verdict.ABSENT, evidence=evidence) if over else waiting
    live = sightings.by_ref.get(operation.ref) if operation.ref else None
    if operation.verb is Verb.DELETE:
        if live is None:
            return Decision(Verdict.FOUND, evidence="the post is gone")
        return Decision(Verdict.ABSENT, live, evidence="the post is there") if over else waiting
    if live is None:
        return Decision(Verdict.ABSENT, evidence="its post is gone")
    mark = mark_of(operation.change)
    if mark is not None:
        wanted = full if mark is Mark.ON else None
        if (live.marker.key if live.marker else None) == wanted:
            return Decision(Verdict.FOUND, live, evidence="its marker is as wanted")
        return Decision(Verdict.ABSENT, live, evidence="its marker is not") if over else waiting
    if _equals(operation, live, "after"):
        return Decision(Verdict.FOUND, live, evidence="the post is as wanted")
    if not over:
        return waiting
    before = _equals(operation, live, "before")
    evidence = "the post is as before" if before else "the post is neither as before nor as wanted"
    return Decision(Verdict.ABSENT, live, evidence=evidence)


def _own_posts(operation: Operation, full: str, newest: Sequence[LiveItem]) -> list[LiveItem]:
    """Return the posts with the marker, the kind, the parent and the author of the operation.

    A person may have copied a marked text into a post of their own. What a killed run foresaw
    doesn't know a parent that was to be made first.
    """
    return [
        live
        for live in newest
        if live.marker is not None
        and live.marker.key == full
        and live.ref.kind is operation.kind
        and operation.parent in (None, live.parent)
        and operation.author in (None, live.facts.author)
    ]


def _equals(operation: Operation, live: LiveItem, side: str) -> bool:
    return all(
        digest is not None
        and field in live.fields
        and agree(digest, digest_field(live.ref.kind, field, live.fields[field]))
        for field, digest in ((it.field, getattr(it, side)) for it in operation.fields)
    )
