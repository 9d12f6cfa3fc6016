"""How often one user, or one address without a valid token, may ask: buckets that fill with time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from web.errors import TooOften

#: Users and addresses that are remembered; the one that asked longest ago is forgotten first.
_REMEMBERED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`at_once` requests, and `per_s` more every second."""

    at_once: int
    per_s: float


class Buckets:
    """One bucket for each key. `clock_s` does not jump."""

    def __init__(self, rate: Rate, clock_s: Callable[[], float]) -> None:
        self._rate = rate
        self._clock_s = clock_s
        self._filled: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """One request. Raises TooOften."""
        left = self._left(key)
        if left < 1:
            raise TooOften("too many requests; slow down", max(1, round((1 - left) / self._rate.per_s)))
        self._keep(key, left - 1)

    def is_empty(self, key: str) -> bool:
        """Whether the next request would be refused."""
        return self._left(key) < 1

    def _left(self, key: str) -> float:
        left, at = self._filled.get(key, (float(self._rate.at_once), self._clock_s()))
        return min(float(self._rate.at_once), left + (self._clock_s() - at) * self._rate.per_s)

    def _keep(self, key: str, left: float) -> None:
        self._filled[key] = (left, self._clock_s())
        self._filled.move_to_end(key)
        if len(self._filled) > _REMEMBERED:
            self._filled.popitem(last=False)
