"""The account of an export: every post, and everything that no manifest says."""

from collections import Counter
from collections.abc import Iterable, Iterator

from importer.cli.exporting import Exported, Purpose
from importer.model.exporting import ExportedPost, ExportNote, ExportReport, ExportTotals, Fate
from importer.model.ids import Field, Kind, Ref
from importer.model.live import LiveItem, Snapshot
from importer.planning.exporting import ARTICLE_TYPES
from importer.rendering.phrasing import counted
from importer.text.links import Text
from importer.text.scanning import Form, destinations

__all__ = ["account_of"]

_UNTOLD = "the API in use does not tell; API v3 does (--api)"
_KINDS = (Kind.QUESTION, Kind.ANSWER, Kind.ARTICLE, Kind.COLLECTION)


def account_of(made: Exported, snapshot: Snapshot, purpose: Purpose) -> ExportReport:
    """Return the account: totals that add up, posts, tags, limits, notes."""
    posts = [snapshot.items[ref] for ref in sorted(made.fates)]
    kinds = {
        kind: _totals(it for ref, it in made.fates.items() if ref.kind is kind) for kind in _KINDS
    }
    return ExportReport(
        team=purpose.team,
        namespace=purpose.namespace,
        folder=str(purpose.folder),
        ids=purpose.ids,
        totals=_totals(made.fates.values()),
        kinds=kinds,
        posts=tuple(_post(it, made, snapshot) for it in posts if isinstance(it, LiveItem)),
        tags=made.tags,
        limits=made.limits,
        notes=tuple(ExportNote(what, why) for what, why in _notes(made, snapshot, purpose)),
    )


def _totals(fates: Iterable[Fate]) -> ExportTotals:
    counts = Counter(fates)
    return ExportTotals(
        found=counts.total(),
        exported=counts[Fate.EXPORTED],
        known=counts[Fate.KNOWN],
        unasked=counts[Fate.UNASKED],
        left_out=counts[Fate.LEFT_OUT],
    )


def _post(live: LiveItem, made: Exported, snapshot: Snapshot) -> ExportedPost:
    fate = made.fates[live.ref]
    titled = snapshot.items.get(live.parent, live) if live.parent else live
    title = titled.fields.get(Field.TITLE, "") if isinstance(titled, LiveItem) else ""
    is_item = fate in (Fate.EXPORTED, Fate.KNOWN)
    return ExportedPost(
        kind=live.ref.kind,
        id=live.ref.id,
        url=live.url,
        title=str(title),
        fate=fate,
        key=made.keys[live.ref] if is_item else "",
        file=made.files.get(live.ref, "") if fate is Fate.EXPORTED else "",
        why=made.reasons.get(live.ref, "") if fate is Fate.LEFT_OUT else "",
    )


def _notes(made: Exported, snapshot: Snapshot, purpose: Purpose) -> Iterator[tuple[str, str]]:
    """Yield what stays on the site or could not be read, each with the reason."""
    exported = [
        it
        for ref, it in sorted(snapshot.items.items())
        if isinstance(it, LiveItem) and made.fates.get(ref) is Fate.EXPORTED
    ]
    yield from _unread(exported, snapshot, purpose)
    yield from _of_links(exported, made, snapshot)
    authors = {it.facts.author for it in exported}
    if len(authors) > 1:
        people = counted(len(authors), "person", "people")
        yield (
            "authors",
            f"the exported posts are by {people}; a manifest names none, and what it is applied to "
            "anew is by whose token that is",
        )
    if exported:
        yield "votes, comments, views, history", "no manifest holds them: they stay with the posts"
    if snapshot.synonyms and exported:
        pairs = ", ".join(f"{it} ({to})" for it, to in sorted(snapshot.synonyms.items()))
        yield "synonyms of tags", f"they are the site's; items name the master: {pairs}"
    for ref in made.open_lists:
        key = made.keys[ref]
        yield (
            f"the list of `{key}`",
            "it holds posts that are not exported: `manage:` leaves the list to the site",
        )
    for name, why in sorted(made.tags_left.items()):
        yield f"the tag `{name}`", why
    for kind, fields in sorted(made.limits.items()):
        for field, ends in sorted(fields.items()):
            bounds = ", ".join(f"{end} {number}" for end, number in sorted(ends.items()))
            yield f"limits of {kind} {field}", f"{bounds}, as there are such posts on the site"


def _unread(
    exported: list[LiveItem], snapshot: Snapshot, purpose: Purpose
) -> Iterator[tuple[str, str]]:
    for kind in sorted(purpose.asked.kinds - {Kind.TAG} - snapshot.covered):
        yield f"{kind}s", "the API in use does not list them; API v3 does (--api)"
    articles = [it for it in exported if it.ref.kind is Kind.ARTICLE]
    if any(Field.PERMISSIONS not in it.fields for it in articles):
        yield "who may edit articles", _UNTOLD
    types = {str(it.fields.get(Field.TYPE, "")) for it in articles}
    if strange := sorted(types - ARTICLE_TYPES):
        yield f"articles' types {', '.join(strange)}", "no manifest knows them: left to the site"
    if Kind.TAG in purpose.asked.kinds and exported and not snapshot.declared:
        yield "descriptions and experts of tags", _UNTOLD
    for name, reason in sorted(snapshot.denied.items()):
        yield f"experts of the tag `{name}`", reason
    if not purpose.ids and any(snapshot.declared.values()):
        yield "experts and named editors", "--no-ids: another team has other people by these ids"


def _of_links(
    exported: list[LiveItem], made: Exported, snapshot: Snapshot
) -> Iterator[tuple[str, str]]:
    texts = [it.fields.get(Field.BODY) for it in exported]
    there = (Fate.EXPORTED, Fate.KNOWN)
    named = {str(ref) for ref, fate in made.fates.items() if fate in there}
    targets = [to for it in texts if isinstance(it, Text) for to in it.targets]
    away = [to for to in targets if to not in named and not to.startswith("key:")]
    if away:
        gone = sum(Ref.parse(to) not in snapshot.items for to in away)
        lost = f", {gone} of them to posts that were not read or are not there" if gone else ""
        stay = counted(len(away), "link stays an address", "links stay addresses")
        yield "links to posts that are not exported", f"{stay}{lost}"
    images = sum(to.startswith("key:") for to in targets) + sum(
        _images(it.holed) for it in texts if isinstance(it, Text) and "](" in it.holed
    )
    if images:
        shown = counted(images, "image is", "images are")
        yield (
            "images",
            f"{shown} shown by address: no API gives their bytes, and a copy would be another "
            "image to the next plan",
        )


def _images(markdown: str) -> int:
    found = (it for it in destinations(markdown) if it.form is Form.IMAGE)
    return sum(markdown[it.start : it.end].startswith(("http:", "https:")) for it in found)
