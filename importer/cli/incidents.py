"""Says grave incidents: those of a run just ended, and those of earlier ones that nobody saw.

None of them shows itself a second time. They stay in the journal with their run, untold until its
report was written out whole; until then every plan and apply says them again.
"""

from collections.abc import Iterable, Sequence

from importer.cli.console import Console
from importer.model.ids import RunId
from importer.model.incident import Incident
from importer.ports import Journal
from importer.rendering.phrasing import counted, joined

__all__ = ["HOW_TO_SEE", "graves", "line_of", "say_incidents", "say_untold"]

HOW_TO_SEE = "`teams-importer runs` shows it."


def graves(incidents: Iterable[Incident]) -> tuple[Incident, ...]:
    """Return the grave ones."""
    return tuple(it for it in incidents if it.severe)


def line_of(incident: Incident) -> str:
    """Return an incident as one line: the item, what happened, and where to look."""
    where = joined((*map(str, incident.refs), incident.url))
    return f"{incident.key}: {incident.what}" + (f" ({where})" if where else "")


def say_incidents(incidents: Sequence[Incident], console: Console) -> bool:
    """Say each on a line of its own; tell whether all were taken."""
    if not incidents:
        return True
    return console.tell(*(f"  incident: {line_of(it)}" for it in incidents))


async def say_untold(journal: Journal, console: Console) -> Sequence[RunId]:
    """Say the incidents of earlier runs whose reports were not seen; return those now told of."""
    told: list[RunId] = []
    for run in await journal.runs():
        if not run.untold:
            continue
        number = counted(len(run.incidents), "grave incident")
        said = console.tell(
            f"note: the run {run.id} ended with {number} (exit code {run.exit_code}), and its "
            "report was not seen written out:"
        )
        if say_incidents(run.incidents, console) and said:
            told.append(run.id)
    return told
