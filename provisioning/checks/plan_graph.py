"""A plan's nodes as a graph: what leads where, by itself or by a caller's key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from provisioning.errors import KeyPath
from provisioning.schema import NodeEntry, PlanEntry


class Edge(NamedTuple):
    """A way out of a node: where its name stands (below the node), what it is called, who takes it."""

    path: KeyPath
    to: str
    label: str
    by_caller: bool = False


def edges(node: NodeEntry) -> Iterator[Edge]:
    """All ways out of a node, in the order in which people read them."""
    if (hours := node.hours) is not None:
        yield Edge(("hours", "open"), hours.open, "open")
        yield Edge(("hours", "closed"), hours.closed, "closed")
    if (day := node.holiday) is not None:
        yield Edge(("holiday", "holiday"), day.holiday, "holiday")
        yield Edge(("holiday", "otherwise"), day.otherwise, "otherwise")
    if (menu := node.menu) is not None:
        for k, choice in enumerate(menu.choices):
            yield Edge(("menu", "choices", k, "to"), choice.to, choice.keys, by_caller=True)
        yield Edge(("menu", "silent"), menu.silent, "silent")
        if menu.wrong is not None:
            yield Edge(("menu", "wrong"), menu.wrong, "wrong", by_caller=True)
    if (said := node.announcement) is not None:
        yield Edge(("announcement", "to"), said.to, "")
    for k, share in enumerate(node.percent or ()):
        yield Edge(("percent", k, "to"), share.to, f"{share.share} %")
    if (caller := node.caller) is not None:
        for k, branch in enumerate(caller.branches):
            yield Edge(("caller", "branches", k, "to"), branch.to, f"caller {k + 1}")
        yield Edge(("caller", "otherwise"), caller.otherwise, "otherwise")
    if (queue := node.queue) is not None:
        yield Edge(("queue", "overflow"), queue.overflow, "overflow")
        for k, leads in enumerate(queue.exits):
            yield Edge(("queue", "exits", k, "to"), leads.to, leads.key, by_caller=True)
    if (back := node.callback) is not None:
        yield Edge(("callback", "otherwise"), back.otherwise, "otherwise")
    for key, ring in (("phones", node.phones), ("trunks", node.trunks), ("forward", node.forward)):
        if ring is not None and ring.otherwise is not None:
            yield Edge((key, "otherwise"), ring.otherwise, "not reached")


def nodes_of(plan: PlanEntry) -> dict[str, NodeEntry]:
    """The nodes by id; of two with the same one the first."""
    found: dict[str, NodeEntry] = {}
    for node in plan.nodes:
        found.setdefault(node.id, node)
    return found


def walked(start: str, nodes: Mapping[str, NodeEntry]) -> frozenset[str]:
    """Every node that a call can come to."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in found:
            found.add(name)
            waiting += [edge.to for edge in edges(nodes[name])]
    return frozenset(found)


def automatic(nodes: Mapping[str, NodeEntry]) -> Iterator[tuple[str, ...]]:
    """The loops that a call takes by itself, each once, from its first node in the plan's order.

    Somebody who presses wrong keys for ever acts; that way ends at the limit of nodes.
    """
    done: set[str] = set()
    for first in nodes:
        path: list[str] = []
        stack = [(first, iter(_silent_ways(first, nodes)))] if first not in done else []
        if stack:
            path.append(first)
        while stack:
            name, ways = stack[-1]
            to = next(ways, None)
            if to is None:
                stack.pop()
                path.pop()
                done.add(name)
            elif to in path:
                yield tuple(path[path.index(to) :])
            elif to not in done:
                path.append(to)
                stack.append((to, iter(_silent_ways(to, nodes))))


def _silent_ways(name: str, nodes: Mapping[str, NodeEntry]) -> list[str]:
    ways = (edge.to for edge in edges(nodes[name]) if not edge.by_caller and edge.to in nodes)
    return list(dict.fromkeys(ways))
