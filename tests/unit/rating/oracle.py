"""A naive rater, written from the words of the terms alone: it imports nothing of the engine.

It goes second by second, with dates, Fractions and Decimals, and with no thought of speed. What the terms
say (docs/rating.md, "The rules") is repeated beside each step. Where it and the engine differ, one is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
DAYS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
MODES = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "up": ROUND_UP}


@dataclass
class Row:
    """A line of a price list, as text where the file has text. `window`: (days, from, to), both in minutes
    since midnight."""

    prefix: str
    zone: str
    kind: str
    price: str
    fee: str = "0"
    minimum: str = "0"
    first: int = 1
    next: int = 1
    free: int = 0
    exact: bool = False
    window: tuple[list[str], int, int] | None = None


@dataclass
class ListVersion:
    """The rows from the first to the last day, both included."""

    name: str
    first_day: date
    last_day: date | None
    rows: list[Row]
    split: bool = False


@dataclass
class Customer:
    """What was agreed. `told`: the day on which the customer was told of a standard version."""

    since: date
    quotas: list[tuple[set[str], int]]
    rounding: tuple[str, str, int]
    own: list[ListVersion] = field(default_factory=list)
    told: dict[str, date] = field(default_factory=dict)


@dataclass
class Call:
    """A call with its first moment in UTC."""

    id: str
    direction: str
    number: str
    start: datetime
    milliseconds: int
    #: What the carrier's own record says; 0: the call did not leave over one.
    carrier_milliseconds: int = 0


@dataclass
class Result:
    """`amount` None: no price. `covered` seconds are those that a quota covered. `cost`: what the carrier
    takes; None: its price is not known, or there is no carrier."""

    amount: Fraction | None
    covered: int = 0
    charged: int = 0
    version: str = ""
    cost: Fraction | None = None


def seconds_begun(milliseconds: int) -> int:
    """A begun second counts in full."""
    return ceil(Fraction(milliseconds, 1000))


def always_free(call: Call) -> bool:
    """Unanswered, incoming, on-net, emergency, 0800, 00800, 115 (of any town), 116xyz."""
    if call.milliseconds == 0 or call.direction in ("in", "onnet", "emergency"):
        return True
    if call.number in ("110", "112", "115"):
        return True
    if not call.number.startswith("+"):
        return call.number.startswith("116") and len(call.number) == 6
    return call.number.startswith(("+49800", "+800")) or call.number in ("+49221115", "+4930115")


def zone_of(number: str) -> set[str]:
    """What a number is, by the numbering plan (german-rules 1.2); only what the cases use."""
    if not number.startswith("+"):
        return {"national_service"}
    if not number.startswith("+49"):
        return {"foreign"}
    national = number[3:]
    if national.startswith(("15", "160", "162", "163", "17")):
        return {"national_mobile"}
    if national.startswith("32"):
        return {"national_fixed", "national_service"}
    if national.startswith(("1", "31", "700", "800", "900")):
        return {"national_service"}
    return {"national_fixed"}


def in_window(window: tuple[list[str], int, int], moment: datetime) -> bool:
    """Whether clocks in Germany show a time of the window. An end before its start is on the next day."""
    days, begin, end = window
    local = moment.astimezone(BERLIN)
    minute = local.hour * 60 + local.minute
    today, yesterday = DAYS[local.weekday()], DAYS[local.weekday() - 1]
    if begin < end:
        return today in days and begin <= minute < end
    return (today in days and minute >= begin) or (yesterday in days and minute < end)


def rows_of(version: ListVersion, number: str) -> list[Row]:
    """One number before prefixes, the longest prefix first; several rows where the time of day matters."""
    single = [row for row in version.rows if row.exact and row.prefix == number]
    if single:
        return single
    fitting = [row for row in version.rows if number.startswith(row.prefix) and not row.exact]
    longest = max((len(row.prefix) for row in fitting), default=0)
    zones = zone_of(number)
    # A price of one zone is no price for a number of another; 032 has lines of its own (capped by law).
    if number.startswith("+4932") and longest < len("+4932"):
        return []
    return [row for row in fitting if len(row.prefix) == longest and row.zone in zones]


def row_at(rows: list[Row], moment: datetime) -> Row | None:
    """The row of the time of day."""
    if len(rows) > 1:
        for row in rows:
            if row.window is not None and in_window(row.window, moment):
                return row
    return next((row for row in rows if row.window is None), None)


def valid(versions: list[ListVersion], day: date) -> ListVersion | None:
    """The version in force on a day."""
    begun = [version for version in versions if version.first_day <= day]
    if not begun:
        return None
    last = max(begun, key=lambda version: version.first_day)
    return last if last.last_day is None or day <= last.last_day else None


def known(versions: list[ListVersion], customer: Customer, day: date) -> ListVersion | None:
    """E4: the newest version that holds for the customer: the first one, one that was valid when the
    customer came, or one of which the customer was told more than seven full days before."""
    holding = []
    for version in versions:
        if version.first_day > day:
            continue
        told = customer.told.get(version.name)
        notice_over = told is not None and told + timedelta(days=7) < day
        if version is versions[0] or version.first_day <= customer.since or notice_over:
            holding.append(version)
    return max(holding, key=lambda version: version.first_day, default=None)


def price_of(
    standard: list[ListVersion], customer: Customer, number: str, moment: datetime
) -> tuple[ListVersion, list[Row], Row] | None:
    """E3: individual before standard; foreign numbers by the version that the customer knows (E4)."""
    day = moment.astimezone(BERLIN).date()
    asked = [valid(customer.own, day)]
    current = valid(standard, day)
    if number.startswith("+") and not number.startswith("+49") and current is not None:
        asked.append(known(standard, customer, day))
    asked.append(current)
    for version in asked:
        rows = rows_of(version, number) if version else []
        row = row_at(rows, moment)
        if version is not None and row is not None and row.kind != "standard":
            return version, rows, row
    return None


def rounded(amount: Fraction, rounding: tuple[str, str, int]) -> Fraction:
    """Each call, when the price model says so; 40 digits are exact enough to see every half."""
    stage, mode, places = rounding
    if stage != "call":
        return amount
    scaled = amount * 10**places
    whole = scaled.numerator // scaled.denominator
    rest = scaled - whole
    # Only whether the rest is nothing, below, at or above a half matters to a decimal rounding.
    digit = "0" if rest == 0 else "3" if rest < Fraction(1, 2) else "5" if rest == Fraction(1, 2) else "7"
    decimal = Decimal(f"{whole}.{digit}").quantize(Decimal(1), rounding=MODES[mode])
    return Fraction(int(decimal), 10**places)


def rate_months(
    standard: list[ListVersion], customer: Customer, calls: list[Call], costs: list[ListVersion]
) -> dict[str, Result]:
    """All calls of a customer: by their beginning, then by their id. Quotas are those of a calendar month in
    Germany, unused on its first day; a call belongs to the month in which it begins."""
    left: dict[tuple[int, int], list[int]] = {}
    results: dict[str, Result] = {}
    for call in sorted(calls, key=lambda each: (each.start, each.id)):
        local = call.start.astimezone(BERLIN)
        quotas = left.setdefault((local.year, local.month), [seconds for _, seconds in customer.quotas])
        results[call.id] = rate_call(standard, customer, call, quotas)
        results[call.id].cost = cost_of(costs, call)
    return results


def cost_of(costs: list[ListVersion], call: Call) -> Fraction | None:
    """By the carrier's list, the duration of its own leg, and the price of its beginning; not rounded."""
    version = valid(costs, call.start.astimezone(BERLIN).date())
    row = row_at(rows_of(version, call.number), call.start) if version else None
    if row is None or call.carrier_milliseconds == 0:
        return None
    seconds = seconds_begun(call.carrier_milliseconds)
    if seconds <= row.free:
        return Fraction(0)
    if row.kind == "call":
        return Fraction(row.price)
    length = row.first
    while row.free + length < seconds:
        length += row.next
    return max(Fraction(row.price) * length / 60 + Fraction(row.fee), Fraction(row.minimum))


