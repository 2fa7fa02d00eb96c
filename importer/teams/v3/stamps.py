"""What is kept of a post's look: the digest of what a list showed of it, and when it last moved.

`v3:DIGEST@SECONDS+STRANGERS`; the moment in Unix seconds, the strangers of questions alone.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["Stamp", "is_calm_since"]

_PREFIX = "v3:"
_MOMENT = re.compile(r"(\d{1,11}(?:\.\d{1,6})?)(?:\+(\d{1,6}))?")

_BLUR = timedelta(milliseconds=10)
"""What two tellings of one moment may be apart: a database keeps it in ticks of some milliseconds,
the echo of the write that made it more exactly (inferred). More would hide what somebody did then.
"""


@dataclass(frozen=True, slots=True)
class Stamp:
    """`looks` is a Glimpse's, empty in a stamp of another API.

    `strangers` is how many of a question's answers were none of ours; None: not known.
    """

    looks: str = ""
    active_at: datetime | None = None
    strangers: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Stamp":
        """Read a stamp that was kept."""
        if not text.startswith(_PREFIX):
            return cls()
        looks, _, told = text.removeprefix(_PREFIX).partition("@")
        moment = _MOMENT.fullmatch(told)
        if moment is None:
            return cls(looks)
        strangers = int(moment[2]) if moment[2] else None
        return cls(looks, datetime.fromtimestamp(float(moment[1]), UTC), strangers)

    def __str__(self) -> str:
        moment = f"@{self.active_at.timestamp():.6f}" if self.active_at else ""
        strangers = "" if self.strangers is None else f"+{self.strangers}"
        return f"{_PREFIX}{self.looks}{moment}{strangers}"


def is_calm_since(before: datetime, active_at: datetime) -> bool:
    """Tell whether what was last active at *before* is so still, being active at *active_at*."""
    return active_at <= before + _BLUR
