"""The YAML schema, one file a noun. `Config` is the whole; keys of the YAML are the field names.

To add a noun: a file with its model, a field with a description in the model that holds it, and a check
in `provisioning.checks` for what spans several models. A new section at the top is a field of `Config`.
Descriptions end with the ids of the requirements they serve; docs/configuration.md is made from them.
"""

from provisioning.notation.secret import SecretRef
from provisioning.schema.abuse import AbuseEntry, AbuseRuleEntry, AbuseThrottleEntry
from provisioning.schema.bank import BankEntry, MandateEntry
from provisioning.schema.caller_id import (
    CallerNumberEntry,
    HeadersEntry,
    PhoneCallerIdEntry,
    TrunkCallerIdEntry,
)
from provisioning.schema.carrier import BlockEntry, CarrierEntry, CarrierTrunkEntry
from provisioning.schema.carrier_route import CarrierRouteEntry
from provisioning.schema.config import Config
from provisioning.schema.contact import (
    AddressesEntry,
    CompanyEntry,
    ContactEntry,
    PostalAddressEntry,
    RegisterEntry,
)
from provisioning.schema.contract import (
    BillingEntry,
    ContractEntry,
    FairUseEntry,
    ItemisedBillEntry,
    OneOffPriceEntry,
)
from provisioning.schema.customer import CustomerEntry, CustomerTrunkEntry, LoginEntry
from provisioning.schema.dates import TimeSlotEntry
from provisioning.schema.device import AgentEntry, PhoneEntry
from provisioning.schema.emergency import EmergencyEntry, EmergencyInviteEntry, UserToUserEntry
from provisioning.schema.mailbox import MailboxEntry
from provisioning.schema.money import Amount
from provisioning.schema.number import NumberEntry, PortingEntry, UserEntry
from provisioning.schema.plan import (
    AnnouncementNodeEntry,
    CallbackNodeEntry,
    CallerBranchEntry,
    CallerNodeEntry,
    ChoiceEntry,
    EndNodeEntry,
    ForwardNodeEntry,
    HolidayNodeEntry,
    HoursNodeEntry,
    MenuNodeEntry,
    NodeEntry,
    PlanEntry,
    PromptEntry,
    QueueExitEntry,
    QueueNodeEntry,
    RingNodeEntry,
    ShareEntry,
)
from provisioning.schema.policy import (
    BarringProfileEntry,
    CallLimitEntry,
    CountryLimitEntry,
    LiftedBarEntry,
    LimitProfileEntry,
    OpeningHoursEntry,
)
from provisioning.schema.queue import (
    CallbackRuleEntry,
    MembershipEntry,
    QueueAnnouncementEntry,
    QueueEntry,
    QueueOverflowEntry,
    RecordingEntry,
    RelaxationEntry,
    SkillEntry,
    SupervisionEntry,
)
from provisioning.schema.site import EvidenceEntry, SiteAddressEntry, SiteEntry
from provisioning.schema.teams import TeamsEntry, TeamsTrunkEntry
from provisioning.schema.trunk import RegistrationEntry, TrunkEntry

__all__ = [
    "AbuseEntry",
    "AbuseRuleEntry",
    "AbuseThrottleEntry",
    "AddressesEntry",
    "AgentEntry",
    "Amount",
    "AnnouncementNodeEntry",
    "BankEntry",
    "BarringProfileEntry",
    "BillingEntry",
    "BlockEntry",
    "CallLimitEntry",
    "CallbackNodeEntry",
    "CallbackRuleEntry",
    "CallerBranchEntry",
    "CallerNodeEntry",
    "CallerNumberEntry",
    "CarrierEntry",
    "CarrierRouteEntry",
    "CarrierTrunkEntry",
    "ChoiceEntry",
    "CompanyEntry",
    "Config",
    "ContactEntry",
    "ContractEntry",
    "CountryLimitEntry",
    "CustomerEntry",
    "CustomerTrunkEntry",
    "EmergencyEntry",
    "EmergencyInviteEntry",
    "EndNodeEntry",
    "EvidenceEntry",
    "FairUseEntry",
    "ForwardNodeEntry",
    "HeadersEntry",
    "HolidayNodeEntry",
    "HoursNodeEntry",
    "ItemisedBillEntry",
    "LiftedBarEntry",
    "LimitProfileEntry",
    "LoginEntry",
    "MailboxEntry",
    "MandateEntry",
    "MembershipEntry",
    "MenuNodeEntry",
    "NodeEntry",
    "NumberEntry",
    "OneOffPriceEntry",
    "OpeningHoursEntry",
    "PhoneCallerIdEntry",
    "PhoneEntry",
    "PlanEntry",
    "PortingEntry",
    "PostalAddressEntry",
    "PromptEntry",
    "QueueAnnouncementEntry",
    "QueueEntry",
    "QueueExitEntry",
    "QueueNodeEntry",
    "QueueOverflowEntry",
    "RecordingEntry",
    "RegisterEntry",
    "RegistrationEntry",
    "RelaxationEntry",
    "RingNodeEntry",
    "SecretRef",
    "ShareEntry",
    "SiteAddressEntry",
    "SiteEntry",
    "SkillEntry",
    "SupervisionEntry",
    "TeamsEntry",
    "TeamsTrunkEntry",
    "TimeSlotEntry",
    "TrunkCallerIdEntry",
    "TrunkEntry",
    "UserEntry",
    "UserToUserEntry",
]
