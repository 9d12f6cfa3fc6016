"""The tables of debits, of what the bank says, of what settles claims, and of objections.

What settles a claim is never changed: a debit that comes back is a row of its own. Triggers (nothing final is
changed, no claim collected twice, records of a dispute kept) are in the migration.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    func,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

import store.ledger_tables  # noqa: F401 - claims are invoices, with entries in the ledger
from store.tables import MAX_ID, MAX_TEXT, metadata

_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")
#: Most bytes of a file of debits.
MAX_FILE_BYTES: Final = 256 << 20
#: Longest purpose of a line of the bank, and longest sentence about it.
MAX_PURPOSE: Final = 1_000


def _length(column: str, most: int, least: int = 0) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


#: Files of debits as they were made for the bank, byte for byte.
sepa_run = Table(
    "sepa_run",
    metadata,
    Column("name", Text, primary_key=True),
    Column("scheme", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("made_at", _MILLISECONDS, nullable=False),
    Column("actor", Text, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("withdrawn_at", _MILLISECONDS),
    _length("name", 30, 1),
    CheckConstraint("scheme IN ('CORE', 'B2B')", name="scheme"),
    _length("actor", MAX_TEXT, 1),
    CheckConstraint(f"octet_length(document) BETWEEN 1 AND {MAX_FILE_BYTES}", name="document_size"),
)

#: Debits handed to the bank. `batch`: the part of the file that the bank books as one sum.
sepa_collection = Table(
    "sepa_collection",
    metadata,
    Column("end_to_end", Text, primary_key=True),
    Column("run", Text, ForeignKey("sepa_run.name"), nullable=False),
    Column("batch", Text, nullable=False),
    Column("number", Text, ForeignKey("invoice.number"), nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("mandate", Text, nullable=False),
    Column("sequence", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("credited_on", Date),
    Column("back_on", Date),
    Column("back_reason", Text),
    # The account that was debited; empty for debits of before.
    Column("iban", Text, nullable=False, server_default=""),
    _length("end_to_end", 35, 1),
    _length("batch", 35, 1),
    _length("customer_id", MAX_ID, 1),
    _length("mandate", 35, 1),
    _length("back_reason", 35),
    _length("iban", 34),
    CheckConstraint("cents > 0", name="cents"),
    CheckConstraint("sequence IN ('FRST', 'RCUR')", name="sequence"),
    CheckConstraint("(back_on IS NULL) = (back_reason IS NULL)", name="back_with_reason"),
    Index(None, "run"),
    Index(None, "number"),
    Index(None, "mandate"),
    # A claim waits for the bank with one debit at a time.
    Index(
        "sepa_collection_one_at_a_time",
        "number",
        unique=True,
        postgresql_where="credited_on IS NULL AND back_on IS NULL",
    ),
)

#: What the bank said happened on our account (rating.bank.BankLine), each amount once.
bank_line = Table(
    "bank_line",
    metadata,
    Column("key", Text, primary_key=True),
    Column("file", Text, nullable=False),
    Column("imported_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    Column("booked_on", Date, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("party", Text, nullable=False),
    Column("iban", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("end_to_end", Text, nullable=False),
    Column("mandate", Text, nullable=False),
    Column("batch", Text, nullable=False),
    Column("back_reason", Text),
    Column("collected_cents", BigInteger),
    Column("charges_cents", BigInteger),
    Column("state", Text, nullable=False),
    Column("why", Text, nullable=False),
    # camt or mt940; empty for lines of before.
    Column("form", Text, nullable=False, server_default=""),
    _length("key", 200, 1),
    _length("file", MAX_TEXT, 1),
    _length("actor", MAX_TEXT, 1),
    _length("party", 140),
    _length("iban", 140),
    _length("purpose", MAX_PURPOSE),
    _length("end_to_end", 140),
    _length("mandate", 140),
    _length("batch", 140),
    _length("back_reason", 35),
    _length("why", MAX_PURPOSE),
    CheckConstraint("state IN ('open', 'settled', 'left')", name="state"),
    CheckConstraint("form IN ('', 'camt', 'mt940')", name="form"),
    Index("bank_line_of_day", "booked_on", "cents"),
    Index("bank_line_open", "booked_on", postgresql_where="state = 'open'"),
)

#: What settled a claim: positive amounts lower what is open of it, negative ones open it again.
settlement = Table(
    "settlement",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, ForeignKey("invoice.number"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("settled_on", Date, nullable=False),
    Column("end_to_end", Text, ForeignKey("sepa_collection.end_to_end")),
    Column("bank_line", Text, ForeignKey("bank_line.key")),
    Column("entry_id", BigInteger, ForeignKey("ledger_entry.id"), nullable=False),
    CheckConstraint("kind IN ('debit', 'withdrawn', 'returned', 'paid', 'set_off')", name="kind"),
    CheckConstraint(
        "cents <> 0 AND (kind = 'set_off' OR (cents > 0) = (kind IN ('debit', 'paid')))", name="cents"
    ),
    CheckConstraint("(kind IN ('paid', 'set_off')) = (end_to_end IS NULL)", name="end_to_end"),
    CheckConstraint("(kind IN ('returned', 'paid')) = (bank_line IS NOT NULL)", name="bank_line"),
    Index(None, "number"),
)

#: Fees for debits that came back by the customer's fault; each goes onto the customer's next invoice (E9).
return_fee = Table(
    "return_fee",
    metadata,
    Column("end_to_end", Text, ForeignKey("sepa_collection.end_to_end"), primary_key=True),
    Column("number", Text, ForeignKey("invoice.number"), nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("cents", BigInteger, nullable=False),
    Column("raised_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("billed_by", Text, ForeignKey("invoice.number")),
    Column("waived", Text),
    _length("customer_id", MAX_ID, 1),
    CheckConstraint("cents > 0", name="cents"),
    _length("reason", MAX_PURPOSE, 1),
    _length("waived", MAX_PURPOSE, 1),
    CheckConstraint("billed_by IS NULL OR waived IS NULL", name="billed_or_waived"),
    Index("return_fee_open", "customer_id", postgresql_where="billed_by IS NULL AND waived IS NULL"),
    Index(None, "billed_by"),
)

#: Objections to positions of invoices, `positions` empty: to all of it. Open until they are settled (E10).
objection = Table(
    "objection",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("number", Text, ForeignKey("invoice.number"), nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("month", Date, nullable=False),
    Column("raised_on", Date, nullable=False),
    Column("positions", ARRAY(Integer), nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("settled_on", Date),
    Column("outcome", Text),
    Column("answer", Text),
    _length("customer_id", MAX_ID, 1),
    _length("reason", MAX_PURPOSE, 1),
    _length("actor", MAX_TEXT, 1),
    _length("answer", MAX_PURPOSE, 1),
    CheckConstraint("outcome IN ('upheld', 'partly', 'rejected')", name="outcome"),
    CheckConstraint(
        "(settled_on IS NULL) = (outcome IS NULL) AND (settled_on IS NULL) = (answer IS NULL)", name="settled"
    ),
    CheckConstraint("settled_on >= raised_on", name="settled_after_raised"),
    Index(None, "number"),
    Index("objection_open", "customer_id", "month", postgresql_where="settled_on IS NULL"),
)
