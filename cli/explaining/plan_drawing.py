"""A routing plan drawn as SVG: nodes in layers from the start downwards, edges with what leads along them.

The same plan gives the same drawing, byte by byte. Texts of the plan are escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from provisioning.checks.plan_graph import Edge, edges, nodes_of
from provisioning.schema import NodeEntry, PlanEntry

_WIDTH: Final = 170
_HEIGHT: Final = 46
_GAP_X: Final = 40
_GAP_Y: Final = 80
_MARGIN: Final = 30
#: Sweeps that bring nodes near those they are joined to.
_SWEEPS: Final = 4
#: Fill of a node by what it does.
_FILLS: Final[Mapping[str, str]] = {
    "menu": "#fff3c4",
    "phones": "#d5f0d9",
    "trunks": "#d5f0d9",
    "forward": "#d5e6fb",
    "mailbox": "#e8dcf7",
    "listen": "#e8dcf7",
    "queue": "#e8dcf7",
    "end": "#f3d6d6",
}
_MAX_TEXT: Final = 26


def drawing(plan: PlanEntry) -> str:
    """The plan as an SVG document."""
    nodes = nodes_of(plan)
    ways = {name: [edge for edge in edges(node) if edge.to in nodes] for name, node in nodes.items()}
    layers = _layers(plan.start, ways)
    places = {
        name: (_MARGIN + column * (_WIDTH + _GAP_X), _MARGIN + row * (_HEIGHT + _GAP_Y))
        for row, layer in enumerate(_untangled(layers, ways))
        for column, name in enumerate(layer)
    }
    widest = max(map(len, layers))
    size = (2 * _MARGIN + widest * (_WIDTH + _GAP_X), 2 * _MARGIN + len(layers) * (_HEIGHT + _GAP_Y) - _GAP_Y)
    return _document(plan, nodes, ways, places, size)


def _layers(start: str, ways: Mapping[str, list[Edge]]) -> list[list[str]]:
    """Each node as far down as the shortest way to it is long; what no call comes to is left out."""
    layers, seen = [[start]], {start}
    while True:
        fresh = dict.fromkeys(
            edge.to for name in layers[-1] for edge in ways.get(name, ()) if edge.to not in seen
        )
        if not fresh:
            return layers
        seen |= fresh.keys()
        layers.append(list(fresh))


def _untangled(layers: list[list[str]], ways: Mapping[str, list[Edge]]) -> list[list[str]]:
    """Nodes of a layer sorted by where those above that lead to them stand."""
    for _ in range(_SWEEPS):
        for above, layer in pairwise(layers):
            column = {name: number for number, name in enumerate(above)}
            weight = {}
            for number, name in enumerate(layer):
                found = [column[up] for up in above for edge in ways[up] if edge.to == name]
                weight[name] = (sum(found) / len(found) if found else number, number)
            layer.sort(key=lambda name, weight=weight: weight[name])  # type: ignore[misc]
    return layers


def _document(
    plan: PlanEntry,
    nodes: Mapping[str, NodeEntry],
    ways: Mapping[str, list[Edge]],
    places: Mapping[str, tuple[int, int]],
    size: tuple[int, int],
) -> str:
    width, height = size
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "font-family": "sans-serif",
            "font-size": "12",
        },
    )
    SubElement(svg, "title").text = plan.name or plan.id
    marker = SubElement(
        SubElement(svg, "defs"),
        "marker",
        {"id": "arrow", "viewBox": "0 0 10 10", "refX": "10", "refY": "5", "orient": "auto",
         "markerWidth": "7", "markerHeight": "7"},
    )  # fmt: skip
    SubElement(marker, "path", {"d": "M0,0 L10,5 L0,10 z", "fill": "#555"})
    for name in places:
        together: dict[str, list[str]] = {}
        for edge in ways[name]:
            together.setdefault(edge.to, []).append(edge.label)
        for number, (to, labels) in enumerate(together.items()):
            _edge(svg, places[name], places[to], ", ".join(filter(None, labels)), number, len(together))
    for name, place in places.items():
        _node(svg, nodes[name], place, is_start=name == plan.start)
    indent(svg)
    return tostring(svg, encoding="unicode") + "\n"


def _edge(
    svg: Element, begin: tuple[int, int], end: tuple[int, int], label: str, number: int, count: int
) -> None:
    """From below a node to above the next; back to one that is not below along the right side."""
    x1 = begin[0] + _WIDTH * (number + 1) // (count + 1)
    y1 = begin[1] + _HEIGHT
    x2, y2 = end[0] + _WIDTH // 2, end[1]
    if end[1] > begin[1]:
        middle = (y1 + y2) // 2
        path = f"M{x1},{y1} C{x1},{middle} {x2},{middle} {x2},{y2}"
    else:
        y1, x1 = begin[1] + _HEIGHT // 2, begin[0] + _WIDTH
        x2, y2 = end[0] + _WIDTH, end[1] + _HEIGHT // 2
        out = max(x1, x2) + _GAP_X
        path = f"M{x1},{y1} C{out},{y1} {out},{y2} {x2},{y2}"
        y1 -= 4
        x1 += 4
    SubElement(svg, "path", {"d": path, "fill": "none", "stroke": "#555", "marker-end": "url(#arrow)"})
    if label:
        text = SubElement(
            svg, "text", {"x": str(x1 + 3), "y": str(y1 + 14 + 13 * (number % 2)), "fill": "#333"}
        )
        text.text = _short(label)


def _node(svg: Element, node: NodeEntry, place: tuple[int, int], *, is_start: bool) -> None:
    x, y = place
    box = {"x": str(x), "y": str(y), "width": str(_WIDTH), "height": str(_HEIGHT), "rx": "6"}
    border = {"stroke": "#333", "stroke-width": "3" if is_start else "1"}
    SubElement(svg, "rect", {**box, **border, "fill": _FILLS.get(node.kind, "#f4f4f4")})
    middle = {"x": str(x + _WIDTH // 2), "text-anchor": "middle"}
    SubElement(svg, "text", {**middle, "y": str(y + 19), "font-weight": "bold"}).text = _short(node.id)
    SubElement(svg, "text", {**middle, "y": str(y + 36)}).text = _short(_about(node))


def _about(node: NodeEntry) -> str:
    """What happens at the node, in a few words."""
    if (ring := node.phones or node.trunks) is not None:
        return f"{node.kind} {', '.join(ring.ring)}"
    if node.forward is not None:
        return f"forward {node.forward.number}"
    if node.hours is not None:
        return f"hours {node.hours.of}"
    if node.holiday is not None:
        return f"holiday {node.holiday.of}"
    if (prompt := node.menu or node.announcement) is not None:
        return f"{node.kind} {prompt.prompt}"
    if node.end is not None:
        return f"end {node.end.cause}"
    if node.mailbox is not None:
        return f"mailbox {node.mailbox}"
    if node.listen is not None:
        return f"listen to {node.listen}"
    return f"queue {node.queue.name}" if node.queue is not None else node.kind


def _short(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
