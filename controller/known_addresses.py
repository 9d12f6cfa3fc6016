"""Addresses with registered phones: guards of all nodes remember them, and one that starts anew knows them.

Whoever sends by UDP can write such an address on its packets, and a ban of it would hold up the calls of a
whole office, 110 and 112 among them. So no guard bans one (docs/decisions/0025).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

from controller.errors import StoreAway
from dialplan.strangers.counting import KNOWN_S, MOST_KNOWN

#: Between two looks at what the guards of other nodes know.
READ_S: Final = 60.0


class AddressMemory(Protocol):
    """What the guards of all nodes remember, for KNOWN_S. Both raise StoreAway."""

    def remember(self, sources: Sequence[str]) -> None:
        """Phones were registered there just now."""
        ...

    def ages_s(self) -> Mapping[str, float]:
        """Seconds since a phone was registered last, for each source; MOST_KNOWN of them."""
        ...


class KnownAddresses:
    """Sources where a phone is registered or was within KNOWN_S. `steady_s` is a clock that nobody sets."""

    def __init__(self, memory: AddressMemory, steady_s: Callable[[], float]) -> None:
        self._memory = memory
        self._steady_s = steady_s
        self._seen_at_s: OrderedDict[str, float] = OrderedDict()
        self._untold: dict[str, None] = {}
        self._read_at_s = float("-inf")
        #: Whether anybody told yet: until then any address may be an office's.
        self.informed = False

    def __contains__(self, source: str) -> bool:
        return self._steady_s() - self._seen_at_s.get(source, float("-inf")) < KNOWN_S

    def __len__(self) -> int:
        return len(self._seen_at_s)

    def registered(self, source: str) -> bool:
        """A phone is registered there; whether that is news."""
        new = source not in self
        self._seen_at_s.pop(source, None)
        self._seen_at_s[source] = self._steady_s()
        while len(self._seen_at_s) > MOST_KNOWN:
            self._seen_at_s.popitem(last=False)
        self._untold[source] = None
        while len(self._untold) > MOST_KNOWN:
            del self._untold[next(iter(self._untold))]
        self.informed = True
        return new

    def exchange(self) -> None:
        """Read, once a minute, what the other guards know, and tell what is new here.

        Raises StoreAway; it is told the next time then.
        """
        now_s = self._steady_s()
        if now_s - self._read_at_s >= READ_S:
            self._read(now_s)
        if not self._untold:
            return
        telling, self._untold = self._untold, {}
        try:
            self._memory.remember(list(telling))
        except StoreAway:
            self._untold = {**telling, **self._untold}
            raise

    def _read(self, now_s: float) -> None:
        ages_s = self._memory.ages_s()
        seen_at_s = dict(self._seen_at_s)
        for source, age_s in ages_s.items():
            seen_at_s[source] = max(now_s - max(0.0, age_s), seen_at_s.get(source, float("-inf")))
        young = [source for source, at_s in seen_at_s.items() if now_s - at_s < KNOWN_S]
        last = sorted(young, key=seen_at_s.__getitem__)[-MOST_KNOWN:]
        self._seen_at_s = OrderedDict((source, seen_at_s[source]) for source in last)
        self._read_at_s = now_s
        self.informed = True
