"""Looks at a team for a page: works out names, addresses, dates and HTML."""

from collections.abc import Iterable, Mapping, Sequence

from markupsafe import Markup

from importer.sandbox.browsing import Browsing
from importer.sandbox.markup import render, render_line, slug_of
from importer.sandbox.pages.shown import (
    CollectionView,
    CommentView,
    GroupView,
    Moment,
    Person,
    PostView,
    RevisionView,
    Row,
    Sharers,
    TagView,
    counted,
)
from importer.sandbox.reading import AnswerFacts
from importer.sandbox.values import (
    Collection,
    Comment,
    Group,
    Post,
    Revision,
    Shares,
    Tag,
    Team,
    User,
)

__all__ = ["Viewer"]

_EXCERPT = 220


class Viewer:
    """Looks at one team for a page."""

    def __init__(self, reading: Browsing, team: Team) -> None:
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
            editors=self._editors(post) if post.kind == "article" else None,
        )

    def _editors(self, article: Post) -> Sharers:
        allowed = self._reading.permissions(article.id)
        if allowed.editable_by == "everyone":
            return Sharers("Can be edited by everyone.")
        if allowed.editable_by == "ownerOnly" or allowed.editors == Shares():
            return Sharers("Can be edited by its owner.")
        return self._sharers("Can be edited by its owner and", allowed.editors)

    def _sharers(self, text: str, shares: Shares) -> Sharers:
        people = [self.person(user_id) for user_id in shares.user_ids]
        groups = [self._reading.group(group_id) for group_id in shares.group_ids]
        return Sharers(text, people, [group.name for group in groups if group])

    def group(self, group: Group) -> GroupView:
        """Show a user group."""
        people = [self.person(user_id) for user_id in group.member_ids]
        return GroupView(group.name, group.description or "", people)

    def collection(self, collection: Collection) -> CollectionView:
        """Show a collection; posts deleted since are left out, as on the site (inferred)."""
        held = [post for post in self._reading.contents(collection) if post.deleted is None]
        url = f"{self._root}/collections/{collection.id}/{slug_of(collection.title)}"
        return CollectionView(
            title=collection.title,
            url=url,
            html=_html(render(collection.description, local=True)),
            count=counted(len(held), "post"),
            tags=self._tags(collection.tags),
            owner=self.person(collection.owner_id),
            when=Moment.at(collection.edited),
            editors=self._sharers("Can be edited by its owner and", collection.editors),
            rows=self.rows(held),
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

    def tag(self, tag: Tag, others: Sequence[str], *, experts: bool = False) -> TagView:
        """Show a tag with what is said of it, and perhaps with its experts."""
        excerpt = Markup(render_line(tag.excerpt, local=True)) if tag.excerpt else None  # noqa: S704 - the sanitiser's output
        names = f"also: {', '.join(others)}" if others else ""
        known = self._reading.experts(tag.id) if experts else Shares()
        shown = self._sharers("Subject matter experts:", known) if known != Shares() else None
        url, count = self.tag_url(tag.name), counted(tag.count, "post")
        return TagView(tag.name, url, count, excerpt, names, shown)


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
