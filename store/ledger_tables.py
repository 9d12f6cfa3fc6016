"""The tables of the ledger and of issued invoices.

Double entry: an entry has postings on accounts, and their sum is zero in each currency, which the database
checks when the transaction ends. Nothing is changed or deleted; what is wrong is reversed by another entry.
The triggers that say so are in the migration.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from store.tables import MAX_ID, MAX_TEXT, metadata

_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")
#: Most bytes of an issued invoice as canonical JSON.
MAX_INVOICE_BYTES: Final = 16 << 20


def _length(column: str, most: int, least: int = 0) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


#: Accounts of the ledger; the migration fills in those of store.ledger.Account.
ledger_account = Table(
    "ledger_account",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    _length("code", 40, 1),
    _length("name", MAX_TEXT, 1),
)

#: What happened: usage of a batch of charges, a correction, an invoice, a credit note, a payment.
ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("kind", Text, nullable=False),
    Column("reference", Text, nullable=False),
    # Postings come in the transaction of their entry, never later.
    Column("made_in", Text, nullable=False, server_default=text("(pg_current_xact_id())::text")),
    CheckConstraint(
        "kind IN ('usage', 'correction', 'invoice', 'credit_note', 'payment', 'return', 'collection',"
        " 'withdrawal')",
        name="kind",
    ),
    _length("reference", MAX_TEXT, 1),
)

#: A customer's side of it, or ours (customer_id NULL). Debits are positive, credits negative.
ledger_posting = Table(
    "ledger_posting",
    metadata,
    Column("entry_id", BigInteger, ForeignKey("ledger_entry.id"), nullable=False),
    Column("line", Integer, nullable=False),
    Column("account", Text, ForeignKey("ledger_account.code"), nullable=False),
    Column("customer_id", Text),
    Column("month", Date),
    Column("currency", Text, nullable=False),
    Column("ticks", BigInteger, nullable=False),
    PrimaryKeyConstraint("entry_id", "line"),
    CheckConstraint("ticks <> 0", name="ticks"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    CheckConstraint("extract(day FROM month) = 1", name="month"),
    _length("customer_id", MAX_ID, 1),
    Index(None, "customer_id", "month", "account"),
)

#: The next number of each sequence. A row lock makes numbers without gaps: they are given back on failure.
number_sequence = Table(
    "number_sequence",
    metadata,
    Column("name", Text, primary_key=True),
    Column("next", BigInteger, nullable=False),
    _length("name", 40, 1),
    CheckConstraint("next > 0", name="next"),
)

#: Issued invoices and credit notes; `document` is the canonical JSON that everything else is made of.
invoice = Table(
    "invoice",
    metadata,
    Column("number", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("corrects", Text, ForeignKey("invoice.number")),
    Column("customer_id", Text, nullable=False),
    Column("month", Date, nullable=False),
    Column("issued_on", Date, nullable=False),
    Column("net_cents", BigInteger, nullable=False),
    Column("vat_cents", BigInteger, nullable=False),
    Column("gross_cents", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("entry_id", BigInteger, ForeignKey("ledger_entry.id")),
    # A credit note is for the whole of an invoice, or for a part.
    Column("scope", Text, nullable=False, server_default="whole"),
    # What the customer's credit from earlier documents has paid of an invoice.
    Column("set_off_cents", BigInteger, nullable=False, server_default=text("0")),
    _length("number", 40, 1),
    _length("customer_id", MAX_ID, 1),
    CheckConstraint("kind IN ('invoice', 'credit_note')", name="kind"),
    CheckConstraint("(kind = 'credit_note') = (corrects IS NOT NULL)", name="credit_note_corrects"),
    CheckConstraint("extract(day FROM month) = 1", name="month"),
    CheckConstraint("net_cents + vat_cents = gross_cents", name="sum"),
    CheckConstraint("gross_cents = 0 OR entry_id IS NOT NULL", name="in_ledger"),
    CheckConstraint("scope = 'whole' OR (scope = 'part' AND kind = 'credit_note')", name="scope"),
    CheckConstraint(
        "set_off_cents = 0 OR (kind = 'invoice' AND set_off_cents BETWEEN 0 AND gross_cents)", name="set_off"
    ),
    CheckConstraint(f"octet_length(document) <= {MAX_INVOICE_BYTES}", name="document_size"),
    CheckConstraint("sha256 = sha256(convert_to(document, 'UTF8'))", name="sha256"),
    Index(None, "corrects"),
    Index("invoice_once_corrected", "corrects", unique=True, postgresql_where=text("scope = 'whole'")),
    Index(None, "customer_id", "month"),
    Index(None, "month", "number"),
)

#: Lines of issued invoices, for sums; the document has them too.
invoice_line = Table(
    "invoice_line",
    metadata,
    Column("number", Text, ForeignKey("invoice.number"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("net_cents", BigInteger, nullable=False),
    PrimaryKeyConstraint("number", "position"),
    CheckConstraint("position > 0", name="position"),
    _length("name", 1000, 1),
)

#: What an invoice has billed, by month: the next one bills the difference to the charges in force.
invoice_usage = Table(
    "invoice_usage",
    metadata,
    Column("number", Text, ForeignKey("invoice.number"), nullable=False),
    Column("month", Date, nullable=False),
    Column("zone", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("rounding", Text, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("seconds", BigInteger, nullable=False),
    Column("bundle_s", BigInteger, nullable=False),
    Column("paid_s", BigInteger, nullable=False),
    Column("ticks", BigInteger, nullable=False),
    Column("cost_ticks", BigInteger, nullable=False),
    Column("without_cost", BigInteger, nullable=False),
    PrimaryKeyConstraint("number", "month", "zone", "currency", "rounding"),
    CheckConstraint("extract(day FROM month) = 1", name="month"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
)

#: What a credit note gives back, by position of the invoice that it corrects.
credited_line = Table(
    "credited_line",
    metadata,
    Column("number", Text, ForeignKey("invoice.number"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("net_cents", BigInteger, nullable=False),
    PrimaryKeyConstraint("number", "position"),
    CheckConstraint("position > 0", name="position"),
)

#: Prices that are due once, and amounts in a customer's favour (negative), for the next invoice (E6, E10).
invoice_item = Table(
    "invoice_item",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("price_ticks", BigInteger, nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("done_on", Date, nullable=False),
    Column("noted_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("withdrawn_at", _MILLISECONDS),
    Column("withdrawn_by", Text),
    _length("customer_id", MAX_ID, 1),
    _length("name", 200, 1),
    _length("actor", MAX_TEXT, 1),
    _length("reason", 1000),
    CheckConstraint("price_ticks <> 0 AND price_ticks % 60 = 0", name="price"),
    CheckConstraint("quantity BETWEEN 1 AND 1000000", name="quantity"),
    CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by_somebody"),
    Index(None, "customer_id", "done_on"),
)

#: Which invoice took which item; an invoice that is credited as a whole gives it back.
invoice_item_use = Table(
    "invoice_item_use",
    metadata,
    Column("item_id", BigInteger, ForeignKey("invoice_item.id"), nullable=False),
    Column("number", Text, ForeignKey("invoice.number"), nullable=False),
    PrimaryKeyConstraint("item_id", "number"),
)

#: Each time that an invoice was handed over: by e-mail to its customer, as rows to the bookkeeper.
invoice_sent = Table(
    "invoice_sent",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("number", Text, ForeignKey("invoice.number"), nullable=False),
    Column("way", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("encrypted", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    CheckConstraint("way IN ('email', 'bookkeeping')", name="way"),
    _length("recipient", 1000, 1),
    _length("actor", MAX_TEXT, 1),
    Index(None, "number", "way"),
)
