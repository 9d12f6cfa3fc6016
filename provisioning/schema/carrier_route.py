"""Which calls leave over a carrier's trunk, when, and at which terms."""

from __future__ import annotations

from pydantic import Field

from provisioning.notation.entry import Entry, Few
from provisioning.schema.codes import Country
from provisioning.schema.dates import TimeSlotEntry
from provisioning.schema.money import Euro
from provisioning.schema.policy import BarredClass, Prefix


class CarrierRouteEntry(Entry):
    """Calls that a carrier trunk takes: to numbers of any of the prefixes, countries and classes (B1).

    Without any of these it takes all calls. The longest prefix comes first, then the country, then the class.
    """

    prefixes: Few[Prefix] = Field((), description="Numbers that begin with one of these (B1).")
    countries: Few[Country] = Field((), description="Numbers of these countries (B1).")
    classes: Few[BarredClass] = Field((), description="Numbers of these classes (B1).")
    priority: int | None = Field(
        None, ge=1, le=1_000, description="Lower is tried first. Default: the trunk's (B1)."
    )
    weight: int | None = Field(
        None,
        ge=1,
        le=1_000,
        description="Share of the calls among equals. Default: the trunk's (B1).",
    )
    cost: Euro | None = Field(None, description="What a minute costs us. Default: the trunk's (B1).")
    times: Few[TimeSlotEntry] = Field((), description="When it takes calls. Default: always (B1).")
