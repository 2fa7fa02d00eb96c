"""The order of changes: what is needed first, else the author's order; cycles of links cut.

An edge leads from a change to what it needs: an answer needs its question, a text needs what it
links to, the accepted mark needs its answer. Only links can be cut: a text written before the
target exists carries the link's own text, and a second write brings the link.

    question, its answers, its accepted mark, then the next question; deletions last
"""

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
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
        self.nodes = nodes
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
        # How many still wait for a node.
        self.demand = {node: len(self.needed_by[node]) for node in nodes}
        self.ready = [(self.rank[it], it) for it in nodes if self._is_free(it)]
        heapq.heapify(self.ready)
        self.sequence: dict[str, None] = {}

    def run(self) -> Order:
        self._place_ready()
        if len(self.sequence) < len(self.nodes):
            component = _components(self.nodes, self._needs)
            for node in self.nodes:
                while node not in self.sequence:
                    self._cut_one(self._cycle(node, component))
                    self._place_ready()
        return Order(tuple(self.sequence), {node: frozenset(cut) for node, cut in self.cut.items()})

    def _is_free(self, node: str) -> bool:
        return not self.firm[node] and not self.soft[node]

    def _place_ready(self) -> None:
        while self.ready:
            _, node = heapq.heappop(self.ready)
            self.sequence[node] = None
            for dependent in self.needed_by[node]:
                self.firm[dependent].discard(node)
                self.soft[dependent].discard(node)
                if dependent not in self.sequence and self._is_free(dependent):
                    heapq.heappush(self.ready, (self.rank[dependent], dependent))

    def _cycle(self, node: str, component: Mapping[str, int]) -> list[str]:
        """Walk from need to need until one comes again, and return the cycle that was found.

        Needs of another component go first: what is cut on the cycle then lies in its own. Firm
        needs go before soft ones: who goes on by a soft one has no firm needs left.
        """
        path: dict[str, None] = {}
        while node not in path:
            path[node] = None
            home = component[node]
            _, _, _, node = min(
                (component[need] == home, need in self.soft[node], self.rank[need], need)
                for need in self._needs(node)
            )
        walked = list(path)
        return walked[walked.index(node) :]

    def _cut_one(self, cycle: Sequence[str]) -> None:
        """Cut the links of one node of *cycle*: it is placed next, and written twice.

        One that is written twice anyway, else the one that unties most: few second writes are
        worth more than the author's order.
        """
        node = max(
            (it for it in cycle if not self.firm[it]),
            key=lambda it: (
                it in self.cut,
                self.demand[it] * len(self.soft[it]),
                -self.rank[it],
            ),
        )
        for need in self.soft[node]:
            self.demand[need] -= 1
        self.cut[node] |= self.soft[node]
        self.soft[node] = set()
        heapq.heappush(self.ready, (self.rank[node], node))

    def _needs(self, node: str) -> set[str]:
        return self.firm[node] | self.soft[node]


def _components(nodes: Sequence[str], needs_of: Callable[[str], Iterable[str]]) -> dict[str, int]:
    """Return for each node the number of its strongly connected component (Tarjan, iterative)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    component: dict[str, int] = {}
    path: list[str] = []
    for root in nodes:
        stack = [] if root in index else [(root, iter(needs_of(root)))]
        while stack:
            node, needs = stack[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                path.append(node)
            need = next((it for it in needs if it not in component), None)
            if need is None:
                stack.pop()
                if stack:
                    low[stack[-1][0]] = min(low[stack[-1][0]], low[node])
                while low[node] == index[node] and node not in component:
                    component[path.pop()] = index[node]
            elif need in index:
                low[node] = min(low[node], index[need])
            else:
                stack.append((need, iter(needs_of(need))))
    return component
