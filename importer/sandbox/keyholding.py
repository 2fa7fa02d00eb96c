"""Tokens and keys: issued, revoked, exchanged for others."""

import hashlib
import string
from datetime import datetime

from importer.sandbox.chance import Seed
from importer.sandbox.chartering import Chartering
from importer.sandbox.errors import SandboxError
from importer.sandbox.rules import Rule, RuleBroken
from importer.sandbox.values import Key, Keys, KeySort, Token, Tokens, User

__all__ = ["SORTS", "Keyholding"]

SORTS = ("read_write", "read_only", "expired")
_ALPHABET = string.ascii_letters + string.digits
_LETTERS = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256)).encode()
_TOKEN_LENGTH = 24
_EXCHANGED_S = 24 * 3600
"""How long a token made for another account lasts; that it ends is observed, when is inferred."""


class Keyholding(Chartering):
    """What opens a team; secrets follow from `seed`."""

    seed: Seed

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
        site = team.main_id or team.id
        others = [
            other
            for other in self.teams()
            if site not in (other.id, other.main_id) and self.users(other.slug)
        ]
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

    def issue_key(self, slug: str, sort: KeySort = "read") -> str:
        """Make a new API key of an Enterprise site."""
        with self.store.transaction():
            number = self.store.value("SELECT count(*) FROM keys")
            secret = self._secret(f"key {number}")
            values = (secret, self.team(slug).id, sort)
            self.store.run("INSERT INTO keys VALUES (?, ?, ?)", values)
        return secret

    def keys(self, slug: str = "acme") -> Keys:
        """Give an Enterprise site's first key of each sort."""
        sql = "SELECT key FROM keys WHERE team_id = ? AND sort = ? ORDER BY rowid"
        team = self.team(slug)
        found = {sort: self.store.value(sql, (team.id, sort)) for sort in ("read", "service")}
        if None in found.values():
            text = f"{slug} has no keys; only an Enterprise site has"
            raise SandboxError(text)
        return Keys(**found)

    def impersonate(self, key: Key, token: Token, account_id: int) -> Token:
        """Exchange a token for one that acts as another account of the site; it lasts a day.

        Raises `RuleBroken` where the site, the key or the token doesn't let one.
        """
        self.check_impersonation(key, token)
        site = next(team for team in self.teams() if team.id == key.team_id)
        user = self.account(site, account_id)
        if user is None:
            raise RuleBroken(Rule.NO_SUCH_USER, "account_id")
        secret = self._issue(user, write=True, expires=self.seconds + _EXCHANGED_S)
        return Token(secret, user.id, write=True, expires=self.seconds + _EXCHANGED_S)

    def void_token(self, secret: str) -> None:
        """Mark a token, if it is one, as known to others: it opens nothing from now on."""
        if self.find_token(secret) is not None:
            with self.store.transaction():
                sql = "UPDATE tokens SET compromised = 1 WHERE secret = ?"
                self.store.run(sql, (secret,))

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
