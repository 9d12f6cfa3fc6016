"""A price file: one version of one list as CSV, every line checked, all of it taken or nothing.

Columns: prefix, destination, zone, price; optional: match (prefix, exact), kind (minute, call, standard),
fee, minimum, increment, free_s, window. docs/rating.md shows one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from rating.caps import broken
from rating.errors import FieldRefused, Problem
from rating.fields import choice, increments, label, listed, micro, number, whole
from rating.money import MICRO, micro_text
from rating.price import NO_INCREMENTS, Kind, ListKind, Price, Zone
from rating.strict_csv import Columns, Line, read
from rating.windows import parse
from rating.zones import zones_of

COLUMNS: Final = Columns(
    ("prefix", "destination", "zone", "price"),
    ("match", "kind", "fee", "minimum", "increment", "free_s", "window"),
)
#: Highest price per minute, per call, fee and minimum: a limit against slipped decimal points.
MAX_PRICE: Final = 1_000 * MICRO
MAX_FREE_S: Final = 3_600
#: Lines of one prefix: one without and the others with a time window.
MAX_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class Head:
    """What a price file belongs to: list, version, kind, currency, first day."""

    list_id: str
    version: str
    kind: ListKind
    currency: str
    valid_from: date


def prices_of(content: bytes, name: str, head: Head) -> tuple[tuple[Price, ...], tuple[Problem, ...]]:
    """The prices of a file and everything that is wrong with it; use the prices only when nothing is."""
    found = read(content, name, COLUMNS)
    problems = list(found.problems)
    prices: list[Price] = []
    for line in found.lines:
        parsed = _price(line, name, head)
        if isinstance(parsed, Price):
            prices.append(parsed)
        else:
            problems.append(parsed)
    problems += _twice(prices, name)
    return tuple(prices), tuple(sorted(problems, key=lambda problem: problem.line))


def _price(line: Line, name: str, head: Head) -> Price | Problem:
    values = line.values
    column = ""
    try:
        column = "prefix"
        prefix = number(values[column])
        column = "match"
        exact = _exact(values[column])
        column = "destination"
        destination = label(values[column])
        column = "zone"
        zone = _zone(values[column], prefix)
        column = "kind"
        kind = choice(values[column], Kind, Kind.MINUTE)
        _fits(kind, values, head)
        column = "price"
        amount = _amount(values[column], needed=kind is not Kind.STANDARD)
        column = "fee"
        fee = _amount(values[column], needed=False)
        column = "minimum"
        minimum = _amount(values[column], needed=False)
        column = "increment"
        steps = increments(values[column]) if kind is Kind.MINUTE else NO_INCREMENTS
        column = "free_s"
        free_s = whole(values[column], MAX_FREE_S)
        column = "window"
        window = parse(values[column])
    except FieldRefused as refused:
        return Problem(name, line.number, column, refused.rule, str(refused))
    price = Price(
        head.list_id, head.version, head.currency, prefix, exact, destination, zone, kind, amount,
        fee, minimum, steps, free_s, window, line.number,
    )  # fmt: skip
    wrong = broken(price, head.valid_from) if head.kind is not ListKind.COST else None
    return Problem(name, line.number, "price", "tariff.cap", wrong) if wrong else price


def _exact(text: str) -> bool:
    if text not in ("", "prefix", "exact"):
        raise FieldRefused("csv.choice", f"{text[:40]!r}. Allowed: prefix, exact")
    return text == "exact"


def _zone(text: str, prefix: str) -> Zone:
    zone = choice(text, Zone)
    allowed = zones_of(prefix)
    if not allowed:
        raise FieldRefused("tariff.zone", f"{prefix} is Germany and other countries. Write longer prefixes")
    if zone not in allowed:
        names = listed(sorted(each.value for each in allowed))
        raise FieldRefused("tariff.zone", f"{prefix} is not {zone.value}. The numbering plan says {names}")
    return zone


def _amount(text: str, *, needed: bool) -> int:
    if needed and not text:
        raise FieldRefused("csv.amount", "empty. A price of nothing is written 0")
    found = micro(text)
    if found > MAX_PRICE:
        raise FieldRefused(
            "tariff.price-too-high", f"{text} is above {micro_text(MAX_PRICE)}: a slipped point?"
        )
    return found


def _fits(kind: Kind, values: Mapping[str, str], head: Head) -> None:
    """What a kind of price must not have beside it."""
    unwanted: tuple[str, ...] = ()
    if kind is Kind.CALL:
        unwanted = ("fee", "minimum", "increment")
    if kind is Kind.STANDARD:
        unwanted = ("price", "fee", "minimum", "increment", "free_s", "window")
        if head.kind is not ListKind.INDIVIDUAL:
            raise FieldRefused("tariff.kind", "only an individual list can point at the standard list")
    for column in unwanted:
        if values[column]:
            raise FieldRefused("tariff.kind", f"kind {kind.value} has no {column}. Leave it empty")


def _twice(prices: Sequence[Price], name: str) -> Iterator[Problem]:
    """Rows of one prefix that contradict each other: the same twice, or overlapping windows."""
    groups: dict[tuple[str, bool], list[Price]] = {}
    for price in prices:
        groups.setdefault((price.prefix, price.exact), []).append(price)
    for rows in groups.values():
        if len(rows) == 1 and rows[0].window is None:
            continue
        if len(rows) > MAX_ROWS:
            message = (
                f"{rows[0].prefix} has {len(rows)} lines. Allowed are {MAX_ROWS}: one for each time window"
            )
            yield Problem(name, rows[MAX_ROWS].line, "prefix", "tariff.prefix-often", message)
            continue
        first = next((row for row in rows if row.window is None), None)
        if first is None:
            message = f"{rows[0].prefix} has no price for the rest of the week. Add a line without window"
            yield Problem(name, rows[0].line, "window", "tariff.window-rest", message)
        for later, row in enumerate(rows):
            for other in rows[:later]:
                if clash := _clash(other, row):
                    yield Problem(name, row.line, "prefix", *clash)


def _clash(other: Price, row: Price) -> tuple[str, str] | None:
    if row.window is None and other.window is None:
        return "tariff.prefix-twice", f"{row.prefix} is in line {other.line} too. Keep one of the two"
    if row.window and other.window and row.window.overlaps(other.window):
        return "tariff.window-overlap", f"the time window overlaps that of line {other.line}"
    if (row.zone, row.kind, row.currency) != (other.zone, other.kind, other.currency):
        return "tariff.window-kind", f"zone and kind must be those of line {other.line}: only prices change"
    return None
