"""Pages of docs/ that are made from the code, so that they can't say anything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.reference.commands import commands_page
from tests.reference.errors import errors_page
from tests.reference.manifest import manifest_page

__all__ = ["PAGES"]

PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "errors.md": errors_page,
    "manifest.md": manifest_page,
}
"""File name in docs/ to a function that gives the page's text."""
