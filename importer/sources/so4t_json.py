"""Reads what so4t_data_export writes: a team's questions, answers and articles as JSON.

Two generations of it are about. The first merges objects of API v2.3 (`question_id`,
`body_markdown`, times as numbers) with some of v3; titles and Markdown come with HTML entities in
them. The second, a web page, writes objects of API v3 (`id`, `bodyMarkdown`, times as text), in one
zip. Observed in the tools' public sources, read in November 2026.
"""

import html
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.article_types import article_type
from importer.sources.extras import need
from importer.sources.html_markup import HTML
from importer.sources.losses import Loss, LossKind
from importer.sources.page import MARKDOWN, Credit, Markup, Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.tree import Tree, Unreadable, decoded, open_tree, whole

__all__ = ["So4tJsonReader"]

_QUESTIONS = "questions_answers_comments.json"
_ARTICLES = "articles.json"
_BESIDE = {
    "tags.json": "tags, their synonyms and experts",
    "users.json": "users",
    "user_groups.json": "user groups",
}
_LARGEST = 4 * 2**30

Raw = Mapping[str, Any]


class So4tJsonReader:
    """The reader `so4t-json`."""

    name = "so4t-json"
    summary = "What so4t_data_export wrote, of either generation: its folder, zip or JSON file"

    def guess(self, path: Path) -> Likeness:
        """Tell whether the files it writes are there."""
        names = {path.name} if path.is_file() else {it.name for it in path.iterdir()}
        if path.suffix.lower() == ".zip":
            try:
                names = {name.rpartition("/")[2] for name in open_tree(path).names}
            except UsageError:
                return Likeness.NONE
        if _QUESTIONS in names:
            return Likeness.SURE
        return Likeness.LIKELY if _ARTICLES in names else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Loss]:
        """Yield each question and article; comments, tags and people are listed as losses."""
        tree = open_tree(path)
        names = {name.rpartition("/")[2]: name for name in tree.names}
        if not {_QUESTIONS, _ARTICLES} & names.keys():
            message = f"there is neither {_QUESTIONS} nor {_ARTICLES} in {path}"
            raise UsageError(message, remedy="Name the folder that so4t_data_export wrote to.")
        yield from tree.refused
        for name, make in ((_QUESTIONS, _question), (_ARTICLES, _article)):
            comments = 0
            for number, raw in enumerate(_items(tree, names.get(name, "")), 1):
                place = Place(names[name], number)
                try:
                    yield make(raw, place, options.address.rstrip("/"))
                    comments += _comments(raw)
                except (TypeError, ValueError, AttributeError, KeyError) as error:
                    what = f"item {number}"
                    why = f"not what the export writes: {type(error).__name__}"
                    yield Loss(LossKind.SKIPPED, place, what, why)
            if comments:
                why = "no API of the team's site writes them; left out"
                what = f"comments: {comments:,}"
                yield Loss(LossKind.COMMENT, Place(names[name], 1), what, why)
        for base, name in names.items():
            if base not in (_QUESTIONS, _ARTICLES):
                what = _BESIDE.get(base, base)
                why = "the manifest's own tags say more" if base == "tags.json" else "not a post"
                yield Loss(LossKind.FILE, Place(name, 1), what, f"{why}; left out")


def _items(tree: Tree, name: str) -> Iterator[Raw]:
    """Yield the members of a file's list. The export writes it at once, so it is read at once."""
    if not name:
        return
    try:
        found = json.loads(decoded(whole(tree, name, _LARGEST), None)[0])
    except (Unreadable, ValueError, RecursionError) as error:
        message = f"{name} is damaged or no JSON: {error}"
        raise UsageError(message, remedy="Export it again.") from error
    if not isinstance(found, list):
        message = f"{name} holds no list"
        raise UsageError(message, remedy="Name what so4t_data_export wrote.")
    yield from found


def _question(raw: Raw, place: Place, home: str) -> Page:
    number = _number(raw, "question_id")
    names = _all(home, raw, f"/questions/{number}", f"/q/{number}")
    answers = tuple(
        _answer(it, number, raw, home) for it in raw.get("answers") or () if not _is_gone(it)
    )
    return Page(
        place=place,
        title=_text(raw, "title"),
        title_is_plain=True,
        body=_passage(raw),
        answers=answers,
        tags=_tags(raw),
        name=f"q{number} {_text(raw, 'title')}".replace("/", " "),
        addresses=_addresses(raw),
        names=(*names, *(f"{name}/*" for name in names)),
        home=home,
        revision=str(raw.get("last_activity_date") or raw.get("lastActivityDate") or ""),
        withheld="deleted in the source" if _is_gone(raw) else "",
        identity=f"question {number}",
    )


