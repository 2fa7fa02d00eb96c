"""Shows a team's nouns as v3 objects: for a viewer, from an origin, with bulk look-ups."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from importer.sandbox.markup import slug_of
from importer.sandbox.reading import BY_ID, AnswerFacts, Where
from importer.sandbox.v3.models import ABSENT, MODELS
from importer.sandbox.values import COMMUNITY, Collection, Post, Shares, Tag, Team, User
from importer.sandbox.world import World

__all__ = ["Json", "Lens"]

Json = dict[str, Any]

_SNIPPET = 150
_NO_ANSWERS = AnswerFacts(0, 0)
_ROLES = {"member": "Registered", "moderator": "Moderator", "admin": "Admin"}
"""The names that are observed in live answers."""


class Lens:
    """How one call looks at a team: for a viewer, from an origin."""

    def __init__(
        self,
        world: World,
        *,
        team: Team,
        viewer: User,
        origin: str,
        unlisted: Sequence[int] = (),
    ) -> None:
        self.world = world
        self.team = team
        self.viewer = viewer
        self.behaviour = world.behaviour
        self.site = f"{origin}{team.path}"
        self._unlisted = unlisted
        self._users: dict[int, User | None] = {}
        self._tags: dict[str, Tag] = {}
        self._experts: dict[int, Shares] = {}
        self._facts: dict[int, AnswerFacts] = {}
        self._pages: dict[int, Post | None] = {}
        self._comments: dict[int, int] = {}
        self._synonyms: frozenset[str] | None = None

    def show(self, model: str, noun: object) -> Json:
        """Give one object of a model."""
        return self.show_all(model, [noun])[0]

    def show_all(self, model: str, nouns: Iterable[object]) -> list[Json]:
        """Give objects of a model."""
        found = list(nouns)
        self._look_ahead([noun for noun in found if isinstance(noun, Post)])
        self._fetch_experts(
            [it for it in found if isinstance(it, Tag) and it.name not in self._tags]
        )
        self._fetch_tags(tag for it in found if isinstance(it, Collection) for tag in it.tags)
        members = MODELS[model].items()
        return [
            {name: value for name, (_, get) in members if (value := get(self, noun)) is not ABSENT}
            for noun in found
        ]

    def _look_ahead(self, posts: Sequence[Post]) -> None:
        """Fetch in bulk what single members would fetch post by post."""
        if not posts:
            return
        questions = [post.id for post in posts if post.kind == "question"]
        if questions:
            facts = self.world.answer_facts(questions, apart_from=self._unlisted)
            self._facts.update(facts)
        comments = self.world.comments_under([post.id for post in posts])
        self._comments.update({post.id: len(comments.get(post.id, ())) for post in posts})
        self._pages.update((post.id, post) for post in posts if post.parent_id is None)
        parents = {post.question_id for post in posts} - self._pages.keys()
        self._pages.update((post.id, post) for post in self.world.posts_by_id(sorted(parents)))
        tagged = [page for page in (*posts, *self._pages.values()) if page is not None]
        self._fetch_tags(name for post in tagged for name in post.tags)

    def _fetch_tags(self, names: Iterable[str]) -> None:
        wanted = sorted({*names} - self._tags.keys())
        if not wanted:
            return
        found = self.world.tags_named(self.team, wanted)
        self._tags.update((tag.name, tag) for tag in found)
        self._fetch_experts(found)

    def _fetch_experts(self, tags: Sequence[Tag]) -> None:
        if tags:
            self._experts.update(self.world.experts_of([tag.id for tag in tags]))

    def user(self, user_id: int | None) -> User | None:
        """Find a user, once per call; None for one whose account was deleted."""
        if user_id is None:
            return None
        if user_id not in self._users:
            self._users[user_id] = self.world.find_user(user_id)
        return self._users[user_id]

    def person(self, user_id: int | None) -> Json | None:
        """Give a member in short; None for nobody and for a deleted account."""
        user = self.user(user_id)
        return self.show("UserSummary", user) if user else None

    def author(self, answer: Post) -> Json:
        """Give an answer's author: without `accountId` once the account was deleted; observed."""
        known = self.person(answer.owner_id)
        if known is not None:
            return known
        return {
            "id": answer.owner_id,
            "name": f"user{answer.owner_id}",
            "avatarUrl": f"{self.site}/users/{answer.owner_id}/portrait.svg",
            "webUrl": f"{self.site}/users/{answer.owner_id}/",
            "reputation": 1,
            "role": _ROLES["member"],
        }

    def role(self, user: User) -> str:
        """Name a member's role."""
        return _ROLES[user.role]

    def email(self, user: User) -> str | None:
        """Give an address, to its owner and to admins only; documented. The site has none."""
        if user.id == COMMUNITY:
            return None
        if self.viewer.id != user.id and not self.viewer.administers:
            return None
        return email_of(user, self.team)

    def portrait(self, user: User) -> str:
        """Give the address of a member's picture."""
        return f"{self.site}/users/{user.id}/portrait.svg"

    def tags(self, tagged: Post | Collection) -> list[Json]:
        """Give the tags of a post, in its order, or of a collection."""
        return self.show_all("TagSummary", [self._tags[name] for name in tagged.tags])

    def has_synonyms(self, tag: Tag) -> bool:
        """Tell whether a tag has other names."""
        if self._synonyms is None:
            self._synonyms = frozenset(self.world.masters(self.team.id).values())
        return tag.name in self._synonyms

    def people(self, user_ids: Sequence[int]) -> list[Json]:
        """Give members in short, by id; those who left are left out."""
        where = Where().among("id", user_ids)
        return self.show_all("UserSummary", self.world.select_users(where, BY_ID))

    def groups(self, group_ids: Sequence[int]) -> list[Json]:
        """Give user groups, by id, with their members."""
        where = Where().among("id", group_ids)
        return self.show_all("UserGroup", self.world.select_groups(where, BY_ID))

    def experts(self, tag: Tag) -> Json:
        """Give a tag's subject matter experts."""
        return self.show("SubjectMatterExperts", self.world.experts(tag.id))

    def expert_count(self, tag: Tag) -> int | None:
        """Count a tag's experts, members of groups included; None where there are none at all."""
        if not self.behaviour.experts:
            return None
        shares = self._experts.get(tag.id, Shares())
        people = self.world.people_of(shares) if shares.group_ids else shares.user_ids
        return len(people)

    def by_expert(self, answer: Post) -> bool:
        """Tell whether an answer's author is an expert of one of its question's tags."""
        tags = [self._tags[name] for name in self.page(answer).tags]
        author = self.user(answer.owner_id)
        if author is None or not any(tag.id in self._experts for tag in tags):
            return False
        return self.world.is_expert(author, [tag.name for tag in tags])

    def contents(self, collection: Collection) -> list[Json]:
        """Give what a collection holds, in its order."""
        found = self.world.contents(collection)
        if self.behaviour.v3_dead_content == "dropped":
            found = tuple(post for post in found if post.deleted is None)
        return self.show_all("CollectionContent", found)

    def facts(self, post: Post) -> AnswerFacts:
        """Tell what a question's answers amount to."""
        return self._facts.get(post.id, _NO_ANSWERS)

    def is_answered(self, post: Post) -> bool:
        """Tell whether the site counts a question as answered."""
        if self.behaviour.v3_answered == "any":
            return self.facts(post).count > 0
        return self.facts(post).best_score > 0

    def is_accepted(self, post: Post) -> bool:
        """Tell whether an answer is its question's accepted one."""
        return self.page(post).accepted_id == post.id

    def page(self, post: Post) -> Post:
        """Give the question an answer stands under, the post itself otherwise."""
        return self._pages.get(post.question_id) or post

    def comment_count(self, post: Post) -> object:
        """Count a post's comments; absent from older builds."""
        return self._comments[post.id] if self.behaviour.v3_comment_count else ABSENT

    def voted(self, post: Post, ballot: str) -> bool:
        """Tell whether the viewer voted so."""
        return (self.viewer.id, ballot) in self.world.ballots(post.id)

    def markdown(self, post: Post) -> str:
        """Give a post's source."""
        text = post.body.replace("\r\n", "\n") if self.behaviour.v3_lf else post.body
        return escape(text) if self.behaviour.v3_markdown == "encoded" else text

    def snippet(self, post: Post) -> str:
        """Give the beginning of a post's source."""
        return " ".join(post.body.split())[:_SNIPPET]

    def can_edit(self, article: Post) -> bool:
        """Tell whether the viewer may edit an article."""
        return self.world.may_edit(self.viewer, article)

    def permissions(self, article: Post) -> Json:
        """Tell who may edit an article."""
        return self.show("ArticlePermissions", self.world.permissions(article.id))

    def link(self, post: Post) -> str:
        """Give a post's address. Its form on Business is inferred."""
        page = self.page(post)
        folder = "articles" if post.kind == "article" else "questions"
        link = f"{self.site}/{folder}/{page.id}"
        return f"{link}/{slug_of(page.title or '')}/{post.id}#{post.id}" if page != post else link

    def share(self, post: Post) -> str:
        """Give a post's short address."""
        return f"{self.site}/{'a' if post.kind == 'answer' else 'q'}/{post.id}"

    def date(self, seconds: int | None) -> str | None:
        """Give a moment as ISO 8601, with its zone."""
        return _iso(seconds, 0, zoned=self.behaviour.v3_dates != "zoneless")

    def bare_date(self, seconds: int, number: int) -> str | None:
        """Give a moment as tags have it: zone-less, with a trimmed fraction. Observed.

        What the store doesn't know of the second follows from a *number*.
        """
        return _iso(seconds, number * 7 % 100, zoned=self.behaviour.v3_dates == "zoned")


def email_of(user: User, team: Team) -> str:
    """Give a member's address; one that is made up where none is known."""
    return user.email or f"{slug_of(user.name)}.{user.id}@{team.slug}.example"


def synonym_id(source: str) -> int:
    """Make up a synonym's id; the store has names for them only."""
    digest = hashlib.blake2b(source.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1


def _iso(seconds: int | None, hundredths: int, *, zoned: bool) -> str | None:
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f".{hundredths:02}".rstrip("0") if hundredths else ""
    return f"{moment}{fraction}{'Z' if zoned else ''}"
