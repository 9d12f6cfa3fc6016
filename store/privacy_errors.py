"""What the store refuses about holds; nothing changed.

InventoryError (store/errors.py)
├── HoldUnknown   no hold of this number is open
└── UnderOrder    an authority's order keeps what was to be deleted
"""

from __future__ import annotations

from store.errors import InventoryError


class HoldUnknown(InventoryError):
    """There is no open hold of this number."""

    id = "privacy-hold-unknown"


class UnderOrder(InventoryError):
    """An authority has ordered to keep a customer's data: nobody deletes any of it by hand."""

    id = "privacy-under-order"
