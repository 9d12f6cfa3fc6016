"""The tables, as SQLAlchemy Core sees them. store/migrations makes them; a test holds the two together.

Rules stand here by name, so that a refusal says which one was broken (RecordRefused.constraint). Triggers
that keep evidence unchanged (TKG §63) and the policies that keep customers apart (guarantee 8) are in the
migrations only.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

#: Longest id (leg, call, customer, trunk, phone, node, reason) in characters.
MAX_ID: Final = 128
#: Longest number, dial string or name in characters (dialplan.call.MAX_TEXT).
MAX_TEXT: Final = 256
#: Most bytes kept of a json_cdr file that could not be read.
MAX_QUARANTINED_BYTES: Final = 1 << 20
#: Longest note of a configuration version in characters.
MAX_NOTE: Final = 2000
#: Most bytes of one customer (or of the carrier's part) as canonical JSON.
MAX_CONFIG_ITEM_BYTES: Final = 16 << 20

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_key",
        "fk": "%(table_name)s_%(column_0_name)s_of_%(referred_table_name)s",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_by_%(column_0_N_name)s",
        "uq": "%(table_name)s_unique_%(column_0_N_name)s",
    }
)

_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")


def _length(column: str, most: int, least: int = 0) -> CheckConstraint:
    return CheckConstraint(f"char_length({column}) BETWEEN {least} AND {most}", name=f"{column}_length")


#: One leg of a call: dialplan.cdr.LegRecord, field for field.
cdr = Table(
    "cdr",
    metadata,
    Column("leg_id", Text, primary_key=True),
    Column("call_id", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("node", Text, nullable=False),
    Column("customer_id", Text),
    Column("direction", Text, nullable=False),
    Column("trunk_id", Text),
    Column("phone_id", Text),
    Column("a_network", Text),
    Column("a_presented", Text),
    Column("b_dialled", Text, nullable=False),
    Column("b_number", Text),
    Column("started_at", _MILLISECONDS, nullable=False),
    Column("ringing_at", _MILLISECONDS),
    Column("answered_at", _MILLISECONDS),
    Column("ended_at", _MILLISECONDS, nullable=False),
    Column("billed_ms", BigInteger, nullable=False),
    Column("q850", SmallInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("sip_code", SmallInteger),
    Column("hung_up_by", Text, nullable=False),
    Column("reason_id", Text),
    Column("config_version", BigInteger),
    Column("sip_call_id", Text),
    Column("mos", Double),
    Column("jitter_ms", Double),
    Column("packets_received", BigInteger),
    Column("packets_lost", BigInteger),
    Column("queue_id", Text),
    Column("agent_id", Text),
    _length("leg_id", MAX_ID, 1),
    _length("call_id", MAX_ID, 1),
    _length("node", MAX_ID, 1),
    _length("customer_id", MAX_ID, 1),
    _length("trunk_id", MAX_ID, 1),
    _length("phone_id", MAX_ID, 1),
    _length("a_network", MAX_TEXT),
    _length("a_presented", MAX_TEXT),
    _length("b_dialled", MAX_TEXT),
    _length("b_number", MAX_TEXT),
    _length("cause", MAX_ID, 1),
    _length("reason_id", MAX_ID, 1),
    _length("sip_call_id", MAX_TEXT, 1),
    _length("queue_id", MAX_ID, 1),
    _length("agent_id", MAX_ID, 1),
    CheckConstraint("side IN ('a', 'b')", name="side"),
    CheckConstraint("side <> 'a' OR leg_id = call_id", name="call_is_its_a_leg"),
    CheckConstraint("direction IN ('in', 'out', 'onnet', 'emergency', 'none')", name="direction"),
    CheckConstraint("hung_up_by IN ('peer', 'switch')", name="hung_up_by"),
    CheckConstraint("ended_at >= started_at", name="ends_after_start"),
    CheckConstraint("ringing_at BETWEEN started_at AND ended_at", name="rings_within"),
    CheckConstraint("answered_at BETWEEN started_at AND ended_at", name="answered_within"),
    # Answer to end, give or take the rounding of both to a millisecond; nothing for a call not answered.
    CheckConstraint(
        "billed_ms >= 0 AND CASE WHEN answered_at IS NULL THEN billed_ms = 0 "
        "ELSE abs(billed_ms - 1000 * extract(epoch FROM ended_at - answered_at)) <= 1 END",
        name="billed_is_answer_to_end",
    ),
    CheckConstraint("q850 >= 0", name="q850"),
    CheckConstraint("sip_code BETWEEN 100 AND 699", name="sip_code"),
    CheckConstraint("config_version > 0", name="config_version"),
    CheckConstraint("mos BETWEEN 0 AND 5", name="mos"),
    # NaN is greater than everything in PostgreSQL, so these refuse it too.
    CheckConstraint("jitter_ms BETWEEN 0 AND 1e9", name="jitter_ms"),
    CheckConstraint("packets_received >= 0", name="packets_received"),
    CheckConstraint("packets_lost >= 0", name="packets_lost"),
    Index(None, "started_at", "leg_id"),
    Index(None, "customer_id", "started_at", "leg_id"),
    Index(None, "call_id"),
)

#: What the switch wrote about the leg, zlib-compressed, never changed (TKG §63).
cdr_raw = Table(
    "cdr_raw",
    metadata,
    Column("leg_id", Text, ForeignKey("cdr.leg_id"), primary_key=True),
    Column("json_zlib", LargeBinary, nullable=False),
    Column("received_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    CheckConstraint("octet_length(json_zlib) BETWEEN 1 AND 1048576", name="size"),
)

#: Spool files that could not be read or were refused, until somebody has looked at them.
cdr_quarantine = Table(
    "cdr_quarantine",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("file_name", Text, nullable=False),
    Column("received_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("reason_id", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("content_sha256", LargeBinary, Computed("sha256(content)", persisted=True), nullable=False),
    Column("full_size_bytes", BigInteger, nullable=False),
    Column("resolved_at", _MILLISECONDS),
    _length("file_name", MAX_TEXT, 1),
    _length("reason_id", MAX_ID, 1),
    _length("sentence", 1000, 1),
    CheckConstraint(f"octet_length(content) <= {MAX_QUARANTINED_BYTES}", name="content_size"),
    CheckConstraint("full_size_bytes >= octet_length(content)", name="full_size"),
    # The intake may be killed between this row and the file's removal, and then comes again.
    UniqueConstraint("file_name", "content_sha256"),
    Index("cdr_quarantine_open", "received_at", postgresql_where="resolved_at IS NULL"),
)

#: Applied configurations, numbered for ever; a CDR names the one it was made under. What is in a version
#: stands in config_item.
config_version = Table(
    "config_version",
    metadata,
    Column("version", BigInteger, Identity(always=True), primary_key=True),
    Column("applied_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    _length("author", MAX_TEXT, 1),
    _length("note", MAX_NOTE),
)

#: The carrier's part and each customer's, valid for the versions [from_version, until_version). A change of
#: one customer writes one row. `content` is canonical JSON (provisioning.canonical), digest beside it.
config_item = Table(
    "config_item",
    metadata,
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("from_version", BigInteger, ForeignKey("config_version.version"), nullable=False),
    Column("until_version", BigInteger, ForeignKey("config_version.version")),
    Column("content", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    PrimaryKeyConstraint("kind", "id", "from_version"),
    CheckConstraint("kind IN ('carrier', 'customer')", name="kind"),
    CheckConstraint("kind <> 'carrier' OR id = 'carrier'", name="one_carrier"),
    _length("id", MAX_ID, 1),
    CheckConstraint("until_version > from_version", name="until_after_from"),
    CheckConstraint(f"octet_length(content) <= {MAX_CONFIG_ITEM_BYTES}", name="content_size"),
    CheckConstraint("jsonb_typeof(content::jsonb) = 'object'", name="content_is_object"),
    CheckConstraint("octet_length(sha256) = 32", name="sha256"),
    Index("config_item_in_force", "kind", "id", unique=True, postgresql_where="until_version IS NULL"),
    Index(None, "from_version"),
    Index(None, "until_version"),
)

#: Who changed what, when: written in the transaction of the change, never changed itself.
audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("object_kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    _length("actor", MAX_TEXT, 1),
    _length("action", MAX_ID, 1),
    _length("object_kind", MAX_ID, 1),
    _length("object_id", MAX_TEXT, 1),
    CheckConstraint("jsonb_typeof(details) = 'object'", name="details_is_object"),
    Index(None, "object_kind", "object_id", "id"),
    Index(None, "at"),
)

QUALITY_COLUMNS: Final = ("mos", "jitter_ms", "packets_received", "packets_lost")
