"""Collections: questions and articles that somebody put in an order."""

from collections.abc import Iterable

from importer.sandbox.rules import Rule, RuleBroken, stored_text
from importer.sandbox.sharing import Sharing
from importer.sandbox.values import Collection, Shares, User

__all__ = ["Curating"]


class Curating(Sharing):
    """What members do with collections; every action raises `RuleBroken` when refused."""

    def make_collection(
        self,
        by: User,
        *,
        title: str,
        description: str = "",
        content_ids: Iterable[int] = (),
        editors: Shares = Shares(),  # noqa: B008 - frozen
    ) -> Collection:
        """Make a collection; any member may."""
        with self.store.transaction():
            kept, text = self._headline(title), stored_text(description, self.behaviour)
            now = self.seconds
            sql = (
                "INSERT INTO collections (team_id, title, description, owner_id, created, edited)"
                " VALUES (?, ?, ?, ?, ?, ?)"
            )
            made = self.store.run(sql, (by.team_id, kept, text, by.id, now, now))
            return self._arrange(by, made, content_ids, editors)

    def replace_collection(
        self,
        by: User,
        collection_id: int,
        *,
        title: str,
        description: str = "",
        content_ids: Iterable[int] = (),
        editors: Shares = Shares(),  # noqa: B008 - frozen
        owner_id: int | None = None,
    ) -> Collection:
        """Put all of a collection anew; only the owner stays when None. Its editors may."""
        with self.store.transaction():
            collection = self.live_collection(by, collection_id)
            if not self.may_edit_collection(by, collection):
                raise RuleBroken(Rule.NOT_ALLOWED, "You may not edit this collection.")
            owner = self._new_owner(by, collection, owner_id)
            kept, text = self._headline(title), stored_text(description, self.behaviour)
            sql = (
                "UPDATE collections SET title = ?, description = ?, owner_id = ?, edited = ?"
                " WHERE id = ?"
            )
            self.store.run(sql, (kept, text, owner, self.seconds, collection.id))
            return self._arrange(by, collection.id, content_ids, editors)

    def delete_collection(self, by: User, collection_id: int) -> None:
        """Delete a collection; what it holds stays. Its owner and moderators may (inferred)."""
        with self.store.transaction():
            found = self.collection(collection_id)
            if found and found.team_id == by.team_id and found.deleted is not None:
                raise RuleBroken(Rule.ALREADY_DELETED, "This collection is already deleted")
            collection = self.live_collection(by, collection_id)
            if collection.owner_id != by.id and not by.moderates:
                raise RuleBroken(Rule.NOT_ALLOWED, "You may not delete this collection.")
            sql = "UPDATE collections SET deleted = ? WHERE id = ?"
            self.store.run(sql, (self.seconds, collection.id))

    def _headline(self, title: str) -> str:
        kept = title.strip() if self.behaviour.trim else title
        if not kept.strip():
            raise RuleBroken(Rule.TITLE_MISSING, "Title is missing.")
        return kept

    def _new_owner(self, by: User, collection: Collection, owner_id: int | None) -> int:
        if owner_id is None or owner_id == collection.owner_id:
            return collection.owner_id
        strict = self.behaviour.collection_owner_by == "owner"
        if strict and collection.owner_id != by.id and not by.moderates:
            raise RuleBroken(Rule.NOT_ALLOWED, "Only its owner may give this collection away.")
        return self.live_user(by, owner_id).id

    def _arrange(
        self, by: User, collection_id: int, content_ids: Iterable[int], editors: Shares
    ) -> Collection:
        named = self._checked(by, editors)
        self._share("collection_editors", "collection_id", collection_id, named)
        self.store.run("DELETE FROM collection_contents WHERE collection_id = ?", (collection_id,))
        for place, post_id in enumerate(self._contents_for(by, content_ids)):
            sql = "INSERT INTO collection_contents VALUES (?, ?, ?)"
            self.store.run(sql, (collection_id, place, post_id))
        return self.live_collection(by, collection_id)

    def _contents_for(self, by: User, content_ids: Iterable[int]) -> list[int]:
        """Check that ids name live questions and articles; the first of a repeated one counts."""
        wanted = list(dict.fromkeys(content_ids))
        fit = {
            post.id
            for post in self.posts_by_id(wanted)
            if post.team_id == by.team_id and post.kind != "answer" and post.deleted is None
        }
        unknown = [post_id for post_id in wanted if post_id not in fit]
        if unknown and self.behaviour.unknown_content == "refused":
            text = f"Content ID {unknown[0]} is not a question or an article"
            raise RuleBroken(Rule.CONTENT_INVALID, text)
        return [post_id for post_id in wanted if post_id in fit]
