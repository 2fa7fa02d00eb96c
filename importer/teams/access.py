"""Checks token, team and rights before anything else happens; sends nothing that could take effect.

Knows no dialect: what to ask, and how to read it, comes through the Door.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from importer.errors import TokenMissing, TokenReadOnly
from importer.model.ids import UserId
from importer.model.live import Access, Need
from importer.model.site import Site
from importer.ports import Clock
from importer.teams.exchange import Ended, Reply, Request, Said
from importer.teams.mode import Mode
from importer.teams.transport import Transport

__all__ = [
    "Door",
    "Probes",
    "check",
    "key_opens_nothing",
    "may_still_write",
    "nobody",
    "token_missing",
]

_UNPROVEN = (
    "whether the token may write could not be known: the server looks at the post before it looks "
    "at the token. The first refusal stops the run."
)
_UNASKED = "whether the token may write was not asked: this command sends nothing but GET"
_ALARM = (
    "a probe that cannot take effect was answered as a success. Nothing should have changed; look "
    "at the newest posts of the token's user, and report it."
)


def _untold(_: Mapping[str, object]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Probes:
    """Writes that can't take effect: without content; to no post; to no post without content."""

    empty: Request
    nowhere: Request
    empty_nowhere: Request

    def all(self) -> frozenset[Request]:
        """Return every request that may be sent as a probe."""
        return frozenset({self.empty, self.nowhere, self.empty_nowhere})


@dataclass(frozen=True, slots=True)
class Door:
    """One dialect's way to ask. `demand` raises whatever stands in the way of a success.

    `role` tells the user's role by the same answer as `who`; empty: it isn't told.
    """

    me: Request
    probes: Probes
    demand: Callable[[Request, Ended], Mapping[str, object]]
    who: Callable[[Mapping[str, object]], tuple[UserId | None, str]]
    is_refused: Callable[[Reply], bool]
    told_apart: Callable[[Reply, Reply], bool]
    role: Callable[[Mapping[str, object]], str] = _untold


def nobody(_: Mapping[str, object]) -> tuple[None, str]:
    """Return who reads with an API key and no token: no user (observed), so any answer will do."""
    return None, "nobody in particular, by the API key"


def key_opens_nothing(team: str, where: str) -> TokenMissing:
    """Return the error that the API key alone doesn't open *team*, or the site without one."""
    if team:
        return TokenMissing(
            f"the API key alone does not open the team {team!r} ({where})",
            remedy="A key alone reads the main site of an Enterprise only, and the server may say "
            "the same of a team that it doesn't know. Leave --team out for the main site, or give "
            "an access token of the team beside the key (--token-file, TEAMS_IMPORTER_TOKEN).",
        )
    return TokenMissing(
        f"the API key alone does not open this site ({where})",
        remedy="The key is mistyped, revoked or of another site, or this site lets no key read "
        "alone. Give it whole, as the site shows it, or an access token beside it (--token-file, "
        "TEAMS_IMPORTER_TOKEN).",
    )


def token_missing(*, key_alone: bool) -> TokenMissing:
    """Return the error that there is no access token, or an API key alone where one writes."""
    remedy = (
        "Put a personal access token into a file that only you can read and name it with "
        "--token-file, or set TEAMS_IMPORTER_TOKEN."
    )
    if key_alone:
        text = "an API key alone only reads, a service key too: writing takes an access token"
        remedy = remedy.replace("a personal access", "a read-write access")
        return TokenMissing(text, remedy=remedy)
    return TokenMissing("no access token was given", remedy=remedy)


async def check(
    transport: Transport, door: Door, need: Need, *, mode: Mode, site: Site, clock: Clock
) -> Access:
    """Return what the token may do; raises an AccessError, BudgetExhausted or ServiceError."""
    told = door.demand(door.me, await transport.send(door.me))
    me, name = door.who(told)
    proven, note = None, ""
    if need.write:
        proven, note = (
            (None, _UNASKED) if mode is Mode.READ else await _prove_writing(transport, door)
        )
    quota = transport.quota
    server_s = transport.server_time_s()
    return Access(
        me=me,
        name=name,
        site=site,
        write_proven=proven,
        note=note,
        quota_max=quota.highest if quota else None,
        quota_remaining=quota.remaining if quota else None,
        clock_offset_s=None if server_s is None else server_s - clock.now().timestamp(),
        role=door.role(told),
    )


async def _prove_writing(transport: Transport, door: Door) -> tuple[bool | None, str]:
    """Probe until a refusal, or until the order of the server's checks is clear.

    A server that looks at the token first refuses each of these to a token that only reads; one
    that looks at the parameters first refuses the complete one. One that looks at the post first
    answers the complete and the empty one alike: then the question stays open.
    """
    replies = []
    for probe in (door.probes.empty, door.probes.nowhere, door.probes.empty_nowhere):
        reply = await _probe(transport, door, probe)
        if door.is_refused(reply):
            raise _read_only(reply)
        if reply.heard.said is Said.ANSWER:
            return True, _ALARM
        replies.append(reply)
    if door.told_apart(replies[1], replies[2]):
        return True, ""
    return None, _UNPROVEN


async def may_still_write(transport: Transport, door: Door) -> bool:
    """Tell, after a write was denied, whether the token as such may still write."""
    for probe in (door.probes.empty, door.probes.nowhere):
        ended = await transport.send(probe)
        refusals = {Said.REFUSAL, Said.PAUSE, Said.ANSWER}
        if not isinstance(ended, Reply) or ended.heard.said not in refusals:
            return False
    return True


async def _probe(transport: Transport, door: Door, probe: Request) -> Reply:
    """Send *probe*; raises for anything but an answer about this very request."""
    ended = await transport.send(probe)
    if isinstance(ended, Reply) and (
        door.is_refused(ended) or ended.heard.said in {Said.REFUSAL, Said.PAUSE, Said.ANSWER}
    ):
        return ended
    door.demand(probe, ended)
    text = f"{probe} ended as a success and as none"
    raise AssertionError(text)


def _read_only(reply: Reply) -> TokenReadOnly:
    return TokenReadOnly(
        f"the access token may read, but not write ({reply.heard.error})",
        remedy="If it was made for reading only, make a read-write one. If it is one, the team's "
        "plan (Basic) has no writing API, or its user may not edit posts: ask an admin. The server "
        "gives one answer for all.",
    )
