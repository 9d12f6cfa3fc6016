"""What became of a leg: a charge that explains itself, or the reason why it waits for a human."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rating.leg import BillableLeg
from rating.money import Money, Rounding, Stage
from rating.price import Price


class Free(StrEnum):
    """Why a leg costs nothing, apart from flat rates and prices of 0."""

    UNANSWERED = "free.unanswered"
    INCOMING = "free.incoming"
    ON_NET = "free.on-net"
    EMERGENCY = "free.emergency"
    FREEPHONE = "free.freephone"
    UIFN = "free.uifn"
    AUTHORITY = "free.authority"
    HARMONISED = "free.harmonised"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a call with one price: so many paid seconds."""

    price: Price
    seconds: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What the carrier takes from us for the leg; exact ticks of `price.currency`, not rounded."""

    price: Price
    billed_s: int
    ticks: int


@dataclass(frozen=True, slots=True)
class Charge:
    """One leg, rated. Amounts are net, in ticks (rating/money.py) of `price.currency`.

    `free`: why it costs nothing whatever the lists say; then `price` is None and the rest is 0.
    `seconds`: the duration, a begun second in full. `blocks`: increments begun behind the price's free
    seconds, `billed_s` long together. `bundle`: the quota that covered the first `bundle_blocks` of them,
    `bundle_s` seconds; None where none did. `pieces`: the paid rest by price, only where a time window cut
    it, else empty. `exact` is the amount before the rounding of the call, `ticks` the one that counts.
    """

    leg: BillableLeg
    free: Free | None
    price: Price | None
    seconds: int
    blocks: int
    billed_s: int
    bundle: str | None
    bundle_blocks: int
    bundle_s: int
    pieces: tuple[Piece, ...]
    exact: int
    ticks: int
    rounding: Rounding
    cost: Cost | None

    @property
    def paid_s(self) -> int:
        """Seconds of begun increments that no quota covered."""
        return self.billed_s - self.bundle_s

    @property
    def currency(self) -> str:
        """The currency of the amount."""
        return self.price.currency if self.price else "EUR"

    @property
    def money(self) -> Money | None:
        """The call's own net amount; None where the price model rounds only sums and the call has none."""
        if self.rounding.stage is Stage.CALL or not self.ticks:
            return Money.of_ticks(self.ticks, self.currency)
        return None

    @property
    def margin(self) -> int | None:
        """Ticks that stay with us; None where the cost is unknown or in another currency."""
        if self.cost is None or self.cost.price.currency != self.currency:
            return None
        return self.ticks - self.cost.ticks


class Why(StrEnum):
    """Why a leg is not rated. It is kept with its reason until somebody mends the cause: never free."""

    NO_TERMS = "rate.no-terms"
    NO_NUMBER = "rate.no-number"
    NO_PRICE = "rate.no-price"
    NO_DIRECTION = "rate.no-direction"
    NEGATIVE = "rate.negative-duration"
    TOO_LONG = "rate.too-long"
    TIMES = "rate.times"
    TWICE = "rate.twice"
    UNREADABLE = "rate.unreadable"
    NO_EXCHANGE_RATE = "rate.no-exchange-rate"
    RECORDS_GONE = "rate.records-gone"


@dataclass(frozen=True, slots=True)
class Unrated:
    """A leg in quarantine: the stable reason, and a sentence with what to do."""

    leg: BillableLeg
    why: Why
    sentence: str
