"""Looks at what the server made of a write: the marker has to come back, the rest is reported.

The first create, or mark, goes alone: a marker that doesn't come back stops the run after one post.
"""

from collections.abc import Iterable

from importer.errors import PartlyApplied
from importer.execution.results import Results
from importer.execution.settling import rewritten_fields
from importer.model.ids import Kind, Mark, Verb, full_key, mark_of
from importer.model.ledger import Operation
from importer.model.live import Access, LiveItem
from importer.model.pictures import Picture
from importer.model.plan import Change
from importer.model.report import Incident

__all__ = ["Echoes"]


class Echoes:
    """The echoes of one run. `canary_due` until a marker has come back."""

    def __init__(
        self, changes: Iterable[Change], namespace: str, access: Access, results: Results
    ) -> None:
        self._namespace = namespace
        self._site = access.site
        self._results = results
        self.canary_due = any(map(_brings_marker, changes))

    def inspect(self, change: Change, operation: Operation, live: LiveItem) -> PartlyApplied | None:
        """Report what the server keeps otherwise; return why no further post may be written."""
        if change.picture is not None:
            self._inspect_image(change, change.picture, live)
        if change.verb is Verb.SET or change.kind is Kind.IMAGE:
            return None
        rewritten = rewritten_fields(operation, live)
        if rewritten:
            what = f"the server keeps another {' and '.join(rewritten)} than was sent"
            self._results.incident(Incident(what, change.key, (live.ref,)))
        if not self.canary_due or not _brings_marker(change):
            return None
        self.canary_due = False
        if live.marker is not None and live.marker.key == full_key(self._namespace, change.key):
            return None
        return PartlyApplied(
            f"the server drops the marker: it did not come back with {live.url}",
            remedy="Without markers an import can't be repeated safely. Keep the journal, "
            "look at that post, and ask for help before you go on.",
        )

    def _inspect_image(self, change: Change, picture: Picture, live: LiveItem) -> None:
        """Say so where the image can't be told again by its address in a post."""
        if self._site.find_picture(self._site.picture(live.url, picture.digest)) is None:
            what = (
                f"the team keeps images elsewhere than on its own host ({live.url}): keep the "
                "journal, or the next run uploads them again"
            )
            self._results.incident(Incident(what, change.key, (live.ref,)))


def _brings_marker(change: Change) -> bool:
    """Tell whether *change* puts a marker where none was before."""
    is_create = change.verb is Verb.CREATE and change.kind is not Kind.IMAGE
    return is_create or mark_of(change.id) is Mark.ON
