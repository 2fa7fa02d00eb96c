"""When the access token ends. No API tells, so whoever made the token says it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import click

from importer.cli.commands import gathered

__all__ = ["EXPIRES", "Expiry", "expiry_options"]

EXPIRES = "TEAMS_IMPORTER_TOKEN_EXPIRES"
_SOON_DAYS = 21


@dataclass(frozen=True, slots=True)
class Expiry:
    """The token's last day, as declared (None: nobody said), and from when on that is soon."""

    token_expires: datetime | None
    expires_soon: int

    @property
    def day(self) -> date | None:
        """The day on which the token ends, in UTC."""
        return self.token_expires.date() if self.token_expires else None

    def days_left(self, now: datetime) -> int | None:
        """Return how many days are left, negative after the end; *now* is aware."""
        return (self.day - now.astimezone(UTC).date()).days if self.day else None


class _Day(click.DateTime):
    """A day as in 2027-01-31, and nothing else; what is wrong is said in these words."""

    def convert(
        self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").replace(tzinfo=UTC)
        except ValueError:
            self.fail(f"{value!r} is no day as in 2027-01-31: YYYY-MM-DD", param, ctx)


expiry_options = gathered(
    "expiry",
    Expiry,
    [
        click.option(
            "--token-expires",
            type=_Day(),
            envvar=EXPIRES,
            show_envvar=True,
            metavar="YYYY-MM-DD",
            help="The day on which the access token ends, as the site said when it was made.",
        ),
        click.option(
            "--expires-soon",
            type=click.IntRange(0, 3650),
            default=_SOON_DAYS,
            show_default=True,
            metavar="DAYS",
            help="Exit with 11 when the access token ends within so many days.",
        ),
    ],
)
