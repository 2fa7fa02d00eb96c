"""Decides, purely, what of a listed team needs no reading again, or none at all.

A post that a list shows as it was when its Markdown was read is the same. A question's last
activity tells of edits of it that its HTML doesn't show, and of edits and births of its answers
(observed on the public sites), their number of deletions, and a second list, of questions with an
accepted answer, of marks that were set or taken off. What moved costs the list of the answers. Not
seen before the next activity: a mark that moved from one answer to another by itself, and an edit
of an answer in the very moment of the activity known.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from importer.model.ids import Kind, Ref
from importer.model.live import Everything, Known, LiveItem, Same
from importer.teams.v3.glimpses import Glimpse
from importer.teams.v3.stamps import Stamp, is_calm_since

__all__ = ["Errand", "count_strangers", "is_same", "is_surely_others", "is_whole"]


@dataclass(frozen=True, slots=True)
class Errand:
    """A question of a list: what it shows, and what was known of it and its answers.

    `accepted`: whether one of its answers bears the mark now.
    """

    seen: Glimpse
    known: Known | None
    answers: Mapping[Ref, Known]
    accepted: bool

    @property
    def same(self) -> bool:
        """Whether the question itself is as it was known."""
        return self._stamp.looks == self.seen.looks and self._is_calm

    @property
    def quiet(self) -> bool:
        """Whether nothing happened to its answers either."""
        return (
            self._is_calm
            and (self.is_ours or not self.seen.answers)
            and self.seen.answers == len(self.answers)
            and any(it.accepted for it in self.answers.values()) == self.accepted
        )

    @property
    def strangers(self) -> int | None:
        """How many of its answers were none of ours when it was read; None: not known."""
        return self._stamp.strangers

    @property
    def is_ours(self) -> bool:
        """Whether all its answers were ours when it was read.

        Else ours may be gone, which leaves no trace but their number, beside a stranger's.
        """
        return self.strangers == 0

    @property
    def requests(self) -> int:
        """How many requests it takes at most."""
        own = 0 if self.same else 1
        if self.quiet or not (self.seen.answers or self.answers):
            return own
        return own + 1 + self.seen.answers

    @property
    def _stamp(self) -> Stamp:
        return Stamp() if self.known is None else Stamp.parse(self.known.stamp)

    @property
    def _is_calm(self) -> bool:
        """Whether nothing happened since what is known of it and its answers."""
        if self.known is None:
            return False
        told = [Stamp.parse(it.stamp).active_at for it in (self.known, *self.answers.values())]
        known = [it for it in told if it is not None]
        return len(known) == len(told) and is_calm_since(max(known), self.seen.active_at)


def is_same(seen: Glimpse, known: Known | None) -> bool:
    """Tell whether a post is as it was known; an answer's activity may be anybody's comment."""
    stamp = Stamp() if known is None else Stamp.parse(known.stamp)
    if stamp.looks != seen.looks:
        return False
    is_calm = stamp.active_at is not None and is_calm_since(stamp.active_at, seen.active_at)
    return is_calm or seen.ref.kind is Kind.ANSWER


def is_whole(scope: Everything, seen: Glimpse) -> bool:
    """Tell whether the Markdown of what is listed is asked for."""
    if seen.ref in scope.bound:
        return True
    if scope.authors and seen.author not in scope.authors:
        return False
    return not is_surely_others(scope, seen)


def is_surely_others(scope: Everything, seen: Glimpse) -> bool:
    """Tell whether no marker can be in a post that shows none, as hidden ones are only in ours.

    A post changes the form of its marker with its next edit alone.
    """
    if not scope.footers or seen.is_marked or seen.ref in scope.bound or seen.author is None:
        return False
    return not {seen.author, seen.editor} & (scope.own | scope.authors)


def count_strangers(answers: Sequence[LiveItem | Same], bound: Collection[Ref]) -> int | None:
    """Return how many of *answers* are none of ours; None: one bears a marker, and isn't bound.

    A copy of ours, or one that was made twice, is to be seen by every reading.
    """
    strangers = [it for it in answers if isinstance(it, LiveItem) and it.ref not in bound]
    return None if any(it.marker is not None for it in strangers) else len(strangers)
