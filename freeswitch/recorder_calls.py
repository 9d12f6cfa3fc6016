"""Recording on the switch: both sides of a call into one file, with pauses."""

from __future__ import annotations

from typing import Final

from freeswitch import api_calls
from freeswitch.api_calls import Recording
from freeswitch.inbound import InboundConnection

#: The call's variable with the caller's answer (dialplan.recording).
ANSWER: Final = "fernamt_recording"
_ANSWER_S: Final = 5.0


class RecorderCalls:
    """All methods raise FreeSwitchError's children; CommandFailed says what the switch said."""

    def __init__(self, connection: InboundConnection) -> None:
        self._connection = connection

    def answer(self, call_id: str) -> str:
        """What the caller said when asked."""
        return self._connection.bgapi(api_calls.uuid_getvar(call_id, ANSWER), _ANSWER_S).strip()

    def note_answer(self, call_id: str, answer: str) -> None:
        """What the caller said, or is to be asked (dialplan.recording)."""
        self._connection.bgapi(api_calls.uuid_setvar(call_id, ANSWER, answer), _ANSWER_S)

    def record(self, leg_id: str, path: str) -> None:
        """Begin."""
        self._do(leg_id, Recording.START, path)

    def pause(self, leg_id: str, path: str) -> None:
        """Silence instead of what is said."""
        self._do(leg_id, Recording.MASK, path)

    def resume(self, leg_id: str, path: str) -> None:
        """What is said again."""
        self._do(leg_id, Recording.UNMASK, path)

    def stop(self, leg_id: str, path: str) -> None:
        """End."""
        self._do(leg_id, Recording.STOP, path)

    def _do(self, leg_id: str, what: Recording, path: str) -> None:
        self._connection.bgapi(api_calls.uuid_record(leg_id, what, path), _ANSWER_S)
