"""Recording as the service layer wants it: its ports, its errors."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from cli.wiring.adapters import store_errors
from cli.wiring.queue_switch import switch_errors
from controller.errors import NotKept
from dialplan.recording import RecordingFacts
from freeswitch.recorder_calls import RecorderCalls
from store.errors import RecordRefused
from store.recordings import RecordingArchive


class RecorderSwitch:
    """controller.recorder.RecorderNode on the inbound connection of this machine's node, which is there when
    it is first used."""

    def __init__(self, calls: Callable[[], RecorderCalls]) -> None:
        self._calls = calls

    def answer(self, call_id: str) -> str:
        with switch_errors():
            return self._calls().answer(call_id)

    def note_answer(self, call_id: str, answer: str) -> None:
        with switch_errors():
            self._calls().note_answer(call_id, answer)

    def record(self, leg_id: str, path: str) -> None:
        with switch_errors():
            self._calls().record(leg_id, path)

    def pause(self, leg_id: str, path: str) -> None:
        with switch_errors():
            self._calls().pause(leg_id, path)

    def resume(self, leg_id: str, path: str) -> None:
        with switch_errors():
            self._calls().resume(leg_id, path)

    def stop(self, leg_id: str, path: str) -> None:
        with switch_errors():
            self._calls().stop(leg_id, path)


class KeptRecordings:
    """controller.recordings.RecordingStore on PostgreSQL. `trusts`: whether a moment may be deleted by;
    raises StoreAway."""

    def __init__(self, archive: RecordingArchive, trusts: Callable[[datetime], bool]) -> None:
        self._archive = archive
        self._trusts = trusts

    def add(self, facts: RecordingFacts, duration_ms: int, parts: Iterable[bytes]) -> bool:
        with store_errors():
            try:
                return self._archive.add(facts, duration_ms, parts)
            except RecordRefused as error:
                raise NotKept(str(error)) from error

    def expire(self, now: datetime) -> int:
        if not self._trusts(now):
            return 0
        with store_errors():
            return self._archive.expire(now)
