"""The table of proofs that customers were told of changed prices (E4)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Identity,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from store.tables import MAX_ID, MAX_TEXT, metadata

_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")

#: `sha256`: the digest of the prices that the customer was told of. A version that has other prices since
#: then needs another notice.
price_notice = Table(
    "price_notice",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("list_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("notified_on", Date, nullable=False),
    Column("proof", Text, nullable=False),
    Column("noted_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    CheckConstraint(f"char_length(customer_id) BETWEEN 1 AND {MAX_ID}", name="customer_id_length"),
    CheckConstraint(f"char_length(list_id) BETWEEN 1 AND {MAX_ID}", name="list_id_length"),
    CheckConstraint(f"char_length(version) BETWEEN 1 AND {MAX_ID}", name="version_length"),
    CheckConstraint("octet_length(sha256) = 32", name="sha256"),
    CheckConstraint("char_length(proof) BETWEEN 1 AND 200", name="proof_length"),
    CheckConstraint(f"char_length(actor) BETWEEN 1 AND {MAX_TEXT}", name="actor_length"),
    UniqueConstraint("customer_id", "list_id", "version", "sha256", name="price_notice_once"),
)
