"""Questions, answers and articles: writing, editing, deleting, accepting, closing, locking."""

from collections.abc import Iterable

from importer.sandbox.permitting import Permitting
from importer.sandbox.rules import Rule, RuleBroken, stored_body, stored_title
from importer.sandbox.values import ARTICLE_TYPES, ArticleType, Kind, Permissions, Post, User


class Posting(Permitting):
    """What members do with posts; every action raises `RuleBroken` when the site refuses it."""

    def ask(self, by: User, *, title: str, body: str, tags: Iterable[str]) -> Post:
        """Ask a question."""
        with self.store.transaction():
            kept = self._title(by, title, "question")
            text = self._body(body, "question")
            self._check_new(by, text)
            names = self._tags_for(by, tags, most=self.behaviour.tags_max)
            return self._insert(by, "question", title=kept, body=text, tags=names)

    def answer(self, by: User, question_id: int, *, body: str) -> Post:
        """Answer a question; brings it to the top."""
        with self.store.transaction():
            question = self.live_post(by, question_id, "question")
            self._check_open(by, question)
            text = self._body(body, "answer")
            return self._insert(by, "answer", body=text, parent_id=question.id)

    def publish(
        self,
        by: User,
        *,
        title: str,
        body: str,
        tags: Iterable[str],
        article_type: str = "knowledge-article",
        permissions: Permissions | None = None,
    ) -> Post:
        """Publish an article; only its owner may edit it unless *permissions* say more."""
        with self.store.transaction():
            sort = _article_type(article_type)
            kept = self._title(by, title, "article")
            text = self._body(body, "article")
            names = self._tags_for(by, tags, most=self.behaviour.article_tags_max)
            made = self._insert(by, "article", title=kept, body=text, tags=names, article_type=sort)
            self._permit(by, made, permissions or Permissions())
            return made

    def edit(
        self,
        by: User,
        post_id: int,
        *,
        title: str | None = None,
        body: str | None = None,
        tags: Iterable[str] | None = None,
        article_type: str | None = None,
        permissions: Permissions | None = None,
        comment: str = "",
    ) -> Post:
        """Edit a post; what is None stays. Members edit questions and answers of all, articles as
        their permissions say; moderators all of them. Permissions leave no revision, and no
        activity (inferred).
        """
        with self.store.transaction():
            post = self.live_post(by, post_id)
            self._check_may_edit(by, post)
            changes: dict[str, object] = {}
            if title is not None and post.kind != "answer":
                changes["title"] = self._title(by, title, post.kind, own_id=post.id)
            if body is not None:
                changes["body"] = self._body(body, post.kind)
            if article_type is not None and post.kind == "article":
                changes["article_type"] = _article_type(article_type)
            names = post.tags
            if tags is not None and post.kind != "answer":
                names = self._tags_for(by, tags, most=self._tags_max(post.kind))
            if permissions is not None and post.kind == "article":
                self._permit(by, post, permissions)
            return self._revise(by, post, changes, names, comment)

    def delete(self, by: User, post_id: int) -> None:
        """Delete a post; a question takes its answers along."""
        with self.store.transaction():
            found = self.post(post_id)
            if found and found.team_id == by.team_id and found.deleted is not None:
                raise RuleBroken(Rule.ALREADY_DELETED, "This post is already deleted")
            post = self.live_post(by, post_id)
            self._check_may_delete(by, post)
            now = self.seconds
            self.store.run("UPDATE posts SET deleted = ? WHERE id = ?", (now, post.id))
            sql = "UPDATE posts SET deleted = ?, buried = 1 WHERE parent_id = ? AND deleted IS NULL"
            self.store.run(sql, (now, post.id))
            sql = "UPDATE posts SET accepted_id = NULL WHERE id = ? AND accepted_id = ?"
            self.store.run(sql, (post.question_id, post.id))

    def undelete(self, by: User, post_id: int) -> Post:
        """Bring a deleted post back, with the answers it took along."""
        with self.store.transaction():
            post = self._existing(post_id)
            if post.owner_id != by.id and not by.moderates:
                raise RuleBroken(Rule.NOT_ALLOWED, "You may not undelete this post.")
            sql = "UPDATE posts SET deleted = NULL, buried = 0 WHERE parent_id = ? AND buried"
            self.store.run(sql, (post.id,))
            return self._put(post.id, deleted=None, buried=0)

    def accept(self, by: User, answer_id: int, *, as_moderator: bool = False) -> Post:
        """Accept an answer, in place of any other; no activity.

        Only the one who asked may, and with *as_moderator* a moderator too.
        """
        with self.store.transaction():
            answer = self.live_post(by, answer_id, "answer")
            self._check_may_accept(by, answer, as_moderator=as_moderator)
            self._put(answer.question_id, accepted_id=answer.id)
            return self._existing(answer.id)

    def unaccept(self, by: User, answer_id: int, *, as_moderator: bool = False) -> Post:
        """Take an acceptance back, as `accept` gives it."""
        with self.store.transaction():
            answer = self.live_post(by, answer_id, "answer")
            self._check_may_accept(by, answer, as_moderator=as_moderator)
            if self._existing(answer.question_id).accepted_id == answer.id:
                self._put(answer.question_id, accepted_id=None)
            return self._existing(answer.id)

    def lock(self, by: User, post_id: int) -> Post:
        """Let only moderators change a post."""
        return self._moderate(by, post_id, locked=self.seconds)

    def unlock(self, by: User, post_id: int) -> Post:
        """Take a lock off."""
        return self._moderate(by, post_id, locked=None)

    def close_question(
        self, by: User, post_id: int, reason: str = "Not suitable for this site"
    ) -> Post:
        """Close a question to new answers."""
        columns = {"closed": self.seconds, "closed_reason": reason, "closed_by": by.id}
        return self._moderate(by, post_id, **columns)

    def reopen_question(self, by: User, post_id: int) -> Post:
        """Open a closed question again."""
        return self._moderate(by, post_id, closed=None, closed_reason=None, closed_by=None)

    def _moderate(self, by: User, post_id: int, **columns: object) -> Post:
        with self.store.transaction():
            post = self.live_post(by, post_id)
            if not by.moderates:
                raise RuleBroken(Rule.NOT_ALLOWED, "Only moderators may do this.")
            return self._put(post.id, **columns)

    def _insert(
        self,
        by: User,
        kind: Kind,
        *,
        body: str,
        title: str | None = None,
        tags: tuple[str, ...] = (),
        parent_id: int | None = None,
        article_type: ArticleType | None = None,
    ) -> Post:
        now = self.seconds
        post_id = self.store.run(
            "INSERT INTO posts (team_id, kind, parent_id, title, body, owner_id, created, activity,"
            " article_type) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (by.team_id, kind, parent_id, title, body, by.id, now, now, article_type),
        )
        post = self._existing(post_id)
        if tags:
            self._set_tags(post, tags)
            post = self._existing(post_id)
        if parent_id is not None:
            self._touch(post)
        self._record(post, by, "")
        return post

    def _revise(
        self,
        by: User,
        post: Post,
        changes: dict[str, object],
        names: tuple[str, ...],
        comment: str,
    ) -> Post:
        same = all(getattr(post, name) == value for name, value in changes.items())
        if same and names == post.tags and self.behaviour.noop_edit != "accepted":
            if self.behaviour.noop_edit == "refused":
                raise RuleBroken(Rule.UNCHANGED, "The edit changes nothing.")
            return post
        if names != post.tags:
            self._set_tags(post, names)
        if changes:
            self._put(post.id, **changes)
        if self._within_grace(by, post):
            return self._amend(post)
        edited = self._put(post.id, edited=self.seconds, editor_id=by.id)
        self._touch(edited)
        edited = self._existing(post.id)
        self._record(edited, by, comment)
        return edited

    def _within_grace(self, by: User, post: Post) -> bool:
        grace_s = self.behaviour.grace_s
        if grace_s <= 0:
            return False
        last = self.revisions(post.id)[-1]
        return last.user_id == by.id and self.seconds - last.created < grace_s

    def _amend(self, post: Post) -> Post:
        """Let an author's quick second edit become part of the revision before it."""
        now = self._existing(post.id)
        last = self.revisions(post.id)[-1]
        self.store.run(
            "UPDATE revisions SET title = ?, body = ?, tags = ? WHERE post_id = ? AND number = ?",
            (now.title, now.body, " ".join(now.tags), post.id, last.number),
        )
        return now

    def _title(self, by: User, title: str, kind: Kind, *, own_id: int = 0) -> str:
        kept = stored_title(title, self.behaviour)
        if self.behaviour.duplicate_title_refused and kind == "question":
            sql = (
                "SELECT id FROM posts WHERE team_id = ? AND kind = ? AND title = ? COLLATE NOCASE"
                " AND deleted IS NULL AND id <> ?"
            )
            if self.store.value(sql, (by.team_id, kind, kept, own_id)) is not None:
                text = "A question with that title already exists; please be more specific."
                raise RuleBroken(Rule.TITLE_TAKEN, text)
        return kept

    def _body(self, body: str, kind: Kind) -> str:
        least, most = self.behaviour.body_min, self.behaviour.body_max
        if kind == "article":
            least, most = 1, self.behaviour.article_max
        return stored_body(body, self.behaviour, least=least, most=most)

    def _check_new(self, by: User, body: str) -> None:
        if not self.behaviour.duplicate_text_refused:
            return
        sql = "SELECT id FROM posts WHERE team_id = ? AND kind = ? AND body = ? AND deleted IS NULL"
        if self.store.value(sql, (by.team_id, "question", body)) is not None:
            text = "This post appears to be a duplicate of another post."
            raise RuleBroken(Rule.BODY_TAKEN, text)

    def _tags_max(self, kind: Kind) -> int:
        article = kind == "article"
        return self.behaviour.article_tags_max if article else self.behaviour.tags_max

    def _check_open(self, by: User, question: Post) -> None:
        self._check_unlocked(by, question)
        if question.closed is not None:
            raise RuleBroken(Rule.CLOSED, "The question is closed to new answers.")

    def _check_unlocked(self, by: User, post: Post) -> None:
        if post.locked is not None and not by.moderates:
            raise RuleBroken(Rule.LOCKED, "The post is locked.")

    def _check_may_edit(self, by: User, post: Post) -> None:
        self._check_unlocked(by, post)
        if not self.may_edit(by, post):
            raise RuleBroken(Rule.NOT_ALLOWED, "You may not edit this article.")

    def _check_may_accept(self, by: User, answer: Post, *, as_moderator: bool) -> None:
        question = self._existing(answer.question_id)
        if question.owner_id != by.id and not (as_moderator and by.moderates):
            raise RuleBroken(Rule.NOT_ALLOWED, "Only the question's owner may accept an answer.")

    def _check_may_delete(self, by: User, post: Post) -> None:
        if by.moderates:
            return
        self._check_unlocked(by, post)
        if post.owner_id != by.id:
            raise RuleBroken(Rule.NOT_ALLOWED, "You may only delete posts of your own.")
        if not self.behaviour.public_deletion_rules:
            return
        if post.kind == "answer" and self._existing(post.question_id).accepted_id == post.id:
            raise RuleBroken(Rule.NOT_ALLOWED, "An accepted answer can't be deleted by its author.")
        facts = self.answer_facts([post.id]).get(post.id)
        if facts and (facts.count > 1 or facts.best_score > 0):
            text = "The question can't be deleted: others have put effort into its answers."
            raise RuleBroken(Rule.NOT_ALLOWED, text)


def _article_type(name: str) -> ArticleType:
    for known in ARTICLE_TYPES:
        if name == known:
            return known
    raise RuleBroken(Rule.ARTICLE_TYPE, f"Unknown article type '{name}'.")
