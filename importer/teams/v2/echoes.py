"""Checks that the answer to a write says that exactly this write was done."""

from collections.abc import Mapping

from importer.model.fields import Fields
from importer.model.ids import Field, Kind, Verb
from importer.model.live import LiveItem
from importer.model.site import Site
from importer.model.writing import Write
from importer.teams.objects import Raw, items_of
from importer.teams.outcome import Misshapen
from importer.teams.v2.shapes import answer_item, article_item, question_of

__all__ = ["echo_of"]


def echo_of(write: Write, wrapper: Raw, site: Site, masters: Mapping[str, str]) -> LiveItem | None:
    """Return the post as the server now keeps it; None after a delete.

    Raises Misshapen for an answer with no post or several, with another post, or with one that
    doesn't bear what was sent: the write may have happened all the same.
    """
    items = items_of(wrapper)
    if write.verb is Verb.DELETE:
        return None
    if len(items) != 1:
        text = f"it holds {len(items)} posts"
        raise Misshapen(text)
    if write.kind is Kind.QUESTION:
        echo = question_of(items[0], site, masters).item
    elif write.kind is Kind.ARTICLE:
        echo = article_item(items[0], site, masters)
    else:
        echo = answer_item(items[0], site)
    _check(write, echo)
    return echo


def _check(write: Write, echo: LiveItem) -> None:
    wanted = write.ref or echo.ref
    if echo.ref != wanted:
        text = f"it is about {echo.ref}, not {wanted}"
        raise Misshapen(text)
    if write.parent is not None and echo.parent != write.parent:
        text = f"it stands under {echo.parent}, not {write.parent}"
        raise Misshapen(text)
    for field in (Field.TITLE, Field.ACCEPTED):
        if field in write.fields and _bare(write.fields, field) != _bare(echo.fields, field):
            text = f"its {field} is not what was sent"
            raise Misshapen(text)


def _bare(fields: Fields, field: Field) -> str:
    """Return a value in a form that survives a server tidying up blanks and case."""
    return "".join(str(fields[field]).split()).casefold()
