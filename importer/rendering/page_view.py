"""A plan as one page to look through: its view, a tree of its items, and what it can be cut by."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from importer.model.plan import Plan
from importer.rendering.entries import EntryView, SectionView
from importer.rendering.panes import anchor_of, panes_of
from importer.rendering.plan_view import PlanView, plan_view

__all__ = ["ChoiceView", "PlanPageView", "TreeView", "page_view"]

# As many as a reader looks through at once: a page of so few comes unfolded.
_MOST_OPEN = 25
_ELSEWHERE = "Not in a file"
_CODE_ENDS = (".yaml", ".yml")


class TreeView(TypedDict):
    """A folder, a file, a part of a key, or an entry: then with `anchor`, `tone` and `symbol`."""

    name: str
    title: str
    count: int
    anchor: str
    tone: str
    symbol: str
    children: list["TreeView"]


class ChoiceView(TypedDict):
    """What entries can be cut down to: `value` is their tone or cause."""

    value: str
    text: str
    symbol: str
    count: int


class PlanPageView(PlanView):
    """What HTML templates of plans get beside the rest. `total` counts the entries.

    `is_short` says that all entries come unfolded.
    """

    tree: list[TreeView]
    tones: list[ChoiceView]
    causes: list[ChoiceView]
    total: int
    is_short: bool


def page_view(plan: Plan) -> PlanPageView:
    """Return *plan* as a page's template gets it: whole texts, and each post as the site has it."""
    view = plan_view(plan, verbose=True, utf8=True, panes=panes_of(plan))
    every = [it for section in view["sections"] for it in section["entries"]]
    entries = [it for it in every if it["key"]]
    _anchor(entries)
    is_short = len(every) <= _MOST_OPEN
    for section in view["sections"]:
        section["is_open"] = section["is_open"] or is_short
    words = {it["tone"]: it["text"] for it in view["legend"]}
    tones = Counter(it["tone"] for it in entries)
    causes = Counter(it["cause"] for it in entries if it["cause"])
    symbols = {it["tone"]: it["symbol"] for it in entries}
    return PlanPageView(
        **view,
        tree=_tree(view["sections"]),
        tones=[
            ChoiceView(value=it, text=words.get(it, it), symbol=symbols[it], count=tones[it])
            for it in dict.fromkeys([*words, *tones])
            if tones[it]
        ],
        causes=[
            ChoiceView(value=it, text=it.replace("-", " "), symbol="", count=causes[it])
            for it in causes
        ],
        total=len(every),
        is_short=is_short,
    )


def _anchor(entries: Sequence[EntryView]) -> None:
    """Give each entry its id: an item's first one bears the key alone."""
    seen: Counter[str] = Counter()
    for it in entries:
        at = anchor_of(it["key"])
        seen[at] += 1
        it["anchor"] = at if seen[at] == 1 else f"{at}~{seen[at]}"


@dataclass(slots=True)
class _Branch:
    children: dict[str, "_Branch"] = field(default_factory=dict)
    leaves: list[EntryView] = field(default_factory=list)


def _tree(sections: Iterable[SectionView]) -> list[TreeView]:
    root = _Branch()
    for section in sections:
        for it in section["entries"]:
            if it["key"]:
                branch = root
                for part in _way(it, section):
                    branch = branch.children.setdefault(part, _Branch())
                branch.leaves.append(it)
    return list(_nodes(root))


def _way(it: EntryView, section: SectionView) -> list[str]:
    """Return the folders, the file and the beginnings of the key that lead to an entry."""
    path = _file_of(it)
    if not path:
        return [_ELSEWHERE, section["title"].partition(",")[0]]
    # A file of many items is long: there the key's own folders help on.
    folders = it["key"].split("/")[:-1] if path.endswith(_CODE_ENDS) else []
    return [*path.split("/"), *folders]


def _nodes(branch: _Branch) -> Iterator[TreeView]:
    for name, inner in sorted(branch.children.items(), key=_order):
        # A folder in which there is nothing but one other goes on one line with it.
        while len(inner.children) == 1 and not inner.leaves and name != _ELSEWHERE:
            ((more, inner),) = inner.children.items()
            name = f"{name}/{more}"
        if not inner.children and _is_of_one(inner.leaves):
            yield _node(name, inner.leaves[0])
            continue
        children = list(_nodes(inner))
        count = sum(max(it["count"], 1) for it in children)
        yield _node(name, children=children, count=count)
    for it in branch.leaves:
        # What goes before in the key is said by the branches.
        yield _node(it["key"].rpartition("/")[2] if it["place"] else it["key"], it)


def _is_of_one(leaves: Sequence[EntryView]) -> bool:
    """Tell whether these are all of a file, and one that is named after what is in it."""
    files = [_file_of(it) for it in leaves]
    return len(files) == 1 and bool(files[0]) and not files[0].endswith(_CODE_ENDS)


def _file_of(it: EntryView) -> str:
    return it["place"].rpartition(":")[0]


def _order(child: tuple[str, _Branch]) -> tuple[bool, str]:
    return child[0] == _ELSEWHERE, child[0]


def _node(
    name: str,
    it: EntryView | None = None,
    *,
    children: list[TreeView] | None = None,
    count: int = 0,
) -> TreeView:
    return TreeView(
        name=name,
        title=f"{it['key']} {it['title']}".strip() if it else "",
        count=count,
        anchor=it["anchor"] if it else "",
        tone=it["tone"] if it else "",
        symbol=it["symbol"] if it else "",
        children=children or [],
    )
