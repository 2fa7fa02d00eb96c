"""Wikis and exports to drafts, with what was lost; must not know manifests or the live team."""

from collections.abc import Mapping
from types import MappingProxyType

from importer.sources.confluence import ConfluenceReader
from importer.sources.faq import FaqReader
from importer.sources.identity import Known
from importer.sources.losses import Account, Fate, Loss, LossKind, Tally, tally
from importer.sources.mediawiki import MediaWikiReader
from importer.sources.page import Alias, Page, Passage
from importer.sources.page_files import MarkdownReader
from importer.sources.reader import Options, Reader
from importer.sources.shaping import shape
from importer.sources.shelf import Mapped, Shelf
from importer.sources.so4t_csv import So4tCsvReader
from importer.sources.so4t_json import So4tJsonReader
from importer.sources.stack_exchange import StackExchangeReader
from importer.sources.storage import read_rules

__all__ = [
    "READERS",
    "Account",
    "Alias",
    "Fate",
    "Known",
    "Loss",
    "LossKind",
    "Mapped",
    "Options",
    "Page",
    "Passage",
    "Reader",
    "Shelf",
    "Tally",
    "read_rules",
    "shape",
    "tally",
]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        reader.name: reader
        for reader in (
            ConfluenceReader(),
            FaqReader(),
            MarkdownReader(),
            MediaWikiReader(),
            So4tCsvReader(),
            So4tJsonReader(),
            StackExchangeReader(),
        )
    }
)
"""Every reader by the word for the command line."""
