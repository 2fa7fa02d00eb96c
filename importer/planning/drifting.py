"""The drift report: of a comparison, what was edited on the site and the manifest doesn't know.

    moved      on_drift: keep              on_drift: overwrite
    LIVE       kept                        overwritten
    BOTH       merged, else a conflict     overwritten
    NO_BASE    no-base                     overwritten, where the item itself says so

What the manifest has all of already (brought home, and edited on) is no drift.
"""

from collections.abc import Iterator, Mapping

from pydantic import TypeAdapter

from importer.model.drift import Drifted, DriftedField, DriftReport, Fate
from importer.model.fields import Value, word_of
from importer.model.ids import Field, Key, Kind
from importer.model.live import LiveItem
from importer.model.manifest import Manifest, OnDrift
from importer.model.plan import Comparison, Decisions, Gone, Moved, Pair
from importer.model.site import Site
from importer.planning.baseline import digest_field
from importer.planning.choosing import is_chosen
from importer.planning.merging import base_text, with_merges
from importer.planning.policy import overwrites
from importer.text.digests import Digest, shorten

__all__ = ["drift_schema", "find_drift"]


def find_drift(
    manifest: Manifest,
    comparison: Comparison,
    texts: Mapping[Digest, Value],
    decisions: Decisions,
    *,
    team: str,
    site: Site,
) -> DriftReport:
    """Return what people edited on the site; *texts* are those under `digests_for_sides`."""
    comparison = with_merges(comparison, texts)
    titles = {it.key: str(it.fields.get(Field.TITLE, "")) for it in manifest.items}
    found = [_gone(it, titles) for it in comparison.gone]
    for pair in comparison.pairs:
        if pair.live is not None:
            overwrite = overwrites(pair.item, decisions, manifest)
            found += _Drift(pair, pair.live, texts, titles).items(overwrite=overwrite)
    return DriftReport(
        namespace=manifest.namespace,
        team=team,
        site=site.base,
        manifest=manifest.digest,
        items=tuple(sorted((it for it in found if is_chosen(it.key, decisions)), key=_place)),
        only=decisions.only,
    )


def drift_schema() -> dict[str, object]:
    """Return the JSON schema of what `plan --drift --format json` prints."""
    schema = TypeAdapter(DriftReport).json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _place(it: Drifted) -> tuple[int, str, int, str]:
    return (list(Fate).index(it.fate), it.span.path, it.span.line, it.key)


def _gone(gone: Gone, titles: Mapping[Key, str]) -> Drifted:
    item = gone.item
    return Drifted(
        item.key,
        item.kind,
        gone.binding.ref,
        gone.binding.url,
        titles.get(item.parent or item.key, ""),
        item.span,
        Fate.GONE,
    )


class _Drift:
    """What drifted of one item."""

    def __init__(
        self,
        pair: Pair,
        live: LiveItem,
        texts: Mapping[Digest, Value],
        titles: Mapping[Key, str],
    ) -> None:
        self._pair = pair
        self._item = pair.item
        self._live = live
        self._texts = texts
        self._titles = titles

    def items(self, *, overwrite: bool) -> Iterator[Drifted]:
        """Yield the item once for each fate that fields of it have."""
        fates = {
            field: fate
            for field, who in self._pair.moved.items()
            if (fate := self._fate(field, who, overwrite=overwrite)) is not None
        }
        for fate in Fate:
            fields = [field for field, it in fates.items() if it is fate]
            if fields:
                yield Drifted(
                    self._item.key,
                    self._item.kind,
                    self._live.ref,
                    self._live.url,
                    self._titles.get(self._item.parent or self._item.key, ""),
                    self._item.spans.get(fields[0], self._item.span),
                    fate,
                    tuple(map(self._field, fields)),
                    self._pair.edit,
                    self._seen(fields),
                )

    def _fate(self, field: Field, who: Moved, *, overwrite: bool) -> Fate | None:
        merged = self._pair.merged.get(field)
        if merged == self._item.fields[field]:
            return None
        match who:
            case Moved.NO_BASE:
                itself = self._item.on_drift is OnDrift.OVERWRITE
                return Fate.OVERWRITTEN if itself else Fate.NO_BASE
            case Moved.LIVE | Moved.BOTH if overwrite:
                return Fate.OVERWRITTEN
            case Moved.LIVE:
                return Fate.KEPT
            case Moved.BOTH if merged is None:
                return Fate.CONFLICT
            case Moved.BOTH:
                return Fate.MERGED
            case _:
                return None

    def _field(self, field: Field) -> DriftedField:
        ours = self._item.fields[field]
        is_still = self._pair.moved[field] is Moved.LIVE
        return DriftedField(
            field,
            ours,
            self._live.fields[field],
            ours if is_still else base_text(self._pair, field, self._texts),
            self._pair.merged.get(field),
        )

    def _seen(self, fields: list[Field]) -> str:
        """Return what to state under `seen:`; a tag has no such word."""
        if self._item.kind is Kind.TAG:
            return ""
        kind = self._item.kind
        digests = (
            f"{word_of(kind, it)}: {shorten(digest_field(kind, it, self._live.fields[it]))}"
            for it in fields
        )
        return f"seen: {{{', '.join(digests)}}}"
