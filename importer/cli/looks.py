"""What a rendering needs to know of the terminal and the options."""

import shutil
import sys

from importer.cli.console import Console
from importer.cli.options import OutputOptions
from importer.cli.resources import resource
from importer.rendering import Format
from importer.rendering.look import Looks

__all__ = ["looks_of"]


def looks_of(console: Console, output: OutputOptions) -> Looks:
    """Return the keywords of every `render_...` for this result."""
    on_screen = console.output is None and sys.stdout is not None and sys.stdout.isatty()
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    return Looks(
        format=Format(output.format),
        templates=resource("plan-templates"),
        template=output.template,
        color=console.is_coloured,
        width=shutil.get_terminal_size().columns if on_screen else None,
        verbose=output.verbose,
        max_chars=output.max_chars,
        utf8=console.output is not None or encoding == "utf8",
    )
