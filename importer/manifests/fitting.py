"""Which limits a manifest needs so that what a site holds already breaks none of them."""

from collections import defaultdict

from importer.manifests.limits import sent_length
from importer.manifests.writing import Bounds
from importer.model.draft import Draft
from importer.model.fields import LIMITS, Confidence
from importer.model.ids import Field, FullKey, Key, Kind, full_key
from importer.text.canonical import canonical_text
from importer.text.links import Text, dig

__all__ = ["Fitting"]

_KEY = "key:"


class Fitting:
    """Looks at drafts; afterwards it knows the limits that are not wide enough for them."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self._found: dict[tuple[Kind, Field], tuple[int, int]] = {}

    def look(self, draft: Draft) -> None:
        """Take note of how long and how many a draft's values are."""
        self._note(draft.kind, Field.TITLE, len(draft.title), len(draft.title))
        self._note(draft.kind, Field.TAGS, len(draft.tags), len(draft.tags))
        for tag in draft.tags:
            self._note(Kind.TAG, Field.TITLE, len(tag), len(tag))
        self._body(draft.kind, draft.body, full_key(self._namespace, Key(draft.key)))
        for answer in draft.answers:
            full = full_key(self._namespace, Key(f"{draft.key}#{answer.key}"))
            self._body(Kind.ANSWER, answer.body, full)

    def _body(self, kind: Kind, markdown: str, full: FullKey) -> None:
        canonical = canonical_text(markdown)
        text = Text(canonical)
        if _KEY in canonical:
            text = dig(canonical, lambda it: it if it.startswith(_KEY) else None)
        bare = len(text.holed.strip())
        if bare:
            self._note(kind, Field.BODY, bare, sent_length(text, full))

    def _note(self, kind: Kind, field: Field, least: int, most: int) -> None:
        low, high = self._found.get((kind, field), (least, most))
        self._found[kind, field] = min(low, least), max(high, most)

    def bounds(self) -> Bounds:
        """Return the limits to state, no wider than needed."""
        needed: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        for (kind, field), (low, high) in self._found.items():
            limit = LIMITS[kind, field]
            if limit.confidence is Confidence.INFERRED:
                continue
            name = "name" if kind is Kind.TAG else str(field)
            if low < limit.low:
                needed[kind][name]["min"] = low
            if high > limit.high:
                needed[kind][name]["max"] = high
        return needed
