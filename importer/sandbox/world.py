"""A world: teams, their people and tokens, and everything they can do."""

import secrets
from pathlib import Path
from unicodedata import normalize

from importer.sandbox.behaviour import Behaviour
from importer.sandbox.chance import Seed, draw
from importer.sandbox.clock import Clock, SystemClock
from importer.sandbox.curating import Curating
from importer.sandbox.grouping import Grouping
from importer.sandbox.keyholding import SORTS, Keyholding
from importer.sandbox.limits import Limits
from importer.sandbox.past import Past
from importer.sandbox.peopling import Peopling
from importer.sandbox.picturing import Picturing
from importer.sandbox.posting import Posting
from importer.sandbox.reading import live
from importer.sandbox.request_log import RequestRecord
from importer.sandbox.store import Store, open_store
from importer.sandbox.talking import Talking
from importer.sandbox.throttling import Throttle
from importer.sandbox.values import Role, Team, Tier, User

_PRIMARY = 0.5
"""The share of reads that are never answered from an older state."""

_PEOPLE: dict[str, tuple[tuple[str, Role], ...]] = {
    "acme": (("Ada Berg", "member"), ("Björn Öst", "member"), ("Chidi Okafor", "moderator")),
    "umbrella": (("Uma Rao", "member"), ("Ümit Kaya", "moderator")),
}
_ADMIN: tuple[str, Role] = ("Dana Sá", "admin")
_PRIVATE = "platform"


class World(Posting, Talking, Grouping, Curating, Picturing, Peopling, Keyholding):
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
        self.throttle = Throttle(lambda: clock.now().timestamp())
        self.seed = seed if seed is not None else secrets.token_hex(16)
        self._past = Past(store)
        self._reads = 0
        store.before_change = self._before_change

    def found(self, tier: Tier) -> None:
        """Found the first teams, `acme` of this tier, with members and tokens, unless there are.

        An Enterprise site has an admin and a private team, `platform`, besides.
        """
        if self.store.value("SELECT id FROM teams"):
            return
        with self.store.transaction():
            for slug, people in _PEOPLE.items():
                team = self.add_team(slug, tier=tier if slug == "acme" else "business")
                members = [self._join(team, name, role) for name, role in people]
                for sort in SORTS:
                    self._issue_standing(members[0], sort)
                if team.is_main:
                    self._charter(team, members)

    def _charter(self, main: Team, members: list[User]) -> None:
        """Give an Enterprise site what only such sites have."""
        members.append(self._join(main, *_ADMIN))
        for user in members:
            name = normalize("NFKD", user.name.split()[0].lower()).encode("ascii", "ignore")
            email = f"{name.decode()}@{main.slug}.example"
            self.change_user(user, email=email, external_id=f"sso-{user.account_id}")
        self.issue_key(main.slug, "read")
        self.issue_key(main.slug, "service")
        self.add_private_team(_PRIVATE, main=main)
        for user in (members[0], members[2]):
            self.admit(user, _PRIVATE)

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
