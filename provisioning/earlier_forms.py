"""Parts that an earlier program stored, read as the schema has them now.

Versions are never rewritten: invoices, itemised bills and rollbacks read parts as old as the first one.
"""

from __future__ import annotations

import json
from typing import Any

from store.config_items import CUSTOMER, ConfigItem


def tree_of_item(item: ConfigItem) -> Any:
    """The part's plain values (a mapping), ready to be checked by the schema of today."""
    tree = json.loads(item.content)
    if item.key.kind == CUSTOMER:
        _undated_order(tree)
    return tree


def _undated_order(tree: dict[str, Any]) -> None:
    """`itemised_bill: true` knew neither the day of the order nor that of the declaration. Without them no
    month may have an itemised bill (TDDDG § 11(1), (3)): it reads as not ordered until the days are given."""
    billing = tree.get("billing")
    if isinstance(billing, dict) and isinstance(billing.get("itemised_bill"), bool):
        del billing["itemised_bill"]
