"""Steps of calls and captured SIP messages as JSON in Redis: for who writes them, and for who reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import structlog

from cli.wiring.adapters import store_errors
from controller.rounds import Rounds
from controller.tracing import TraceStep
from freeswitch.hep import SipSeen
from store.call_traces import CallTraces
from store.errors import StoreError

_log = structlog.get_logger(__name__)
_GATHER_S: Final = 0.5
#: Captured messages that may wait for Redis; what comes beyond is lost.
_MOST_WAITING: Final = 20_000


class TraceSteps:
    """controller.tracing.TraceStore on Redis."""

    def __init__(self, traces: CallTraces) -> None:
        self._traces = traces

    def write(self, steps: Sequence[TraceStep]) -> None:
        with store_errors():
            self._traces.add_steps([(each.id, _step_json(each)) for each in steps])


class NoTraces:
    """The same where no steps are kept."""

    def write(self, steps: Sequence[TraceStep]) -> None:
        """Nothing."""


class CapturedSip(Rounds):
    """Keeps captured messages; `start` it to write."""

    def __init__(self, traces: CallTraces) -> None:
        super().__init__(self._write, _GATHER_S, "captured SIP messages are not written")
        self._traces = traces
        self._waiting: list[SipSeen] = []
        self.lost = 0

    def note(self, message: SipSeen) -> None:
        """For the next write."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(message)
        else:
            self.lost += 1

    def _write(self) -> None:
        messages, self._waiting = self._waiting, []
        if not messages:
            return
        try:
            self._traces.add_messages([(each.call_id, _sip_json(each)) for each in messages])
        except StoreError as error:
            self.lost += len(messages)
            _log.warning("captured SIP messages are lost", messages=len(messages), error=str(error))


@dataclass(frozen=True, slots=True)
class CapturedMessage:
    """A SIP message as it was kept."""

    at: datetime
    source: str
    target: str
    first_line: str
    headers: tuple[tuple[str, str], ...]


def kept_steps(traces: CallTraces, ids: Iterable[str]) -> tuple[TraceStep, ...]:
    """What controllers did and heard of these calls and legs. Raises LiveStateError's children."""
    found = []
    for text in traces.steps(ids):
        try:
            said = orjson.loads(text)
            found.append(TraceStep(said["id"], _time(said["at"]), said["by"], said["what"], said["words"]))
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("a step cannot be read", error=str(error))
    return tuple(found)


def kept_messages(traces: CallTraces, sip_call_ids: Iterable[str]) -> tuple[CapturedMessage, ...]:
    """What was captured of these SIP dialogues. Raises LiveStateError's children."""
    found = []
    for text in traces.messages(sip_call_ids):
        try:
            said = orjson.loads(text)
            headers = tuple((str(name), str(value)) for name, value in said["headers"])
            place = (said["source"], said["target"], said["first"])
            found.append(CapturedMessage(_time(said["at"]), *place, headers))
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("a captured message cannot be read", error=str(error))
    return tuple(sorted(found, key=lambda message: message.at))


def _step_json(step: TraceStep) -> bytes:
    said = {
        "id": step.id, "at": step.at.timestamp(), "by": step.by, "what": step.what, "words": step.words,
    }  # fmt: skip
    return orjson.dumps(said)


def _sip_json(message: SipSeen) -> bytes:
    said = {
        "at": message.at.timestamp(), "source": message.source, "target": message.target,
        "first": message.first_line, "headers": message.headers,
    }  # fmt: skip
    return orjson.dumps(said)


def _time(seconds: Any) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
