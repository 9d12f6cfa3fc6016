"""The tables of tariffs and charges. Triggers (nothing of it is changed, calls to rate are noted with their
records) are in the migration.

Amounts are ticks (rating/money.py): 60,000,000 of them are one unit of the currency. Prices are millionths.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    event,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP, ExcludeConstraint

import store.ledger_tables  # noqa: F401 - charges refer to entries of the ledger
from store.tables import MAX_ID, MAX_NOTE, MAX_TEXT, metadata

#: Most bytes of a tariff file (rating/strict_csv.py).
MAX_FILE_BYTES: Final = 128 << 20
_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")


# An exclusion constraint on a text and a range needs this extension, which comes with PostgreSQL.
@event.listens_for(metadata, "before_create")
def _extension(_target: MetaData, connection: Connection, **_how: Any) -> None:
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS btree_gist"))


def _length(column: str, most: int, least: int = 0) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


#: Imports of tariff files, numbered for ever; a charge names the one that it was rated by.
tariff_revision = Table(
    "tariff_revision",
    metadata,
    Column("revision", BigInteger, Identity(always=True), primary_key=True),
    Column("imported_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    _length("author", MAX_TEXT, 1),
    _length("note", MAX_NOTE),
)

#: The files as they were imported, zlib-compressed, valid for revisions [from_revision, until_revision).
tariff_file = Table(
    "tariff_file",
    metadata,
    Column("name", Text, nullable=False),
    Column("from_revision", BigInteger, ForeignKey("tariff_revision.revision"), nullable=False),
    Column("until_revision", BigInteger, ForeignKey("tariff_revision.revision")),
    Column("content_zlib", LargeBinary, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    PrimaryKeyConstraint("name", "from_revision"),
    _length("name", MAX_ID, 1),
    CheckConstraint("until_revision > from_revision", name="until_after_from"),
    CheckConstraint("octet_length(sha256) = 32", name="sha256"),
    Index("tariff_file_in_force", "name", unique=True, postgresql_where="until_revision IS NULL"),
)

#: Versions of price lists; `sha256` is the digest of their prices. None changes once it is valid (E4).
price_list_version = Table(
    "price_list_version",
    metadata,
    Column("list_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("sha256", LargeBinary, nullable=False),
    Column("since_revision", BigInteger, ForeignKey("tariff_revision.revision"), nullable=False),
    PrimaryKeyConstraint("list_id", "version"),
    CheckConstraint("kind IN ('standard', 'individual', 'cost')", name="kind"),
    CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    CheckConstraint("valid_until >= valid_from", name="until_after_from"),
    CheckConstraint("octet_length(sha256) = 32", name="sha256"),
    # A version without an end is valid until the next one begins.
    ExcludeConstraint(
        ("list_id", "="),
        (text("daterange(valid_from, COALESCE(valid_until, valid_from), '[]')"), "&&"),
        name="price_list_version_no_overlap",
    ),
)

#: Units of a currency for one euro, as published for a day (E8).
exchange_rate = Table(
    "exchange_rate",
    metadata,
    Column("currency", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("per_euro", Numeric(18, 9), nullable=False),
    PrimaryKeyConstraint("currency", "day"),
    CheckConstraint("currency ~ '^[A-Z]{3}$' AND currency <> 'EUR'", name="currency"),
    CheckConstraint("per_euro > 0", name="per_euro"),
)

#: Rows of price lists that some charge was made by: rating.price.Price, field for field.
charged_price = Table(
    "charged_price",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("list_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("exact", Boolean, nullable=False),
    Column("destination", Text, nullable=False),
    Column("zone", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("minimum", BigInteger, nullable=False),
    Column("first_s", Integer, nullable=False),
    Column("next_s", Integer, nullable=False),
    Column("free_s", Integer, nullable=False),
    Column("time_window", Text, nullable=False),
    Column("line", Integer, nullable=False),
    UniqueConstraint("list_id", "version", "prefix", "exact", "time_window", name="charged_price_once"),
    CheckConstraint("price >= 0 AND fee >= 0 AND minimum >= 0 AND free_s >= 0", name="amounts"),
    CheckConstraint("first_s > 0 AND next_s > 0", name="increments"),
)


def _charge_columns(*, keys: bool) -> list[Any]:
    """What a charge and a correction have in common: rating.charge.Charge, prices by their id.

    `keys`: with foreign keys; those of `charge` are checked by a trigger, all at once (migration 0012).
    """

    def key(column: str) -> list[ForeignKey]:
        return [ForeignKey(column)] if keys else []

    return [
        Column("call_id", Text, nullable=False),
        Column("customer_id", Text, nullable=False),
        Column("month", Date, nullable=False),
        Column("begins_ms", BigInteger, nullable=False),
        Column("direction", Text, nullable=False),
        Column("called", Text, nullable=False),
        Column("billed_ms", BigInteger, nullable=False),
        Column("free", Text),
        Column("price_id", BigInteger, *key("charged_price.id")),
        Column("currency", Text, nullable=False),
        Column("seconds", Integer, nullable=False),
        Column("blocks", Integer, nullable=False),
        Column("billed_s", Integer, nullable=False),
        Column("bundle", Text),
        Column("bundle_blocks", Integer, nullable=False),
        Column("bundle_s", Integer, nullable=False),
        Column("pieces", JSONB),
        Column("exact_ticks", BigInteger, nullable=False),
        Column("ticks", BigInteger, nullable=False),
        Column("rounding", Text, nullable=False),
        Column("carrier_id", Text),
        Column("carrier_ms", BigInteger, nullable=False),
        Column("cost_price_id", BigInteger, *key("charged_price.id")),
        Column("cost_s", Integer, nullable=False),
        Column("cost_ticks", BigInteger, nullable=False),
        Column("tariff_revision", BigInteger, nullable=False),
        Column("entry_id", BigInteger, *key("ledger_entry.id")),
        Column("rated_at", _MILLISECONDS, nullable=False, server_default=func.now()),
        CheckConstraint("char_length(customer_id) BETWEEN 1 AND 128", name="customer_id_length"),
        CheckConstraint("extract(day FROM month) = 1", name="month"),
        CheckConstraint(
            "billed_ms >= 0 AND seconds >= 0 AND carrier_ms >= 0 AND cost_ticks >= 0", name="durations"
        ),
        CheckConstraint(
            "blocks >= bundle_blocks AND billed_s >= bundle_s AND bundle_blocks >= 0 AND bundle_s >= 0",
            name="bundle_within",
        ),
        CheckConstraint("(bundle IS NULL) = (bundle_blocks = 0)", name="bundle_named"),
        CheckConstraint("exact_ticks >= 0 AND ticks >= 0", name="ticks"),
        # Free by rule, or priced: nothing is free because nobody knew a price.
        CheckConstraint("(free IS NULL) = (price_id IS NOT NULL)", name="free_or_priced"),
        CheckConstraint("free IS NULL OR ticks = 0", name="free_costs_nothing"),
    ]


#: One row for each leg that somebody pays for, as it was rated first.
charge = Table(
    "charge",
    metadata,
    Column("leg_id", Text, primary_key=True),
    *_charge_columns(keys=False),
    # What costs something stands in the ledger.
    CheckConstraint("(ticks = 0) = (entry_id IS NULL)", name="in_ledger"),
    Index(None, "customer_id", "month", "begins_ms"),
)

#: A charge that replaces the one before it: `reversed_ticks` of it are taken back, this one's are booked.
charge_correction = Table(
    "charge_correction",
    metadata,
    Column("leg_id", Text, ForeignKey("charge.leg_id"), nullable=False),
    Column("number", SmallInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reversed_ticks", BigInteger, nullable=False),
    Column("reversed_currency", Text, nullable=False),
    *_charge_columns(keys=True),
    PrimaryKeyConstraint("leg_id", "number"),
    CheckConstraint("number BETWEEN 1 AND 1000", name="number"),
    _length("reason", 1000, 1),
    Index(None, "customer_id", "month"),
)

#: Calls with records that were not looked at yet; written with the records themselves, by a trigger.
rating_due = Table(
    "rating_due",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("started_at", _MILLISECONDS, nullable=False),
    # When its last record came in: the others of the call are probably on their way.
    Column("noted_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    # Of the customer of the A leg, rating_share() in the database; -1: it was noted without that leg.
    Column("share", SmallInteger, nullable=False, server_default=text("-1")),
    CheckConstraint("share BETWEEN -1 AND 63", name="share"),
    Index(None, "started_at", "call_id"),
)

#: Legs without a charge, with the reason, until it is mended (issue 5: visible, never free, never lost).
rating_quarantine = Table(
    "rating_quarantine",
    metadata,
    Column("leg_id", Text, primary_key=True),
    Column("call_id", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("month", Date, nullable=False),
    Column("why", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("since", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("tried_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    # Who said why that invoices go without it; it can still be rated.
    Column("aside_by", Text),
    Column("aside_why", Text),
    _length("why", MAX_ID, 1),
    _length("sentence", 1000, 1),
    _length("aside_by", MAX_TEXT, 1),
    _length("aside_why", 1000, 1),
    CheckConstraint("(aside_by IS NULL) = (aside_why IS NULL)", name="aside"),
    Index(None, "customer_id", "month"),
)

#: rating.standing.Standing of a customer's month, one array element for each quota.
rating_month = Table(
    "rating_month",
    metadata,
    Column("customer_id", Text, nullable=False),
    Column("month", Date, nullable=False),
    Column("used_s", ARRAY(BigInteger), nullable=False),
    Column("cut", ARRAY(Boolean), nullable=False),
    Column("last_ms", ARRAY(BigInteger), nullable=False),
    Column("last_leg", ARRAY(Text), nullable=False),
    PrimaryKeyConstraint("customer_id", "month"),
)
