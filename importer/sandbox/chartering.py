"""An Enterprise site: its main site and private teams, its keys, and acting as somebody else.

One account has a user in each team of the site that it is in; a token speaks for the account.
That ids differ from team to team, and that a token opens all of the account's teams, is inferred.
"""

from dataclasses import replace

from importer.sandbox.acting import Acting
from importer.sandbox.reading import BY_ID, Where
from importer.sandbox.rules import Rule, RuleBroken
from importer.sandbox.values import COMMUNITY, Key, Team, Token, User

__all__ = ["Chartering"]


class Chartering(Acting):
    """What an Enterprise site knows that other teams don't."""

    def main_site(self) -> Team | None:
        """Find the Enterprise site's main site; a world has one at most that is served."""
        return next((team for team in self.teams() if team.is_main), None)

    def enterprise_team(self, slug: str | None) -> Team | None:
        """Find a team of the Enterprise site: the main site for None, or a private team."""
        main = self.main_site()
        if main is None or slug is None:
            return main
        found = self.find_team(slug)
        return found if found is not None and found.main_id == main.id else None

    def hosted_team(self, slug: str) -> Team | None:
        """Find a team of the vendor's own host: any that is part of no Enterprise site."""
        found = self.find_team(slug)
        return None if found is not None and found.tier == "enterprise" else found

    def acting_in(self, user: User, team: Team) -> User | None:
        """Give the user that an account is in a team of its site; None where it is no member."""
        if user.team_id == team.id:
            return user
        home = next((t for t in self.teams() if t.id == user.team_id), None)
        if home is None or _site(home) != _site(team):
            return None
        where = Where(["team_id = ?", "account_id = ?"], [team.id, user.account_id])
        return next(iter(self.select_users(where, BY_ID)), None)

    def account(self, team: Team, account_id: int) -> User | None:
        """Find the user that an account is in a team; -1 is the site itself."""
        where = Where(["team_id = ?", "account_id = ?"], [team.id, account_id])
        return next(iter(self.select_users(where, BY_ID)), None)

    def find_key(self, secret: str) -> Key | None:
        """Find an API key."""
        row = self.store.one("SELECT key, team_id, sort FROM keys WHERE key = ?", (secret,))
        return Key(*row) if row else None

    def reading_as(self, key: Key, team: Team) -> tuple[Token, User] | None:
        """Give what a key alone amounts to: reading the main site as nobody in particular.

        The user is the site's own without a moderator's rights, the token opens nothing else. That
        a private team can't be read so is inferred.
        """
        site = self.account(team, COMMUNITY) if key.team_id == team.id else None
        if site is None:
            return None
        return Token("", site.id, write=False, expires=None), replace(site, role="member")

    def check_impersonation(self, key: Key, token: Token) -> None:
        """Refuse to make tokens for others unless the site, the key and the token let one."""
        if not self.behaviour.impersonation:
            raise RuleBroken(Rule.IMPERSONATION_OFF, "access_tokens")
        if key.sort != "service":
            text = "Impersonation is only possible for service accounts"
            raise RuleBroken(Rule.IMPERSONATION_DENIED, text)
        if not token.write:
            raise RuleBroken(Rule.IMPERSONATION_DENIED, "access_token does not have write access")


def _site(team: Team) -> int:
    return team.main_id or team.id


def community(team: Team, now: int) -> User:
    """Make up the user that a site itself is."""
    return User(COMMUNITY, team.id, COMMUNITY, "Community", "moderator", 1, "", now)
