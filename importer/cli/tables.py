"""Plain tables for short lists; whatever they hold is made harmless."""

from collections.abc import Sequence

from importer.rendering.escaping import quiet
from importer.text.visible import visible

__all__ = ["table"]


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return *rows* as lines with aligned columns; the first row is the heading."""
    shown = [[visible(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in shown
    )
    return quiet("\n".join(lines) + "\n")
