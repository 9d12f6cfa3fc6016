"""Amounts of money, and the only place that divides and rounds them.

Inside the engine an amount is a whole number of **ticks**: 60,000,000 ticks are one unit of the currency.
Prices have at most six decimals and are per minute or per call, durations are whole seconds: every price
times every duration is a whole number of ticks, so nothing is lost before the one rounding that the price
model names. At the edges an amount is `Money(Decimal, currency)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from enum import StrEnum
from typing import Final

from rating.errors import AmountRefused, CurrencyMismatch

#: Millionths of a currency unit: what prices are written in.
MICRO: Final = 1_000_000
#: Sixtieths of a millionth: a price per minute (in millionths) times seconds is in ticks.
TICKS_PER_MICRO: Final = 60
TICKS: Final = MICRO * TICKS_PER_MICRO
MAX_PLACES: Final = 6
#: Largest amount, in units of the currency: a limit against slipped digits, far above any invoice.
MAX_UNITS: Final = 10**12

_CODES: Final = (
    "EUR USD JPY CZK DKK GBP HUF PLN RON SEK CHF ISK NOK TRY AUD BRL CAD CNY HKD IDR ILS INR KRW MXN MYR "
    "NZD PHP SGD THB ZAR"
)
#: Euro and the currencies with a daily euro reference rate of the ECB.
CURRENCIES: Final = frozenset(_CODES.split())
_TEXT: Final = re.compile(r"(-?[0-9]{1,12}(?:\.[0-9]{1,6})?) ([A-Z]{3})", re.ASCII)
#: Refuses to lose a digit, whatever the thread's own decimal context is.
_EXACT: Final = Context(prec=40, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
_RATE_SCALE: Final = 10**9


class Mode(StrEnum):
    """What becomes of a rest: to the nearest with halves away from zero, with halves to even, or upwards."""

    HALF_UP = "half-up"
    HALF_EVEN = "half-even"
    UP = "up"


class Stage(StrEnum):
    """What is rounded: each call, or only the sum of an invoice line, or only the invoice's net total."""

    CALL = "call"
    LINE = "line"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True)
class Rounding:
    """The rounding rule of a price model: what, how, and to how many decimals (0 to 6).

    `places` counts for calls; lines and totals of invoices have two decimals whatever it says (EN 16931,
    BR-DEC). No statute fixes a rule (german-rules 4.3): the contract does, so it is printed.
    """

    stage: Stage = Stage.CALL
    mode: Mode = Mode.HALF_UP
    places: int = 4
    #: Ticks of the smallest step, for calls.
    quantum: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 0 <= self.places <= MAX_PLACES:
            raise AmountRefused(f"rounding to {self.places} decimals. Allowed are 0 to {MAX_PLACES}")
        object.__setattr__(self, "quantum", TICKS_PER_MICRO * 10 ** (MAX_PLACES - self.places))


#: Ticks of a cent.
CENT: Final = TICKS_PER_MICRO * 10**4


def rounded(amount: int, quantum: int, mode: Mode, divisor: int = 1) -> int:
    """`amount / divisor` as a multiple of `quantum`; everything that rounds money comes here.

    Credits (negative amounts) round as their debits did: a charge and its reversal sum to zero.
    """
    whole, rest = divmod(abs(amount), quantum * divisor)
    if rest:
        twice, step = 2 * rest, quantum * divisor
        if mode is Mode.UP or twice > step or (twice == step and (mode is Mode.HALF_UP or whole & 1)):
            whole += 1
    return whole * quantum if amount >= 0 else -whole * quantum


def converted(ticks: int, per_euro: Decimal, quantum: int, mode: Mode) -> int:
    """Ticks of a foreign currency in ticks of euro, rounded once. `per_euro`: units of it for one euro."""
    scaled = _EXACT.multiply(per_euro, Decimal(_RATE_SCALE))
    if scaled <= 0 or scaled != scaled.to_integral_value():
        raise AmountRefused(f"the exchange rate {per_euro}. Allowed: above 0, at most nine decimals")
    return rounded(ticks * _RATE_SCALE, quantum, mode, int(scaled))


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one currency: at most 12 digits before and 6 behind the point."""

    amount: Decimal
    currency: str = "EUR"

    def __post_init__(self) -> None:
        if type(self.amount) is not Decimal or not self.amount.is_finite():
            raise AmountRefused(f"{self.amount!r} is no exact amount. Use Decimal")
        if self.currency not in CURRENCIES:
            raise AmountRefused(f"{self.currency!r} is no currency that we know")
        exponent = self.amount.normalize(_EXACT).as_tuple().exponent
        if abs(self.amount) >= MAX_UNITS or (isinstance(exponent, int) and exponent < -MAX_PLACES):
            raise AmountRefused(f"{self.amount} has more digits than an amount may have (12 and 6)")

    @classmethod
    def parse(cls, text: str) -> Money:
        """`3.90 EUR`, as `str` writes it."""
        match = _TEXT.fullmatch(text)
        if match is None:
            raise AmountRefused(f'{text[:40]!r} is no amount. Write it as "3.90 EUR"')
        return cls(Decimal(match[1]), match[2])

    @classmethod
    def of_ticks(cls, ticks: int, currency: str) -> Money:
        """A rounded amount of the engine; AmountRefused when it has not been rounded to six decimals."""
        micro, rest = divmod(ticks, TICKS_PER_MICRO)
        if rest:
            raise AmountRefused(f"{ticks} ticks are no decimal amount: round them by the price model first")
        return cls(_EXACT.scaleb(Decimal(micro), -MAX_PLACES), currency)

    @property
    def ticks(self) -> int:
        """The same amount for the engine."""
        return int(_EXACT.multiply(self.amount, Decimal(TICKS)))

    def __str__(self) -> str:
        return f"{written(self.amount)} {self.currency}"

    def __add__(self, other: Money) -> Money:
        return Money(_EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def _same(self, other: Money) -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self} and {other} are not of one currency. Convert one of them first")
        return other.amount


def written(amount: Decimal) -> str:
    """An amount with a decimal point: two decimals, more only where they are not zero."""
    plain = f"{amount.copy_abs():f}"
    before, _, behind = plain.partition(".")
    sign = "-" if amount < 0 else ""
    return f"{sign}{before}.{behind.rstrip('0').ljust(2, '0')}"


def micro_text(micro: int) -> str:
    """Millionths as an amount with a decimal point: 39000 is "0.039"."""
    return written(_EXACT.scaleb(Decimal(micro), -MAX_PLACES))


def ticks_text(ticks: int, places: int = MAX_PLACES) -> str:
    """Ticks as an amount for reading, rounded half-up to `places` where they are no decimal number."""
    quantum = TICKS_PER_MICRO * 10 ** (MAX_PLACES - places)
    micro, _ = divmod(rounded(ticks, quantum, Mode.HALF_UP), TICKS_PER_MICRO)
    return micro_text(micro)
