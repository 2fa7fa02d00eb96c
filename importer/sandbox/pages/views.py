"""What the pages show: nouns with their names, addresses, dates and HTML worked out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from importer.sandbox.markup import render, render_line, slug_of
from importer.sandbox.reading import AnswerFacts, Reading
from importer.sandbox.values import Comment, Post, Revision, Tag, Team, User

__all__ = [
    "CommentView",
    "Moment",
    "Pager",
    "Person",
    "PostView",
    "RevisionView",
    "Row",
    "TagView",
    "Viewer",
    "counted",
]

_EXCERPT = 220


@dataclass(frozen=True, slots=True)
class Moment:
    """A date for people and for machines."""

    text: str
    iso: str

    @classmethod
    def at(cls, seconds: int) -> "Moment":
        """Read Unix seconds."""
        moment = datetime.fromtimestamp(seconds, UTC)
        text = f"{moment:%b} {moment.day}, {moment.year} at {moment:%H:%M}"
        return cls(text, moment.isoformat())


@dataclass(frozen=True, slots=True)
class Person:
    """A member, to be named and linked."""

    name: str
    url: str
    portrait: str
    role: str
    reputation: int


@dataclass(frozen=True, slots=True)
class Row:
    """A question or article in a list."""

    title: str
    url: str
    excerpt: str
    tags: Sequence[tuple[str, str]]
    votes: int
    answers: str
    state: str
    label: str
    when: Moment
    verb: str
    owner: Person


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment under a post."""

    anchor: str
    html: Markup
    owner: Person
    when: Moment
    edited: bool
    score: int


