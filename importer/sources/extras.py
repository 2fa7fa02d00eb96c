"""What a reader needs beyond the core; said before anything is read."""

from importlib.util import find_spec

from importer.errors import UsageError

__all__ = ["need"]


def need(reader: str, *modules: str) -> None:
    """Raise UsageError when one of *modules* is not installed, with the extra that brings it."""
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        message = f"the reader {reader} needs {' and '.join(missing)}: the extra `convert`"
        raise UsageError(message, remedy="pip install 'teams-importer[convert]'")
