"""What somebody probably meant who typed something else."""

from collections.abc import Iterable

__all__ = ["did_you_mean", "suggested"]


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """Return a sentence that offers the closest of *known*, or "" when nothing is close."""
    from difflib import get_close_matches  # costs 4 ms that only a typing error should pay

    close = get_close_matches(typed, list(known), n=1, cutoff=0.5)
    return f"Did you mean `{close[0]}`?" if close else ""


def suggested(typed: Iterable[str], known: Iterable[str]) -> str:
    """Return such a sentence for the first of *typed* that is close to one of *known*."""
    among = list(known)
    return next(filter(None, (did_you_mean(it, among) for it in typed)), "")