def rate_call(standard: list[ListVersion], customer: Customer, call: Call, left: list[int]) -> Result:
    """One call; takes what it uses from `left`."""
    if always_free(call):
        return Result(Fraction(0))
    found = price_of(standard, customer, call.number, call.start)
    if found is None:
        return Result(None)
    version, rows, row = found
    seconds = seconds_begun(call.milliseconds)
    if seconds <= row.free:
        return Result(Fraction(0), version=version.name)
    if row.kind == "call":
        return Result(rounded(Fraction(row.price), customer.rounding), version=version.name)
    quota = next((i for i, (zones, _) in enumerate(customer.quotas) if row.zone in zones), None)
    covered = charged = 0
    amount = Fraction(0)
    paid: dict[str, int] = {}  # price per minute: seconds
    paying = False
    at = row.free  # the second of the call at which the next increment begins
    while at < seconds:
        length = row.first if at == row.free else row.next
        if not paying and quota is not None and left[quota] >= length:
            left[quota] -= length
            covered += length
        else:
            if not paying and covered == 0:
                amount += Fraction(row.fee)
            paying = True
            price = row.price
            if version.split and len(rows) > 1:
                now = row_at(rows, call.start + timedelta(seconds=at))
                assert now is not None
                price = now.price
            paid[price] = paid.get(price, 0) + length
            charged += length
        at += length
    for price, length in paid.items():
        amount += Fraction(price) * length / 60
    if paying:
        amount = max(amount, Fraction(row.minimum))
    return Result(rounded(amount, customer.rounding), covered, charged, version.name)
