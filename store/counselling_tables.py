"""The table of counselling lines that no itemised bill may show (TDDDG § 11(5), (6))."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, LargeBinary, Table, Text, func
from sqlalchemy.dialects.postgresql import TIMESTAMP

from store.tables import MAX_TEXT, metadata

_MILLISECONDS = DateTime(timezone=True).with_variant(TIMESTAMP(timezone=True, precision=3), "postgresql")
#: Most bytes of the list.
MAX_LIST_BYTES: Final = 4 << 20

#: The lists as they were imported, for ever; the newest is in force. Its lines have their validity.
counselling_list = Table(
    "counselling_list",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("imported_at", _MILLISECONDS, nullable=False, server_default=func.now()),
    Column("author", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    CheckConstraint(f"char_length(author) BETWEEN 1 AND {MAX_TEXT}", name="author_length"),
    CheckConstraint(f"octet_length(content) <= {MAX_LIST_BYTES}", name="content_size"),
)
