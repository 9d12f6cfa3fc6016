"""The demo's calls rated: the example tariff is imported, and each call says what it cost."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

from sqlalchemy import Engine, select

from cli.billing.rate_terms import ConfiguredTariff
from cli.layout import EXAMPLE_CARRIER
from rating.money import ticks_text
from store.foreign_errors import database_errors
from store.rating_run import RatingRun
from store.rating_tables import charge, rating_quarantine
from store.rating_tariffs import TariffStore

EXAMPLE_TARIFF: Final = EXAMPLE_CARRIER.parent / "tariffs"


def costs(database: Engine, call_ids: Collection[str], today: date) -> dict[str, str]:
    """What each of these calls cost, or why it is free or not rated; a call with two payers has both."""
    files = {path.name: path.read_bytes() for path in EXAMPLE_TARIFF.glob("*.csv")}
    TariffStore(database).import_files(files, author="fernamt demo", today=today)
    run = RatingRun(database, ConfiguredTariff(database))
    while run.batch().calls:
        pass
    charged = select(charge.c.call_id, charge.c.free, charge.c.bundle, charge.c.ticks, charge.c.currency)
    waiting = select(rating_quarantine.c.call_id, rating_quarantine.c.why)
    found: dict[str, list[str]] = {}
    with database_errors("reading the demo's charges"), database.connect() as connection:
        rows = connection.execute(charged.where(charge.c.call_id.in_(call_ids)).order_by(charge.c.leg_id))
        for call_id, free, bundle, ticks, currency in rows:
            flat = f"flat ({bundle})" if bundle and not ticks else None
            found.setdefault(call_id, []).append(free or flat or f"{ticks_text(ticks)} {currency}")
        for call_id, why in connection.execute(waiting.where(rating_quarantine.c.call_id.in_(call_ids))):
            found.setdefault(call_id, []).append(why)
    return {call_id: ", ".join(texts) for call_id, texts in found.items()}
