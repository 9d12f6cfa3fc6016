"""A leg record as a flat row: the columns of `fernamt cdr export`, for programs, in a fixed order."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from enum import Enum
from typing import Final

from cli.times import written
from dialplan.cdr import LegRecord, Quality

Value = str | int | float | None

#: Columns that came after the first release.
_LATER: Final = ("queue_id", "agent_id")
#: An interface: columns are added at the end, never renamed or moved.
COLUMNS: Final = (
    *(field.name for field in fields(LegRecord) if field.name not in ("quality", *_LATER)),
    *(field.name for field in fields(Quality)),
    *_LATER,
)


def row(leg: LegRecord) -> dict[str, Value]:
    """All columns; times as ISO 8601 in UTC with milliseconds, None where there is nothing."""
    return {name: _plain(getattr(leg if hasattr(leg, name) else leg.quality, name)) for name in COLUMNS}


def _plain(value: object) -> Value:
    if isinstance(value, datetime):
        return written(value)
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, str | int | float):
        return value
    raise TypeError(f"no column can hold {type(value).__name__}")
