"""What every action shares: the store, the clock, the switches, and the site's ground rules."""

import hashlib
import uuid
from collections.abc import Iterable

from importer.sandbox.behaviour import Behaviour
from importer.sandbox.browsing import Browsing
from importer.sandbox.clock import Clock
from importer.sandbox.rules import Rule, RuleBroken, ordered_tags, stored_tags
from importer.sandbox.store import Store
from importer.sandbox.values import Comment, Kind, Post, User


class Acting(Browsing):
    """The ground that people's and API calls' actions stand on."""

    def __init__(self, store: Store, *, behaviour: Behaviour, clock: Clock) -> None:
        super().__init__(store)
        self.behaviour = behaviour
        self.clock = clock

    @property
    def seconds(self) -> int:
        """The present moment in whole Unix seconds, as the site keeps it."""
        return int(self.clock.now().timestamp())

    def live_post(self, by: User, post_id: int, *kinds: Kind) -> Post:
        """Find an undeleted post of the user's team; raises `RuleBroken`."""
        post = self.post(post_id)
        if post is None or post.deleted is not None or post.team_id != by.team_id:
            raise RuleBroken(Rule.NO_SUCH_POST, "The post doesn't exist or was deleted.")
        if kinds and post.kind not in kinds:
            raise RuleBroken(Rule.NO_SUCH_POST, f"Post {post_id} is not a {' or '.join(kinds)}.")
        return post

    def live_comment(self, by: User, comment_id: int) -> Comment:
        """Find an undeleted comment in the user's team; raises `RuleBroken`."""
        comment = self.comment(comment_id)
        post = self.post(comment.post_id) if comment else None
        if comment is None or comment.deleted is not None or post is None:
            raise RuleBroken(Rule.NO_SUCH_COMMENT, "The comment doesn't exist or was deleted.")
        if post.team_id != by.team_id or post.deleted is not None:
            raise RuleBroken(Rule.NO_SUCH_COMMENT, "The comment doesn't exist or was deleted.")
        return comment

    def _existing(self, post_id: int) -> Post:
        post = self.post(post_id)
        if post is None:
            raise RuleBroken(Rule.NO_SUCH_POST, "The post doesn't exist.")
        return post

    def _put(self, post_id: int, **columns: object) -> Post:
        """Change columns of a post."""
        names = ", ".join(f"{name} = ?" for name in columns)
        self.store.run(f"UPDATE posts SET {names} WHERE id = ?", (*columns.values(), post_id))  # noqa: S608 - own column names
        return self._existing(post_id)

    def _touch(self, post: Post) -> None:
        """Bring a post's page to the top of everybody's list."""
        sql = "UPDATE posts SET activity = max(activity, ?) WHERE id IN (?, ?)"
        self.store.run(sql, (self.seconds, post.id, post.question_id))

    def _tags_for(self, by: User, names: Iterable[str], *, most: int) -> tuple[str, ...]:
        """Check tags, apply synonyms, give birth to new ones, and put them in the site's order."""
        kept = stored_tags(names, self.behaviour, most=most)
        if self.behaviour.synonyms_applied:
            masters = self.masters(by.team_id)
            for name in kept:
                if name in masters:
                    self._count_synonym(by.team_id, name)
            kept = tuple(dict.fromkeys(masters.get(name, name) for name in kept))
        for name in kept:
            self._ensure_tag(by.team_id, name)
        return ordered_tags(kept, self.behaviour)

    def _count_synonym(self, team_id: int, source: str) -> None:
        sql = (
            "UPDATE synonyms SET applied = applied + 1, last_applied = ?"
            " WHERE team_id = ? AND source = ?"
        )
        self.store.run(sql, (self.seconds, team_id, source))

    def _ensure_tag(self, team_id: int, name: str) -> int:
        sql = "INSERT OR IGNORE INTO tags (team_id, name, created) VALUES (?, ?, ?)"
        self.store.run(sql, (team_id, name, self.seconds))
        sql = "SELECT id FROM tags WHERE team_id = ? AND name = ?"
        return int(self.store.value(sql, (team_id, name)))

    def _set_tags(self, post: Post, names: tuple[str, ...]) -> None:
        """Put exactly these tags on a post."""
        self.store.run("DELETE FROM post_tags WHERE post_id = ?", (post.id,))
        for name in names:
            tag_id = self._ensure_tag(post.team_id, name)
            self.store.run("INSERT INTO post_tags VALUES (?, ?)", (tag_id, post.id))
        self.store.run("UPDATE posts SET tags = ? WHERE id = ?", (" ".join(names), post.id))

    def _record(self, post: Post, by: User, comment: str) -> None:
        """Add the post's present state to its history, as of the moment that the post tells."""
        sql = "SELECT coalesce(max(number), 0) + 1 FROM revisions WHERE post_id = ?"
        number = int(self.store.value(sql, (post.id,)))
        digest = hashlib.blake2b(f"revision {post.id} {number}".encode(), digest_size=16).digest()
        guid = str(uuid.UUID(bytes=digest)).upper()
        made = post.created if post.edited is None else post.edited
        state = (comment, post.title, post.body, " ".join(post.tags))
        self.store.run(
            "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (guid, post.id, number, by.id, made, *state),
        )
