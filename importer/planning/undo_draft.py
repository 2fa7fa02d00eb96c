"""The plan of an undo as it grows, post by post."""

from importer.model.ids import Field, Key, Verb, change_id
from importer.model.ledger import Base
from importer.model.live import LiveItem
from importer.model.plan import Blocked, Change, ManualStep, Reason
from importer.planning.objections import OPEN, Objection
from importer.planning.standing import Standing
from importer.planning.traces import Trace
from importer.text.digests import Digest

__all__ = ["UndoDraft", "ours_of"]


class UndoDraft:
    """What is to be done, and what waits or needs nothing. `now` is how the posts stand.

    `unchanged` counts the posts that need nothing, `gone` those among them that the run created,
    and `images` what stays on the site.
    """

    def __init__(self, now: Standing) -> None:
        self.now = now
        self.changes: list[Change] = []
        self.blocked: list[Blocked] = []
        self.manual: list[ManualStep] = []
        self.released: set[Key] = set()
        self.unchanged = 0
        self.gone = 0
        self.images = 0

    def change(self, key: Key, live: LiveItem, verb: Verb, field: Field | None = None) -> Change:
        """Return a change of the post *live*, which doesn't say yet what it does to it."""
        return Change(
            id=change_id(key, verb, field),
            key=key,
            kind=live.ref.kind,
            verb=verb,
            reason=Reason.UNDO,
            title=self.now.title_of(live),
            ref=live.ref,
            parent_ref=live.parent,
            url=live.url,
        )

    def block(
        self, trace: Trace, key: Key, live: LiveItem | None, objection: Objection | None
    ) -> None:
        """Leave a post to a person. Without an *objection*, nobody knows what came of its write."""
        found = objection or OPEN
        url = live.url if live else ""
        self.blocked.append(Blocked(found.code, key, trace.kind, found.why, found.remedy, url=url))


def ours_of(base: Base | None) -> Digest | None:
    """Return what we had said last of a field."""
    return base.ours if base else None
