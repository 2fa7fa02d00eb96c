"""A source read, shaped and verified, as `convert --verify` does it."""

from pathlib import Path

from importer.sources import READERS, Loss, Options, shape
from importer.sources.verify import Fidelity, Watch
from importer.sources.verify_comparing import Outcome

__all__ = ["unreported", "verified"]


def verified(name: str, path: Path, options: Options | None = None) -> tuple[Fidelity, list[Loss]]:
    """Return what survived of a source, and the losses that were listed."""
    chosen = options or Options()
    watch = Watch(lambda: READERS[name].read(path, chosen))
    results = watch.over(shape(lambda: READERS[name].read(path, chosen), chosen))
    losses = [it for it in results if isinstance(it, Loss)]
    return watch.fidelity, losses


def unreported(fidelity: Fidelity) -> list[str]:
    """Return what is lost and in no loss."""
    differences = (it for page in fidelity.differing for it in page.differences)
    return [f"{it.construct}: {it.what}" for it in differences if it.outcome is Outcome.LOST]
