"""Which controller makes a minute's probe, in Redis: one of those of a node.

fernamt:probe:NODE:TRUNK:MINUTE     the controller; gone after five minutes
"""

from __future__ import annotations

from typing import Final

import redis

from store.foreign_errors import redis_errors

_KEPT_S: Final = 300


class ProbeTurns:
    """All methods raise LiveStateError's children."""

    def __init__(self, client: redis.Redis, controller: str) -> None:
        self._client = client
        self._controller = controller

    def take(self, node: str, trunk_id: str, minute: int) -> bool:
        """Whether it is this controller's turn; `minute` counts since 1970."""
        key = f"fernamt:probe:{node}:{trunk_id}:{minute}"
        with redis_errors(f"turn to probe {trunk_id}"):
            return bool(self._client.set(key, self._controller, nx=True, ex=_KEPT_S))
