"""What `convert --verify` found, as plain values for rendering and JSON."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from importer.sources.secrets import masked
from importer.sources.verify import Fidelity
from importer.sources.verify_comparing import Outcome
from importer.sources.verify_seen import Construct

__all__ = ["fidelity_document", "unshown"]


def fidelity_document(fidelity: Fidelity) -> Mapping[str, object]:
    """Return how much survived, and every difference that was held, with no secret in it."""
    return {
        "pages": fidelity.pages,
        "texts": fidelity.texts,
        "identical": fidelity.identical,
        "left_out": fidelity.left_out,
        "constructs": [
            {"construct": construct, **{it: fidelity.counts[construct, it] for it in Outcome}}
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


def unshown(fidelity: Fidelity, show: Sequence[str]) -> tuple[str, ...]:
    """Return which names of *show* are those of no page that differs."""
    names = [
        name for page in fidelity.differing for name in (page.place.path, page.title, *page.keys)
    ]
    return tuple(it for it in show if not any(fnmatchcase(name, it) for name in names))
