"""What can go wrong in the service layer.

ControllerError
├── NoSnapshot      no configuration has been loaded yet
└── StoreAway       a store did not answer; the work is kept and tried again
"""

from __future__ import annotations


class ControllerError(Exception):
    """Base of this package's errors; `id` is stable and may be matched by programs."""

    id = "controller.error"


class NoSnapshot(ControllerError):
    """A call was offered before any configuration was loaded."""

    id = "controller.no-snapshot"


class StoreAway(ControllerError):
    """A database or Redis did not answer in time. Raised by adapters for the service layer to retry."""

    id = "controller.store-away"
