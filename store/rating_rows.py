"""A charge as a row, and back; rows in bulk.

Rows are plain tuples in the order of FACTS: two are equal when nothing about the charge differs.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

from psycopg2 import extensions

from rating.charge import Charge, Cost, Free, Piece
from rating.increments import Increments
from rating.leg import BillableLeg, Direction
from rating.money import Mode, Rounding, Stage
from rating.price import Kind, Price, Zone
from rating.windows import parse

#: The columns that say what a charge is, the carrier's side last.
FACTS: Final = (
    "leg_id", "call_id", "customer_id", "month", "begins_ms", "direction", "called", "billed_ms", "free",
    "price_id", "currency", "seconds", "blocks", "billed_s", "bundle", "bundle_blocks", "bundle_s", "pieces",
    "exact_ticks", "ticks", "rounding", "carrier_id", "carrier_ms", "cost_price_id", "cost_s", "cost_ticks",
)  # fmt: skip
LEG, CUSTOMER, MONTH, BEGINS, CALLED, BILLED, CURRENCY, TICKS, CARRIER = (
    FACTS.index(name)
    for name in (
        "leg_id", "customer_id", "month", "begins_ms", "called", "billed_ms", "currency", "ticks",
        "carrier_id",
    )
)  # fmt: skip
Facts = tuple[Any, ...]

_NULL: Final = r"\N"
#: What means something in PostgreSQL's COPY text.
_SPECIAL: Final = re.compile(r"[\\\t\n\r]")
_ESCAPED: Final = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}


def facts_of(charge: Charge, call_id: str, month: date, price_id: Mapping[int, int]) -> Facts:
    """The row of a charge; `price_id` gives the number of each price by the identity of its object."""
    leg, price, cost = charge.leg, charge.price, charge.cost
    pieces = [[price_id[id(each.price)], each.seconds] for each in charge.pieces] or None
    return (
        leg.leg_id, call_id, leg.customer_id, month, leg.start_ms, leg.direction.value, leg.called,
        leg.billed_ms, charge.free.value if charge.free else None, price_id[id(price)] if price else None,
        price.currency if price else "EUR", charge.seconds, charge.blocks, charge.billed_s, charge.bundle,
        charge.bundle_blocks, charge.bundle_s, pieces, charge.exact, charge.ticks, _rounding(charge.rounding),
        leg.carrier_id or None, leg.carrier_ms, price_id[id(cost.price)] if cost else None,
        cost.billed_s if cost else 0, cost.ticks if cost else 0,
    )  # fmt: skip


def charge_of(facts: Facts, prices: Mapping[int, Price]) -> Charge:
    """The charge as it was made; `prices` by their number."""
    row = dict(zip(FACTS, facts, strict=True))
    leg = BillableLeg(
        row["leg_id"], row["customer_id"], Direction(row["direction"]), row["called"], row["begins_ms"],
        row["billed_ms"], row["carrier_id"] or "", row["carrier_ms"],
    )  # fmt: skip
    stage, mode, places = row["rounding"].split()
    cost_price = row["cost_price_id"]
    return Charge(
        leg,
        Free(row["free"]) if row["free"] else None,
        prices[row["price_id"]] if row["price_id"] else None,
        row["seconds"], row["blocks"], row["billed_s"], row["bundle"], row["bundle_blocks"], row["bundle_s"],
        tuple(Piece(prices[number], seconds) for number, seconds in row["pieces"] or ()),
        row["exact_ticks"], row["ticks"], Rounding(Stage(stage), Mode(mode), int(places)),
        Cost(prices[cost_price], row["cost_s"], row["cost_ticks"]) if cost_price else None,
    )  # fmt: skip


#: By the identity of the object, which is kept with its text: a price model has one for all of its charges.
_ROUNDINGS: Final[dict[int, tuple[Rounding, str]]] = {}
_MOST_ROUNDINGS: Final = 1_000


def _rounding(rounding: Rounding) -> str:
    known = _ROUNDINGS.get(id(rounding))
    if known is None:
        if len(_ROUNDINGS) >= _MOST_ROUNDINGS:
            _ROUNDINGS.clear()
        known = rounding, f"{rounding.stage.value} {rounding.mode.value} {rounding.places}"
        _ROUNDINGS[id(rounding)] = known
    return known[1]


#: Columns of `charged_price` beside its number.
PRICE: Final = (
    "list_id", "version", "currency", "prefix", "exact", "destination", "zone", "kind", "price", "fee",
    "minimum", "first_s", "next_s", "free_s", "time_window", "line",
)  # fmt: skip


def price_row(price: Price) -> tuple[Any, ...]:
    """A price in the order of PRICE."""
    return (
        price.list_id, price.version, price.currency, price.prefix, price.exact, price.destination,
        price.zone.value, price.kind.value, price.price, price.fee, price.minimum, price.increments.first_s,
        price.increments.next_s, price.free_s, price.window.text if price.window else "", price.line,
    )  # fmt: skip


def price_of(row: Sequence[Any]) -> Price:
    """The price of a row in the order of PRICE."""
    found = dict(zip(PRICE, row, strict=True))
    return Price(
        found["list_id"], found["version"], found["currency"], found["prefix"], found["exact"],
        found["destination"], Zone(found["zone"]), Kind(found["kind"]), found["price"], found["fee"],
        found["minimum"], Increments(found["first_s"], found["next_s"]), found["free_s"],
        parse(found["time_window"]), found["line"],
    )  # fmt: skip


def copy_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows into a table by COPY, in the cursor's transaction. Errors are the caller's to map."""
    copy_lines(cursor, table, columns, ("\t".join([_field(value) for value in row]) + "\n" for row in rows))


