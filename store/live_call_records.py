"""LiveCall to the JSON text kept in Redis, and back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from dialplan.live import LiveCall, LiveState

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PLAIN: Final = tuple(
    name
    for name in LiveCall.__dataclass_fields__
    if name not in ("state", "started_at", "answered_at", "trunk_ids")
)


def encode(call: LiveCall) -> str:
    """Times as milliseconds since 1970 (`..._ms`), which Redis' scripts compare."""
    record: dict[str, Any] = {name: getattr(call, name) for name in _PLAIN}
    record["state"] = call.state.value
    record["trunk_ids"] = call.trunk_ids
    record["started_at_ms"] = milliseconds(call.started_at)
    record["answered_at_ms"] = None if call.answered_at is None else milliseconds(call.answered_at)
    return json.dumps(record, separators=(",", ":"))


def decode(text: bytes) -> LiveCall:
    """Fields of newer programs are left out; raises ValueError for what is no LiveCall."""
    record = json.loads(text)
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - one error for all that is unreadable
    try:
        answered_ms = record["answered_at_ms"]
        return LiveCall(
            **{name: record[name] for name in _PLAIN},
            state=LiveState(record["state"]),
            started_at=_moment(record["started_at_ms"]),
            answered_at=None if answered_ms is None else _moment(answered_ms),
            trunk_ids=tuple(str(each) for each in record.get("trunk_ids", ())),  # not there before 0.2
        )
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a live call: {error}") from error


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, exactly."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _moment(epoch_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=epoch_ms)
