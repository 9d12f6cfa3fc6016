"""What a node's calls do, told to several who want to know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from dialplan.live import LiveCall


class Listener(Protocol):
    """Must not wait: it is told in the greenlet that reads the node's events."""

    def answered(self, call_id: str, at: datetime) -> None: ...
    def ended(self, call_id: str) -> None: ...
    def heartbeat(self, node: str) -> None: ...
    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None: ...


class Audience:
    """Tells each listener, in the order given."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

    def answered(self, call_id: str, at: datetime) -> None:
        for each in self._listeners:
            each.answered(call_id, at)

    def ended(self, call_id: str) -> None:
        for each in self._listeners:
            each.ended(call_id)

    def heartbeat(self, node: str) -> None:
        for each in self._listeners:
            each.heartbeat(node)

    def resync(self, node: str, calls: Sequence[LiveCall], as_of: datetime) -> None:
        for each in self._listeners:
            each.resync(node, calls, as_of)
