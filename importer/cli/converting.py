"""Carries a conversion out: what a reader and the shaping give goes to files as it comes."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from importer.cli.console import Console
from importer.cli.conversion import ImagesRow, LossRow, PageRow
from importer.cli.looks import looks_of
from importer.cli.options import OutputOptions
from importer.manifests.memory import Memory
from importer.manifests.renewing import Renewal, renew
from importer.manifests.staging import staged
from importer.manifests.writing import Writer
from importer.model.draft import Draft
from importer.planning.plan_file import canonical_json
from importer.rendering import MOST_LISTED, render_losses
from importer.sources import (
    Account,
    Alias,
    Images,
    Known,
    Loss,
    LossKind,
    Mapped,
    Options,
    Page,
    Shelf,
    Tally,
    accounted,
    shape,
    tally,
)
from importer.sources.verify import Watch

__all__ = ["REPORT", "Conversion", "Purpose", "convert"]

REPORT = "conversion-report.md"
_LOSSES = "conversion-losses.jsonl"

Pages = Callable[[], Iterable[Page | Alias | Loss]]
Result = Draft | Loss | Account


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is to be made of a source: a manifest of this kind, in `folder`; without it, nothing.

    `held` are the options that hold, to be remembered with the `reader`. `dry` only says what would
    be.
    """

    folder: Path | None
    namespace: str
    teams: Sequence[str]
    schema: str
    reader: str
    held: Mapping[str, object]
    delete_gone: bool = False
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """What came of it; losses and pages lie on a shelf, and are read from there."""

    losses: Sequence[Mapping[str, object]]
    pages: Sequence[Mapping[str, object]]
    accounts: Sequence[Account]
    tally: Tally
    images: Images
    renewal: Renewal


def convert(
    pages: Pages,
    options: Options,
    purpose: Purpose,
    *,
    memory: Memory,
    shelf: Shelf,
    console: Console,
    watch: Watch | None = None,
) -> Conversion:
    """Read, shape and write a source; all or nothing where the folder is new.

    *watch* sees all that comes.
    """
    known = Known(memory.key_of, memory.is_taken, memory.is_dropped, memory.former)
    results = accounted(shape(pages, options, known), shelf.table())
    books = _Books(shelf)
    drafts = books.enter(watch.over(results) if watch else results)
    if purpose.folder is None:
        deque(drafts, maxlen=0)
        return books.closed(Renewal({}, ()))
    with staged(purpose.folder, apart=purpose.dry) as stage:
        writer = Writer(
            stage,
            namespace=purpose.namespace,
            team=purpose.teams,
            schema=purpose.schema,
            memory=memory,
        )
        for draft in drafts:
            writer.add(draft)
        writer.finish()
        books.report(stage, console)
        renewal = renew(
            stage,
            purpose.folder,
            memory,
            head={"reader": purpose.reader, "options": purpose.held},
            generated=(REPORT, _LOSSES),
            delete_gone=purpose.delete_gone,
            dry=purpose.dry,
        )
    return books.closed(renewal)


class _Books:
    """Keeps losses and accounts on a shelf, and counts them."""

    def __init__(self, shelf: Shelf) -> None:
        self._losses, self._accounts = shelf.spool(), shelf.spool()
        self._kinds: Counter[LossKind] = Counter()
        self._images = Images()
        self.losses: Sequence[Mapping[str, object]] = Mapped(self._losses, _loss)
        self.pages: Sequence[Mapping[str, object]] = Mapped(self._accounts, _page)

    def enter(self, results: Iterable[Result]) -> Iterator[Draft]:
        """Take down what comes; yield the drafts."""
        for it in results:
            match it:
                case Draft():
                    yield it
                case Loss():
                    self._losses.append(it)
                    self._kinds[it.kind] += 1
                case Account():
                    self._accounts.append(it)
                    self._images += it.images

    def report(self, stage: Path, console: Console) -> None:
        """Write the report, and a list of all losses where it has no room for them."""
        looks = looks_of(console, OutputOptions("markdown", verbose=True, template=None))
        looks["utf8"] = True
        text = render_losses(self.losses, asdict(tally(self._accounts)), self.pages, **looks)
        path = stage / REPORT
        path.touch(mode=0o600)
        path.write_bytes(text.encode("utf-8", "replace"))
        if max(self._kinds.values(), default=0) > MOST_LISTED:
            _list_all(stage / _LOSSES, self.losses)

    def closed(self, renewal: Renewal) -> Conversion:
        return Conversion(
            self.losses,
            self.pages,
            self._accounts,
            tally(self._accounts),
            self._images,
            renewal,
        )


def _list_all(path: Path, losses: Iterable[Mapping[str, object]]) -> None:
    path.touch(mode=0o600)
    with path.open("wb") as file:
        for loss in losses:
            file.write(f"{canonical_json(loss)}\n".encode("utf-8", "replace"))


def _loss(loss: Loss) -> LossRow:
    return {
        "kind": loss.kind,
        "path": loss.where.path,
        "line": loss.where.line,
        "what": loss.what,
        "why": loss.why,
    }


def _page(page: Account) -> PageRow:
    return {
        "page": page.page,
        "path": page.place.path,
        "line": page.place.line,
        "title": page.title,
        "fate": page.fate,
        "why": page.why,
        "keys": page.keys,
        "kind": page.kind,
        "tags": page.tags,
        "owner": page.owner,
        "edited": page.edited.isoformat() if page.edited else None,
        "revision": page.revision,
        "parent": page.parent,
        "size": page.size,
        "losses": dict(page.losses),
        "effort": page.effort,
        "images": _images(page.images),
    }


def _images(images: Images) -> ImagesRow:
    return {
        "found": images.found,
        "copied": images.copied,
        "remote": images.remote,
        "missing": images.missing,
        "too_large": images.too_large,
        "unfit": images.unfit,
    }
