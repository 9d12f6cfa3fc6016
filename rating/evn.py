"""The itemised bill (Einzelverbindungsnachweis): what was ordered, what may be shown, and that it adds up.

TKG § 65, BNetzA Vfg 35/2008 (fields), TDDDG § 11: ordered before the period; full or shortened by three
digits; flat-rate calls only on wish; businesses only with their declaration that employees know and the works
council was involved (§ 11(3)); callers to lines whose owner pays are always shortened (§ 11(4)); calls to
counselling lines on the BNetzA's list are not shown (§ 11(5)).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from rating.berlin import Month, day_of, month_of
from rating.charge import Charge, Free
from rating.errors import EvnRefused
from rating.invoice_facts import Group, Usage, group_of, usages
from rating.money import Rounding
from rating.totals import Total, totals

#: What stands for each of the digits that are left out.
_HIDDEN: Final = "xxx"
#: Numbers of at most so many digits are codes of services, not subscribers: nothing is left out.
_SHORT_CODE: Final = 6


class Detail(StrEnum):
    """How called numbers are shown; the customer chooses."""

    FULL = "full"
    SHORTENED = "shortened"


@dataclass(frozen=True, slots=True)
class Order:
    """A customer's order: in force for months that begin on `ordered_on` or later.

    `declared_on`: the day of the declaration in text form that employees know (TDDDG § 11(3)); None: none.
    """

    ordered_on: date
    detail: Detail
    declared_on: date | None
    with_flat_rate: bool = False


@dataclass(frozen=True, slots=True)
class Counselling:
    """Lines that no itemised bill may show, each from a day on until a day (None: further notice)."""

    numbers: Mapping[str, tuple[date, date | None]]

    def hides(self, called: str, day: date) -> bool:
        """Whether the number is on the list that day."""
        found = self.numbers.get(called)
        return found is not None and found[0] <= day and (found[1] is None or day <= found[1])


@dataclass(frozen=True, slots=True)
class EvnCall:
    """A rated call with what an itemised bill shows beside it.

    `own`: the customer's number. `caller`: who called a line whose owner pays; empty for calls that the
    customer made. `back`: the charge of an earlier invoice is taken back, as the call was rated again.
    """

    charge: Charge
    own: str
    caller: str = ""
    back: bool = False

    @property
    def ticks(self) -> int:
        """What the invoice has of it, exact."""
        return -self.charge.ticks if self.back else self.charge.ticks


@dataclass(frozen=True, slots=True)
class Entry:
    """A call as it is shown. `ticks` is its net amount, exact, of `currency`; below 0: taken back."""

    start_ms: int
    own: str
    other: str
    destination: str
    seconds: int
    bundle_s: int
    ticks: int
    currency: str
    back: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """The calls of one line of the invoice; `month`: an earlier one for what came late.

    `hidden_ticks`: the net amount of calls that are not shown one by one; neither their number nor their
    duration is told, so nothing can be concluded from it.
    """

    month: Month
    usage: Usage
    entries: tuple[Entry, ...]
    hidden_ticks: int

    @property
    def ticks(self) -> int:
        """The sum, hidden calls included: that of the invoice line."""
        return sum(each.ticks for each in self.entries) + self.hidden_ticks


@dataclass(frozen=True, slots=True)
class Evn:
    """An itemised bill of a month, its sections in the order of the invoice's lines: first the month's, then
    those of earlier months that came late."""

    customer_id: str
    month: Month
    invoice_number: str
    detail: Detail
    sections: tuple[Section, ...]


def itemise(
    order: Order, month: Month, invoice_number: str, customer_id: str, calls: Iterable[EvnCall],
    counselling: Counselling,
) -> Evn:  # fmt: skip
    """The itemised bill of an invoice over the month's calls, and earlier months' that came late. Raise
    EvnRefused when the law does not allow it.

    Every section's sum is that of `usages` over the same charges, hence of the invoice's line. Calls of
    months before the order and the declaration are in the sums only.
    """
    refused = _refusal(order, month)
    if refused is not None:
        raise EvnRefused(refused)
    by_month: dict[Month, list[EvnCall]] = {}
    for each in calls:
        leg = each.charge.leg
        of = month_of(leg.start_ms)
        if of > month or leg.customer_id != customer_id:
            raise EvnRefused(f"leg {leg.leg_id} is not one of {customer_id} in {month} or before")
        by_month.setdefault(of, []).append(each)
    months = sorted(by_month, key=lambda each: (each != month, each))
    sections = [each for of in months for each in _sections(of, by_month[of], order, counselling)]
    shown = tuple(each for each in sections if each.entries or each.usage.group is not Group.FREE)
    return Evn(customer_id, month, invoice_number, order.detail, shown)


def _sections(
    month: Month, calls: list[EvnCall], order: Order, counselling: Counselling
) -> Iterator[Section]:
    """Those of one month."""
    calls = sorted(calls, key=lambda each: (each.charge.leg.start_ms, each.charge.leg.leg_id, not each.back))
    by_key: dict[tuple[Group, str, Rounding], list[EvnCall]] = {}
    for each in calls:
        charge = each.charge
        by_key.setdefault((group_of(charge), charge.currency, charge.rounding), []).append(each)
    for usage in usages(each.charge for each in calls):
        found = by_key[usage.group, usage.total.currency, usage.total.rounding]
        signed = Usage(usage.group, _total(found))
        entries = tuple(
            _entry(each, order.detail)
            for each in found
            if _refusal(order, month) is None and _is_shown(each, order, counselling)
        )
        yield Section(month, signed, entries, signed.total.ticks - sum(each.ticks for each in entries))


def _total(calls: list[EvnCall]) -> Total:
    """What calls of one currency and rounding come to, less what is taken back."""
    billed = totals(each.charge for each in calls if not each.back).values()
    back = totals(each.charge for each in calls if each.back).values()
    first, *others = [*billed, *(-each for each in back)]
    return sum(others, first)


def _refusal(order: Order, month: Month) -> str | None:
    """Why the calls of a month may not be shown; None when they may."""
    if order.ordered_on > month.first_day:
        return (
            f"ordered on {order.ordered_on}, after {month} began: an itemised bill is for the future only "
            "(TDDDG § 11(1))"
        )
    if order.declared_on is None or order.declared_on > month.first_day:
        return (
            f"no declaration of the business before {month} that its employees know and the works council "
            "was involved. Ask for it in text form (TDDDG § 11(3))"
        )
    return None


def _is_shown(call: EvnCall, order: Order, counselling: Counselling) -> bool:
    charge = call.charge
    if charge.free is Free.UNANSWERED or charge.seconds == 0:
        return False
    if charge.free is Free.INCOMING and not call.caller:
        return False  # nobody asked who called, and the caller did not agree to be listed
    if counselling.hides(charge.leg.called, day_of(charge.leg.start_ms)):
        return False
    return bool(charge.ticks or charge.exact) or order.with_flat_rate


def _entry(call: EvnCall, detail: Detail) -> Entry:
    charge = call.charge
    if call.caller:
        other = shortened(call.caller)
    else:
        other = shortened(charge.leg.called) if detail is Detail.SHORTENED else charge.leg.called
    destination = charge.price.destination if charge.price else ""
    return Entry(
        charge.leg.start_ms, call.own, other, destination, charge.seconds, charge.bundle_s, call.ticks,
        charge.currency, call.back,
    )  # fmt: skip


def shortened(number: str) -> str:
    """A number without its last three digits; short codes in full, they name a service."""
    digits = number.removeprefix("+")
    if number == digits and len(digits) <= _SHORT_CODE:
        return number
    return number[:-3] + _HIDDEN
