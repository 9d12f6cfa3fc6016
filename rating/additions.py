"""Prices that a valid version of the standard list may still get: those that no call can have paid before.

A call to a destination without price waits (rate.no-price), and its beginning may be long ago when somebody
adds the price. Nothing changes backwards by it (E4): no number that has a price gets another one. Individual
lists get none: behind them stands the standard list, by which the same numbers may have been paid.
"""

from __future__ import annotations

from collections.abc import Iterable

from numbering.plan import ROWS
from rating.price import ListKind, Price, Version
from rating.table import Table, compiled


def only_adds(version: Version, fresh: Version, valid: Iterable[Version]) -> bool:
    """Whether `fresh` is `version` with prices for numbers without one in any `valid` version of the list."""
    if version.kind is not ListKind.STANDARD or _head(version) != _head(fresh):
        return False
    before = {price.key: price for price in version.prices}
    after = {price.key: price for price in fresh.prices}
    if any(after.get(key) != price for key, price in before.items()):
        return False
    tables = [compiled(each) for each in valid]
    added = [price for key, price in after.items() if key not in before]
    return bool(added) and not any(_priced(price, table) for price in added for table in tables)


def _head(version: Version) -> tuple[object, ...]:
    return (
        version.list_id,
        version.version,
        version.kind,
        version.currency,
        version.valid_from,
        version.window_edge,
    )


def _priced(price: Price, table: Table) -> bool:
    """Also parts of the German plan behind the prefix count: they may have another zone, and a price."""
    if price.exact:
        return table.find(price.prefix) is not None
    inside = (f"+49{row.prefix}" for row in ROWS)
    numbers = [price.prefix, *(each for each in inside if each.startswith(price.prefix))]
    return any(_covered(each, table) for each in numbers)


def _covered(prefix: str, table: Table) -> bool:
    """Numbers with a line of their own keep its price; the rest of the prefix must have none."""
    own = table.prefixes.get(prefix)
    return own is None and table.find(prefix) is not None
