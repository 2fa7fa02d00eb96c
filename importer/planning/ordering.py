"""The order of changes: what is needed first, else the author's order; cycles of links cut.

An edge leads from a change to what it needs: an answer needs its question, a text needs what it
links to, the accepted mark needs its answer. Only links can be cut: a text written before the
target exists carries the link's own text, and a second write brings the link.

    question, its answers, its accepted mark, then the next question; deletions last
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Edges", "Order", "order"]


@dataclass(frozen=True, slots=True)
class Edges:
    """What one node needs. `firm` edges can't be cut, `soft` ones (links) can."""

    firm: frozenset[str] = frozenset()
    soft: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Order:
    """`sequence` is the order; `cut` maps a node to the soft needs that come after it."""

    sequence: tuple[str, ...]
    cut: Mapping[str, frozenset[str]]


def order(nodes: Sequence[str], edges: Mapping[str, Edges]) -> Order:
    """Return *nodes* so that each comes after what it needs, as near to the given order as can be.

    Needs that aren't among *nodes* are taken as met. Firm edges alone must not form a cycle.
    """
    return _Ordering(nodes, edges).run()


class _Ordering:
    def __init__(self, nodes: Sequence[str], edges: Mapping[str, Edges]) -> None:
        self.rank = {node: index for index, node in enumerate(nodes)}
        none = Edges()
        self.firm = {it: set(edges.get(it, none).firm & self.rank.keys()) for it in nodes}
        self.soft = {it: set((edges.get(it, none).soft & self.rank.keys()) - {it}) for it in nodes}
        own = {it for it in nodes if it in edges.get(it, none).soft}
        self.cut: dict[str, set[str]] = defaultdict(set, {it: {it} for it in own})
        self.needed_by: dict[str, list[str]] = defaultdict(list)
        for node in nodes:
            for need in self.firm[node] | self.soft[node]:
                self.needed_by[need].append(node)
        self.ready = [(self.rank[it], it) for it in nodes if self._is_free(it)]
        heapq.heapify(self.ready)
        self.left = set(nodes)
        self.sequence: list[str] = []

    def run(self) -> Order:
        while self.left:
            if not self.ready:
                self._cut_one()
            _, node = heapq.heappop(self.ready)
            if node in self.left:
                self._place(node)
        return Order(tuple(self.sequence), {node: frozenset(cut) for node, cut in self.cut.items()})

    def _is_free(self, node: str) -> bool:
        return not self.firm[node] and not self.soft[node]

    def _place(self, node: str) -> None:
        self.left.discard(node)
        self.sequence.append(node)
        for dependent in self.needed_by[node]:
            self.firm[dependent].discard(node)
            self.soft[dependent].discard(node)
            if dependent in self.left and self._is_free(dependent):
                heapq.heappush(self.ready, (self.rank[dependent], dependent))

    def _cut_one(self) -> None:
        """Cut the links of the first node, in the author's order, that stands on a cycle."""
        on_cycles = self._on_cycles()
        node = min(
            (it for it in on_cycles if not self.firm[it] and self.soft[it] & on_cycles),
            key=self.rank.__getitem__,
        )
        waiting = self.soft[node]
        self.cut[node] |= waiting
        self.soft[node] = set()
        heapq.heappush(self.ready, (self.rank[node], node))

    def _on_cycles(self) -> set[str]:
        """Return the nodes of one strongly connected component that needs nothing outside itself.

        Walks needs from the first node left: an iterative form of Tarjan's algorithm, whose first
        finished component has no needs elsewhere.
        """
        index: dict[str, int] = {}
        low: dict[str, int] = {}
        path: list[str] = []
        start = min(self.left, key=self.rank.__getitem__)
        stack = [(start, iter(self._needs(start)))]
        index[start] = low[start] = 0
        path.append(start)
        while True:
            node, needs = stack[-1]
            need = next(needs, None)
            if need is None:
                if low[node] == index[node]:
                    return set(path[path.index(node) :])
                stack.pop()
                parent = stack[-1][0]
                low[parent] = min(low[parent], low[node])
            elif need not in index:
                index[need] = low[need] = len(index)
                path.append(need)
                stack.append((need, iter(self._needs(need))))
            else:
                low[node] = min(low[node], index[need])

    def _needs(self, node: str) -> Iterable[str]:
        return sorted(self.firm[node] | self.soft[node], key=self.rank.__getitem__)
