"""Draws the plan that takes a run back."""

import asyncio

from importer.execution.preflight import Drawn
from importer.execution.reading import reach_of_history, take_snapshot
from importer.model.ids import RunId
from importer.model.live import Access
from importer.model.manifest import Footer
from importer.planning.inverse import make_inverse
from importer.planning.traces import digests_for_undo
from importer.ports import Journal, TeamReader

__all__ = ["draw_undo"]


async def draw_undo(
    run: RunId,
    reader: TeamReader,
    journal: Journal,
    access: Access,
    *,
    namespace: str,
    team: str,
    footer: Footer | None = None,
) -> Drawn:
    """Read the live team and return the plan that takes *run* back. Writes nothing.

    *footer*, with the address that it leads to, is what posts bear; None: a comment.
    """
    ledger = await journal.ledger()
    history = await journal.history()
    texts = await journal.texts(digests_for_undo(run, history))
    read_at = asyncio.get_running_loop().time()
    reach = reach_of_history((it for it in history if it.run == run), footer)
    snapshot = await take_snapshot(reader, access, ledger, reach)
    plan = make_inverse(
        run,
        history,
        texts,
        snapshot,
        ledger,
        namespace=namespace,
        team=team,
        ability=reader.ability,
        rates=reader.rates,
        authoring=access.authoring,
        footer=footer,
    )
    return Drawn(plan, snapshot, read_at)