@dataclass(frozen=True, slots=True)
class PostView:
    """A post with everything that stands around it."""

    id: int
    title: str
    url: str
    html: Markup
    tags: Sequence[tuple[str, str]]
    votes: int
    accepted: bool
    owner: Person
    when: Moment
    active: Moment
    editor: Person | None
    edited: Moment | None
    history: str
    notices: Sequence[str]
    comments: Sequence[CommentView]
    label: str


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One state of a post."""

    number: int
    who: Person
    when: Moment
    comment: str
    title: str | None
    source: str
    tags: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag in the list of tags."""

    name: str
    url: str
    count: str
    excerpt: Markup | None
    others: str


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page of a list stands among the others."""

    page: int
    pages: int
    base: str

    @property
    def newer(self) -> str | None:
        """The address of the page before."""
        return f"{self.base}page={self.page - 1}" if self.page > 1 else None

    @property
    def older(self) -> str | None:
        """The address of the page after."""
        return f"{self.base}page={self.page + 1}" if self.page < self.pages else None


class Viewer:
    """Looks at one team for a page."""

    def __init__(self, reading: Reading, team: Team) -> None:
        self._reading = reading
        self._root = team.path
        self._people: dict[int, Person] = {}

    def person(self, user_id: int) -> Person:
        """Name a member, once per page."""
        if user_id not in self._people:
            user = self._reading.find_user(user_id)
            self._people[user_id] = self.member(user) if user else _NOBODY
        return self._people[user_id]

    def member(self, user: User) -> Person:
        """Name a member."""
        url = f"{self._root}/users/{user.id}"
        role = "" if user.role == "member" else user.role
        portrait = f"{url}/portrait.svg"
        return Person(user.name, f"{url}/{slug_of(user.name)}", portrait, role, user.reputation)

    def url(self, post: Post, question: Post | None = None) -> str:
        """Give a post's address, an answer's on its question's page."""
        page = question or post
        folder = "articles" if post.kind == "article" else "questions"
        link = f"{self._root}/{folder}/{page.id}/{slug_of(page.title or '')}"
        return f"{link}/{post.id}#{post.id}" if post.kind == "answer" else link

    def tag_url(self, name: str) -> str:
        """Give a tag's address."""
        return f"{self._root}/questions/tagged/{name.replace('#', '%23')}"

    def _tags(self, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
        return tuple((name, self.tag_url(name)) for name in names)

    def rows(self, posts: Sequence[Post]) -> list[Row]:
        """Show questions and articles as a list."""
        facts = self._reading.answer_facts([post.id for post in posts])
        return [self._row(post, facts) for post in posts]

    def _row(self, post: Post, facts: Mapping[int, AnswerFacts]) -> Row:
        count = facts[post.id].count if post.id in facts else 0
        state = "accepted" if post.accepted_id else "answered" if count else "open"
        words = _html(render(post.body)).striptags()
        excerpt = words if len(words) <= _EXCERPT else words[:_EXCERPT].rstrip() + "…"
        article = post.kind == "article"
        return Row(
            title=post.title or "",
            url=self.url(post),
            excerpt=excerpt,
            tags=self._tags(post.tags),
            votes=post.score,
            answers="" if article else counted(count, "answer"),
            state=state,
            label=_label(post),
            when=Moment.at(post.activity),
            verb="active" if post.activity > post.created else "published" if article else "asked",
            owner=self.person(post.owner_id),
        )

    def post(self, post: Post, question: Post | None = None) -> PostView:
        """Show a post in full."""
        comments = [self._comment(c) for c in self._reading.comments(post.id)]
        return PostView(
            id=post.id,
            title=(question or post).title or "",
            url=self.url(post, question),
            html=_html(render(post.body, local=True)),
            tags=self._tags(post.tags),
            votes=post.score,
            accepted=question is not None and question.accepted_id == post.id,
            owner=self.person(post.owner_id),
            when=Moment.at(post.created),
            active=Moment.at(post.activity),
            editor=self.person(post.editor_id) if post.editor_id else None,
            edited=Moment.at(post.edited) if post.edited else None,
            history=f"{self._root}/posts/{post.id}/revisions",
            notices=_notices(post),
            comments=comments,
            label=_label(post),
        )

    def _comment(self, comment: Comment) -> CommentView:
        return CommentView(
            anchor=f"comment{comment.id}_{comment.post_id}",
            html=_html(render_line(comment.body, local=True)),
            owner=self.person(comment.owner_id),
            when=Moment.at(comment.created),
            edited=comment.edited is not None,
            score=comment.score,
        )

    def revision(self, revision: Revision) -> RevisionView:
        """Show one state of a post, as its source."""
        return RevisionView(
            number=revision.number,
            who=self.person(revision.user_id),
            when=Moment.at(revision.created),
            comment=revision.comment,
            title=revision.title,
            source=revision.body.replace("\r\n", "\n"),
            tags=self._tags(revision.tags),
        )

    def tag(self, tag: Tag, others: Sequence[str]) -> TagView:
        """Show a tag with what is said of it."""
        excerpt = Markup(render_line(tag.excerpt, local=True)) if tag.excerpt else None  # noqa: S704 - the sanitiser's output
        names = f"also: {', '.join(others)}" if others else ""
        return TagView(tag.name, self.tag_url(tag.name), counted(tag.count, "post"), excerpt, names)


_NOBODY = Person("somebody who left", "", "", "", 0)

_LABELS = {
    "knowledge-article": "Knowledge article",
    "announcement": "Announcement",
    "how-to-guide": "How-to guide",
    "policy": "Policy",
}


def _html(sanitised: str) -> Markup:
    return Markup(sanitised)  # noqa: S704 - everything rendered has passed the sanitiser


def _label(post: Post) -> str:
    return _LABELS.get(post.article_type or "", "")


def _notices(post: Post) -> list[str]:
    found = []
    if post.closed:
        found.append(f"Closed on {Moment.at(post.closed).text}: {post.closed_reason}")
    if post.locked:
        found.append(f"Locked on {Moment.at(post.locked).text}: only moderators can change it")
    return found


def counted(count: int, noun: str) -> str:
    """Say how many there are."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
