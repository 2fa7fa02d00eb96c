"""`convert --verify`: its options, and what it found as plain values for rendering and JSON."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import click

from importer.cli.commands import gathered
from importer.cli.conversion import FidelityRow, SurvivalRow
from importer.errors import ExitCode, UsageError
from importer.sources.secrets import masked
from importer.sources.verify import Fidelity
from importer.sources.verify_comparing import Outcome
from importer.sources.verify_seen import Construct

__all__ = ["VerifyOptions", "fidelity_document", "unshown", "verify_options"]


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """Whether to compare source and result, and the pages whose differences are to be shown."""

    verify: bool
    show: tuple[str, ...]

    def require_sense(self) -> None:
        """Raise UsageError for pages to be shown of what is not verified."""
        if self.show and not self.verify:
            message = "--show is for what --verify finds"
            raise UsageError(message, remedy="Add --verify.")


def verify_options(function: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
    """Add `--verify` and `--show`."""
    return gathered("verifying", VerifyOptions, _OPTIONS)(function)


_OPTIONS = [
    click.option(
        "--verify",
        is_flag=True,
        help="Compare what source and result show, and print what survived. Exit 11 when anything "
        "is lost that no loss reports. Without --out, nothing is written.",
    ),
    click.option(
        "--show",
        multiple=True,
        metavar="PAGE",
        help="With --verify: show each difference of this page (its path, title or key; `*` for "
        "any).",
    ),
]


def fidelity_document(fidelity: Fidelity) -> FidelityRow:
    """Return how much survived, and every difference that was held, with no secret in it."""
    return {
        "pages": fidelity.pages,
        "texts": fidelity.texts,
        "identical": fidelity.identical,
        "left_out": fidelity.left_out,
        "constructs": [
            _survival(construct, fidelity)
            for construct in Construct
            if any(fidelity.counts[construct, it] for it in Outcome)
        ],
        "differing": [
            {
                "path": page.place.path,
                "line": page.place.line,
                "title": page.title,
                "keys": page.keys,
                "differences": [
                    {
                        "construct": it.construct,
                        "outcome": it.outcome,
                        "what": masked(it.what),
                        "instead": masked(it.instead),
                        "why": it.why,
                        "count": it.count,
                    }
                    for it in page.differences
                ],
            }
            for page in fidelity.differing
        ],
    }


def _survival(construct: Construct, fidelity: Fidelity) -> SurvivalRow:
    return {
        "construct": construct,
        "kept": fidelity.counts[construct, Outcome.KEPT],
        "changed": fidelity.counts[construct, Outcome.CHANGED],
        "reported": fidelity.counts[construct, Outcome.REPORTED],
        "unreported": fidelity.counts[construct, Outcome.LOST],
    }


def unshown(fidelity: Fidelity, show: Sequence[str]) -> tuple[str, ...]:
    """Return which names of *show* are those of no page that differs."""
    names = [
        name for page in fidelity.differing for name in (page.place.path, page.title, *page.keys)
    ]
    return tuple(it for it in show if not any(fnmatchcase(name, it) for name in names))
