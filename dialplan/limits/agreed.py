"""What a customer agreed to call at most, and what a single call takes of it (B11).

Amounts of money are whole micro-euro: a price has six digits behind the point at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from numbering.german_time import GERMAN_TIME

MICRO_PER_EURO: Final = 1_000_000
#: The key of all foreign countries together in `Limits.countries`; no country's code is written small.
ABROAD: Final = "abroad"


class Counter(StrEnum):
    """What is counted. Values are stable: they are part of Redis' keys and of `fernamt limit show`."""

    SIMULTANEOUS_CALLS = "simultaneous-calls"
    CALLS_PER_SECOND = "calls-per-second"
    SPEND_PER_DAY = "spend-per-day"
    SPEND_PER_MONTH = "spend-per-month"


class Scope(StrEnum):
    """For whom it is counted: a customer, one of its phones, its calls to a country."""

    CUSTOMER = "customer"
    USER = "user"
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a call wants of one counter: refused when `limit` is reached already.

    `owner` is "CUSTOMER", "CUSTOMER/PHONE", "CUSTOMER/COUNTRY", for money with the day or month behind it:
    "CUSTOMER/2026-11-22", "CUSTOMER/PHONE/2026-11". `limit` counts calls, or micro-euro. New calls are
    counted over `window_ms`. `called`: the claim is made for the party that is called. `throttled`: an abuse
    rule set the limit. `warns`: it refuses nothing, operators are told (calls never make such a claim).
    `again`: a plan decides about the call once more, so what it took of this pace it does not take twice.
    """

    counter: Counter
    scope: Scope
    owner: str
    limit: int
    window_ms: int = 1_000
    called: bool = False
    throttled: bool = False
    again: bool = False
    warns: bool = False

    @property
    def key(self) -> str:
        """The counter's name, the same in every program."""
        return f"{self.counter}:{self.scope}:{self.owner}"

    @property
    def customer_id(self) -> str:
        """Whose counter it is."""
        return self.owner.partition("/")[0]


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Calls at the same time, and new calls a second. None: no such limit."""

    simultaneous_calls: int | None = None
    calls_per_second: int | None = None


@dataclass(frozen=True, slots=True)
class SpendLimits:
    """Charges of a German day and month, in micro-euro. None: no such limit."""

    per_day: int | None = None
    per_month: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """A limit profile. Keys of `countries` and `country_spend` are ISO 3166-1 codes and `ABROAD`; spend is in
    micro-euro. `spend_warns`: who has spent the money goes on, and operators are told."""

    calls: CallLimits = CallLimits()
    countries: Mapping[str, CallLimits] = field(default_factory=lambda: MappingProxyType({}))
    spend_per_day: int | None = None
    spend_per_month: int | None = None
    country_spend: Mapping[str, SpendLimits] = field(default_factory=lambda: MappingProxyType({}))
    spend_warns: bool = False

    @property
    def spend(self) -> SpendLimits:
        """What may be spent wherever the calls go."""
        return SpendLimits(self.spend_per_day, self.spend_per_month)

    @property
    def has_spend(self) -> bool:
        """Whether money is limited at all, so that it must be counted."""
        spend = self.spend_per_day is not None or self.spend_per_month is not None
        return spend or bool(self.country_spend)


@dataclass(frozen=True, slots=True)
class Throttle:
    """New calls of a customer while an abuse case is open: at most `calls` in `window_ms` (B10)."""

    calls: int
    window_ms: int


def spend_day(at: datetime) -> str:
    """The day in Germany that a charge of this moment counts for: "2026-11-22". `at` is aware."""
    return at.astimezone(GERMAN_TIME).date().isoformat()


def spend_month(at: datetime) -> str:
    """The month in Germany that a charge of this moment counts for: "2026-11"."""
    return spend_day(at)[:7]
