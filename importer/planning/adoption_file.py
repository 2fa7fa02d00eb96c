"""The file of suggestions: a table that a person goes through and hands back.

`accept` is read back, and which item and post a row is about; the other columns are for people.
`yes` binds, `no` says that it is none, an empty cell decides nothing. The last column tells whether
the post was edited since it was listed. A row may be added by hand: a key, and a post or its URL.
"""

import re
from collections.abc import Iterator

from pydantic import TypeAdapter

from importer.errors import ManifestError, Problem
from importer.model.adoption import (
    AdoptedReport,
    Adoption,
    AdoptionReport,
    Answered,
    Suggestion,
    Verdict,
)
from importer.model.fields import fields_of, word_of
from importer.model.ids import Field, Key, Ref
from importer.model.live import LiveItem
from importer.model.site import Site
from importer.planning.baseline import digest_field
from importer.text.digests import SHORT, Digest, digest_of
from importer.text.tables import TableRow, Wording, head_line, read_table, row_line
from importer.text.visible import visible

__all__ = [
    "AGAIN",
    "COLUMNS",
    "adoption_lines",
    "adoption_schema",
    "digest_of_post",
    "quoted",
    "read_answered",
]

COLUMNS = (
    "accept", "score", "how", "kind", "key", "title here", "title there", "post", "url", "author",
    "last edited", "what differs", "as listed",
)  # fmt: skip
_NEEDED = ("accept", "key")
_SIGN = "a1"
_MOST_SHOWN = 80
# Spreadsheets put an apostrophe before texts, and some people type in capitals.
_AS_LISTED = re.compile(f"'?{_SIGN}-(?P<digest>[a-z2-7]{{{SHORT}}})", re.ASCII | re.IGNORECASE)
_SAID = {
    **dict.fromkeys(("yes", "y", "x", "true", "1"), Verdict.YES),
    **dict.fromkeys(("no", "n", "false", "0"), Verdict.NO),
    "": Verdict.UNDECIDED,
}
# What both dialects tell of a post.
_LISTED = (Field.TITLE, Field.TAGS, Field.BODY, Field.ACCEPTED, Field.TYPE)
_WORDING = Wording("the file", "adopt-damaged", ", or name its encoding: --encoding cp1252")
AGAIN = "Mend the rows named above and accept again."


def adoption_lines(adoption: Adoption) -> Iterator[str]:
    """Yield the table line by line, the header first: CSV, to be written as UTF-8."""
    yield head_line(COLUMNS)
    for it in adoption.suggestions:
        yield row_line(_cells(it))


def _cells(it: Suggestion) -> Iterator[str]:
    yield Verdict.YES if it.is_plain else Verdict.UNDECIDED
    yield "" if it.score is None else str(it.score)
    yield f"{it.how}, {it.rivals + 1} possible" if it.rivals else it.how
    yield it.kind
    yield it.key
    yield visible(it.title)
    yield visible(it.there)
    yield str(it.post)
    yield visible(it.url)
    yield "" if it.author is None else str(it.author)
    by = f" by {visible(it.edited_by)}" if it.edited_by else ""
    yield f"{it.edited_at.date().isoformat()}{by}" if it.edited_at else ""
    yield ", ".join(word_of(it.kind, field) for field in it.differs) or "nothing"
    yield f"{_SIGN}-{it.listed}"


def digest_of_post(live: LiveItem) -> Digest:
    """Return the digest of what *live* says, links by posts: as it was read."""
    kind = live.ref.kind
    rows = (row for row in fields_of(kind) if row.field in _LISTED and row.field in live.fields)
    said = (f"{it.field}={digest_field(kind, it.field, live.fields[it.field])}" for it in rows)
    return digest_of("listed", [str(live.ref), *said])


def adoption_schema() -> dict[str, object]:
    """Return the JSON schema of what `adopt` prints as JSON."""
    schema = TypeAdapter(AdoptionReport | AdoptedReport).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def read_answered(
    data: bytes, path: str, site: Site, encoding: str | None = None
) -> tuple[Answered, ...]:
    """Return the rows in which somebody decided something, whatever program wrote the file.

    Raises UsageError when it is no such table, ManifestError for rows that can't be understood.
    """
    problems: list[Problem] = []
    table = read_table(data, path, COLUMNS, _NEEDED, problems, _WORDING, encoding)
    rows = [row for it in table if (row := _answered(it, site, problems)) is not None]
    if problems:
        raise ManifestError(problems, of="the file has", remedy=AGAIN)
    return tuple(rows)


def quoted(cell: str) -> str:
    """Return a cell as messages show it: on one line, in quotes, cut where it is long."""
    shown = visible(cell)
    return repr(shown if len(shown) <= _MOST_SHOWN else f"{shown[:_MOST_SHOWN]}...")


def _answered(row: TableRow, site: Site, problems: list[Problem]) -> Answered | None:
    cells = row.cells
    verdict = _SAID.get(cells["accept"].lower())
    if verdict is None:
        why = f"{quoted(cells['accept'])} is neither yes nor no"
        remedy = "Write `yes` or `no`, or leave it empty: then it is not decided."
        problems.append(Problem("adopt-accept", why, row.span("accept"), remedy))
        return None
    if verdict is Verdict.UNDECIDED:
        return None
    if not cells["key"]:
        why = "the row names no key"
        remedy = "Write the item's key, as `plan` shows it, or empty the cell under `accept`."
        problems.append(Problem("adopt-key", why, row.span("key"), remedy))
        return None
    ref = _ref(cells["post"], cells["url"], site)
    if ref is None:
        said = cells["post"] or cells["url"]
        why = f"{quoted(said)} names no post of this team" if said else "the row names no post"
        remedy = "Write it as `question/12`, or give its address under `url`."
        problems.append(Problem("adopt-post", why, row.span("post"), remedy))
        return None
    listed = _listed(cells["as listed"])
    if listed is None:
        why = f"{quoted(cells['as listed'])} is not what `adopt --out` wrote there"
        remedy = (
            "Copy the cell from a table made by `adopt --out`; or empty it: then edits made on the "
            "site since are not noticed."
        )
        problems.append(Problem("adopt-listed", why, row.span("as listed"), remedy))
        return None
    return Answered(verdict, Key(cells["key"]), ref, listed, row.span("accept"))


def _listed(cell: str) -> Digest | None:
    """Return the digest that a cell holds, empty for an empty one; None for anything else."""
    if not cell:
        return Digest("")
    match = _AS_LISTED.fullmatch(cell)
    return Digest(match["digest"].lower()) if match else None


def _ref(post: str, url: str, site: Site) -> Ref | None:
    """Return the post that both cells name; None where one names no post of this team.

    A number alone is one of every team: the address tells whose table it is.
    """
    found = site.find(url) if url else None
    if not post or (url and found is None):
        return found
    named: Ref | None
    try:
        named = Ref.parse(post)
    except ValueError:
        named = site.find(post)
    return named if found in (None, named) else None
