"""Reads a team for an export, and plans what was written against what was read.

The team gets a transport that cannot write, and so the journal.
"""

from collections.abc import Callable

from importer.cli.console import Console
from importer.cli.export_account import account_of
from importer.cli.exporting import Export, Purpose
from importer.cli.progress import Meter
from importer.cli.suggesting import did_you_mean
from importer.cli.visiting import visiting
from importer.cli.wiring import Target, journal_of
from importer.errors import UsageError
from importer.execution import check_pin, take_snapshot
from importer.execution.reading import Reach, with_tags
from importer.journal import Place
from importer.model.exporting import ExportReport
from importer.model.ids import Field, Key, Kind
from importer.model.ledger import Ledger
from importer.model.live import Access, LiveItem, Snapshot
from importer.model.manifest import Manifest
from importer.model.plan import Decisions
from importer.planning.compare import compare
from importer.planning.fates import Asked, disturbed, is_asked
from importer.planning.plan import make_plan
from importer.ports import TeamReader
from importer.teams import Mode

__all__ = ["export"]


async def export(
    purpose: Purpose, target: Target, place: Place | None, console: Console
) -> ExportReport:
    """Read the team, write it down, and return the account of it."""
    items = purpose.base.items if purpose.base else ()
    kinds = purpose.asked.kinds.union(it.kind for it in items)
    with Meter(console) as meter:
        async with visiting(target, Mode.READ, kinds, console, meter) as (team, access):
            if purpose.base is not None:
                check_pin(purpose.base, target.team, access.site)
            journal = journal_of(place, target, purpose.namespace, console, create=False)
            try:
                ledger = await journal.ledger()
            finally:
                await journal.close()
            meter.phase("reading the team")
            snapshot = await _read(team, access, ledger, kinds, purpose.asked)
            _note_idle(purpose.asked, snapshot, console)
            meter.phase("writing files")
            secrets = filter(None, (target.connection.token, target.connection.api_key))
            export = Export(purpose, snapshot, ledger, secrets)
            made = export.write(_planned(team, access, snapshot, ledger, target.team))
    return account_of(made, snapshot, purpose)


async def _read(
    team: TeamReader, access: Access, ledger: Ledger, kinds: frozenset[Kind], asked: Asked
) -> Snapshot:
    """Return all of the team that a manifest can speak of; tags by name once they are known."""
    wanted = Reach(kinds, permissions=Kind.ARTICLE in kinds)
    snapshot = await take_snapshot(team, access, ledger, wanted)
    if Kind.TAG not in kinds:
        return snapshot
    posts = (it for it in snapshot.items.values() if isinstance(it, LiveItem))
    used = (_tags_of(it) for it in posts if is_asked(it, snapshot, asked))
    return await with_tags(team, snapshot, {name for names in used for name in names})


def _tags_of(live: LiveItem) -> tuple[str, ...]:
    value = live.fields.get(Field.TAGS, ())
    return value if isinstance(value, tuple) else ()


def _note_idle(asked: Asked, snapshot: Snapshot, console: Console) -> None:
    """Say which tags of `--tagged` the team doesn't have. UsageError where it has none of them."""
    names = {tag: snapshot.synonyms.get(tag, tag) for tag in sorted(asked.tags)}
    idle = {tag: name for tag, name in names.items() if name not in snapshot.tags}
    told = [
        f"the team has no tag {tag!r}. {did_you_mean(name, snapshot.tags)}".rstrip()
        for tag, name in idle.items()
    ]
    if idle and idle == names:
        remedy = "Name a tag that posts of the team bear; nothing was written."
        raise UsageError("; ".join(told), remedy=remedy)
    for it in told:
        console.say(f"note: {it}")


def _planned(
    team: TeamReader, access: Access, snapshot: Snapshot, ledger: Ledger, slug: str
) -> Callable[[Manifest], list[tuple[Key, str]]]:
    """Return what plans a manifest against *snapshot* and tells which items want something."""

    def plan_of(manifest: Manifest) -> list[tuple[Key, str]]:
        comparison = compare(manifest, snapshot, ledger)
        plan = make_plan(
            manifest,
            comparison,
            snapshot,
            ledger,
            team=slug,
            decisions=Decisions(),
            ability=team.ability,
            rates=team.rates,
            authoring=access.authoring,
        )
        return list(disturbed(comparison, plan))

    return plan_of
