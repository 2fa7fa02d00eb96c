"""Notes in the manifest's files which posts items have: `id:`, and `seen:` where they differ.

A runner without the journal finds the posts by that. Of a question all is noted, or nothing: one
that is found without its answers would get them a second time.
"""

from collections.abc import Sequence
from dataclasses import replace

from importer.cli.reading import Loaded
from importer.errors import PlanStale
from importer.manifests.editing import Edited, Editor
from importer.model.adoption import Adopted, Became
from importer.model.fields import word_of
from importer.model.ids import Key, parent_key

__all__ = ["Noting"]


class Noting:
    """Edits that are worked out first, and written last. PlanStale where the files have changed."""

    def __init__(self, loaded: Loaded, rows: Sequence[Adopted]) -> None:
        self._rows = rows
        self._editor = Editor(loaded.path)
        if self._editor.manifest.digest != loaded.manifest.digest:
            message = f"{loaded.path} changed while the team was read; nothing was written"
            raise PlanStale(message, remedy="Run the same command again.")
        for row in rows:
            if row.state is not Became.LET_GO:
                self._note(row)
        self._why: dict[Key, str] = {}
        self._edited = self._finished()

    def _note(self, row: Adopted) -> None:
        if self._editor.says(row.key, "id") != str(row.ref.id):
            self._editor.set(row.key, "id", row.ref.id)
        seen = {word_of(row.kind, field): digest for field, digest in row.seen.items()}
        if seen:
            known = self._editor.says(row.key, "seen")
            before = dict(known) if isinstance(known, dict) else {}
            self._editor.set(row.key, "seen", {**before, **seen})

    def _finished(self) -> Edited:
        while True:
            edited = self._editor.finish()
            self._why |= {it.key: str(it) for it in edited.refused}
            asked = {parent_key(key) or key for key in self._why}
            torn = [
                row.key
                for row in self._rows
                if (parent_key(row.key) or row.key) in asked and row.key not in self._why
            ]
            if not torn:
                return edited
            for key in torn:
                self._why[key] = "something else of this question can't be noted"
                self._editor.drop(key)

    def write(self) -> tuple[Adopted, ...]:
        """Write the files, and return the rows with what became of each."""
        self._editor.write(self._edited)
        return tuple(
            replace(row, unwritten=self._why[row.key])
            if row.key in self._why
            else replace(row, written=row.state is not Became.LET_GO)
            for row in self._rows
        )