def copy_lines(cursor: Any, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """The same with rows that are lines of COPY's text already.

    COPY does not work while psycopg2 waits for gevent: for its duration this thread alone is served.
    """
    content = io.StringIO("".join(lines))
    waiting = extensions.get_wait_callback()
    extensions.set_wait_callback(None)
    try:
        cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", content)
    finally:
        extensions.set_wait_callback(waiting)


def charge_line(facts: Facts, revision: int, entry: int | None) -> str:
    """A charge as a line of COPY's text. Written out: with one call for each value it takes three times as
    long, and a month has ten million of them."""
    (
        leg_id, call_id, customer_id, month, begins_ms, direction, called, billed_ms, free, price_id,
        currency, seconds, blocks, billed_s, bundle, bundle_blocks, bundle_s, pieces, exact, ticks,
        rounding, carrier_id, carrier_ms, cost_price_id, cost_s, cost_ticks,
    ) = facts  # fmt: skip
    if _SPECIAL.search(f"{leg_id}{call_id}{customer_id}{called}{carrier_id}"):
        leg_id, call_id, customer_id, called = map(_field, (leg_id, call_id, customer_id, called))
        carrier_id = _field(carrier_id)
    return (
        f"{leg_id}\t{call_id}\t{customer_id}\t{_day(month)}\t{begins_ms}\t{direction}\t{called}\t"
        f"{billed_ms}\t{free or _NULL}\t{price_id or _NULL}\t{currency}\t{seconds}\t{blocks}\t{billed_s}\t"
        f"{bundle or _NULL}\t{bundle_blocks}\t{bundle_s}\t{json.dumps(pieces) if pieces else _NULL}\t"
        f"{exact}\t{ticks}\t{rounding}\t{carrier_id or _NULL}\t{carrier_ms}\t{cost_price_id or _NULL}\t"
        f"{cost_s}\t{cost_ticks}\t{revision}\t{entry or _NULL}\n"
    )


@cache
def _day(day: date) -> str:
    return day.isoformat()


def array_text(values: Sequence[int | bool | str]) -> str:
    """A PostgreSQL array as text: numbers, truth values, or texts."""
    return "{" + ",".join([_element(each) for each in values]) + "}"


def _element(value: int | bool | str) -> str:
    if type(value) is str:
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


def _field(value: Any) -> str:
    if value is None:
        return _NULL
    if type(value) is str:
        if _SPECIAL.search(value):
            return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], value)
        return value
    if type(value) is list:
        return json.dumps(value)
    if value is True or value is False:
        return "t" if value else "f"
    return str(value)
