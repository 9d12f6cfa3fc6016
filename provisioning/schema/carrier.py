"""The carrier itself: who it is, its numbers, its trunks to other carriers, and what holds for all."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from provisioning.notation.entry import Entry, Few, Many, refusal
from provisioning.notation.values import AreaCode, Number, Text
from provisioning.schema.abuse import AbuseEntry
from provisioning.schema.address import Address
from provisioning.schema.bank import BankEntry
from provisioning.schema.carrier_route import CarrierRouteEntry
from provisioning.schema.codes import CreditorId
from provisioning.schema.contact import CompanyEntry, ContactEntry, PostalAddressEntry
from provisioning.schema.emergency import EmergencyEntry, EmergencyInviteEntry
from provisioning.schema.money import Amount, Euro
from provisioning.schema.policy import BarringProfileEntry, LimitProfileEntry, OpeningHoursEntry
from provisioning.schema.teams import TeamsEntry
from provisioning.schema.trunk import TrunkEntry

#: TC 11.5.
_LEAST_RETURN_DEBIT_FEE: Final = Decimal("5.00")


class BlockEntry(Entry):
    """A block of numbers of ours in one area code (A2)."""

    area_code: AreaCode = Field(description='Area code (ONKZ) the block belongs to, in quotes: "0221" (A2).')
    first: Number = Field(description="First number of the block (A2).")
    last: Number = Field(description="Last number of the block, as long as the first one (A2).")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        check_range(self.first, self.last)
        if not self.first.startswith(f"+49{self.area_code}") or not self.last.startswith(
            f"+49{self.area_code}"
        ):
            raise refusal(
                "config.block-area-code",
                f"the block {self.first} to {self.last} is not in its area code",
                f"numbers that begin with +49{self.area_code}",
            )
        return self


class CarrierTrunkEntry(TrunkEntry):
    """A trunk to another carrier, over which calls from and to the public network go."""

    address: Address = Field(description="Where calls are sent: `host:port`, or `host:port/tcp` or `/tls`.")
    priority: int = Field(100, ge=1, le=1_000, description="Lower is tried first.")
    weight: int = Field(
        100, ge=1, le=1_000, description="Share of the calls among trunks of equal priority and cost (B1)."
    )
    cost: Euro | None = Field(
        None,
        description="What a minute costs us: among trunks of equal priority the cheaper is tried first. "
        "Default: behind those that have one (B1).",
    )
    capacity: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Calls at once, both ways; what is beyond takes the next trunk. Default: no limit (B1).",
    )
    ping_s: int = Field(
        30,
        ge=0,
        le=3_600,
        description="Seconds between two OPTIONS that ask whether the peer is there, 5 at least; 0: none.",
    )
    routes: Few[CarrierRouteEntry] = Field(
        (), description="Which calls leave over this trunk. Default: all of them (B1)."
    )
    emergency: bool = Field(False, description="Whether calls to 110 and 112 may leave over this trunk (B8).")
    foreign_entry: bool = Field(
        False,
        description="Calls come in from foreign networks here: German numbers but mobile ones are not shown, "
        "TKG § 120(4) (B3).",
    )
    emergency_invite: EmergencyInviteEntry | None = Field(
        None,
        description="How the trunk wants calls to 110 and 112. Default: as dialled, with the line's "
        "address (B8).",
    )


class CarrierEntry(Entry):
    """Who we are."""

    name: Text = Field(description="The carrier's name.")
    default_area_code: AreaCode = Field(
        description='Area code (ONKZ) of numbers dialled without one, in quotes: "0221".'
    )
    number_blocks: Many[BlockEntry] = Field((), description="Blocks of numbers that are ours (A2).")
    trunks: Few[CarrierTrunkEntry] = Field(description="Trunks to other carriers (B1).")
    company: CompanyEntry | None = Field(None, description="The company as invoices name it (E12).")
    address: PostalAddressEntry | None = Field(None, description="Seat of the company (E12).")
    contact: ContactEntry | None = Field(None, description="Whom customers write to (E12).")
    bank: BankEntry | None = Field(None, description="Where invoices are paid to (E9).")
    creditor_id: CreditorId | None = Field(
        None, description="SEPA creditor id (Gläubiger-Identifikationsnummer), for direct debits (E9)."
    )
    time_zone: Literal["Europe/Berlin"] = Field(
        "Europe/Berlin", description="Time zone of all days and times; there is only this one."
    )
    foreign_price_notice_days: int = Field(
        7, ge=7, le=365, description="Days of notice to customers before foreign prices change (E4)."
    )
    number_quarantine_days: int = Field(
        31,
        ge=31,
        le=3_650,
        description="Days before a released number is given out again: a month at least, TKG § 59(6) (A6).",
    )
    direct_debit_days: int = Field(
        7, ge=7, le=90, description="Days between invoice with pre-notification and direct debit (E9)."
    )
    return_debit_fee: Euro = Field(
        Amount(_LEAST_RETURN_DEBIT_FEE),
        description="Fee for a returned debit that is the customer's fault, 5.00 EUR at least (E9).",
    )
    barring_profiles: Few[BarringProfileEntry] = Field(
        (), description="Barring profiles that customers may refer to (B6)."
    )
    limit_profiles: Few[LimitProfileEntry] = Field(
        (), description="Limits that customers may refer to (B11)."
    )
    abuse: AbuseEntry | None = Field(
        None, description="Rules against abuse of lines, where they differ from docs/abuse.md (B10)."
    )
    opening_hours: Few[OpeningHoursEntry] = Field(
        (), description="Opening hours that customers may refer to (C2)."
    )
    emergency: EmergencyEntry | None = Field(
        None, description="Where calls to 110 and 112 go. Default: the trunks' carriers know (B8)."
    )
    teams: TeamsEntry | None = Field(
        None, description="Microsoft Teams; left out: Teams trunks carry no calls (B1)."
    )

    @model_validator(mode="after")
    def _fee_as_agreed(self) -> Self:
        if self.return_debit_fee.value < _LEAST_RETURN_DEBIT_FEE:
            raise refusal(
                "config.return-debit-fee",
                f"the fee for returned debits is {self.return_debit_fee}",
                f"{_LEAST_RETURN_DEBIT_FEE} EUR and above",
            )
        return self


def check_range(first: str, last: str) -> None:
    """Raise a refusal unless both ends are of one length, in order, and at most a million numbers."""
    if len(first) != len(last):
        raise refusal(
            "config.range-length",
            f"{first} and {last} differ in length",
            "first and last with as many digits",
        )
    if last < first:
        raise refusal("config.range-order", f"{last} comes before {first}", "last not below first")
    if int(last[1:]) - int(first[1:]) >= 1_000_000:
        raise refusal(
            "config.range-too-large", f"{first} to {last} is too large", "at most 1,000,000 numbers"
        )
