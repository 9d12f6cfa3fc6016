"""What FreeSWITCH sends of a call, from a recording of one: channel data, events of answer and end."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks.calls.site import CALLER, DIALLED, HOST

_RECORDED: Final = Path(__file__).parents[2] / "tests" / "calls" / "out-answered" / "channel-data.txt"
#: As long as every call's id, so that lengths of messages stay.
_CALL: Final = b"00000000-0000-4000-8000-000000000000"
#: FreeSWITCH's own headers: events of a call's state carry no variables.
_VARIABLE: Final = "variable_"


class Recorded:
    """Makes messages of new calls. `port`: where the caller's trunk calls from."""

    def __init__(self, port: int, node: str) -> None:
        lines = _RECORDED.read_text(encoding="utf-8").splitlines()
        fields = dict(line.split(": ", 1) for line in lines if ": " in line)
        caller = str(CALLER).replace("+", "%2B")
        call = _CALL.decode()
        fields |= {
            "FreeSWITCH-Switchname": node,
            "Unique-ID": call,
            "Channel-Unique-ID": call,
            "Caller-Unique-ID": call,
            "Channel-Call-UUID": call,
            "Caller-Destination-Number": DIALLED.replace("+", "%2B"),
            "variable_sip_from_user": caller,
            "variable_sip_network_ip": HOST,
            "variable_sip_network_port": str(port),
        }
        self._data = _block(fields)
        own = {name: value for name, value in fields.items() if not name.startswith(_VARIABLE)}
        self._states = [
            _event(own | {"Event-Name": "CHANNEL_CALLSTATE", "Channel-Call-State": state})
            for state in ("ACTIVE", "HANGUP")
        ]

    def channel_data(self, call_id: bytes) -> bytes:
        """The answer to `connect`."""
        return self._data.replace(_CALL, call_id)

    def events(self, call_id: bytes) -> bytes:
        """The call is answered, and over."""
        return b"".join(state.replace(_CALL, call_id) for state in self._states)


def _block(fields: dict[str, str]) -> bytes:
    return "\n".join(f"{name}: {value}" for name, value in fields.items()).encode() + b"\n\n"


def _event(fields: dict[str, str]) -> bytes:
    body = _block(fields)
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(body) + body
