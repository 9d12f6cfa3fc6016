"""Nodes that are held at a version of the configuration while it is rolled out node by node."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Table, Text, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from store.tables import MAX_ID, metadata

_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")

#: The node's controllers take no version after this one until the row is gone.
config_hold = Table(
    "config_hold",
    metadata,
    Column("node", Text, primary_key=True),
    Column("version", BigInteger, ForeignKey("config_version.version"), nullable=False),
    Column("held_at", _MILLISECONDS, nullable=False, server_default=text("now()")),
    CheckConstraint(f"char_length(node) BETWEEN 1 AND {MAX_ID}", name="node_length"),
)
