"""What actions on shared things have in common: whom and what they may name, who is named."""

from collections.abc import Iterable

from importer.sandbox.acting import Acting
from importer.sandbox.rules import Rule, RuleBroken
from importer.sandbox.values import Collection, Group, Shares, Tag, User

__all__ = ["Sharing"]


class Sharing(Acting):
    """Finds what a member names, in the member's own team alone; raises `RuleBroken`."""

    def live_user(self, by: User, user_id: int) -> User:
        """Find a member of the user's team."""
        found = self.find_user(user_id)
        if found is None or found.team_id != by.team_id:
            raise RuleBroken(Rule.NO_SUCH_USER, f"User ID {user_id} not found")
        return found

    def live_group(self, by: User, group_id: int) -> Group:
        """Find a user group of the user's team."""
        found = self.group(group_id)
        if found is None or found.team_id != by.team_id:
            raise RuleBroken(Rule.NO_SUCH_GROUP, f"User group ID {group_id} not found")
        return found

    def live_tag(self, by: User, tag_id: int) -> Tag:
        """Find a tag of the user's team."""
        found = self.tag_by_id(tag_id)
        if found is None or found.team_id != by.team_id:
            raise RuleBroken(Rule.NO_SUCH_TAG, f"Tag ID {tag_id} not found")
        return found

    def live_collection(self, by: User, collection_id: int) -> Collection:
        """Find an undeleted collection of the user's team."""
        found = self.collection(collection_id)
        if found is None or found.team_id != by.team_id or found.deleted is not None:
            raise RuleBroken(Rule.NO_SUCH_COLLECTION, f"Collection ID {collection_id} not found")
        return found

    def _checked(self, by: User, shares: Shares) -> Shares:
        """Check that everybody named is in the team; give each once, by id."""
        users = tuple(sorted(set(shares.user_ids)))
        groups = tuple(sorted(set(shares.group_ids)))
        for user_id in users:
            self.live_user(by, user_id)
        for group_id in groups:
            self.live_group(by, group_id)
        return Shares(users, groups)

    def _share(self, table: str, owner: str, owner_id: int, shares: Shares) -> None:
        """Name exactly these for an owner."""
        self.store.run(f"DELETE FROM {table} WHERE {owner} = ?", (owner_id,))  # noqa: S608 - own names
        sql = f"INSERT INTO {table} VALUES (?, ?, ?)"  # noqa: S608 - as above
        for sort, ids in (("user", shares.user_ids), ("group", shares.group_ids)):
            for member_id in ids:
                self.store.run(sql, (owner_id, sort, member_id))


def joined(known: Iterable[int], more: Iterable[int]) -> tuple[int, ...]:
    """Add ids to ids; each once, ascending."""
    return tuple(sorted({*known, *more}))
