"""A version of a price list, compiled for look-up: plain dictionaries by prefix length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rating.price import Edge, Price, Version
from rating.windows import WallClock
from rating.zones import holes


@dataclass(frozen=True, slots=True, eq=False)
class Windowed:
    """The prices of one prefix over the week: `starts` are minutes since Monday 00:00, the first is 0."""

    starts: tuple[int, ...]
    prices: tuple[Price, ...]
    split: bool

    def at(self, ms: int, clock: WallClock) -> Price:
        """The price of a moment."""
        return self.prices[self._index(clock.minute(ms))]

    def until(self, ms: int, clock: WallClock) -> int:
        """A later moment up to which the price of `ms` holds at least."""
        minute = clock.minute(ms)
        after = self._index(minute) + 1
        edge = self.starts[after] if after < len(self.starts) else _WEEK
        return clock.next_minute_ms(ms, edge - minute)

    def _index(self, minute: int) -> int:
        found = 0
        for index, start in enumerate(self.starts):
            if start > minute:
                break
            found = index
        return found


class Hole:
    """A part of the numbering plan that a shorter prefix must not price (rating/zones.py)."""


_WEEK: Final = 7 * 24 * 60
_HOLE: Final = Hole()
Entry = Price | Windowed


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """`exact`: single numbers. `lengths`: of the prefixes, longest first."""

    exact: dict[str, Entry]
    prefixes: dict[str, Entry | Hole]
    lengths: tuple[int, ...]

    def find(self, number: str) -> Entry | None:
        """The number's own entry, else that of the longest prefix; None: no price in this version."""
        found: Entry | Hole | None = self.exact.get(number)
        if found is None:
            get = self.prefixes.get
            for length in self.lengths:
                found = get(number[:length])
                if found is not None:
                    break
        return None if isinstance(found, Hole) else found


def compiled(version: Version) -> Table:
    """The version's prices. They were checked when the file was read: no prefix is there twice."""
    rows: dict[tuple[str, bool], list[Price]] = {}
    for price in version.prices:
        rows.setdefault((price.prefix, price.exact), []).append(price)
    split = version.window_edge is Edge.SPLIT
    exact = {prefix: _entry(prices, split) for (prefix, single), prices in rows.items() if single}
    prefixes: dict[str, Entry | Hole] = {
        prefix: _entry(prices, split) for (prefix, single), prices in rows.items() if not single
    }
    for prefix in holes({price.prefix: price.zone for price in version.prices if not price.exact}):
        prefixes[prefix] = _HOLE
    lengths = tuple(sorted({len(prefix) for prefix in prefixes}, reverse=True))
    return Table(exact, prefixes, lengths)


def _entry(prices: list[Price], split: bool) -> Entry:
    if len(prices) == 1:
        return prices[0]
    rest = next(price for price in prices if price.window is None)
    spans = sorted(
        (start, end, price) for price in prices if price.window for start, end in price.window.spans
    )
    starts, found = [0], [rest]
    for start, end, price in spans:
        for minute, each in ((start, price), (end, rest)):
            if minute == starts[-1]:
                found[-1] = each
            elif minute < _WEEK:
                starts.append(minute)
                found.append(each)
    return Windowed(tuple(starts), tuple(found), split)
