"""What the store refuses about holds; nothing changed.

InventoryError (store/errors.py)
└── HoldUnknown   no hold of this number is open
"""

from __future__ import annotations

from store.errors import InventoryError


class HoldUnknown(InventoryError):
    """There is no open hold of this number."""

    id = "privacy-hold-unknown"
