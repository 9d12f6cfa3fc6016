"""A rated leg as a flat row: the columns of `fernamt rate batch`, for programs, in a fixed order."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from cli.times import written
from rating.berlin import local, month_of
from rating.charge import Charge, Unrated, Why
from rating.errors import RateMissing
from rating.explain import Language, explain
from rating.fx import EURO, Rate, Rates
from rating.money import Stage, micro_text, ticks_text
from rating.price import Kind

Value = str | int | None

#: An interface: columns are added at the end, never renamed or moved.
COLUMNS: Final = (
    "leg_id", "customer_id", "called", "start", "billed_ms", "state", "reason", "list", "version", "prefix",
    "destination", "zone", "increment", "blocks", "billed_s", "bundle", "bundle_s", "paid_s", "unit_price",
    "fee", "exact", "ticks", "amount", "currency", "rounded", "exchange_rate", "cost", "cost_currency",
    "margin", "explanation",
)  # fmt: skip


def with_rate(result: Charge | Unrated, rates: Rates) -> tuple[Charge | Unrated, Rate | None]:
    """The exchange rate of a foreign charge; without one the leg waits (E8)."""
    if isinstance(result, Unrated) or result.currency == EURO or not result.exact:
        return result, None
    try:
        return result, rates.of_month(result.currency, month_of(result.leg.start_ms))
    except RateMissing as error:
        return Unrated(result.leg, Why.NO_EXCHANGE_RATE, str(error)), None


def row(result: Charge | Unrated, rate: Rate | None, language: Language) -> dict[str, Value]:
    """All columns; None where there is nothing. `exact`, `amount`, `cost` and `margin` are net.

    What waits is explained to operators: the reason's sentence, with the line of a file that cannot be read.
    """
    leg = result.leg
    found: dict[str, Value] = dict.fromkeys(COLUMNS)
    found |= {
        "leg_id": leg.leg_id,
        "customer_id": leg.customer_id,
        "called": leg.called,
        "start": written(local(leg.start_ms).astimezone(UTC)) if leg.start_ms else None,
        "billed_ms": leg.billed_ms,
    }
    if isinstance(result, Unrated):
        return found | {"state": "unrated", "reason": result.why.value, "explanation": result.sentence}
    return found | _charged(result, rate) | {"explanation": explain(result, language, rate)}


def _charged(charge: Charge, rate: Rate | None) -> dict[str, Value]:
    price, rounding = charge.price, charge.rounding
    found: dict[str, Value] = {
        "state": "free" if charge.free else "charged",
        "reason": charge.free.value if charge.free else None,
        "amount": ticks_text(charge.ticks),
        "ticks": charge.ticks,
        "currency": charge.currency,
    }
    if price is not None:
        places = f" {rounding.places}" if rounding.stage is Stage.CALL else ""
        found |= {
            "list": price.list_id,
            "version": price.version,
            "prefix": price.prefix,
            "destination": price.destination,
            "zone": price.zone.value,
            "increment": str(price.increments) if price.kind is Kind.MINUTE else None,
            "blocks": charge.blocks,
            "billed_s": charge.billed_s,
            "bundle": charge.bundle,
            "bundle_s": charge.bundle_s,
            "paid_s": charge.paid_s,
            "unit_price": micro_text(price.price),
            "fee": micro_text(price.fee),
            "exact": ticks_text(charge.exact),
            "rounded": f"{rounding.stage.value} {rounding.mode.value}{places}",
            "exchange_rate": str(rate.per_euro) if rate else None,
        }
    if charge.cost is not None:
        margin = charge.margin
        found |= {
            "cost": ticks_text(charge.cost.ticks),
            "cost_currency": charge.cost.price.currency,
            "margin": None if margin is None else ticks_text(margin),
        }
    return found
