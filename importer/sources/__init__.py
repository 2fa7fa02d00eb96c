"""Wikis and exports to drafts, with what was lost; must not know manifests or the live team."""

from collections.abc import Mapping
from types import MappingProxyType

from importer.sources.accounting import EFFORT, accounted
from importer.sources.confluence import ConfluenceReader
from importer.sources.discourse import DiscourseReader
from importer.sources.faq import FaqReader
from importer.sources.generic_document import pages_schema
from importer.sources.generic_json import GenericJsonReader
from importer.sources.identity import Known
from importer.sources.losses import Account, Fate, Images, Loss, LossKind, Tally, tally
from importer.sources.map_file import map_lines, read_map
from importer.sources.mapping import PageMap
from importer.sources.mediawiki import MediaWikiReader
from importer.sources.notion import NotionReader
from importer.sources.page import Alias, File, Page, Passage
from importer.sources.page_files import MarkdownReader
from importer.sources.reader import Attachments, Options, Reader
from importer.sources.rule_file import Rules, read_rule_file
from importer.sources.shaping import shape
from importer.sources.shelf import Mapped, Shelf
from importer.sources.so4t_csv import So4tCsvReader
from importer.sources.so4t_json import So4tJsonReader
from importer.sources.stack_exchange import StackExchangeReader
from importer.sources.staging import Stage
from importer.sources.storage import read_rules
from importer.sources.zendesk import ZendeskReader

__all__ = [
    "EFFORT",
    "READERS",
    "Account",
    "Alias",
    "Attachments",
    "Fate",
    "File",
    "Images",
    "Known",
    "Loss",
    "LossKind",
    "Mapped",
    "Options",
    "Page",
    "PageMap",
    "Passage",
    "Reader",
    "Rules",
    "Shelf",
    "Stage",
    "Tally",
    "accounted",
    "map_lines",
    "pages_schema",
    "read_map",
    "read_rule_file",
    "read_rules",
    "shape",
    "tally",
]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        reader.name: reader
        for reader in (
            ConfluenceReader(),
            DiscourseReader(),
            FaqReader(),
            GenericJsonReader(),
            MarkdownReader(),
            MediaWikiReader(),
            NotionReader(),
            So4tCsvReader(),
            So4tJsonReader(),
            StackExchangeReader(),
            ZendeskReader(),
        )
    }
)
"""Every reader by the word for the command line."""
