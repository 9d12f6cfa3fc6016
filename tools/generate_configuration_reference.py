"""Write docs/configuration.md: every key of the YAML, from the schema itself.

    python tools/generate_configuration_reference.py [--check]

`--check` writes nothing and fails when the file differs from what would be written; a test does the same.
"""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from provisioning.notation.form import Form, Items
from provisioning.schema import Config

OUTPUT: Final = Path(__file__).parents[1] / "docs/configuration.md"

_REQUIREMENTS: Final = re.compile(r" \(([A-F][0-9]{1,2}(?:, [A-F][0-9]{1,2})*)\)\.?$")
_HEAD: Final = """\
# Configuration: all keys

Written by tools/generate_configuration_reference.py from the schema; do not edit. The worked example with
comments is [examples/carrier](../examples/carrier/carrier.yaml).

The configuration is any number of YAML files. Lists and mappings of the same name are put together,
everything else stands in one file only. Anchors, aliases and `<<` may be used; tags, tabs, duplicate keys
and a second document in a file are refused. Days begin at midnight in Europe/Berlin; days that do not exist
are refused. Numbers, area codes and postcodes stand in quotes. `fernamt config validate` names every problem
with file, line and column; warnings do not refuse a configuration, but do with `--strict`.

"Requirements" are the ids of the requirements that a key serves. A key whose default is "required" must be
given.
"""


class Shape(NamedTuple):
    """What a value looks like: its type's name, its limits, and the mapping that it or its items are."""

    name: str
    limits: str = ""
    model: type[BaseModel] | None = None


class Place(NamedTuple):
    """A mapping of the YAML and where it stands."""

    model: type[BaseModel]
    paths: list[str]


def reference() -> str:
    """The whole document."""
    places = _places()
    parts = [_HEAD, *(_section(place, places) for place in places.values())]
    return "\n".join(parts)


def _places() -> dict[type[BaseModel], Place]:
    """Every mapping once, in the order of the YAML, with all paths at which it stands."""
    found: dict[type[BaseModel], Place] = {}
    waiting: list[tuple[str, type[BaseModel]]] = [("", Config)]
    while waiting:
        path, model = waiting.pop(0)
        known = found.setdefault(model, Place(model, []))
        known.paths.append(path)
        if len(known.paths) > 1:
            continue
        inner = []
        for name, hint in _hints(model):
            shape = _shape(hint)
            if shape.model is not None:
                step = f"{name}[]" if shape.name.startswith("list") else name
                inner.append((f"{path}.{step}" if path else step, shape.model))
        waiting = [*inner, *waiting]
    return found


def _hints(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    hints = get_type_hints(model, include_extras=True)
    return ((name, hints[name]) for name in model.model_fields)


def _section(place: Place, places: dict[type[BaseModel], Place]) -> str:
    title = place.paths[0] or "Top"
    lines = [f"## {_code(title) if place.paths[0] else title}", "", _sentence(place.model), ""]
    if others := place.paths[1:]:
        lines += [f"Also at {', '.join(_code(path) for path in others)}.", ""]
    lines += ["| key | type | default | limits | meaning | requirements |", "|---|---|---|---|---|---|"]
    for name, hint in _hints(place.model):
        lines.append(_row(name, _shape(hint), place.model.model_fields[name], places))
    return "\n".join((*lines, ""))


def _sentence(model: type[BaseModel]) -> str:
    text = " ".join((model.__doc__ or "").split())
    return _REQUIREMENTS.sub(".", text)


def _row(name: str, shape: Shape, field: FieldInfo, places: dict[type[BaseModel], Place]) -> str:
    description = field.description or ""
    match = _REQUIREMENTS.search(description)
    limits = "; ".join(each for each in (_bounds(field), shape.limits) if each)
    type_name = shape.name
    if shape.model is not None:
        path = places[shape.model].paths[0]
        type_name = f"{shape.name} [{path}](#{_anchor(path)})"
    cells = (
        _code(name),
        type_name,
        _default(field),
        limits,
        _REQUIREMENTS.sub(".", description),
        match[1] if match else "",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _shape(hint: Any) -> Shape:
    """The shape of a type hint, through `Annotated`, `| None` and lists."""
    origin = get_origin(hint)
    if origin is Annotated:
        base, *marks = get_args(hint)
        for mark in marks:
            if isinstance(mark, Form):
                return Shape(mark.name, mark.limits)
        inner = _shape(base)
        items = next((mark for mark in marks if isinstance(mark, Items)), None)
        return inner if items is None else inner._replace(limits=_items(items, inner.limits))
    if origin in (Union, types.UnionType):
        return _shape(next(each for each in get_args(hint) if each is not type(None)))
    if origin is tuple:
        item = _shape(get_args(hint)[0])
        return Shape("list of" if item.model else f"list: {item.name}", item.limits, item.model)
    if origin is Literal:
        return Shape("choice", ", ".join(_code(each) for each in get_args(hint)))
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return Shape("mapping", "", hint)
    return Shape({bool: "true or false", int: "whole number"}[hint])


def _items(items: Items, inner: str) -> str:
    count = f"{items.least} to {items.most:,} items" if items.least else f"at most {items.most:,} items"
    return f"{count}; each {inner}" if inner else count


def _bounds(field: FieldInfo) -> str:
    bounds = {
        name: getattr(mark, name) for mark in field.metadata for name in ("ge", "le") if hasattr(mark, name)
    }
    return f"{bounds['ge']:,} to {bounds['le']:,}" if len(bounds) == len(("ge", "le")) else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return _code(str(value).lower())
    if isinstance(value, tuple):
        return _code(f"[{', '.join(map(str, value))}]")
    return _code(value.value if isinstance(value, Enum) else value)


def _code(text: object) -> str:
    return f"`{text}`"


def _anchor(path: str) -> str:
    """GitHub's and GitLab's anchor of a heading: punctuation dropped."""
    return re.sub(r"[^a-z0-9_-]", "", path.lower())


def main() -> None:
    """Write the file, or compare it."""
    if sys.argv[1:] != ["--check"]:
        OUTPUT.write_text(reference(), encoding="utf-8")
    elif OUTPUT.read_text(encoding="utf-8") != reference():
        sys.exit("docs/configuration.md is not current: run tools/generate_configuration_reference.py")


if __name__ == "__main__":
    main()
