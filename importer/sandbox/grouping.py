"""User groups, and the subject matter experts of tags."""

from collections.abc import Iterable

from importer.sandbox.rules import Rule, RuleBroken
from importer.sandbox.sharing import Sharing, joined
from importer.sandbox.values import Group, Shares, User

__all__ = ["Grouping"]

_FIRST_GROUP = 1001
"""Group ids start here; observed on live teams."""


class Grouping(Sharing):
    """What members do with groups and experts; every action raises `RuleBroken` when refused."""

    def make_group(
        self, by: User, *, name: str, description: str | None = None, member_ids: Iterable[int] = ()
    ) -> Group:
        """Make a user group; there is no way to delete one."""
        with self.store.transaction():
            self._check_groups(by)
            kept = self._group_name(by, name)
            sql = "SELECT coalesce(max(id) + 1, ?) FROM user_groups"
            group_id = int(self.store.value(sql, (_FIRST_GROUP,)))
            values = (group_id, by.team_id, kept, description, self.seconds)
            self.store.run("INSERT INTO user_groups VALUES (?, ?, ?, ?, ?)", values)
            return self._fill(by, group_id, member_ids)

    def replace_group(
        self,
        by: User,
        group_id: int,
        *,
        name: str,
        description: str | None = None,
        member_ids: Iterable[int] = (),
    ) -> Group:
        """Put a group's name, description and members anew; what is left out is blank."""
        with self.store.transaction():
            self._check_groups(by)
            group = self.live_group(by, group_id)
            kept = self._group_name(by, name, own_id=group.id)
            sql = "UPDATE user_groups SET name = ?, description = ? WHERE id = ?"
            self.store.run(sql, (kept, description, group.id))
            return self._fill(by, group.id, member_ids)

    def add_members(self, by: User, group_id: int, member_ids: Iterable[int]) -> Group:
        """Let members join a group; harmless for those who are in it."""
        with self.store.transaction():
            self._check_groups(by)
            group = self.live_group(by, group_id)
            return self._fill(by, group.id, joined(group.member_ids, member_ids))

    def remove_member(self, by: User, group_id: int, member_id: int) -> Group:
        """Take a member out of a group; one who isn't in it is no such user."""
        with self.store.transaction():
            self._check_groups(by)
            group = self.live_group(by, group_id)
            if member_id not in group.member_ids:
                raise RuleBroken(Rule.NO_SUCH_USER, f"User ID {member_id} not found")
            return self._fill(by, group.id, set(group.member_ids) - {member_id})

    def set_experts(self, by: User, tag_id: int, experts: Shares) -> Shares:
        """Name exactly these members and groups as a tag's experts."""
        with self.store.transaction():
            self._check_experts(by)
            tag = self.live_tag(by, tag_id)
            self._share("tag_experts", "tag_id", tag.id, self._checked(by, experts))
            return self.experts(tag.id)

    def add_experts(self, by: User, tag_id: int, experts: Shares) -> Shares:
        """Name these as experts too."""
        with self.store.transaction():
            self._check_experts(by)
            known = self.experts(self.live_tag(by, tag_id).id)
            if self.behaviour.v3_expert_added_twice == "refused":
                _refuse_known(known, experts)
            users = joined(known.user_ids, experts.user_ids)
            groups = joined(known.group_ids, experts.group_ids)
            return self.set_experts(by, tag_id, Shares(users, groups))

    def remove_experts(self, by: User, tag_id: int, experts: Shares) -> Shares:
        """Let these be experts no longer."""
        with self.store.transaction():
            self._check_experts(by)
            known = self.experts(self.live_tag(by, tag_id).id)
            if self.behaviour.v3_expert_not_there == "refused":
                _refuse_unknown(known, experts)
            users = tuple(i for i in known.user_ids if i not in experts.user_ids)
            groups = tuple(i for i in known.group_ids if i not in experts.group_ids)
            return self.set_experts(by, tag_id, Shares(users, groups))

    def check_experts_on(self) -> None:
        """Refuse all that has to do with experts where the site has none."""
        if not self.behaviour.experts:
            text = "Subject matter experts are not enabled on this site."
            raise RuleBroken(Rule.EXPERTS_OFF, text)

    def _check_experts(self, by: User) -> None:
        self.check_experts_on()
        if not by.moderates:
            text = "Only moderators and admins may change subject matter experts."
            raise RuleBroken(Rule.NOT_ALLOWED, text)

    def _check_groups(self, by: User) -> None:
        if self.behaviour.groups_by == "moderators" and not by.moderates:
            text = "Only moderators and admins may change user groups."
            raise RuleBroken(Rule.NOT_ALLOWED, text)

    def _group_name(self, by: User, name: str, *, own_id: int = 0) -> str:
        kept = name.strip() if self.behaviour.trim else name
        if not kept.strip():
            raise RuleBroken(Rule.NAME_MISSING, "The Name field is required.")
        if self.behaviour.group_names_unique:
            sql = "SELECT id FROM user_groups WHERE team_id = ? AND folded(name) = ? AND id <> ?"
            if self.store.value(sql, (by.team_id, kept.casefold(), own_id)) is not None:
                raise RuleBroken(Rule.NAME_TAKEN, "A user group with that name already exists.")
        return kept

    def _fill(self, by: User, group_id: int, member_ids: Iterable[int]) -> Group:
        wanted = sorted(set(member_ids))
        for user_id in wanted:
            self.live_user(by, user_id)
        self.store.run("DELETE FROM group_members WHERE group_id = ?", (group_id,))
        for user_id in wanted:
            self.store.run("INSERT INTO group_members VALUES (?, ?)", (group_id, user_id))
        return self.live_group(by, group_id)


def _refuse_known(known: Shares, added: Shares) -> None:
    same = {*known.user_ids} & {*added.user_ids} or {*known.group_ids} & {*added.group_ids}
    if same:
        raise RuleBroken(Rule.NAME_TAKEN, f"{min(same)} is a subject matter expert already.")


def _refuse_unknown(known: Shares, removed: Shares) -> None:
    """Refuse to remove those who are no experts: they are no such user or group."""
    for user_id in sorted(set(removed.user_ids) - set(known.user_ids)):
        raise RuleBroken(Rule.NO_SUCH_USER, f"User ID {user_id} not found")
    for group_id in sorted(set(removed.group_ids) - set(known.group_ids)):
        raise RuleBroken(Rule.NO_SUCH_GROUP, f"User group ID {group_id} not found")
