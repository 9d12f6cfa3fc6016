"""The inventory's rows as values, and lives of numbers as rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import RowMapping

from numbering.e164 import E164
from numbering.life import Life, State
from numbering.life_cycle import Step

LIFE_COLUMNS: Final = tuple(field.name for field in fields(Life))


@dataclass(frozen=True, slots=True)
class NumberRecord:
    """A number and its life."""

    number: E164
    life: Life


@dataclass(frozen=True, slots=True)
class NumberEvent:
    """A transition that was made: `at` it took effect, `recorded_at` it was written down; both UTC."""

    id: int
    number: E164
    at: datetime
    recorded_at: datetime
    event: str
    from_state: str
    to_state: str
    customer_id: str | None
    actor: str
    reason: str
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NumberFilter:
    """Which numbers. `first` and `last` bound a block and are of one length; `area_code` is an ONKZ
    without 0."""

    first: E164 | None = None
    last: E164 | None = None
    customer_id: str | None = None
    state: State | None = None
    area_code: str | None = None

    def __post_init__(self) -> None:
        if (self.first is None) != (self.last is None):
            raise ValueError("a block has a first and a last number")
        if self.first is not None and self.last is not None and len(self.first) != len(self.last):
            raise ValueError(f"{self.first} and {self.last} differ in length")


@dataclass(frozen=True, slots=True)
class NumberPage:
    """Numbers in their order. `after`: give it back to read on; None at the end."""

    records: tuple[NumberRecord, ...]
    after: E164 | None


@dataclass(frozen=True, slots=True)
class OurBlock:
    """A block of numbers of the applied configuration."""

    first: E164
    last: E164

    def __contains__(self, number: object) -> bool:
        return (
            isinstance(number, str) and len(number) == len(self.first) and self.first <= number <= self.last
        )


def life_of(row: RowMapping) -> Life:
    """A row of number_state."""
    values = {name: _utc(row[name]) for name in LIFE_COLUMNS}
    return Life(**{**values, "state": State(row["state"])})


def _utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def state_row(number: E164, life: Life) -> dict[str, Any]:
    """A life as JSON for number_state."""
    row: dict[str, Any] = {"number": number}
    for name in LIFE_COLUMNS:
        value = getattr(life, name)
        row[name] = value.isoformat() if isinstance(value, date) else value
    return row


def event_row(number: E164, step: Step, actor: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """A transition as JSON for number_event: `details` and what changed beside the state."""
    before, after = step.before, step.after
    return {
        "number": number,
        "at": step.at.isoformat(),
        "event": step.event,
        "from_state": before.state,
        "to_state": after.state,
        "customer_id": after.customer_id or before.customer_id,
        "actor": actor,
        "reason": step.reason,
        "details": {**_changes(before, after), **details},
    }


#: What stands in columns of its own.
_NOT_DETAILS: Final = {"state", "since", "customer_id", "reason"}


def _changes(before: Life, after: Life) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if after.state is State.FREE:
        return changed
    for name in LIFE_COLUMNS:
        value = getattr(after, name)
        if name not in _NOT_DETAILS and value != getattr(before, name):
            changed[name] = value.isoformat() if isinstance(value, date) else value
    return changed
