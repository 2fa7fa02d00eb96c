"""HTML as a markup of pages."""

from dataclasses import dataclass

from importer.model.draft import Place
from importer.sources.losses import Losses

__all__ = ["HTML", "Html"]


@dataclass(frozen=True, slots=True)
class Html:
    """HTML as wikis and sites give it: fragments, sloppy or not. Needs the extra `convert`."""

    name: str = "HTML"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:
        """Return HTML as Markdown."""
        # Not imported with this module: the list of readers has to work without the extra.
        from importer.sources.html_converter import html_to_markdown

        return html_to_markdown(text, place, losses)


HTML = Html()
