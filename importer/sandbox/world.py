"""A world: teams, their people and tokens, and everything they can do."""

import hashlib
import secrets
import string
from datetime import datetime
from pathlib import Path

from importer.sandbox.behaviour import Behaviour
from importer.sandbox.chance import Seed, draw
from importer.sandbox.clock import Clock, SystemClock
from importer.sandbox.curating import Curating
from importer.sandbox.errors import SandboxError
from importer.sandbox.grouping import Grouping
from importer.sandbox.limits import Limits
from importer.sandbox.past import Past
from importer.sandbox.picturing import Picturing
from importer.sandbox.posting import Posting
from importer.sandbox.reading import live
from importer.sandbox.request_log import RequestRecord
from importer.sandbox.store import Store, open_store
from importer.sandbox.talking import Talking
from importer.sandbox.values import TIERS, Role, Team, Tier, Tokens, User

_ALPHABET = string.ascii_letters + string.digits
_LETTERS = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256)).encode()
_TOKEN_LENGTH = 24
_PRIMARY = 0.5
"""The share of reads that are never answered from an older state."""
_SORTS = ("read_write", "read_only", "expired")
_FACTS = ("name", "role", "about", "email", "department", "job_title", "external_id")

_PEOPLE: dict[str, tuple[tuple[str, Role], ...]] = {
    "acme": (("Ada Berg", "member"), ("Björn Öst", "member"), ("Chidi Okafor", "moderator")),
    "umbrella": (("Uma Rao", "member"), ("Ümit Kaya", "moderator")),
}


