"""LegRecord to a row of `cdr`, and back."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping

from dialplan.cdr import HungUpBy, LegRecord, LegSide, Quality
from store.errors import DatabaseDefect, RecordRefused
from store.tables import QUALITY_COLUMNS

#: Most bytes of one json_cdr file, uncompressed. FreeSWITCH's are about 20 KB.
MAX_RAW_BYTES = 4 << 20

_TIMES = ("started_at", "ringing_at", "answered_at", "ended_at")
_PLAIN = tuple(
    name for name in LegRecord.__dataclass_fields__ if name not in (*_TIMES, "side", "hung_up_by", "quality")
)


@dataclass(frozen=True, slots=True)
class LegWithRaw:
    """A leg and the bytes the switch wrote about it, exactly as they were read (TKG §63)."""

    leg: LegRecord
    raw: bytes


def row_of(leg: LegRecord) -> dict[str, Any]:
    """The leg as column values. Raises RecordRefused for a time without a zone, which could be any hour."""
    row: dict[str, Any] = {name: getattr(leg, name) for name in _PLAIN}
    for name in _TIMES:
        moment = getattr(leg, name)
        if moment is not None and moment.tzinfo is None:
            raise RecordRefused(f"leg {leg.leg_id[:128]}", f"{name} has no time zone", "Give times in UTC")
        row[name] = moment
    row["side"] = leg.side.value
    row["hung_up_by"] = leg.hung_up_by.value
    for name in QUALITY_COLUMNS:
        row[name] = getattr(leg.quality, name)
    return row


def leg_of(row: RowMapping) -> LegRecord:
    """The row as it was inserted, times in UTC."""
    return LegRecord(
        **{name: row[name] for name in _PLAIN},
        **{name: row[name] for name in _TIMES},
        side=LegSide(row["side"]),
        hung_up_by=HungUpBy(row["hung_up_by"]),
        quality=Quality(*(row[name] for name in QUALITY_COLUMNS)),
    )


def compress(entry: LegWithRaw) -> bytes:
    """Raises RecordRefused when the bytes are empty or more than MAX_RAW_BYTES."""
    if not 0 < len(entry.raw) <= MAX_RAW_BYTES:
        raise RecordRefused(
            f"leg {entry.leg.leg_id[:128]}",
            f"its original has {len(entry.raw)} bytes",
            f"1 to {MAX_RAW_BYTES} are kept",
        )
    return zlib.compress(entry.raw, 6)


def decompress(leg_id: str, stored: bytes) -> bytes:
    """Raises DatabaseDefect when the stored bytes are not what `compress` made."""
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(stored, MAX_RAW_BYTES)
    except zlib.error as error:
        raise DatabaseDefect(
            f"leg {leg_id}", f"its original is damaged ({error})", "Restore it from a backup"
        ) from error
    if not unpacker.eof:
        raise DatabaseDefect(f"leg {leg_id}", "its original is damaged (no end)", "Restore it from a backup")
    return raw
