"""Plans without the team: from a snapshot that another run took of it."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import click

from importer.cli.commands import FILE, gathered
from importer.cli.connecting import ConnectionOptions
from importer.cli.console import Console
from importer.cli.drawing import Wish
from importer.cli.places import from_folder
from importer.cli.wiring import SystemClock
from importer.errors import PlanForeign, UsageError
from importer.execution import OfflineJournal, OfflineTeam, draw_plan
from importer.model.live import Need
from importer.model.manifest import Manifest
from importer.model.plan import Plan
from importer.model.saved_snapshot import SavedSnapshot
from importer.planning.snapshot_file import load_snapshot
from importer.rendering.phrasing import duration

__all__ = ["SnapshotOptions", "plan_against", "snapshot_options"]

_STALE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SnapshotOptions:
    """Where a snapshot of the team goes, or comes from."""

    against: Path | None
    snapshot_out: Path | None

    def require_sense(self, out: Path | None) -> None:
        """Raise UsageError for what an offline plan can't do."""
        if self.against is None:
            return
        if out is not None:
            message = "an offline plan can't be applied, so --out has nothing to save for"
            raise UsageError(message, remedy="Leave --out out: the merge plans again, and applies.")
        if self.snapshot_out is not None:
            message = "--against and --snapshot-out don't go together: a snapshot is of the team"
            raise UsageError(message, remedy="Leave one of them out.")


snapshot_options = gathered(
    "snapshots",
    SnapshotOptions,
    [
        click.option(
            "--against",
            type=FILE,
            metavar="FILE",
            help="Plan offline, from a snapshot that --snapshot-out took: no token, no connection, "
            "for pull requests from forks. What differs is told, texts on the site are not shown.",
        ),
        click.option(
            "--snapshot-out",
            type=FILE,
            metavar="FILE",
            help="Write what was read of the team for --against: keys, titles, tags, markers and "
            "digests, no text of a post. Only you can read the file.",
        ),
    ],
)


def plan_against(wish: Wish, path: Path, connection: ConnectionOptions, console: Console) -> Plan:
    """Return the plan for *wish* (a manifest) on the team as the snapshot in *path* shows it.

    Raises PlanForeign for a snapshot of another namespace or team, PlanAltered for no snapshot.
    """
    saved = load_snapshot(_read(path), f"the snapshot {path}")
    manifest = wish.what
    if not isinstance(manifest, Manifest):
        message = "only a manifest can be planned against a snapshot"
        raise UsageError(message, remedy="Name its file or folder.")
    _require_fit(saved, manifest, path, connection.team)
    age = SystemClock().now() - saved.taken_at
    told = duration(max(0.0, age.total_seconds()))
    console.say(f"snapshot: {path}, taken {told} ago ({saved.taken_at.isoformat()})")
    if age > _STALE:
        console.say("note: that is long ago: of what was edited since, this plan can't know")
    team = OfflineTeam(saved)
    plan = asyncio.run(_drawn(wish, manifest, team, saved))
    note = (
        f"Drawn offline, from a snapshot of {saved.taken_at.isoformat()}: what changed on the site "
        "since is not in it, and its texts are not shown. apply reads the team anew."
    )
    return replace(plan, notes=(note, *plan.notes))


async def _drawn(wish: Wish, manifest: Manifest, team: OfflineTeam, saved: SavedSnapshot) -> Plan:
    access = await team.check(Need(write=False, kinds=wish.kinds))
    journal = OfflineJournal(saved)
    drawn = await draw_plan(manifest, team, journal, access, wish.decisions, team=saved.team)
    return from_folder(drawn.plan, wish.folder)


def _require_fit(saved: SavedSnapshot, manifest: Manifest, path: Path, team: str | None) -> None:
    if saved.namespace != manifest.namespace:
        message = (
            f"the snapshot {path} was taken for the namespace {saved.namespace}; this manifest's "
            f"is {manifest.namespace}"
        )
        raise PlanForeign(message, remedy="Take one for this manifest: plan --snapshot-out FILE")
    if team is not None and team != saved.team:
        name = f"the team {saved.team}" if saved.team else "a main site"
        message = f"the snapshot {path} is of {name}, not of the team {team}"
        raise PlanForeign(message, remedy="Name that team with --team, or leave it out.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"the snapshot {path} can't be read: {error.strerror or error}"
        remedy = "Name the file that `teams-importer plan --snapshot-out FILE` wrote."
        raise UsageError(message, remedy=remedy) from error
