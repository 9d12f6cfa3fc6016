"""How values of the YAML are written, for people: the reference of all keys is made from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """Stands in `Annotated` beside the validator: the type's name, and what it takes."""

    name: str
    limits: str = ""


@dataclass(frozen=True, slots=True)
class Items:
    """Stands in `Annotated` beside a list: how many items it takes."""

    most: int
    least: int = 0
