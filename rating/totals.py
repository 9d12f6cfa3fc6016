"""Sums of charges, rounded where the price model says, in the invoice's currency (E8, guarantee 5).

Every sum is taken over ticks, whole numbers: the order does not matter and no part is lost. An invoice line
has two decimals in any case (EN 16931): where calls are rounded to more, or not at all, the line is rounded
once, and the itemised bill shows the exact sum that it came from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from rating.charge import Charge
from rating.errors import CurrencyMismatch
from rating.fx import EURO, Rate
from rating.money import CENT, TICKS_PER_MICRO, Mode, Money, Rounding, Stage, converted, rounded


@dataclass(frozen=True, slots=True)
class Total:
    """Many charges of one currency and rounding: what an invoice line is made of.

    `ticks` is the exact sum of the charges; `cost` that of the carriers' costs that are known in the same
    currency, and `without_cost` the number of charges that have none.
    """

    currency: str
    rounding: Rounding
    calls: int
    seconds: int
    bundle_s: int
    paid_s: int
    ticks: int
    cost: int
    without_cost: int

    def __add__(self, other: Total) -> Total:
        if (other.currency, other.rounding) != (self.currency, self.rounding):
            raise CurrencyMismatch("sums of two currencies or roundings cannot be added")
        return Total(
            self.currency,
            self.rounding,
            self.calls + other.calls,
            self.seconds + other.seconds,
            self.bundle_s + other.bundle_s,
            self.paid_s + other.paid_s,
            self.ticks + other.ticks,
            self.cost + other.cost,
            self.without_cost + other.without_cost,
        )

    def __neg__(self) -> Total:
        """The same taken back."""
        parts = (
            self.calls,
            self.seconds,
            self.bundle_s,
            self.paid_s,
            self.ticks,
            self.cost,
            self.without_cost,
        )
        return Total(self.currency, self.rounding, *(-each for each in parts))

    def line(self, rate: Rate | None = None) -> Money:
        """The line's net amount in euro, to the cent.

        `rate` is the exchange rate of the month's last day, for other currencies: without one
        CurrencyMismatch is raised. Converted and rounded in one step.
        """
        mode = self.rounding.mode
        if self.currency == EURO:
            return Money.of_ticks(rounded(self.ticks, CENT, mode), EURO)
        return Money.of_ticks(converted(self.ticks, self._per_euro(rate), CENT, mode), EURO)

    def unrounded(self, rate: Rate | None = None) -> int:
        """Ticks of euro for price models that round the total only; foreign sums to a millionth."""
        if self.currency == EURO:
            return self.ticks
        return converted(self.ticks, self._per_euro(rate), TICKS_PER_MICRO, Mode.HALF_EVEN)

    def _per_euro(self, rate: Rate | None) -> Decimal:
        if rate is None or rate.currency != self.currency:
            raise CurrencyMismatch(
                f"a sum in {self.currency} needs its exchange rate of the month's last day"
            )
        return rate.per_euro


def totals(charges: Iterable[Charge]) -> dict[tuple[str, Rounding], Total]:
    """The charges added up by currency and rounding; calls without price count in euro."""
    found: dict[tuple[str, Rounding], list[int]] = {}
    for charge in charges:
        sums = found.setdefault((charge.currency, charge.rounding), [0] * 7)
        margin = charge.margin
        cost = 0 if margin is None else charge.ticks - margin
        parts = (1, charge.seconds, charge.bundle_s, charge.paid_s, charge.ticks, cost, margin is None)
        for index, part in enumerate(parts):
            sums[index] += part
    return {key: Total(*key, *sums) for key, sums in found.items()}


def net_total(lines: Iterable[tuple[Total, Rate | None]]) -> Money:
    """The invoice's net total of usage: the sum of its lines.

    With the stage `invoice` the exact sums are added first and rounded once; a line's own figure may then
    differ by a cent, and the invoice names the difference (EN 16931, BT-114).
    """
    lines = tuple(lines)
    if lines and all(total.rounding.stage is Stage.INVOICE for total, _ in lines):
        exact = sum(total.unrounded(rate) for total, rate in lines)
        return Money.of_ticks(rounded(exact, CENT, lines[0][0].rounding.mode), EURO)
    amount = sum(total.line(rate).ticks for total, rate in lines)
    return Money.of_ticks(amount, EURO)
