"""Carries a conversion out: what a reader and the shaping give goes to files as it comes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from importer.cli.console import Console
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
    Known,
    Loss,
    LossKind,
    Mapped,
    Options,
    Reader,
    Shelf,
    Tally,
    shape,
    tally,
)

__all__ = ["REPORT", "Conversion", "Purpose", "convert"]

REPORT = "conversion-report.md"
_LOSSES = "conversion-losses.jsonl"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is to be made of a source: a manifest of this kind, in `folder`.

    `held` are the options that hold, to be remembered. `dry` only says what would be.
    """

    folder: Path
    namespace: str
    teams: Sequence[str]
    schema: str
    held: Mapping[str, object]
    delete_gone: bool = False
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """What came of it; losses and pages lie on a shelf, and are read from there."""

    losses: Sequence[Mapping[str, object]]
    pages: Sequence[Mapping[str, object]]
    tally: Tally
    renewal: Renewal


def convert(
    reader: Reader,
    path: Path,
    options: Options,
    purpose: Purpose,
    *,
    memory: Memory,
    shelf: Shelf,
    console: Console,
) -> Conversion:
    """Read, shape and write a source; all or nothing where the folder is new."""
    losses, accounts = shelf.spool(), shelf.spool()
    kinds: Counter[LossKind] = Counter()
    known = Known(memory.key_of, memory.is_taken, memory.is_dropped)
    with staged(purpose.folder, apart=purpose.dry) as stage:
        writer = Writer(
            stage,
            namespace=purpose.namespace,
            team=purpose.teams,
            schema=purpose.schema,
            memory=memory,
        )
        for it in shape(lambda: reader.read(path, options), options, known):
            match it:
                case Draft():
                    writer.add(it)
                case Loss():
                    losses.append(it)
                    kinds[it.kind] += 1
                case Account():
                    accounts.append(it)
        writer.finish()
        account = tally(accounts)
        shown: Sequence[Mapping[str, object]] = Mapped(losses, _loss)
        _report(stage, shown, account, console)
        if max(kinds.values(), default=0) > MOST_LISTED:
            _list_all(stage / _LOSSES, shown)
        renewal = renew(
            stage,
            purpose.folder,
            memory,
            head={"reader": reader.name, "options": purpose.held},
            generated=(REPORT, _LOSSES),
            delete_gone=purpose.delete_gone,
            dry=purpose.dry,
        )
    return Conversion(shown, Mapped(accounts, _page), account, renewal)


def _report(
    stage: Path, losses: Sequence[Mapping[str, object]], account: Tally, console: Console
) -> None:
    looks = looks_of(console, OutputOptions("markdown", verbose=True, template=None))
    looks["utf8"] = True
    text = render_losses(losses, asdict(account), **looks)
    path = stage / REPORT
    path.touch(mode=0o600)
    path.write_bytes(text.encode("utf-8", "replace"))


def _list_all(path: Path, losses: Sequence[Mapping[str, object]]) -> None:
    path.touch(mode=0o600)
    with path.open("wb") as file:
        for loss in losses:
            file.write(f"{canonical_json(loss)}\n".encode("utf-8", "replace"))


def _loss(loss: Loss) -> dict[str, object]:
    return {
        "kind": loss.kind,
        "path": loss.where.path,
        "line": loss.where.line,
        "what": loss.what,
        "why": loss.why,
    }


def _page(page: Account) -> dict[str, object]:
    return {
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
    }
