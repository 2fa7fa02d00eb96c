"""Looking up what members share: groups, experts of tags, permissions, collections, images."""

from collections.abc import Iterable, Sequence
from typing import Any

from importer.sandbox.reading import BY_ID, Reading, Slice, Where
from importer.sandbox.values import (
    Collection,
    EditableBy,
    Group,
    Image,
    Permissions,
    Post,
    Shares,
    Tag,
    Team,
    User,
)

__all__ = ["Browsing"]

_GROUP = "id, team_id, name, description, created"
_COLLECTION = "id, team_id, title, description, owner_id, created, edited, deleted"
_IMAGE = "id, team_id, owner_id, media_type, size, created"


class Browsing(Reading):
    """All questions that can be put to a store about what members share."""

    def groups(self, slug: str) -> tuple[Group, ...]:
        """List a team's user groups, by id."""
        return tuple(self.select_groups(Where(["team_id = ?"], [self.team(slug).id]), BY_ID))

    def group(self, group_id: int) -> Group | None:
        """Find a group of any team."""
        return next(iter(self.select_groups(Where(["id = ?"], [group_id]), BY_ID)), None)

    def select_groups(self, where: Where, part: Slice) -> list[Group]:
        """List groups; `size` can be sorted and filtered by."""
        rows = self._found(_GROUP, "counted_groups", where, part)
        members = self._lists(
            "SELECT group_id, user_id FROM group_members JOIN members ON members.id = user_id",
            Where().among("group_id", [row[0] for row in rows]),
            order="user_id",
        )
        return [Group(*(*row, tuple(members.get(row[0], ())))) for row in rows]

    def count_groups(self, where: Where) -> int:
        """Count groups."""
        return self._tally("counted_groups", where)

    def groups_of(self, user: User) -> tuple[int, ...]:
        """Give the ids of the groups that a member is in."""
        sql = "SELECT group_id FROM group_members WHERE user_id = ? ORDER BY group_id"
        return tuple(row[0] for row in self.store.all(sql, (user.id,)))

    def among(self, user: User, shares: Shares) -> bool:
        """Tell whether a member is named, or in a group that is."""
        return user.id in shares.user_ids or not set(shares.group_ids).isdisjoint(
            self.groups_of(user)
        )

    def people_of(self, shares: Shares) -> frozenset[int]:
        """Give the ids of the members named and of those in the groups named."""
        groups = self.select_groups(Where().among("id", shares.group_ids), BY_ID)
        return frozenset(shares.user_ids).union(*(group.member_ids for group in groups))

    def tag(self, team: Team, name: str) -> Tag | None:
        """Find a tag by its very name."""
        where = Where(["team_id = ?", "name = ?"], [team.id, name])
        return next(iter(self.select_tags(where, BY_ID)), None)

    def tag_by_id(self, tag_id: int) -> Tag | None:
        """Find a tag of any team."""
        return next(iter(self.select_tags(Where(["id = ?"], [tag_id]), BY_ID)), None)

    def experts(self, tag_id: int) -> Shares:
        """Give a tag's subject matter experts."""
        return self.experts_of([tag_id]).get(tag_id, Shares())

    def experts_of(self, tag_ids: Sequence[int]) -> dict[int, Shares]:
        """Give the experts of these tags; tags without any are left out."""
        return self._shares("tag_experts", "tag_id", "expert_id", tag_ids)

    def count_experts(self, tag_id: int) -> int:
        """Count the people who are a tag's experts, members of its groups included."""
        return len(self.people_of(self.experts(tag_id)))

    def is_expert(self, user: User, tag_names: Iterable[str]) -> bool:
        """Tell whether a member is an expert of one of these tags of the team."""
        where = Where(["team_id = ?"], [user.team_id]).among("name", list(tag_names))
        tags = self.select_tags(where, BY_ID)
        known = self.experts_of([tag.id for tag in tags])
        return any(self.among(user, shares) for shares in known.values())

    def permissions(self, article_id: int) -> Permissions:
        """Give who may edit an article."""
        return self.permissions_of([article_id]).get(article_id, Permissions())

    def permissions_of(self, article_ids: Sequence[int]) -> dict[int, Permissions]:
        """Give who may edit these articles."""
        where = Where(["editable_by IS NOT NULL"]).among("id", article_ids)
        sql = f"SELECT id, editable_by FROM posts {where.sql}"  # noqa: S608 - own column names
        modes: list[tuple[int, EditableBy]] = self.store.all(sql, where.parameters)
        editors = self._shares("article_editors", "post_id", "editor_id", article_ids)
        return {key: Permissions(mode, editors.get(key, Shares())) for key, mode in modes}

    def may_edit(self, user: User, post: Post) -> bool:
        """Tell whether a member may edit a post; locks set aside."""
        if post.kind != "article" or post.owner_id == user.id or user.moderates:
            return True
        allowed = self.permissions(post.id)
        match allowed.editable_by:
            case "everyone":
                return True
            case "specificEditors":
                return self.among(user, allowed.editors)
            case "ownerOnly":
                return False

    def collections(self, slug: str, *, deleted: bool = False) -> tuple[Collection, ...]:
        """List a team's collections, by id."""
        where = Where(["team_id = ?"], [self.team(slug).id])
        where.also("deleted IS NOT NULL" if deleted else "deleted IS NULL")
        return tuple(self.select_collections(where, BY_ID))

    def collection(self, collection_id: int) -> Collection | None:
        """Find a collection of any team, deleted or not."""
        where = Where(["id = ?"], [collection_id])
        return next(iter(self.select_collections(where, BY_ID)), None)

    def select_collections(self, where: Where, part: Slice) -> list[Collection]:
        """List collections; those deleted too, unless *where* leaves them out."""
        rows = self._found(_COLLECTION, "collections", where, part)
        ids = [row[0] for row in rows]
        named = Where().among("collection_id", ids)
        sql = "SELECT collection_id, post_id FROM collection_contents"
        contents = self._lists(sql, named, order="place")
        editors = self._shares("collection_editors", "collection_id", "editor_id", ids)
        sql = (
            "SELECT DISTINCT collection_id, tags.name FROM collection_contents AS content"
            " JOIN post_tags ON post_tags.post_id = content.post_id JOIN tags ON tags.id = tag_id"
            " JOIN posts ON posts.id = content.post_id"
        )
        tags = self._lists(sql, named.also("posts.deleted IS NULL"), order="tags.name")
        found = []
        for row in rows:
            held, known = tuple(contents.get(row[0], ())), tuple(tags.get(row[0], ()))
            found.append(Collection(*(*row, held, editors.get(row[0], Shares()), known)))
        return found

    def count_collections(self, where: Where) -> int:
        """Count collections."""
        return self._tally("collections", where)

    def collections_editable_by(self, user: User) -> Where:
        """Name the collections of a member's team, deleted or not, that the member may edit."""
        where = Where(["team_id = ?"], [user.team_id])
        if user.moderates:
            return where
        sql = (
            "(owner_id = ? OR id IN (SELECT collection_id FROM collection_editors WHERE"
            " (sort = 'user' AND editor_id = ?) OR (sort = 'group' AND editor_id IN"
            " (SELECT group_id FROM group_members WHERE user_id = ?))))"
        )
        return where.also(sql, user.id, user.id, user.id)

    def may_edit_collection(self, user: User, collection: Collection) -> bool:
        """Tell whether a member may edit a collection."""
        own = collection.owner_id == user.id or user.moderates
        return own or self.among(user, collection.editors)

    def contents(self, collection: Collection) -> tuple[Post, ...]:
        """List what a collection holds, in its order; posts deleted since too."""
        found = {post.id: post for post in self.posts_by_id(collection.content_ids)}
        return tuple(found[post_id] for post_id in collection.content_ids if post_id in found)

    def images(self, slug: str) -> tuple[Image, ...]:
        """List a team's images, oldest first."""
        where = Where(["team_id = ?"], [self.team(slug).id])
        part = Slice("created", tie="rowid", direction="ASC")
        return tuple(Image(*row) for row in self._found(_IMAGE, "images", where, part))

    def image(self, image_id: str) -> Image | None:
        """Find an image of any team by its GUID."""
        where = Where(["id = ?"], [image_id.lower()])
        rows = self._found(_IMAGE, "images", where, BY_ID)
        return next((Image(*row) for row in rows), None)

    def image_content(self, image_id: str) -> bytes:
        """Give an image's bytes as they were uploaded; none for an unknown one."""
        found = self.store.value("SELECT content FROM images WHERE id = ?", (image_id.lower(),))
        return bytes(found or b"")

    def _shares(
        self, table: str, owner: str, member: str, owner_ids: Sequence[object]
    ) -> dict[int, Shares]:
        """Give the members and groups that a table names for each of these owners."""
        where = Where().among(owner, owner_ids)
        sql = f"SELECT {owner}, sort, {member} FROM {table} {where.sql} ORDER BY {member}"  # noqa: S608 - own names
        found: dict[int, tuple[list[int], list[int]]] = {}
        for key, sort, value in self.store.all(sql, where.parameters):
            found.setdefault(key, ([], []))[sort == "group"].append(value)
        return {key: Shares(tuple(users), tuple(groups)) for key, (users, groups) in found.items()}

    def _found(self, columns: str, table: str, where: Where, part: Slice) -> list[tuple[Any, ...]]:
        return [*self._rows(columns, table, where, part)]

    def _lists(self, select: str, where: Where, *, order: str) -> dict[int, list[Any]]:
        """Give the second column of a query by the first, in an order."""
        found: dict[int, list[Any]] = {}
        sql = f"{select} {where.sql} ORDER BY {order}"
        for key, value in self.store.all(sql, where.parameters):
            found.setdefault(key, []).append(value)
        return found
