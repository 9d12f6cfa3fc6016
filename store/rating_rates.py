"""Exchange rates in PostgreSQL: published once, never changed (E8)."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from rating.fx import Rates
from store.errors import RateChanged
from store.rating_tables import exchange_rate


def add_rates(connection: Connection, rates: Rates) -> int:
    """Store rates that are new, and say how many; raises RateChanged for one that was published otherwise."""
    known = {(row.currency, row.day): row.per_euro for row in connection.execute(select(exchange_rate))}
    fresh = []
    for (currency, day), per_euro in sorted(rates.published.items()):
        before = known.get((currency, day))
        if before is not None and before != per_euro:
            raise RateChanged(
                f"exchange rate of {currency} on {day}",
                f"{before.normalize():f} was imported, now it is {per_euro}",
                "Rates are never changed: leave the line out, or ask where the first one came from",
            )
        if before is None:
            fresh.append({"currency": currency, "day": day, "per_euro": per_euro})
    if fresh:
        connection.execute(insert(exchange_rate), fresh)
    return len(fresh)


def rates_file(connection: Connection) -> bytes:
    """All rates as the file that rating/tariff_files.py reads."""
    order = (exchange_rate.c.day, exchange_rate.c.currency)
    lines = ["day;currency;per_euro"]
    for row in connection.execute(select(exchange_rate).order_by(*order)):
        per_euro: Decimal = row.per_euro
        lines.append(f"{row.day};{row.currency};{per_euro.normalize():f}")
    return ("\n".join(lines) + "\n").encode()
