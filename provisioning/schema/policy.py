"""What a customer may dial, how much, and when: barring profiles, limits, opening hours."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from numbering.classes import DEFAULT_POLICY, NumberClass, Policy
from provisioning.nearest import listed
from provisioning.notation.entry import Entry, Few, refusal
from provisioning.notation.form import Form
from provisioning.notation.values import MAX_WRITTEN_NUMBER, SEPARATORS, Id, Text
from provisioning.schema.codes import Country, Land
from provisioning.schema.dates import Day, TimeSlotEntry
from provisioning.schema.money import Amount, Euro

_CLASSES: Final = tuple(each.value for each in NumberClass if each is not NumberClass.EMERGENCY)
_LIFTABLE: Final = tuple(each.value for each in NumberClass if DEFAULT_POLICY[each] is Policy.BARRED)
_PREFIX: Final = re.compile(r"\+[1-9][0-9]{0,14}", re.ASCII)


def _parse_class(value: Any) -> str:
    if value == NumberClass.EMERGENCY.value:
        raise refusal("config.bar-emergency", "110 and 112 cannot be barred (TKG § 164)", "other classes")
    if isinstance(value, str) and value in _CLASSES:
        return value
    raise refusal("config.not-a-choice", "not a class of numbers", listed(_CLASSES), choices=_CLASSES)


def _parse_liftable(value: Any) -> str:
    if isinstance(value, str) and value in _LIFTABLE:
        return value
    raise refusal(
        "config.bar-not-liftable",
        "not a class that is barred by default and can be lifted",
        listed(_LIFTABLE),
        choices=_LIFTABLE,
    )


def _parse_prefix(value: Any) -> str:
    allowed = '"+" and 1 to 15 digits, or "0" and digits, in quotes: "+4419", "0151"'
    if not isinstance(value, str) or len(value) > MAX_WRITTEN_NUMBER:
        raise refusal("config.prefix", "not a prefix", allowed)
    written = value.translate(SEPARATORS)
    if written.startswith("00"):
        written = "+" + written[2:]
    elif written.startswith("0"):
        written = "+49" + written[1:]
    if not _PREFIX.fullmatch(written):
        raise refusal("config.prefix", "not a prefix", allowed)
    return written


BarredClass = Annotated[
    str, BeforeValidator(_parse_class), Form("number class", f"one of {', '.join(_CLASSES)}")
]
SpendAction = Literal["block", "warn"]
LiftableClass = Annotated[
    str, BeforeValidator(_parse_liftable), Form("number class", f"one of {', '.join(_LIFTABLE)}")
]
#: The first digits of numbers in E.164 form; `0151` is read as `+49151`, `0044` as `+44`.
Prefix = Annotated[str, BeforeValidator(_parse_prefix), Form("prefix", "1 to 15 digits, in quotes")]


class BarringProfileEntry(Entry):
    """Numbers that cannot be called: those of any of the classes, prefixes and countries (B6, B7).

    110 and 112 are never barred.
    """

    id: Id = Field(description="Name of the profile, unique among the carrier's and the customer's own.")
    classes: Few[BarredClass] = Field((), description="Classes of numbers (B6).")
    prefixes: Few[Prefix] = Field((), description="Numbers that begin with one of these (B6).")
    countries: Few[Country] = Field((), description="Countries (B7).")
    times: Few[TimeSlotEntry] = Field((), description="When the bar holds. Default: always (B6).")

    @model_validator(mode="after")
    def _bars_something(self) -> Self:
        if not (self.classes or self.prefixes or self.countries):
            raise refusal(
                "config.empty-profile", "the profile bars nothing", "classes, prefixes or countries"
            )
        return self


class LiftedBarEntry(Entry):
    """A default bar that an operator has lifted for the customer (B6)."""

    number_class: LiftableClass = Field(description="Class of numbers that may be called now (B6).")
    operator: Text = Field(description="Who lifted it (B6).")
    lifted: Day = Field(description="From which day on (B6).")
    until: Day | None = Field(None, description="Last day it is lifted. Default: until taken back (B6).")
    reason: Text = Field(description="Why: the agreement with the customer (B6).")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_days(self.lifted, self.until, "lifted", "until")
        return self


class CallLimitEntry(Entry):
    """How many calls and how much money, of whatever it stands with (B11). A missing key sets no limit."""

    simultaneous_calls: int | None = Field(
        None, ge=1, le=100_000, description="Calls at the same time (B11)."
    )
    calls_per_second: int | None = Field(None, ge=1, le=1_000, description="New calls a second (B11).")
    spend_per_day: Euro | None = Field(None, description="Charges of a day (B11).")
    spend_per_month: Euro | None = Field(None, description="Charges of a calendar month (B11).")

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        limits = (self.simultaneous_calls, self.calls_per_second, self.spend_per_day, self.spend_per_month)
        if all(each is None for each in limits):
            allowed = "simultaneous_calls, calls_per_second, spend_per_day, spend_per_month"
            raise refusal("config.empty-limit", "nothing is limited", allowed)
        _check_spend(self.spend_per_day, self.spend_per_month)
        return self


class CountryLimitEntry(CallLimitEntry):
    """How many calls to one country, for how much money (B11, B7)."""

    country: Country = Field(description="The country; DE limits calls to German numbers (B11).")


class LimitProfileEntry(Entry):
    """How much a customer or a phone may call (B11). A missing key sets no limit.

    Emergency calls do not count. For a phone, calls and money are those of the calls that it places;
    countries are limited for whole customers only.
    """

    id: Id = Field(description="Name of the profile, unique among the carrier's and the customer's own.")
    simultaneous_calls: int | None = Field(
        None, ge=1, le=100_000, description="Calls at the same time, both directions together (B11)."
    )
    calls_per_second: int | None = Field(
        None, ge=1, le=1_000, description="New outgoing calls a second (B11)."
    )
    spend_per_day: Euro | None = Field(None, description="Charges of a day (B11).")
    spend_per_month: Euro | None = Field(None, description="Charges of a calendar month (B11).")
    spend_action: SpendAction = Field(
        "block",
        description="When money of the profile is used up: block refuses calls that cost, warn opens a case "
        "only (B11).",
    )

    countries: Few[CountryLimitEntry] = Field((), description="Outgoing calls to single countries (B11, B7).")
    abroad: CallLimitEntry | None = Field(
        None, description="Outgoing calls to all foreign countries together (B11, B7)."
    )

    @model_validator(mode="after")
    def _each_country_once(self) -> Self:
        seen: set[str] = set()
        for each in self.countries:
            if each.country in seen:
                raise refusal("config.country-twice", f"{each.country} is limited twice", "each country once")
            seen.add(each.country)
        return self

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        _check_spend(self.spend_per_day, self.spend_per_month)
        return self


class OpeningHoursEntry(Entry):
    """When somebody is there (C2)."""

    id: Id = Field(description="Name of the hours, unique among the carrier's and the customer's own.")
    slots: Few[TimeSlotEntry] = Field(description="Open at these times of the week (C2).")
    holidays_of: Land | None = Field(
        None, description="Closed on the public holidays of this Land. Default: open on holidays (C2)."
    )
    closed_on: Few[Day] = Field((), description="Further days on which it is closed (C2).")
    open_on: Few[Day] = Field((), description="Holidays on which it is open all the same (C2).")

    @model_validator(mode="after")
    def _slots_apart(self) -> Self:
        times = sorted((day, slot.begins, slot.ends) for slot in self.slots for day in slot.days)
        for (day, _, ends), (next_day, begins, _) in pairwise(times):
            if day == next_day and begins < ends:
                raise refusal(
                    "config.slots-overlap", f"two slots overlap: {day} {begins}", "each time of the week once"
                )
        if both := set(self.closed_on) & set(self.open_on):
            raise refusal("config.hours-contradict", f"{min(both)} is closed and open", "one of them")
        return self


def _check_spend(day: Amount | None, month: Amount | None) -> None:
    if day is not None and month is not None and day.value > month.value:
        raise refusal(
            "config.limits-contradict", f"{day} a day is more than {month} a month", "a day within the month"
        )


def check_days(first: date, last: date | None, first_key: str, last_key: str) -> None:
    """Raise a refusal when a last day comes before the first."""
    if last is not None and last < first:
        raise refusal(
            "config.days-order",
            f"{last_key} {last} comes before {first_key} {first}",
            f"{last_key} on or after {first_key}",
        )
