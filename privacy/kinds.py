"""Every kind of data about people: where it lies, when its clock begins, how long it is kept, by which law.

A test holds the tables of the database against this one: a table in no kind is refused. docs/privacy.md is
made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from privacy.periods import Period


class Held(StrEnum):
    """What keeps data beyond its time."""

    BY_OBJECTION = "open objection or order"
    BY_ORDER = "order"
    NEVER = "-"


@dataclass(frozen=True, slots=True)
class Kind:
    """`period` None: what the customer, the carrier or the settings say (`clock` says where)."""

    id: str
    what: str
    tables: tuple[str, ...]
    clock: str
    period: Period | None
    basis: str
    held: Held
    afterwards: str = "deleted"

    def kept(self) -> str:
        """The period in words."""
        return str(self.period) if self.period is not None else "as agreed"


BILLED_TRAFFIC: Final = Kind(
    "billed-traffic",
    "Records of calls that an invoice has: numbers, times, evidence of the switch",
    ("cdr", "cdr_raw", "charge", "charge_correction", "rating_quarantine"),
    "dispatch of the invoice",
    Period(months=6),
    "TDDDG § 10(2)",
    Held.BY_OBJECTION,
    "deleted; of a charge the booked amount stays, without number and time",
)
UNBILLED_TRAFFIC: Final = Kind(
    "unbilled-traffic",
    "Records of calls that have a price and that no invoice has: of customers who get none, or who left",
    ("cdr", "cdr_raw", "charge", "charge_correction", "rating_quarantine"),
    "last day of the call's month, when its invoice would have gone out",
    Period(months=6),
    "TDDDG § 9(1), § 10(2)",
    Held.BY_OBJECTION,
    "deleted; of a charge the booked amount stays, without number and time, as long as documents do",
)
OTHER_TRAFFIC: Final = Kind(
    "other-traffic",
    "Records of calls that no bill needs: not answered, refused, incoming",
    ("cdr", "cdr_raw", "charge", "rating_due", "teams_call"),
    "end of the call",
    Period(days=7),
    "TDDDG § 9(1), § 12(1)",
    Held.BY_OBJECTION,
)
UNREADABLE: Final = Kind(
    "unreadable-records",
    "Files of the switch that could not be read, in the database and below `quarantine` of the spool; open "
    "ones stay until somebody has settled them",
    ("cdr_quarantine",),
    "settled by an operator",
    Period(days=7),
    "TDDDG § 12(1)",
    Held.NEVER,
)
EMERGENCY: Final = Kind(
    "emergency-calls",
    "Attempts to reach 110 and 112: number, address, where the call went",
    ("emergency_attempt",),
    "the call",
    Period(months=6),
    "TKG § 164, NotrufV; TDDDG § 12(1)",
    Held.BY_ORDER,
)
MESSAGES: Final = Kind(
    "mailbox-messages",
    "What callers said to mailboxes, sealed",
    ("mailbox_message",),
    "the message; days are set at the mailbox (`retention_days`)",
    None,
    "TDDDG § 6; contract",
    Held.BY_ORDER,
)
RECORDINGS: Final = Kind(
    "recordings",
    "Recorded conversations, sealed",
    ("recording_part",),
    "the conversation; days are set at the customer (`recording.retention_days`)",
    None,
    "consent, GDPR Art. 6(1)(a)",
    Held.BY_ORDER,
)
RECORDING_NOTES: Final = Kind(
    "recordings-erased",
    "That there was a recording, with whose consent, who erased it and why",
    ("recording",),
    "erasure of the recording",
    Period(months=6),
    "GDPR Art. 5(2), 7(1)",
    Held.BY_ORDER,
)
CENTRE: Final = Kind(
    "contact-centre",
    "What happened in queues, without numbers: salts go after a day, links to calls after seven",
    ("acd_contact", "acd_log", "acd_salt"),
    "the event; days are set in the settings (`figures_days`)",
    None,
    "TDDDG § 9(2); GDPR Art. 6(1)(f)",
    Held.NEVER,
)
ABUSE: Final = Kind(
    "abuse-cases",
    "Indications of abuse; open cases stay",
    ("abuse_case",),
    "release of the case; days are set by the carrier (`abuse.retention_days`)",
    None,
    "TDDDG § 12(4)",
    Held.BY_ORDER,
)
CUSTOMER: Final = Kind(
    "customer-data",
    "A former customer's configuration in all versions, its numbers' history, messages, recordings, tokens",
    (
        "config_item", "number_state", "number_event", "customer_block", "price_notice", "rating_month",
        "api_token", "audit", "mailbox_message", "recording", "acd_contact", "acd_log", "acd_salt",
        "teams_number", "teams_order_number", "teams_order", "teams_consent",
    ),
    "end of the contract, when its numbers are out of quarantine",
    Period(months=1),
    "CC 13.2; GDPR Art. 17(1)(a)",
    Held.BY_OBJECTION,
    "deleted; a number that went to another carrier stays as ported out, without the customer",
)  # fmt: skip
DOCUMENTS: Final = Kind(
    "documents",
    "Invoices, credit notes, what they were made of, debits, payments, objections; in the audit, why numbers "
    "are missing",
    (
        "invoice", "invoice_line", "invoice_usage", "credited_line", "invoice_item", "invoice_item_use",
        "invoice_sent", "charge", "charge_correction", "sepa_run", "sepa_collection", "bank_line",
        "settlement", "return_fee", "objection", "audit",
    ),
    "end of the calendar year of the document",
    Period(years=8),
    "AO § 147(3), UStG § 14b",
    Held.BY_ORDER,
)  # fmt: skip
BOOKS: Final = Kind(
    "books",
    "Entries of the ledger",
    ("ledger_entry", "ledger_posting"),
    "end of the calendar year of the entry",
    Period(years=10),
    "AO § 147(3), HGB § 257",
    Held.BY_ORDER,
    "entries stay; a former customer's name in them is removed",
)
AUDIT: Final = Kind(
    "audit",
    "Who changed what, who heard what; of a former customer nothing that has its id or numbers, or is about "
    "its invoices",
    ("audit",),
    "end of the calendar year of the entry",
    Period(years=3),
    "BGB §§ 195, 199; TDDDG § 3",
    Held.NEVER,
)
PROOF: Final = Kind(
    "proof-of-deletion",
    "That something was deleted: day, kind, customer's id, number of rows; holds that were released",
    ("privacy_erasure", "privacy_hold"),
    "end of the calendar year of the deletion",
    Period(years=3),
    "GDPR Art. 5(2)",
    Held.NEVER,
)

KINDS: Final = (
    BILLED_TRAFFIC, UNBILLED_TRAFFIC, OTHER_TRAFFIC, UNREADABLE, EMERGENCY, MESSAGES, RECORDINGS,
    RECORDING_NOTES, CENTRE, ABUSE, CUSTOMER, DOCUMENTS, BOOKS, AUDIT, PROOF,
)  # fmt: skip
#: Tables about the carrier, the network and prices, in which no customer, caller or called party stands.
ABOUT_NOBODY: Final = {
    "availability_entry": "times of maintenance and outages, with their operator",
    "block_counter": "a count",
    "charged_price": "rows of price lists",
    "config_hold": "nodes and numbers of versions",
    "config_version": "numbers of versions, with their operator",
    "counselling_list": "published list of counselling lines",
    "exchange_rate": "published rates",
    "ledger_account": "names of accounts",
    "number_sequence": "counts",
    "number_sweep": "days",
    "price_list_version": "digests of price lists",
    "tariff_file": "price lists; whose they are stands there by the customer's id",
    "tariff_revision": "imports of price lists, with their operator",
    "trunk_probe": "synthetic calls of our own over trunks",
}
