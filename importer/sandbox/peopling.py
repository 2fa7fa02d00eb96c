"""Teams and their members: founding, joining, leaving."""

from importer.sandbox.chartering import Chartering, community
from importer.sandbox.errors import SandboxError
from importer.sandbox.values import TIERS, Role, Team, Tier, User

__all__ = ["Peopling"]

_FACTS = ("name", "role", "about", "email", "department", "job_title", "external_id")


class Peopling(Chartering):
    """What is done to teams and members from outside, as a vendor or an owner does it."""

    def add_team(self, slug: str, *, name: str | None = None, tier: Tier = "business") -> Team:
        """Found a team without members; raises `SandboxError` when the slug is taken.

        A team of the tier `enterprise` is the main site of an Enterprise site.
        """
        team = self._settle(slug, name, tier, None)
        if team.is_main:
            with self.store.transaction():
                self._keep(community(team, self.seconds))
        return team

    def add_private_team(self, slug: str, *, main: Team, name: str | None = None) -> Team:
        """Found a private team of an Enterprise site; who may read it is inferred: members."""
        return self._settle(slug, name, "enterprise", main.id)

    def _settle(self, slug: str, name: str | None, tier: Tier, main_id: int | None) -> Team:
        if self.find_team(slug) is not None:
            text = f"there is a team {slug!r} already"
            raise SandboxError(text)
        if tier == "enterprise" and main_id is None and self.main_site() is not None:
            text = "there is an Enterprise site already"
            raise SandboxError(text)
        shown = name or slug.capitalize()
        sql = "INSERT INTO teams (slug, name, tier, main_id) VALUES (?, ?, ?, ?)"
        with self.store.transaction():
            team_id = self.store.run(sql, (slug, shown, tier, main_id))
        return Team(team_id, slug, shown, tier, main_id)

    def admit(self, user: User, slug: str) -> User:
        """Let an account of the same site join another of its teams, as a user of its own."""
        joined = self._join(self.team(slug), user.name, user.role, user.about)
        facts = (user.account_id, user.email, user.external_id, joined.id)
        with self.store.transaction():
            sql = "UPDATE users SET account_id = ?, email = ?, external_id = ? WHERE id = ?"
            self.store.run(sql, facts)
        return self.find_user(joined.id) or joined

    def set_tier(self, slug: str, tier: Tier) -> Team:
        """Change what a team's owner pays for."""
        if tier not in TIERS:
            text = f"no tier {tier!r}; there are {', '.join(TIERS)}"
            raise SandboxError(text)
        if "enterprise" in (tier, self.team(slug).tier):
            text = "a team can't become an Enterprise site, nor the other way round"
            raise SandboxError(text)
        with self.store.transaction():
            sql = "UPDATE teams SET tier = ? WHERE id = ?"
            self.store.run(sql, (tier, self.team(slug).id))
        return self.team(slug)

    def add_user(
        self,
        slug: str,
        name: str,
        *,
        role: Role = "member",
        about: str = "",
        **facts: str,
    ) -> User:
        """Let somebody join a team; *facts* are email, department, job_title and external_id."""
        user = self._join(self.team(slug), name, role, about)
        return self.change_user(user, **facts) if facts else user

    def change_user(self, user: User, **facts: str | None) -> User:
        """Change a member's name, role, about, email, department, job_title or external_id."""
        for fact, value in facts.items():
            if fact not in _FACTS:
                text = f"a member has no {fact!r}; there are {', '.join(_FACTS)}"
                raise SandboxError(text)
            with self.store.transaction():
                sql = f"UPDATE users SET {fact} = ? WHERE id = ?"  # noqa: S608 - own column names
                self.store.run(sql, (value, user.id))
        return self.find_user(user.id) or user

    def remove_user(self, user: User) -> None:
        """Let a member leave; what they wrote stays, their tokens open nothing."""
        with self.store.transaction():
            sql = "UPDATE users SET left_at = ? WHERE id = ?"
            self.store.run(sql, (self.seconds, user.id))

    def _join(self, team: Team, name: str, role: Role, about: str = "") -> User:
        with self.store.transaction():
            number = 1001 + int(self.store.value("SELECT count(*) FROM users WHERE id > 0"))
            user = User(number, team.id, 900_000 + number, name, role, 101, about, self.seconds)
            self._keep(user)
        return user

    def _keep(self, user: User) -> None:
        columns = "id, team_id, account_id, name, role, reputation, about, created, email"
        sql = f"INSERT INTO users ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - own column names
        values = (user.id, user.team_id, user.account_id, user.name, user.role, user.reputation)
        self.store.run(sql, (*values, user.about, user.created, user.email))
