"""Looking things up in the store: every read of a team, of people and API calls alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

from importer.sandbox.errors import SandboxError
from importer.sandbox.store import Store
from importer.sandbox.values import (
    Ballot,
    Comment,
    Kind,
    Post,
    Revision,
    Synonym,
    Tag,
    Team,
    Token,
    User,
)

_POST = (
    "id, team_id, kind, parent_id, title, body, tags, owner_id, created, activity, edited,"
    " editor_id, up, down, score, views, accepted_id, closed, closed_reason, closed_by, locked,"
    " article_type, deleted"
)
_USER = (
    "id, team_id, account_id, name, role, reputation, about, created, email, department, job_title,"
    " external_id"
)
_TEAM = "id, slug, name, tier, main_id"
_COMMENT = "id, post_id, owner_id, body, created, edited, score, deleted"
_TAG = (
    "id, team_id, name, created, excerpt, excerpt_edited, excerpt_editor, wiki, wiki_edited,"
    " wiki_editor, count, activity"
)
_REVISION = "guid, post_id, number, user_id, created, comment, title, body, tags"


@dataclass(slots=True)
class Where:
    """Conditions joined by AND, each with its parameters."""

    conditions: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def also(self, condition: str, *parameters: object) -> Self:
        """Add a condition; `?` stands for each parameter."""
        self.conditions.append(condition)
        self.parameters.extend(parameters)
        return self

    def among(self, column: str, values: Sequence[object]) -> Self:
        """Ask for a column to be one of these values."""
        return self.also(f"{column} IN ({', '.join('?' * len(values))})", *values)

    def apart_from(self, column: str, values: Sequence[object]) -> Self:
        """Ask for a column to be none of these values."""
        if not values:
            return self
        return self.also(f"{column} NOT IN ({', '.join('?' * len(values))})", *values)

    def never(self) -> Self:
        """Ask for nothing at all."""
        return self.also("0")

    @property
    def sql(self) -> str:
        """The WHERE clause."""
        return f"WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a result, in which order; ties are broken by `tie`, in the same direction."""

    order: str
    tie: str = "id"
    direction: Literal["ASC", "DESC"] = "DESC"
    limit: int = -1
    offset: int = 0

    @property
    def sql(self) -> str:
        """The ORDER BY and LIMIT clauses."""
        ties = "" if self.tie == self.order else f", {self.tie} {self.direction}"
        order = f"ORDER BY {self.order} {self.direction}{ties}"
        return f"{order} LIMIT {self.limit} OFFSET {self.offset}"


BY_ID = Slice("id", direction="ASC")
BY_NAME = Slice("name", tie="name", direction="ASC")


def live(team: Team, *kinds: Kind) -> Where:
    """Name the undeleted posts of a team, of these kinds."""
    return Where(["team_id = ?"], [team.id]).among("kind", kinds).also("deleted IS NULL")


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What a question's page needs to know of its answers."""

    count: int
    best_score: int


