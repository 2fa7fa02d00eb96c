"""Completes the accounts: one for each page of the source, with what it costs a person.

Takes what `shape` yields and yields it again, one page at a time; nothing else is held.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from importer.model.draft import Draft
from importer.model.ids import Kind
from importer.sources.losses import Account, Fate, Images, Loss, LossKind
from importer.sources.report_names import Numbering
from importer.sources.secrets import find_secrets, masked

__all__ = ["EFFORT", "accounted"]

EFFORT: Mapping[LossKind, int] = MappingProxyType(
    {
        LossKind.SECRET: 10,
        LossKind.TEXT: 8,
        LossKind.ANSWER: 3,
        LossKind.FILE: 3,
        LossKind.IMAGE: 3,
        LossKind.ENCODING: 3,
        LossKind.SPLIT: 2,
        LossKind.LINK: 1,
        LossKind.MARKUP: 1,
        LossKind.CHARACTER: 1,
        LossKind.TITLE: 1,
        LossKind.MAP: 1,
    }
)
"""What one loss costs a person who looks at it, in points of about a minute; others cost nothing.

Docs: docs/moving-a-wiki.md has the same table.
"""

Result = Draft | Loss | Account


def accounted(
    results: Iterable[Result], times: MutableMapping[str, int] | None = None
) -> Iterator[Result]:
    """Yield the results with whole accounts, and a loss for each likely secret of a draft.

    The parts that rules made of a page come as one account. No secret stands in what is yielded but
    in the drafts. *times* is where the names of pages are counted, which are many.
    """
    books = _Books(Numbering(times))
    for it in results:
        match it:
            case Draft():
                yield from books.enter(_secrets(it))
                yield it
            case Loss():
                yield from books.enter([it])
            case Account():
                yield from books.add(it)
    yield from books.close()


@dataclass(slots=True)
class _Books:
    numbering: Numbering
    parts: list[Account] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def enter(self, losses: Iterable[Loss]) -> Iterator[Loss]:
        for loss in losses:
            shown = replace(loss, what=masked(loss.what), why=masked(loss.why))
            self.losses.append(shown)
            yield shown

    def add(self, account: Account) -> Iterator[Account]:
        """Take an account; yield it, or that of the whole page once its last part is here."""
        if self.parts and account.section <= 1:
            yield from self.close()
        counts = Counter(it.kind for it in self.losses if it.where.path == account.place.path)
        self.losses.clear()
        counted = replace(account, losses=tuple(sorted(counts.items())))
        if account.section:
            self.parts.append(counted)
            if account.is_last:
                yield from self.close()
        else:
            yield self._finished(counted)

    def close(self) -> Iterator[Account]:
        if self.parts:
            yield self._finished(_gathered(self.parts))
            self.parts.clear()

    def _finished(self, account: Account) -> Account:
        effort = sum(EFFORT.get(LossKind(kind), 0) * times for kind, times in account.losses)
        return replace(
            account,
            page=self.numbering.number(account.page),
            title=masked(account.title),
            why=masked(account.why),
            effort=effort,
        )


def _gathered(parts: Sequence[Account]) -> Account:
    """Return the account of a page whose parts are those: moved when any of them is."""
    moved = [it for it in parts if it.keys]
    keys = tuple(dict.fromkeys(key for it in parts for key in it.keys))
    counts: Counter[str] = Counter()
    for it in parts:
        counts.update(dict(it.losses))
    left = len(parts) - len(moved)
    why = f"by its headings; it is {len(keys)} now"
    if left:
        gone = next(it.why for it in parts if not it.keys)
        why = f"{why}, and {left} of its parts are not moved: {gone}" if moved else gone
    return replace(
        parts[0],
        fate=Fate.SPLIT if moved else Fate.SKIPPED,
        why=why,
        keys=keys,
        kind=_kind(moved),
        size=sum(it.size for it in parts),
        losses=tuple(sorted(counts.items())),
        images=sum((it.images for it in parts), Images()),
    )


def _kind(moved: Sequence[Account]) -> Kind | None:
    kinds = {it.kind for it in moved}
    return kinds.pop() if len(kinds) == 1 else None


def _secrets(draft: Draft) -> Iterator[Loss]:
    texts = [
        (f"the title of `{draft.key}`", draft.title),
        (f"the {draft.kind} `{draft.key}`", draft.body),
        *((f"the answer `{it.key}` of `{draft.key}`", it.body) for it in draft.answers),
    ]
    for name, text in texts:
        for secret in find_secrets(text):
            why = (
                f"in line {secret.line} of {name}; take it out and replace it "
                "where it is used, before this is applied"
            )
            yield Loss(LossKind.SECRET, draft.place, f"likely a {secret.kind}", why)
