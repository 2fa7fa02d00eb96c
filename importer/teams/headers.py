"""The few headers and encodings that matter, without any HTTP library."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode

from importer.teams.exchange import Part

__all__ = ["form_encoded", "multipart_encoded", "retry_after", "unix_time"]

_Y2K = datetime(2000, 1, 1, tzinfo=UTC)
_LONGEST = 12


def form_encoded(pairs: tuple[tuple[str, str], ...]) -> bytes:
    """Return *pairs* as a query or form, in UTF-8."""
    # A lone surrogate of somebody's text goes through as it came; the server may refuse it.
    return urlencode(pairs, errors="surrogatepass").encode("ascii")


def multipart_encoded(part: Part) -> bytes:
    """Return *part* as a form, between its boundaries. Its names need no quoting."""
    head = (
        f"--{part.boundary}\r\n"
        f'Content-Disposition: form-data; name="{part.name}"; filename="{part.file_name}"\r\n'
        f"Content-Type: {part.media_type}\r\n\r\n"
    )
    return head.encode("ascii") + part.content + f"\r\n--{part.boundary}--\r\n".encode("ascii")


def unix_time(date: str) -> float | None:
    """Return the Unix time of an HTTP date; None for what is none, or can't be the present."""
    try:
        parsed = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return aware.timestamp() if aware > _Y2K else None


def retry_after(value: str, date: str) -> float | None:
    """Return the seconds a Retry-After header asks for, or None when it asks for nothing sensible.

    *date* is the answer's own Date header: a Retry-After date means the server's clock.
    """
    value = value.strip()
    if value.isascii() and value.isdigit() and len(value) < _LONGEST:
        return float(value)
    until = unix_time(value) if value else None
    now = unix_time(date) if until is not None else None
    return max(0.0, until - now) if until is not None and now is not None else None