class World(Posting, Talking, Grouping, Curating, Picturing):
    """Several teams in one store; the methods act as people do on the site, or look at it.

    The first argument of every action is the member who acts. `behaviour` may be replaced at any
    time, and so may `seed`, from which all follows that is left to chance. `requests` holds a
    record of every request that an app over this world answered.
    """

    def __init__(
        self, store: Store, *, behaviour: Behaviour, clock: Clock, seed: Seed | None = None
    ) -> None:
        super().__init__(store, behaviour=behaviour, clock=clock)
        self.requests: list[RequestRecord] = []
        self.limits = Limits(lambda: clock.now().timestamp())
        self.seed: Seed = seed if seed is not None else secrets.token_hex(16)
        self._past = Past(store)
        self._reads = 0
        store.before_change = self._before_change

    def found(self, tier: Tier) -> None:
        """Found the first teams, `acme` of this tier, with members and tokens, unless there are."""
        if self.store.value("SELECT id FROM teams"):
            return
        with self.store.transaction():
            for slug, people in _PEOPLE.items():
                team = self.add_team(slug, tier=tier if slug == "acme" else "business")
                members = [self._join(team, name, role) for name, role in people]
                for sort in _SORTS:
                    self._issue_standing(members[0], sort)

    def add_team(self, slug: str, *, name: str | None = None, tier: Tier = "business") -> Team:
        """Found a team without members; raises `SandboxError` when the slug is taken."""
        if self.find_team(slug) is not None:
            text = f"there is a team {slug!r} already"
            raise SandboxError(text)
        sql = "INSERT INTO teams (slug, name, tier) VALUES (?, ?, ?)"
        with self.store.transaction():
            team_id = self.store.run(sql, (slug, name or slug.capitalize(), tier))
        return Team(team_id, slug, name or slug.capitalize(), tier)

    def set_tier(self, slug: str, tier: Tier) -> Team:
        """Change what a team's owner pays for."""
        if tier not in TIERS:
            text = f"no tier {tier!r}; there are {', '.join(TIERS)}"
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

    def issue_token(
        self, user: User, *, write: bool = True, expires: datetime | None = None
    ) -> str:
        """Make a new token for a member; it never expires unless told when."""
        return self._issue(user, write=write, expires=int(expires.timestamp()) if expires else None)

    def revoke_token(self, secret: str) -> None:
        """Revoke a token; calls that carry it are answered as to an expired one."""
        with self.store.transaction():
            self.store.run("UPDATE tokens SET expires = 0 WHERE secret = ?", (secret,))

    def tokens(self, slug: str = "acme") -> Tokens:
        """Give the tokens of a team's first member, and one that belongs to another team."""
        team = self.team(slug)
        others = [other for other in self.teams() if other.id != team.id and self.users(other.slug)]
        if not self.users(slug) or not others:
            text = f"{slug} needs a member, and another team with one, before it has tokens"
            raise SandboxError(text)
        own = self.users(slug)[0]
        foreign = self.users(others[0].slug)[0]
        return Tokens(
            read_write=self._standing(own, "read_write"),
            read_only=self._standing(own, "read_only"),
            expired=self._standing(own, "expired"),
            foreign=self._standing(foreign, "read_write"),
        )

    def void_token(self, secret: str) -> None:
        """Mark a token, if it is one, as known to others: it opens nothing from now on."""
        if self.find_token(secret) is not None:
            with self.store.transaction():
                sql = "UPDATE tokens SET compromised = 1 WHERE secret = ?"
                self.store.run(sql, (secret,))

    def unlisted(self, team: Team) -> list[int]:
        """Give the new posts that a team's lists don't show yet, by id."""
        lag_s = self.behaviour.listing_lag_s
        if not lag_s:
            return []
        now = self.clock.now().timestamp()
        where = live(team, "question", "answer", "article").also("created > ?", now - lag_s)
        sql = f"SELECT id, created FROM posts {where.sql}"  # noqa: S608 - own column names
        return [
            post_id
            for post_id, created in self.store.all(sql, where.parameters)
            if now < created + lag_s * draw(self.seed, "listing", post_id)
        ]

    def replica(self) -> "World":
        """Give the world that answers the next read: this one, or as it was a while ago."""
        lag_s = self.behaviour.replica_lag_s
        if not lag_s:
            return self
        self._reads += 1
        if draw(self.seed, "replica", self._reads) < _PRIMARY:
            return self
        age_s = lag_s * draw(self.seed, "replica age", self._reads)
        store = self._past.at(self.clock.now().timestamp() - age_s)
        if store is None:
            return self
        return World(store, behaviour=self.behaviour, clock=self.clock, seed=self.seed)

    def _before_change(self) -> None:
        if lag_s := self.behaviour.replica_lag_s:
            self._past.keep(self.clock.now().timestamp(), lag_s)

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        self._past.close()
        self.store.close()

    def _standing(self, user: User, sort: str) -> str:
        """Give a member's lasting token of a sort, made when first asked for."""
        sql = "SELECT secret FROM tokens WHERE user_id = ? AND sort = ?"
        found: str | None = self.store.value(sql, (user.id, sort))
        return found or self._issue_standing(user, sort)

    def _issue_standing(self, user: User, sort: str) -> str:
        expires = user.created - 1 if sort == "expired" else None
        return self._issue(user, write=sort != "read_only", expires=expires, sort=sort)

    def _issue(
        self, user: User, *, write: bool, expires: int | None, sort: str | None = None
    ) -> str:
        with self.store.transaction():
            number = self.store.value("SELECT count(*) FROM tokens")
            secret = self._secret(f"{user.id} {sort or number}")
            sql = "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, 0)"
            self.store.run(sql, (secret, user.id, write, expires, sort))
        return secret

    def _secret(self, purpose: str) -> str:
        digest = hashlib.blake2b(f"sandbox token {self.seed} {purpose}".encode()).digest()
        return digest[:_TOKEN_LENGTH].translate(_LETTERS).decode()


def open_world(
    path: Path | None = None,
    *,
    tier: Tier = "business",
    behaviour: Behaviour = Behaviour(),  # noqa: B008 - frozen
    clock: Clock | None = None,
    seed: int | None = None,
) -> World:
    """Open the world in a file, or a new one in memory for None; raises `SandboxError`.

    A new world has the teams `acme`, of this tier, and `umbrella`, each with a few members. What
    is in a file stays as it is, its tiers too. Tokens, and all that is left to chance, are random,
    or follow from `seed` if given.
    """
    world = World(open_store(path), behaviour=behaviour, clock=clock or SystemClock(), seed=seed)
    world.found(tier)
    return world
