"""Reads Stack Exchange data dumps: `Posts.xml` and what lies beside it.

The author's Markdown is in `PostHistory.xml` (types 2, 5 and 8); `Posts.xml` holds rendered HTML,
which is used for posts whose history is missing. Source of the fields: the network's own page about
the dump's schema, https://meta.stackexchange.com/questions/2677.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element

from importer.errors import UsageError
from importer.model.draft import Place
from importer.sources.extras import need
from importer.sources.html_markup import HTML
from importer.sources.losses import Loss, LossKind
from importer.sources.page import MARKDOWN, Credit, Markup, Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.tree import Tree, open_tree, required
from importer.sources.xml_stream import elements

__all__ = ["StackExchangeReader"]

_POSTS = "Posts.xml"
_HISTORY = "PostHistory"
_QUESTION = "1"
_TAG_WIKIS = ("4", "5")
_TEXT_TYPES = ("2", "5", "8")
_KNOWN = ("Badges", "Comments", "PostHistory", "PostLinks", "Posts", "Tags", "Users", "Votes")


class StackExchangeReader:
    """The reader `stackexchange`."""

    name = "stackexchange"
    summary = "Stack Exchange data dumps: the folder with Posts.xml, or a zip of it"

    def guess(self, path: Path) -> Likeness:
        """Tell whether Posts.xml is there."""
        try:
            tree = open_tree(path)
        except UsageError:
            return Likeness.NONE
        there = any(name.rpartition("/")[2] == _POSTS for name in tree.names)
        return Likeness.SURE if there else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Loss]:
        """Yield each question with its answers; comments and tag wikis are listed as losses."""
        tree = open_tree(path.parent if path.name == _POSTS else path)
        names = {name.rpartition("/")[2]: name for name in tree.names}
        if _POSTS not in names:
            message = f"there is no {_POSTS} in {path}"
            raise UsageError(message, remedy="Name the unpacked dump's folder; .7z is not read.")
        yield from tree.refused
        if options.from_html:
            names.pop(f"{_HISTORY}.xml", None)
        dump = _Dump(tree, names, options.address.rstrip("/"))
        dump.load()
        yield from dump.losses()
        yield from dump.pages()


@dataclass(slots=True)
class _Text:
    text: str
    markup: Markup
    when: datetime | None = None


@dataclass(slots=True)
class _Post:
    row: Mapping[str, str]
    line: int
    answers: list["_Post"] = field(default_factory=list)


class _Dump:
    """A dump's rows, by post."""

    def __init__(self, tree: Tree, names: Mapping[str, str], address: str) -> None:
        self._tree = tree
        self._names = names
        self._address = address
        self._questions: dict[str, _Post] = {}
        self._orphans: list[_Post] = []
        self._others: list[_Post] = []
        self._sources: dict[str, _Text] = {}
        self._users: dict[str, str] = {}
        self._comments = 0

    def load(self) -> None:
        """Read all files. Raises UsageError for one that breaks off."""
        for line, row in self._rows("Users"):
            del line
            self._users[row.get("Id", "")] = row.get("DisplayName", "")
        answers: list[_Post] = []
        for line, row in self._rows("Posts"):
            post = _Post(dict(row.items()), line)
            match row.get("PostTypeId"):
                case "1":  # a question
                    self._questions[row.get("Id", "")] = post
                case "2":  # an answer
                    answers.append(post)
                case _:
                    self._others.append(post)
        for post in answers:
            question = self._questions.get(post.row.get("ParentId", ""))
            (question.answers if question else self._orphans).append(post)
        for _, row in self._rows(_HISTORY):
            self._learn(row)
        self._comments = sum(1 for _ in self._rows("Comments"))

    def _rows(self, table: str) -> Iterator[tuple[int, Element]]:
        name = self._names.get(f"{table}.xml")
        if name:
            with required(self._tree, name) as stream:
                yield from elements(stream, name, {"row"})

    def _learn(self, row: Element) -> None:
        """Keep the newest text of a post. A history's rows come in any order."""
        text = row.get("Text", "").replace("\r\n", "\n")
        if row.get("PostHistoryTypeId") not in _TEXT_TYPES or not text.strip():
            return
        post, when = row.get("PostId", ""), _date(row.get("CreationDate", ""))
        known = self._sources.get(post)
        if known is None or (when and known.when and when >= known.when):
            self._sources[post] = _Text(text, MARKDOWN, when)

    def losses(self) -> Iterator[Loss]:
        """Yield what of the dump becomes no post."""
        if self._comments:
            what = f"comments: {self._comments:,}"
            yield Loss(
                LossKind.COMMENT, Place("Comments.xml", 1), what, "no API writes them; left out"
            )
        for name in self._tree.names:
            table = name.rpartition("/")[2].removesuffix(".xml")
            if table not in _KNOWN:
                yield Loss(LossKind.FILE, Place(name, 1), name, "no part of a dump; left out")

    def pages(self) -> Iterator[Page | Loss]:
        """Yield the questions, then what belongs to none."""
        path = self._names[_POSTS]
        for post in self._questions.values():
            yield self._page(path, post)
        for post in self._orphans:
            why = f"its question, {post.row.get('ParentId', '?')}, is not in the dump"
            what = f"answer {post.row.get('Id', '?')}"
            yield Loss(LossKind.SKIPPED, Place(path, post.line), what, why)
        for post in self._others:
            kind = post.row.get("PostTypeId", "?")
            what = f"post {post.row.get('Id', '?')} of type {kind}"
            why = "a tag's description; tags are not written" if kind in _TAG_WIKIS else "no Q&A"
            yield Loss(LossKind.SKIPPED, Place(path, post.line), what, why)

    def _page(self, path: str, post: _Post) -> Page:
        number = post.row.get("Id", "")
        accepted = post.row.get("AcceptedAnswerId", "")
        kept = [it for it in post.answers if not it.row.get("DeletionDate")]
        names = self._all(f"/questions/{number}", f"/q/{number}")
        return Page(
            place=Place(path, post.line),
            title=post.row.get("Title", ""),
            title_is_plain=True,
            body=self._passage(post),
            answers=tuple(self._answer(it, number, accepted) for it in kept),
            tags=_tags(post.row.get("Tags", "")),
            name=f"q{number} {post.row.get('Title', '')}".replace("/", " "),
            addresses=(f"{self._address}/questions/{number}",),
            names=(*names, *(f"{name}/*" for name in names)),
            home=self._address,
            revision=post.row.get("LastEditDate", ""),
            withheld="deleted in the source" if post.row.get("DeletionDate") else "",
            identity=f"question {number}",
        )

    def _answer(self, post: _Post, question: str, accepted: str) -> Passage:
        number = post.row.get("Id", "")
        within = f"/questions/{question}/*#{number}"
        names = self._all(f"/a/{number}", f"/a/{number}/*", within)
        return self._passage(post, number, names, accepted=number == accepted)

    def _all(self, *paths: str) -> tuple[str, ...]:
        """Return paths as links write them: with the site's address, and without."""
        hosts = [self._address, ""] if self._address else [""]
        return tuple(f"{host}{path}" for host in hosts for path in paths)

    def _passage(
        self, post: _Post, name: str = "", names: tuple[str, ...] = (), *, accepted: bool = False
    ) -> Passage:
        source = self._sources.get(post.row.get("Id", ""))
        if source is None:
            need("stackexchange", "markdownify", "lxml")
            source = _Text(post.row.get("Body", ""), HTML)
        return Passage(source.text, source.markup, self._credit(post), name, names, accepted)

    def _credit(self, post: _Post) -> Credit:
        row = post.row
        number = row.get("OwnerUserId", "")
        author = self._users.get(number) or row.get("OwnerDisplayName", "")
        path = "questions" if row.get("PostTypeId") == _QUESTION else "a"
        return Credit(
            author or (f"user {number}" if number else ""),
            f"{self._address}/users/{number}" if self._address and number else "",
            f"{self._address}/{path}/{row.get('Id', '')}" if self._address else "",
            _date(row.get("LastEditDate") or row.get("CreationDate", "")),
            row.get("ContentLicense", ""),
        )


def _tags(text: str) -> tuple[str, ...]:
    """Return the tags in `<a><b>`, or in `|a|b|` as newer dumps have it."""
    return tuple(name for name in text.strip("<>|").replace("><", "|").split("|") if name)


def _date(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
