"""Shows a team's nouns as v2.3 objects: through a filter, for a viewer, with bulk look-ups."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from importer.sandbox.markup import slug_of
from importer.sandbox.reading import AnswerFacts, Reading
from importer.sandbox.v2.fields import RAW_STRINGS
from importer.sandbox.v2.filters import Filter
from importer.sandbox.v2.getters import GETTERS, Getter, encoded
from importer.sandbox.values import Comment, Post, Revision, Tag, Team, User

__all__ = ["Json", "Lens"]

Json = dict[str, Any]

_NO_ANSWERS = AnswerFacts(0, 0)


class Lens:
    """How one call looks at a team: through a filter, for a viewer, from an origin."""

    def __init__(
        self,
        reading: Reading,
        chosen: Filter,
        *,
        team: Team,
        viewer: User | None,
        origin: str,
        unlisted: Sequence[int] = (),
        twice: bool = False,
    ) -> None:
        self.reading = reading
        self.chosen = chosen
        self.team = team
        self.viewer = viewer
        self._unlisted = unlisted
        self._encodings = (2 if twice else 1) if chosen.safe else 0
        self._site = f"{origin}{team.path}"
        self._users: dict[int, User | None] = {}
        self._small: dict[int, Json | None] = {}
        self._posts: dict[int, Post | None] = {}
        self._facts: dict[int, AnswerFacts] = {}
        self._answers: dict[int, list[Post]] = {}
        self._comments: dict[int, list[Comment]] = {}

    def show(self, kind: str, nouns: Iterable[object]) -> list[Json]:
        """Give the objects of a v2.3 type, holding what the filter asks for."""
        found = list(nouns)
        wanted = self.chosen.of(kind)
        if kind == "comment" and "body" not in wanted:
            # Observed: a comment's source comes with its HTML or not at all.
            wanted -= {"body_markdown"}
        if kind in ("question", "answer", "post", "article"):
            self._look_ahead([noun for noun in found if isinstance(noun, Post)], wanted)
        getters = _chosen(kind, wanted, self._encodings)
        return [
            {name: value for name, get in getters if (value := get(self, noun)) is not None}
            for noun in found
        ]

    def _look_ahead(self, posts: Sequence[Post], wanted: frozenset[str]) -> None:
        """Fetch in bulk what single fields would fetch post by post."""
        self._posts.update((post.id, post) for post in posts)
        questions = [post.id for post in posts if post.kind == "question"]
        if "answers" in wanted and questions:
            self._answers.update({question: [] for question in questions})
            self._answers.update(self.reading.answers_to(questions, apart_from=self._unlisted))
            replies = [answer for given in self._answers.values() for answer in given]
            self._posts.update((answer.id, answer) for answer in replies)
            if self.chosen.of("answer") & {"comments", "comment_count"}:
                self._fetch_comments([answer.id for answer in replies])
        if questions:
            facts = self.reading.answer_facts(questions, apart_from=self._unlisted)
            self._facts.update(facts)
        if wanted & {"comments", "comment_count"}:
            self._fetch_comments([post.id for post in posts])
        missing = {post.question_id for post in posts} - self._posts.keys()
        for start in range(0, len(missing), 500):
            self._fetch_posts(sorted(missing)[start : start + 500])

    def _fetch_posts(self, ids: Sequence[int]) -> None:
        self._posts.update(dict.fromkeys(ids))
        self._posts.update((post.id, post) for post in self.reading.posts_by_id(ids))

    def _fetch_comments(self, ids: Sequence[int]) -> None:
        if ids:
            self._comments.update({post_id: [] for post_id in ids})
            self._comments.update(self.reading.comments_under(ids))

    def facts(self, post: Post) -> AnswerFacts:
        """Tell what a question's answers amount to."""
        return self._facts.get(post.id, _NO_ANSWERS)

    def is_answered(self, post: Post) -> bool:
        """Tell whether an answer is accepted or has a positive score."""
        return post.accepted_id is not None or self.facts(post).best_score > 0

    def page(self, post: Post) -> Post:
        """Find the question a post stands under; itself for a question or an article."""
        if post.parent_id is None:
            return post
        if post.parent_id not in self._posts:
            self._fetch_posts([post.parent_id])
        return self._posts[post.parent_id] or post

    def user(self, user_id: int | None) -> User | None:
        """Find a user, once per call."""
        if user_id is None:
            return None
        if user_id not in self._users:
            self._users[user_id] = self.reading.find_user(user_id)
        return self._users[user_id]

    def small_user(self, user_id: int | None) -> Json | None:
        """Give a `shallow_user`; the same object for the same user."""
        if user_id is None:
            return None
        if user_id not in self._small:
            user = self.user(user_id)
            self._small[user_id] = self.show("shallow_user", [user])[0] if user else None
        return self._small[user_id]

    def answers(self, post: Post) -> list[Json] | None:
        """Give a question's answers; absent when there are none."""
        return self.show("answer", self._answers.get(post.id, ())) or None

    def comments(self, post: Post) -> list[Json] | None:
        """Give a post's comments; absent when there are none."""
        return self.show("comment", self._comments.get(post.id, ())) or None

    def comment_count(self, post: Post) -> int:
        """Count a post's comments."""
        return len(self._comments.get(post.id, ()))

    def voted(self, post: Post, ballot: str) -> bool | None:
        """Tell whether the viewer voted so."""
        if self.viewer is None:
            return None
        return (self.viewer.id, ballot) in self.reading.ballots(post.id)

    def favorites(self, post: Post) -> int:
        """Count those who made a post their favourite."""
        return sum(ballot == "favorite" for _, ballot in self.reading.ballots(post.id))

    def post_link(self, post: Post) -> str:
        """Give a post's full address."""
        page = self.page(post)
        folder = "articles" if post.kind == "article" else "questions"
        link = f"{self._site}/{folder}/{page.id}/{slug_of(page.title or '')}"
        return f"{link}/{post.id}#{post.id}" if post.kind == "answer" else link

    def share_link(self, post: Post) -> str:
        """Give a post's short address."""
        return f"{self._site}/{'a' if post.kind == 'answer' else 'q'}/{post.id}"

    def comment_link(self, comment: Comment) -> str | None:
        """Give a comment's address on its post's page."""
        post = self.post_of(comment)
        if post is None:
            return None
        return f"{self.post_link(post).split('#')[0]}#comment{comment.id}_{post.id}"

    def post_of(self, comment: Comment) -> Post | None:
        """Find the post a comment stands under."""
        if comment.post_id not in self._posts:
            self._fetch_posts([comment.post_id])
        return self._posts[comment.post_id]

    def user_link(self, user: User) -> str:
        """Give a member's address."""
        return f"{self._site}/users/{user.id}/{slug_of(user.name)}"

    def portrait(self, user: User) -> str:
        """Give the address of a member's picture."""
        return f"{self._site}/users/{user.id}/portrait.svg"

    def synonyms(self, tag: Tag) -> list[str] | None:
        """List a tag's other names; absent when there are none."""
        masters = self.reading.masters(tag.team_id)
        return sorted(name for name, master in masters.items() if master == tag.name) or None

    def count_posts(self, user: User, kind: str) -> int:
        """Count a member's live posts of a kind."""
        return self.reading.posts_of_user(user.id, kind)

    def before(self, revision: Revision) -> Revision | None:
        """Find the revision before this one."""
        found = self.reading.revisions(revision.post_id)
        return found[revision.number - 2] if revision.number > 1 else None


@lru_cache(maxsize=512)
def _chosen(kind: str, wanted: frozenset[str], encodings: int) -> tuple[tuple[str, Getter], ...]:
    """Pick a type's wanted fields, with safe filters' encoding built in."""
    return tuple(
        (name, get if name in RAW_STRINGS else _encoding(get, encodings))
        for name, get in GETTERS[kind].items()
        if name in wanted
    )


def _encoding(get: Getter, times: int) -> Getter:
    if not times:
        return get

    def getter(lens: Lens, noun: object) -> object:
        value = get(lens, noun)
        return encoded(value) if isinstance(value, str) else value

    return _encoding(getter, times - 1)
