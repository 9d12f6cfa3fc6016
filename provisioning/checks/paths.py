"""Paths of things in the configuration that several checks speak of."""

from __future__ import annotations

from provisioning.errors import KeyPath
from provisioning.schema import NumberEntry


def number_path(customer: int, index: int, entry: NumberEntry, item: int = -1) -> KeyPath:
    """Where a number of an entry stands: the item of its list, else its `number` or `first`."""
    path = ("customers", customer, "numbers", index)
    if entry.list is not None:
        return (*path, "list", item) if item >= 0 else (*path, "list")
    return (*path, "number" if entry.number is not None else "first")