def _answer(raw: Raw, question: str, parent: Raw, home: str) -> Passage:
    number = _number(raw, "answer_id")
    accepted = raw.get("is_accepted") or raw.get("isAccepted")
    accepted = accepted or str(parent.get("accepted_answer_id") or "") == number
    within = f"/questions/{question}/*#{number}"
    names = _all(home, raw, f"/a/{number}", f"/a/{number}/*", within)
    return _passage(raw, number, (*names, *_addresses(raw)), accepted=bool(accepted))


def _article(raw: Raw, place: Place, home: str) -> Page:
    number = _number(raw, "article_id")
    names = _all(home, raw, f"/articles/{number}")
    return Page(
        place=place,
        title=_text(raw, "title"),
        title_is_plain=True,
        body=_passage(raw),
        kind=Kind.ARTICLE,
        type=article_type(str(raw.get("article_type") or raw.get("type") or "")),
        tags=_tags(raw),
        name=f"a{number} {_text(raw, 'title')}".replace("/", " "),
        addresses=_addresses(raw),
        names=(*names, *(f"{name}/*" for name in names)),
        home=home,
        revision=str(raw.get("last_edit_date") or raw.get("lastEditDate") or ""),
        withheld="deleted in the source" if _is_gone(raw) else "",
        identity=f"article {number}",
    )


def _number(raw: Raw, old: str) -> str:
    return str(int(raw[old] if old in raw else raw["id"]))


def _is_first(raw: Raw) -> bool:
    """Tell an object of the first generation, whose texts have entities in them."""
    return any(name in raw for name in ("question_id", "answer_id", "article_id"))


def _text(raw: Raw, name: str) -> str:
    text = str(raw.get(name) or "")
    return html.unescape(text) if _is_first(raw) else text


def _passage(
    raw: Raw, name: str = "", names: tuple[str, ...] = (), *, accepted: bool = False
) -> Passage:
    markdown = _text(raw, "body_markdown") or _text(raw, "bodyMarkdown")
    text, markup = markdown, _markup(raw, markdown)
    if not markdown:
        text = str(raw.get("body") or "")
    shown = text.replace("\r\n", "\n")
    return Passage(shown, markup, _credit(raw), name, names, accepted)


def _markup(raw: Raw, markdown: str) -> Markup:
    if markdown or not raw.get("body"):
        return MARKDOWN
    need("so4t-json", "markdownify", "lxml")
    return HTML


def _credit(raw: Raw) -> Credit:
    owner = raw.get("owner") or {}
    author = html.unescape(str(owner.get("display_name") or owner.get("name") or ""))
    edited = raw.get("last_edit_date") or raw.get("lastEditDate")
    created = raw.get("creation_date") or raw.get("creationDate")
    return Credit(author, when=_date(edited or created))


def _date(value: object) -> datetime | None:
    """Return a time that is seconds or text; the first generation has both in one file."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _tags(raw: Raw) -> tuple[str, ...]:
    return tuple(
        str(it.get("name") or "") if isinstance(it, dict) else str(it)
        for it in raw.get("tags") or ()
    )


def _addresses(raw: Raw) -> tuple[str, ...]:
    found = (raw.get(name) for name in ("link", "share_link", "webUrl", "shareUrl", "shareLink"))
    return tuple(str(it) for it in found if it)


def _all(home: str, raw: Raw, *paths: str) -> tuple[str, ...]:
    """Return paths as links write them: with the team's address, and without."""
    address = _addresses(raw)[:1]
    shown = address[0].partition("/questions/")[0].partition("/articles/")[0] if address else ""
    hosts = dict.fromkeys(host for host in (home, shown, "") if host == "" or "//" in host)
    return tuple(f"{host}{path}" for host in hosts for path in paths)


def _is_gone(raw: Raw) -> bool:
    return bool(raw.get("is_deleted") or raw.get("isDeleted"))


def _comments(raw: Raw) -> int:
    answers = raw.get("answers") or ()
    return len(raw.get("comments") or ()) + sum(len(it.get("comments") or ()) for it in answers)