class Reading:
    """All questions that can be put to a store; every list comes in a stated order."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def _tally(self, table: str, where: Where) -> int:
        sql = f"SELECT count(*) FROM {table} {where.sql}"  # noqa: S608 - own table names
        return int(self.store.value(sql, where.parameters))

    def _rows(
        self, columns: str, table: str, where: Where, part: Slice
    ) -> list[tuple[object, ...]]:
        sql = f"SELECT {columns} FROM {table} {where.sql} {part.sql}"  # noqa: S608 - own names
        return self.store.all(sql, where.parameters)

    def teams(self) -> tuple[Team, ...]:
        """List all teams, by id."""
        rows = self.store.all(f"SELECT {_TEAM} FROM teams ORDER BY id")  # noqa: S608 - own column names
        return tuple(Team(*row) for row in rows)

    def team(self, slug: str) -> Team:
        """Find a team; raises `SandboxError`."""
        found = self.find_team(slug)
        if found is None:
            text = f"no team {slug!r}; there are {', '.join(t.slug for t in self.teams())}"
            raise SandboxError(text)
        return found

    def find_team(self, slug: str) -> Team | None:
        """Find a team, or None."""
        sql = f"SELECT {_TEAM} FROM teams WHERE slug = ?"  # noqa: S608 - own column names
        row = self.store.one(sql, (slug,))
        return Team(*row) if row else None

    def users(self, slug: str) -> tuple[User, ...]:
        """List a team's members, by id; the first is the one whose tokens `tokens` gives."""
        where = Where(["team_id = ?", "id > 0"], [self.team(slug).id])
        return tuple(self.select_users(where, BY_ID))

    def user(self, slug: str, name: str) -> User:
        """Find a member by name; raises `SandboxError`."""
        for user in self.users(slug):
            if user.name == name:
                return user
        text = f"no user {name!r} in {slug}; there are {[u.name for u in self.users(slug)]}"
        raise SandboxError(text)

    def find_user(self, user_id: int) -> User | None:
        """Find a user of any team by id; None for one who left."""
        row = self.store.one(f"SELECT {_USER} FROM members WHERE id = ?", (user_id,))  # noqa: S608 - own names
        return User(*row) if row else None

    def select_users(self, where: Where, part: Slice) -> list[User]:
        """List users."""
        return [User(*row) for row in self._rows(_USER, "members", where, part)]  # type: ignore[arg-type]  # rows are untyped

    def count_users(self, where: Where) -> int:
        """Count users."""
        return self._tally("members", where)

    def find_token(self, secret: str) -> Token | None:
        """Find a token by its secret."""
        sql = "SELECT secret, user_id, write, expires, compromised FROM tokens WHERE secret = ?"
        row = self.store.one(sql, (secret,))
        return Token(row[0], row[1], bool(row[2]), row[3], bool(row[4])) if row else None

    def secrets(self) -> list[str]:
        """List the secrets of all tokens and keys, so that they can be kept out of sight."""
        sql = "SELECT secret FROM tokens UNION ALL SELECT key FROM keys"
        return [row[0] for row in self.store.all(sql)]

    def select_posts(self, where: Where, part: Slice) -> list[Post]:
        """List posts."""
        return [_post(row) for row in self._rows(_POST, "posts", where, part)]

    def count_posts(self, where: Where) -> int:
        """Count posts."""
        return self._tally("posts", where)

    def questions(self, slug: str, *, deleted: bool = False) -> tuple[Post, ...]:
        """List a team's questions, by id."""
        return self._posts_of(slug, "question", deleted=deleted)

    def answers(
        self, slug: str, question_id: int | None = None, *, deleted: bool = False
    ) -> tuple[Post, ...]:
        """List a team's answers, by id, of one question or all."""
        found = self._posts_of(slug, "answer", deleted=deleted)
        return tuple(a for a in found if question_id in (None, a.parent_id))

    def articles(self, slug: str, *, deleted: bool = False) -> tuple[Post, ...]:
        """List a team's articles, by id."""
        return self._posts_of(slug, "article", deleted=deleted)

    def _posts_of(self, slug: str, kind: Kind, *, deleted: bool) -> tuple[Post, ...]:
        where = Where(["team_id = ?", "kind = ?"], [self.team(slug).id, kind])
        where.also("deleted IS NOT NULL" if deleted else "deleted IS NULL")
        return tuple(self.select_posts(where, BY_ID))

    def post(self, post_id: int) -> Post | None:
        """Find a post of any team, deleted or not."""
        row = self.store.one(f"SELECT {_POST} FROM posts WHERE id = ?", (post_id,))  # noqa: S608 - own names
        return _post(row) if row else None

    def posts_by_id(self, post_ids: Sequence[int]) -> list[Post]:
        """Find posts of any team, deleted or not, by id."""
        return self.select_posts(Where().among("id", post_ids), BY_ID)

    def posts_of_user(self, user_id: int, kind: str) -> int:
        """Count a user's live posts of a kind."""
        conditions = ["owner_id = ?", "kind = ?", "deleted IS NULL"]
        return self.count_posts(Where(conditions, [user_id, kind]))

    def votes_of_user(self, user_id: int, ballot: Ballot) -> int:
        """Count the votes a user gave."""
        return self._tally("votes", Where(["user_id = ?", "ballot = ?"], [user_id, ballot]))

    def answers_to(
        self, question_ids: Sequence[int], *, apart_from: Sequence[int] = ()
    ) -> dict[int, list[Post]]:
        """Give the live answers of these questions, oldest first."""
        where = Where(["deleted IS NULL"]).among("parent_id", question_ids)
        where.apart_from("id", apart_from)
        found: dict[int, list[Post]] = {}
        for answer in self.select_posts(where, BY_ID):
            found.setdefault(answer.question_id, []).append(answer)
        return found

    def answer_facts(
        self, question_ids: Sequence[int], *, apart_from: Sequence[int] = ()
    ) -> dict[int, AnswerFacts]:
        """Count the live answers of these questions and give the best score."""
        where = Where(["deleted IS NULL"]).among("parent_id", question_ids)
        where.apart_from("id", apart_from)
        sql = "SELECT parent_id, count(*), max(score) FROM posts"
        rows = self.store.all(f"{sql} {where.sql} GROUP BY parent_id", where.parameters)
        return {row[0]: AnswerFacts(row[1], row[2]) for row in rows}

    def comments(self, post_id: int) -> tuple[Comment, ...]:
        """List a post's live comments, oldest first."""
        return tuple(self.comments_under([post_id]).get(post_id, ()))

    def comments_under(self, post_ids: Sequence[int]) -> dict[int, list[Comment]]:
        """Give the live comments under these posts, oldest first."""
        found: dict[int, list[Comment]] = {}
        where = Where(["deleted IS NULL"]).among("post_id", post_ids)
        for comment in self.select_comments(where, BY_ID):
            found.setdefault(comment.post_id, []).append(comment)
        return found

    def select_comments(self, where: Where, part: Slice) -> list[Comment]:
        """List comments."""
        return [Comment(*row) for row in self._rows(_COMMENT, "comments", where, part)]  # type: ignore[arg-type]  # rows are untyped

    def count_comments(self, where: Where) -> int:
        """Count comments."""
        return self._tally("comments", where)

    def count_team_comments(self, team: Team) -> int:
        """Count the live comments under a team's live posts."""
        sql = "post_id IN (SELECT id FROM posts WHERE team_id = ? AND deleted IS NULL)"
        return self.count_comments(Where(["deleted IS NULL"]).also(sql, team.id))

    def count_team_votes(self, team: Team) -> int:
        """Count the votes given in a team."""
        sql = "post_id IN (SELECT id FROM posts WHERE team_id = ?)"
        return self._tally("votes", Where([sql], [team.id]))

    def comment(self, comment_id: int) -> Comment | None:
        """Find a comment, deleted or not."""
        return next(iter(self.select_comments(Where(["id = ?"], [comment_id]), BY_ID)), None)

    def tags(self, slug: str) -> tuple[Tag, ...]:
        """List a team's tags, by name."""
        return tuple(self.select_tags(Where(["team_id = ?"], [self.team(slug).id]), BY_NAME))

    def select_tags(self, where: Where, part: Slice) -> list[Tag]:
        """List tags; `count` and `activity` can be sorted and filtered by."""
        return [Tag(*row) for row in self._rows(_TAG, "counted_tags", where, part)]  # type: ignore[arg-type]  # rows are untyped

    def tags_named(self, team: Team, names: Sequence[str]) -> list[Tag]:
        """Find tags by their very names; without their activity, which costs the most."""
        where = Where(["team_id = ?"], [team.id]).among("name", names)
        columns = _TAG.replace("activity", "NULL")
        rows = self._rows(columns, "counted_tags", where, BY_ID)
        return [Tag(*row) for row in rows]  # type: ignore[arg-type]  # rows are untyped

    def count_tags(self, where: Where) -> int:
        """Count tags."""
        return self._tally("counted_tags", where)

    def synonyms(self, slug: str) -> tuple[Synonym, ...]:
        """List a team's tag synonyms, by name."""
        part = Slice("source", tie="source", direction="ASC")
        return tuple(self.select_synonyms(Where(["team_id = ?"], [self.team(slug).id]), part))

    def select_synonyms(self, where: Where, part: Slice) -> list[Synonym]:
        """List synonyms."""
        columns = "source, target, created, applied, last_applied"
        return [Synonym(*row) for row in self._rows(columns, "synonyms", where, part)]  # type: ignore[arg-type]  # rows are untyped

    def count_synonyms(self, where: Where) -> int:
        """Count synonyms."""
        return self._tally("synonyms", where)

    def masters(self, team_id: int) -> Mapping[str, str]:
        """Give each synonym's master tag."""
        rows = self.store.all("SELECT source, target FROM synonyms WHERE team_id = ?", (team_id,))
        return dict(rows)

    def tag_ids(self, team_id: int, names: Iterable[str]) -> list[int]:
        """Give the ids of these tags, synonyms followed, unknown names left out."""
        masters = self.masters(team_id)
        wanted = sorted({masters.get(name.lower(), name.lower()) for name in names})
        where = Where(["team_id = ?"], [team_id]).among("lower(name)", wanted)
        sql = f"SELECT id FROM tags {where.sql}"  # noqa: S608 - own column names
        return [row[0] for row in self.store.all(sql, where.parameters)]

    def revisions(self, post_id: int) -> tuple[Revision, ...]:
        """List a post's revisions, oldest first."""
        part = Slice("number", tie="number", direction="ASC")
        return tuple(self.select_revisions(Where(["post_id = ?"], [post_id]), part))

    def select_revisions(self, where: Where, part: Slice) -> list[Revision]:
        """List revisions."""
        return [_revision(row) for row in self._rows(_REVISION, "revisions", where, part)]

    def count_revisions(self, where: Where) -> int:
        """Count revisions."""
        return self._tally("revisions", where)

    def ballots(self, post_id: int) -> frozenset[tuple[int, str]]:
        """Give who voted how on a post, as (user id, ballot)."""
        sql = "SELECT user_id, ballot FROM votes WHERE post_id = ?"
        return frozenset((row[0], row[1]) for row in self.store.all(sql, (post_id,)))


def _post(row: Sequence[object]) -> Post:
    values = list(row)
    values[6] = tuple(str(row[6]).split())
    return Post(*values)  # type: ignore[arg-type]  # rows are untyped


def _revision(row: Sequence[object]) -> Revision:
    values = list(row)
    values[8] = tuple(str(row[8]).split())
    return Revision(*values)  # type: ignore[arg-type]  # rows are untyped
