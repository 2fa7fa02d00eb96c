"""Times as JSON exports have them."""

from datetime import UTC, datetime

__all__ = ["time_of"]


def time_of(value: object) -> datetime | None:
    """Return a time that is ISO 8601 or seconds since 1970; None for anything else."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
