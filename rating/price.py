"""Prices and price lists as values: what a row of a price file says, and the list version that it is in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from rating.increments import Increments
from rating.windows import Window


class Zone(StrEnum):
    """What a destination is in the contract's terms: quotas, notice and caps ask for it (E2, E4)."""

    FIXED = "national_fixed"
    MOBILE = "national_mobile"
    #: 0180, 0137, 0700, 032, 0900, 118xy: German, but in no flat rate.
    SERVICE = "national_service"
    FOREIGN = "foreign"


class Kind(StrEnum):
    """How a price is meant."""

    #: `price` per minute, charged by increments.
    MINUTE = "minute"
    #: `price` per call, whatever its duration.
    CALL = "call"
    #: In an individual list: the standard list's price holds for this prefix.
    STANDARD = "standard"


#: Increments of what has none.
NO_INCREMENTS: Final = Increments(1, 1)


@dataclass(frozen=True, slots=True)
class Price:
    """A row of a price list. Amounts are net, in millionths of the list's currency.

    `prefix`: all numbers that begin like it, unless a longer prefix fits; with `exact` the one number.
    `free_s`: seconds at the beginning that cost nothing; the increments begin behind them, and a call that
    ends within them is free of fee and minimum too. `minimum` is the least that a call costs of which any
    part is charged. `window`: None where no time of the week has a price of its own, and for the rest of
    the week. `line` is the row's place in its file.
    """

    list_id: str
    version: str
    currency: str
    prefix: str
    exact: bool
    destination: str
    zone: Zone
    kind: Kind
    price: int
    fee: int = 0
    minimum: int = 0
    increments: Increments = NO_INCREMENTS
    free_s: int = 0
    window: Window | None = None
    line: int = 0

    @property
    def key(self) -> tuple[str, bool, str]:
        """What may be there once in a version: prefix, whether it is one number, time window."""
        return self.prefix, self.exact, self.window.text if self.window else ""


class ListKind(StrEnum):
    """Whose prices they are."""

    #: What every customer pays who has agreed nothing else (E3).
    STANDARD = "standard"
    #: What some customers have agreed; goes before the standard list (E3).
    INDIVIDUAL = "individual"
    #: What a carrier takes from us for calls over its trunk.
    COST = "cost"


class Edge(StrEnum):
    """What happens to a call that is still going on when its price changes.

    START: the price at its beginning holds to its end. SPLIT: every increment has the price of the moment
    it begins. A new version of a list never touches a call that has begun (no change backwards, E4): the
    rule is for time windows.
    """

    START = "start"
    SPLIT = "split"


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A version of a price list: its prices from the first to the last day, both included, German days.

    Compared by identity: a version is made once and may hold a million prices.
    """

    list_id: str
    version: str
    kind: ListKind
    currency: str
    valid_from: date
    valid_until: date | None
    window_edge: Edge
    prices: tuple[Price, ...]

    def __str__(self) -> str:
        return f"{self.list_id} {self.version}"
