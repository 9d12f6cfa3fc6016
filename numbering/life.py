"""The values of a number's life (A6): states, events, and what an order brings. The table: life_cycle.py."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from numbering.german_time import GERMAN_TIME

#: Contracts begin and end with German days (TC 17).


class State(StrEnum):
    """Where a number is in its life. A number of a block that nobody touched is FREE and has no record."""

    FREE = "free"
    RESERVED = "reserved"
    ASSIGNED = "assigned"
    ACTIVE = "active"
    BLOCKED = "blocked"
    RELEASED = "released"
    PORTED_IN = "ported_in"
    PORTED_OUT = "ported_out"
    QUARANTINED = "quarantined"


class Event(StrEnum):
    """What can happen to a number. Past operators' orders, the configuration's and the calendar's."""

    RESERVE = "reserve"
    DROP_RESERVATION = "drop_reservation"
    RESERVATION_OVER = "reservation_over"
    PORT_IN = "port_in"
    ASSIGN = "assign"
    CONFIGURE = "configure"
    ACTIVATE = "activate"
    BLOCK = "block"
    UNBLOCK = "unblock"
    RELEASE = "release"
    QUARANTINE = "quarantine"
    QUARANTINE_OVER = "quarantine_over"
    GIVE_BACK = "give_back"
    PORT_OUT = "port_out"
    FALL_BACK = "fall_back"


@dataclass(frozen=True, slots=True)
class Terms:
    """Contract terms that may change. `quarantine_days` >= 31: TKG § 59(6) lets customers ask for a port
    until one month after the contract. `allocated_may_leave`: TC 17.7 says no; the law may say otherwise."""

    quarantine_days: int = 31
    allocated_may_leave: bool = False

    def __post_init__(self) -> None:
        if self.quarantine_days < 31:
            raise ValueError("TKG § 59(6): a quarantine lasts at least 31 days")


TERMS: Final = Terms()


@dataclass(frozen=True, slots=True)
class Assignment:
    """What the configuration says of an assigned number. Share one value between numbers of one entry.

    `active_from`: moment of first use; `active_until`: the first moment without service. `contract_end`: last
    German day of the contract, None while no end is known. `tenant_id`: the Microsoft tenant (A4). `ported`:
    brought along from another carrier (A2).
    """

    customer_id: str
    active_from: datetime
    site: str | None = None
    tenant_id: str | None = None
    contract_end: date | None = None
    ported: bool = False
    active_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """A number's place in its life, since when, and all that the conditions look at.

    `until` ends a reservation or a quarantine. `ported`: brought along, else allocated from a block of ours.
    `configured`: the applied configuration assigns it at this time.
    """

    state: State = State.FREE
    since: datetime | None = None
    customer_id: str | None = None
    site: str | None = None
    tenant_id: str | None = None
    ported: bool = False
    configured: bool = False
    active_from: datetime | None = None
    active_until: datetime | None = None
    contract_end: date | None = None
    until: datetime | None = None
    reason: str = ""


FREE: Final = Life()


@dataclass(frozen=True, slots=True)
class Order:
    """An event with what it brings. Which fields count: `customer_id` for reserve and port_in, `until` for
    reserve, `assignment` for assign and configure, `teams_deactivated` for quarantine, `contract_end` for
    release and port_out where the configuration gave none. `by_configuration`: ordered by an applied version.
    """

    event: Event
    reason: str = ""
    customer_id: str | None = None
    until: datetime | None = None
    assignment: Assignment | None = None
    by_configuration: bool = False
    teams_deactivated: bool = False
    contract_end: date | None = None

    @property
    def customer(self) -> str | None:
        """The customer the order is about."""
        return self.assignment.customer_id if self.assignment else self.customer_id


def german_day(at: datetime) -> date:
    """The day in Germany at a moment."""
    return at.astimezone(GERMAN_TIME).date()


def month_after(last_day: date) -> date:
    """The first day that is more than one month after a contract's last day (BGB §§ 187(2), 188(2))."""
    first = last_day + timedelta(days=1)
    year, month = (first.year + 1, 1) if first.month == 12 else (first.year, first.month + 1)
    return date(year, month, min(first.day, calendar.monthrange(year, month)[1]))


def quarantine_end(at: datetime, contract_end: date | None, terms: Terms = TERMS) -> datetime:
    """When a number that goes into quarantine at `at` comes out: after the days of the terms, and not before
    the month after the contract in which it may be ported is over (TKG § 59(6))."""
    days = at + timedelta(days=terms.quarantine_days)
    if contract_end is None:
        return days
    port_over = month_after(contract_end)
    return max(days, datetime(port_over.year, port_over.month, port_over.day, tzinfo=GERMAN_TIME))


def said(name: State | Event) -> str:
    """A state or event as people write it: "ported-out"."""
    return name.value.replace("_", "-")


def german_time(at: datetime) -> str:
    """A moment as people in Germany read it, to the minute."""
    return f"{at.astimezone(GERMAN_TIME):%Y-%m-%d %H:%M}"
