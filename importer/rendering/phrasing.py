"""Numbers, people and moments as people say them."""

from collections.abc import Iterable

from importer.model.plan import LastEdit

__all__ = ["counted", "duration", "edited", "joined", "share", "size_of", "whose"]

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return `1 question`, `2,000 questions`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Return the two largest units: `1 d 2 h`, `3 min 20 s`, `under 1 s`."""
    left = round(seconds)
    if left < 1:
        return "under 1 s"
    parts: list[str] = []
    for size, unit in _UNITS:
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number:,} {unit}")
        elif parts:
            break
    return " ".join(parts[:2])


def share(part: int, whole: int) -> str:
    """Return *part* of *whole* as a percentage."""
    percent = 100 * part / whole
    if part and percent < 0.1:
        return "less than 0.1%"
    return f"{percent:.1f}%" if percent < 10 else f"{percent:,.0f}%"


def size_of(number: int) -> str:
    """Return a number of bytes as `812 bytes`, `1.5 KiB`, `2 MiB`."""
    if number < 2**10:
        return counted(number, "byte")
    unit, divisor = ("MiB", 2**20) if number >= 2**20 else ("KiB", 2**10)
    return f"{number / divisor:.1f}".removesuffix(".0") + f" {unit}"


def joined(parts: Iterable[str]) -> str:
    """Return the parts that aren't empty, with commas."""
    return ", ".join(part for part in parts if part)


def whose(edit: LastEdit) -> str:
    """Return whose an edit is: `Ann Lee (user 12)`."""
    return f"{edit.name} (user {edit.by})" if edit.name else f"user {edit.by}"


def edited(edit: LastEdit | None) -> str:
    """Return who edited something and when, as far as it is told; empty where nothing is."""
    if edit is None:
        return ""
    return whose(edit) + (f", {edit.at:%Y-%m-%d %H:%M} UTC" if edit.at else "")
