"""Comments, votes and the care of tags: what members do around posts."""

from importer.sandbox.acting import Acting
from importer.sandbox.errors import SandboxError
from importer.sandbox.rules import Rule, RuleBroken, stored_text
from importer.sandbox.values import Ballot, Comment, Post, Synonym, Tag, User


class Talking(Acting):
    """What members do around posts; every action raises `RuleBroken` when the site refuses it."""

    def comment_on(self, by: User, post_id: int, *, body: str) -> Comment:
        """Comment on a post; no activity."""
        with self.store.transaction():
            post = self.live_post(by, post_id)
            if post.locked is not None and not by.moderates:
                raise RuleBroken(Rule.LOCKED, "The post is locked.")
            text = self._remark(body)
            sql = "INSERT INTO comments (post_id, owner_id, body, created) VALUES (?, ?, ?, ?)"
            comment_id = self.store.run(sql, (post_id, by.id, text, self.seconds))
            return self.live_comment(by, comment_id)

    def edit_comment(self, by: User, comment_id: int, *, body: str) -> Comment:
        """Edit a comment of one's own."""
        with self.store.transaction():
            self._own_comment(by, comment_id)
            sql = "UPDATE comments SET body = ?, edited = ? WHERE id = ?"
            self.store.run(sql, (self._remark(body), self.seconds, comment_id))
            return self.live_comment(by, comment_id)

    def delete_comment(self, by: User, comment_id: int) -> None:
        """Delete a comment of one's own."""
        with self.store.transaction():
            self._own_comment(by, comment_id)
            sql = "UPDATE comments SET deleted = ? WHERE id = ?"
            self.store.run(sql, (self.seconds, comment_id))

    def upvote_comment(self, by: User, comment_id: int, *, undo: bool = False) -> Comment:
        """Find a comment useful, or no longer."""
        with self.store.transaction():
            comment = self.live_comment(by, comment_id)
            if comment.owner_id == by.id:
                raise RuleBroken(Rule.NOT_ALLOWED, "You may not vote for your own comment.")
            change = "INSERT OR IGNORE INTO comment_votes VALUES (?, ?)"
            if undo:
                change = "DELETE FROM comment_votes WHERE comment_id = ? AND user_id = ?"
            self.store.run(change, (comment_id, by.id))
            sql = (
                "UPDATE comments SET score ="
                " (SELECT count(*) FROM comment_votes WHERE comment_id = comments.id) WHERE id = ?"
            )
            self.store.run(sql, (comment_id,))
            return self.live_comment(by, comment_id)

    def vote(self, by: User, post_id: int, ballot: Ballot = "up", *, undo: bool = False) -> Post:
        """Vote a post up or down or make it a favourite, or take that back; no activity."""
        with self.store.transaction():
            post = self.live_post(by, post_id)
            if post.owner_id == by.id and ballot != "favorite":
                raise RuleBroken(Rule.NOT_ALLOWED, "You may not vote for your own post.")
            if ballot != "favorite":
                sql = "DELETE FROM votes WHERE post_id = ? AND user_id = ? AND ballot <> 'favorite'"
                self.store.run(sql, (post_id, by.id))
            change = "INSERT OR IGNORE INTO votes VALUES (?, ?, ?)"
            if undo:
                change = "DELETE FROM votes WHERE post_id = ? AND user_id = ? AND ballot = ?"
            self.store.run(change, (post_id, by.id, ballot))
            ballots = [kind for _, kind in self.ballots(post_id)]
            up, down = ballots.count("up"), ballots.count("down")
            return self._put(post_id, up=up, down=down, score=up - down)

    def describe_tag(
        self, by: User, name: str, *, excerpt: str | None = None, wiki: str | None = None
    ) -> Tag:
        """Write a tag's excerpt or wiki; what is None stays. Possible on the site only."""
        with self.store.transaction():
            tag_id = self._ensure_tag(by.team_id, name)
            for column, text in (("excerpt", excerpt), ("wiki", wiki)):
                if text is not None:
                    kept = stored_text(text, self.behaviour)
                    columns = f"{column} = ?, {column}_edited = ?, {column}_editor = ?"
                    sql = f"UPDATE tags SET {columns} WHERE id = ?"  # noqa: S608 - own column names
                    self.store.run(sql, (kept, self.seconds, by.id, tag_id))
            return next(tag for tag in self._tags_of(by) if tag.id == tag_id)

    def add_synonym(self, by: User, source: str, target: str) -> Synonym:
        """Make *source* another name of *target*; posts tagged so far keep their tags."""
        with self.store.transaction():
            if source == target or target in self.masters(by.team_id):
                text = f"{source} can't become a synonym of {target}"
                raise SandboxError(text)
            self._ensure_tag(by.team_id, target)
            sql = (
                "INSERT OR REPLACE INTO synonyms (team_id, source, target, created)"
                " VALUES (?, ?, ?, ?)"
            )
            self.store.run(sql, (by.team_id, source, target, self.seconds))
            slug = self._slug_of(by)
            return next(s for s in self.synonyms(slug) if s.source == source)

    def _tags_of(self, by: User) -> tuple[Tag, ...]:
        return self.tags(self._slug_of(by))

    def _slug_of(self, by: User) -> str:
        return next(team.slug for team in self.teams() if team.id == by.team_id)

    def _own_comment(self, by: User, comment_id: int) -> None:
        comment = self.live_comment(by, comment_id)
        if comment.owner_id != by.id and not by.moderates:
            raise RuleBroken(Rule.NOT_ALLOWED, "You may only change comments of your own.")

    def _remark(self, body: str) -> str:
        text = body.strip()
        least, most = self.behaviour.comment_min, self.behaviour.comment_max
        if not text:
            raise RuleBroken(Rule.BODY_MISSING, "Comment is missing.")
        if len(text) < least:
            raise RuleBroken(Rule.BODY_LENGTH, f"Comments must be at least {least} characters.")
        if len(text) > most:
            raise RuleBroken(Rule.BODY_LENGTH, f"Comments are limited to {most} characters.")
        return text
