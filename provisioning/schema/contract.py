"""What was agreed with a customer: product, prices, dates, and how the invoice travels."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from provisioning.notation.entry import Entry, Few, refusal
from provisioning.notation.values import Text
from provisioning.schema.contact import EMail
from provisioning.schema.dates import Day
from provisioning.schema.money import Euro

_MAX_MINUTES = 100_000_000


class FairUseEntry(Entry):
    """Minutes of a calendar month that the flat rate covers; what is beyond has its price (E2)."""

    counted_per: Literal["user", "customer"] = Field(
        "user", description="Whether the minutes are for each active user or for the whole customer (E2)."
    )
    fixed_minutes: int | None = Field(
        None, ge=1, le=_MAX_MINUTES, description="Minutes to the national fixed network (E2)."
    )
    mobile_minutes: int | None = Field(
        None, ge=1, le=_MAX_MINUTES, description="Minutes to national mobile networks (E2)."
    )
    fixed_and_mobile_minutes: int | None = Field(
        None, ge=1, le=_MAX_MINUTES, description="Minutes to both together, instead of the two others (E2)."
    )

    when_used_up: Literal["none", "warn"] = Field(
        "none",
        description="`warn`: operators are told when a quota is used up. No call is refused or ended (E2).",
    )

    def given(self) -> tuple[str, ...]:
        """The quotas that are given."""
        names = ("fixed_minutes", "mobile_minutes", "fixed_and_mobile_minutes")
        return tuple(name for name in names if getattr(self, name) is not None)


#: Quotas that fit each price model (E2).
_QUOTAS = {
    "basis": ((),),
    "medium": (("fixed_minutes",),),
    "complete": (("fixed_minutes", "mobile_minutes"), ("fixed_and_mobile_minutes",)),
}


class OneOffPriceEntry(Entry):
    """Something paid once, on the first invoice (E6)."""

    name: Text = Field(description="What it is for, as on the invoice (E6).")
    price: Euro = Field(description="Net price (E6).")


class ContractEntry(Entry):
    """The contract in force. A change of it is a new version of the configuration (E11)."""

    number: Text | None = Field(None, description="Contract number.")
    product: Literal["teams", "contact_centre"] = Field(
        description="Telephony over Microsoft Teams, or the contact centre."
    )
    price_model: Literal["basis", "medium", "complete"] = Field(
        description="Every minute paid, national fixed flat, or national fixed and mobile flat (E2)."
    )
    signed: Day | None = Field(None, description="Day it was signed (E11).")
    start: Day = Field(description="First day of service (E11).")
    minimum_term_months: int = Field(
        0, ge=0, le=60, description="Months from the start before which it cannot be ended by notice (E11)."
    )
    notice_months: int = Field(1, ge=0, le=12, description="Notice in months, to the end of a month (E11).")
    end: Day | None = Field(
        None, description="Last day of service, once notice was given. Numbers end with it (A6, E11)."
    )
    minimum_users: int = Field(5, ge=1, le=1_000_000, description="Users that are paid in any case (E5).")
    user_price: Euro | None = Field(None, description="Net monthly price of a user (E5).")
    counted_users: Literal["direct_dials", "phones", "agents"] | None = Field(
        None,
        description="Who is a user: a direct-dial number or extension in service, a phone, or an agent. "
        "Default: direct dials for teams, agents for contact_centre (E5).",
    )
    one_off_prices: Few[OneOffPriceEntry] = Field((), description="Prices on the first invoice (E6).")
    fair_use: FairUseEntry | None = Field(
        None, description="Minutes in the flat rate: for medium and complete (E2)."
    )
    reverse_charge: bool = Field(
        False,
        description="True for a reseller of telecommunications, who owes the VAT, UStG § 13b(2) Nr. 12 (E8).",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = self.fair_use.given() if self.fair_use is not None else ()
        fitting = _QUOTAS[self.price_model]
        if given not in fitting:
            raise refusal(
                "config.fair-use",
                f"the price model {self.price_model} with {' and '.join(given) or 'no quota'}",
                " or ".join(" and ".join(names) or "no fair_use" for names in fitting),
            )
        if self.signed is not None and self.signed > self.start:
            raise refusal(
                "config.contract-signed-late",
                f"signed on {self.signed}, after its start ({self.start})",
                "signed on or before start",
            )
        if self.end is not None and self.end < self.start:
            raise refusal(
                "config.contract-ends-before-start",
                f"the contract ends on {self.end}, before it starts ({self.start})",
                "end on or after start",
            )
        return self


class ItemisedBillEntry(Entry):
    """The customer's order of itemised bills (EVN), TDDDG § 11."""

    ordered: Day = Field(
        description="Day of the order: months that begin on it or later have one, TDDDG § 11(1) (E7)."
    )
    declared: Day = Field(
        description="Day of the declaration in text form that employees know and the works council was "
        "involved, TDDDG § 11(3); needed before the month (E7)."
    )
    numbers: Literal["full", "shortened"] = Field(
        "shortened", description="Called numbers in full, or without their last three digits (E7)."
    )
    flat_rate: bool = Field(
        False, description="True if calls that cost nothing more are listed too, as the customer wished (E7)."
    )


class BillingEntry(Entry):
    """How the invoice travels."""

    email: EMail | None = Field(
        None, description="Where invoices go. Default: the contact for billing, else the first (E7)."
    )
    itemised_bill: ItemisedBillEntry | None = Field(
        None, description="With an itemised bill (EVN), if ordered. Default: none (E7)."
    )
    encryption: Literal["none", "smime", "pgp"] = Field(
        "none", description="End-to-end encryption of the e-mail, if ordered (E7)."
    )
    certificate: Text | None = Field(
        None,
        description="File with the receiver's public certificate or key, below certificates/ in the state "
        "directory: for smime and pgp (E7).",
    )

    @model_validator(mode="after")
    def _certificate_is_there(self) -> Self:
        if (self.encryption == "none") != (self.certificate is None):
            raise refusal(
                "config.certificate",
                "encryption and certificate go together",
                "encryption: smime or pgp with a certificate, or neither",
            )
        return self
