"""Customers: the company, its contract, its sites, and its telephony."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from provisioning.notation.entry import Entry, Few, Many
from provisioning.notation.secret import SecretRef
from provisioning.notation.values import Id, Login, Number, Text
from provisioning.schema.abuse import AbuseRuleEntry, check_rules
from provisioning.schema.bank import BankEntry, MandateEntry
from provisioning.schema.caller_id import CallerNumberEntry, TrunkCallerIdEntry
from provisioning.schema.contact import AddressesEntry, CompanyEntry, ContactEntry
from provisioning.schema.contract import BillingEntry, ContractEntry
from provisioning.schema.device import AgentEntry, PhoneEntry
from provisioning.schema.mailbox import MailboxEntry
from provisioning.schema.number import NumberEntry
from provisioning.schema.plan import PlanEntry, PromptEntry
from provisioning.schema.policy import (
    BarringProfileEntry,
    LiftedBarEntry,
    LimitProfileEntry,
    OpeningHoursEntry,
)
from provisioning.schema.queue import FiguresEntry, QueueEntry, RecordingEntry, SupervisionEntry
from provisioning.schema.site import SiteEntry
from provisioning.schema.teams import TeamsTrunkEntry
from provisioning.schema.trunk import TrunkEntry


class LoginEntry(Entry):
    """The customer's system proves itself by user name and password (digest, RFC 8760)."""

    username: Login | None = Field(
        None, description="User name it logs in with. Default: the id of the trunk."
    )
    secret: SecretRef = Field(description="Where the password is that it logs in with (F5).")


class CustomerTrunkEntry(TrunkEntry):
    """A trunk to the customer's own telephone system."""

    login: LoginEntry | None = Field(
        None,
        description="The system logs in to the phones' port: each call of it, from whatever address, and its "
        "registration, by which calls reach it when there is no `address` (B1).",
    )
    capacity: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Calls at once, both ways. What is beyond: calls to it take the next trunk of the "
        "number, or find it busy; calls from it get 480, but never 110 and 112. Default: no limit (B1, B8).",
    )
    caller_id: TrunkCallerIdEntry | None = Field(
        None,
        description="What holds for the caller id of its calls. Default: wrong numbers replaced (B2, B4).",
    )
    abroad: bool = Field(
        False,
        description="True if its calls begin abroad: 110 and 112 are refused, NotrufV § 4(5) (B8).",
    )

    @property
    def logs_in(self) -> bool:
        return self.login is not None


class CustomerEntry(Entry):
    """A company and its telephony."""

    id: Id = Field(description="Name of the customer in the configuration, unique; never shown to callers.")
    name: Text = Field(description="The company's name.")
    main_number: Number = Field(
        description="One of the customer's numbers: shown when a call brings no number of its own."
    )
    blocked: bool = Field(False, description="True bars all calls but those to 110 and 112 (A7).")
    company: CompanyEntry | None = Field(None, description="The company as contracts name it (A1).")
    addresses: AddressesEntry | None = Field(None, description="Postal addresses (A1).")
    contacts: Few[ContactEntry] = Field((), description="Whom to write to (A1).")
    bank: BankEntry | None = Field(None, description="Bank account for direct debits (A1, E9).")
    mandate: MandateEntry | None = Field(
        None, description="SEPA mandate; without one invoices are paid (E9)."
    )
    billing: BillingEntry | None = Field(
        None, description="How invoices travel. Default: as plain e-mail, without itemised bill (E7)."
    )
    contract: ContractEntry | None = Field(None, description="Product, prices and dates (E2, E11).")
    sites: Few[SiteEntry] = Field((), description="Places with lines (A2, B8).")
    carrier_trunks: Few[Id] = Field(
        (),
        description="Calls to the public network leave over these carrier trunks only, but emergency calls. "
        "Default: over all (B1).",
    )
    trunks: Many[CustomerTrunkEntry] = Field((), description="Trunks to the customer's telephone systems.")
    teams_trunks: Few[TeamsTrunkEntry] = Field((), description="The customer's Microsoft Teams (A4).")
    phones: Many[PhoneEntry] = Field((), description="Phones that register with us.")
    agents: Many[AgentEntry] = Field((), description="Agents of the contact centre (C1).")
    numbers: Many[NumberEntry] = Field((), description="The customer's numbers and where their calls go.")
    caller_numbers: Many[CallerNumberEntry] = Field(
        (), description="Numbers that the customer may show beside its own, with their right of use (B2)."
    )
    barring_profiles: Few[BarringProfileEntry] = Field(
        (), description="Barring profiles of this customer only (B6)."
    )
    barring: Few[Id] = Field(
        (), description="Barring profiles that hold for all lines: own ones or the carrier's (B6)."
    )
    lifted_bars: Few[LiftedBarEntry] = Field(
        (), description="Default bars that an operator lifted for this customer (B6)."
    )
    limit_profiles: Few[LimitProfileEntry] = Field((), description="Limits of this customer only (B11).")
    limits: Id | None = Field(
        None, description="Limits that hold: own ones or the carrier's. Default: none (B11)."
    )
    abuse_rules: Few[AbuseRuleEntry] = Field(
        (), description="Rules against abuse that differ for this customer from the carrier's (B10)."
    )
    opening_hours: Few[OpeningHoursEntry] = Field((), description="Opening hours of this customer (C2).")
    prompts: Few[PromptEntry] = Field((), description="Announcements for the routing plans (C2).")
    mailboxes: Few[MailboxEntry] = Field((), description="Where callers leave messages (C3).")
    queues: Few[QueueEntry] = Field((), description="Queues of the contact centre (C1).")
    recording: RecordingEntry | None = Field(
        None, description="How long recordings are kept. Default: 30 days (C4)."
    )
    supervision: SupervisionEntry | None = Field(
        None, description="What is heard of supervisors. Default: a tone (C5)."
    )
    figures: FiguresEntry | None = Field(
        None, description="Who may be told apart in key figures. Default: no agent (C9)."
    )
    plans: Few[PlanEntry] = Field((), description="Routing plans: numbers go to one by `plan` (C2).")
    hours: Id | None = Field(
        None, description="Opening hours that hold: own ones or the carrier's. Default: always open (C2)."
    )

    @model_validator(mode="after")
    def _each_abuse_rule_once(self) -> Self:
        check_rules(self.abuse_rules)
        return self
