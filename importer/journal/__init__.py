"""The idempotency log: operations, bindings, base texts; must not know HTTP, plans or manifests."""

from importer.journal.exporting import export_lines
from importer.journal.sqlite import open_journal

__all__ = ["export_lines", "open_journal"]
