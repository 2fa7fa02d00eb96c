"""Drives a plan through the ports: reads, recovers, writes, settles.

Knows no HTTP, no files and no database; whatever waits here is asyncio.
"""

from importer.execution.adopting import Look, draw_marks, look_for_adoption
from importer.execution.drifting import draw_drift
from importer.execution.offline import OfflineJournal, OfflineTeam, seal_drawing
from importer.execution.options import OnUnknown, RunOptions
from importer.execution.preflight import Drawn, check_pin, draw_plan
from importer.execution.pulling import Sighting, look_at_team
from importer.execution.reading import take_snapshot
from importer.execution.recovery import Recovery, recover
from importer.execution.results import report_of_cut
from importer.execution.running import carry_out, refuse_if_guarded
from importer.execution.undoing import draw_undo

__all__ = [
    "Drawn",
    "Look",
    "OfflineJournal",
    "OfflineTeam",
    "OnUnknown",
    "Recovery",
    "RunOptions",
    "Sighting",
    "carry_out",
    "check_pin",
    "draw_drift",
    "draw_marks",
    "draw_plan",
    "draw_undo",
    "look_at_team",
    "look_for_adoption",
    "recover",
    "refuse_if_guarded",
    "report_of_cut",
    "seal_drawing",
    "take_snapshot",
]
