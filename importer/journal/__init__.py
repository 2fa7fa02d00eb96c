"""The idempotency log: operations, bindings, base texts; must not know HTTP, plans or manifests."""

from importer.journal.exporting import export_lines, line_schema
from importer.journal.git_remote import require_push
from importer.journal.opening import obstacle, owner_of
from importer.journal.place import GitRef, Place, Server, open_journal

__all__ = [
    "GitRef",
    "Place",
    "Server",
    "export_lines",
    "line_schema",
    "obstacle",
    "open_journal",
    "owner_of",
    "require_push",
]
