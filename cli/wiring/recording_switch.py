"""Recording as the service layer wants it: its ports, its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from cli.wiring.adapters import store_errors
from cli.wiring.queue_switch import switch_errors
from dialplan.recording import RecordingFacts
from freeswitch.recorder_calls import RecorderCalls
from store.recordings import RecordingArchive


class RecorderSwitch:
    """controller.recorder.RecorderNode on the inbound connection of the node that a call is on."""

    def __init__(self, calls: Callable[[str], RecorderCalls]) -> None:
        self._calls = calls

    def answer(self, call_id: str) -> str:
        with switch_errors():
            return self._calls(call_id).answer(call_id)

    def record(self, call_id: str, path: str) -> None:
        with switch_errors():
            self._calls(call_id).record(call_id, path)

    def pause(self, call_id: str, path: str) -> None:
        with switch_errors():
            self._calls(call_id).pause(call_id, path)

    def resume(self, call_id: str, path: str) -> None:
        with switch_errors():
            self._calls(call_id).resume(call_id, path)

    def stop(self, call_id: str, path: str) -> None:
        with switch_errors():
            self._calls(call_id).stop(call_id, path)


class KeptRecordings:
    """controller.recordings.RecordingStore on PostgreSQL."""

    def __init__(self, archive: RecordingArchive) -> None:
        self._archive = archive

    def add(self, facts: RecordingFacts, duration_ms: int, parts: Iterable[bytes]) -> bool:
        with store_errors():
            return self._archive.add(facts, duration_ms, parts)

    def expire(self, now: datetime) -> int:
        with store_errors():
            return self._archive.expire(now)
