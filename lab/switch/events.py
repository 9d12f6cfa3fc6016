"""Events: headers in order, their two texts (plain with percent-encoding, JSON), and who wants them."""

from __future__ import annotations

import json
import re
import socket
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from lab.switch.clock import gmt_stamp, local_stamp, now_us

UNSAFE: Final = '\r\n #%&+:;<=>?@[\\]^`{|}"'
"""What FreeSWITCH escapes besides controls and everything beyond ASCII (switch_utils.h)."""

_ESCAPES: Final = {
    code: f"%{code:02X}"
    for code in range(256)
    if code < 0x20 or code > 0x7E or (chr(code) in UNSAFE and chr(code) != "%")
}
_BARE_PERCENT: Final = re.compile(r"%(?![0-9A-F]{2})")

EVENT_NAMES: Final = frozenset(
    [
        "CUSTOM",
        "CLONE",
        "CHANNEL_CREATE",
        "CHANNEL_DESTROY",
        "CHANNEL_STATE",
        "CHANNEL_CALLSTATE",
        "CHANNEL_ANSWER",
        "CHANNEL_HANGUP",
        "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_EXECUTE",
        "CHANNEL_EXECUTE_COMPLETE",
        "CHANNEL_HOLD",
        "CHANNEL_UNHOLD",
        "CHANNEL_BRIDGE",
        "CHANNEL_UNBRIDGE",
        "CHANNEL_PROGRESS",
        "CHANNEL_PROGRESS_MEDIA",
        "CHANNEL_OUTGOING",
        "CHANNEL_PARK",
        "CHANNEL_UNPARK",
        "CHANNEL_APPLICATION",
        "CHANNEL_ORIGINATE",
        "CHANNEL_UUID",
        "API",
        "LOG",
        "INBOUND_CHAN",
        "OUTBOUND_CHAN",
        "STARTUP",
        "SHUTDOWN",
        "PUBLISH",
        "UNPUBLISH",
        "TALK",
        "NOTALK",
        "SESSION_CRASH",
        "MODULE_LOAD",
        "MODULE_UNLOAD",
        "DTMF",
        "MESSAGE",
        "PRESENCE_IN",
        "NOTIFY_IN",
        "PRESENCE_OUT",
        "PRESENCE_PROBE",
        "MESSAGE_WAITING",
        "MESSAGE_QUERY",
        "ROSTER",
        "CODEC",
        "BACKGROUND_JOB",
        "DETECTED_SPEECH",
        "DETECTED_TONE",
        "PRIVATE_COMMAND",
        "HEARTBEAT",
        "TRAP",
        "ADD_SCHEDULE",
        "DEL_SCHEDULE",
        "EXE_SCHEDULE",
        "RE_SCHEDULE",
        "RELOADXML",
        "NOTIFY",
        "PHONE_FEATURE",
        "PHONE_FEATURE_SUBSCRIBE",
        "SEND_MESSAGE",
        "RECV_MESSAGE",
        "REQUEST_PARAMS",
        "CHANNEL_DATA",
        "GENERAL",
        "COMMAND",
        "SESSION_HEARTBEAT",
        "CLIENT_DISCONNECTED",
        "SERVER_DISCONNECTED",
        "SEND_INFO",
        "RECV_INFO",
        "RECV_RTCP_MESSAGE",
        "SEND_RTCP_MESSAGE",
        "CALL_SECURE",
        "NAT",
        "RECORD_START",
        "RECORD_STOP",
        "PLAYBACK_START",
        "PLAYBACK_STOP",
        "CALL_UPDATE",
        "FAILURE",
        "SOCKET_DATA",
        "MEDIA_BUG_START",
        "MEDIA_BUG_STOP",
        "CONFERENCE_DATA_QUERY",
        "CONFERENCE_DATA",
        "CALL_SETUP_REQ",
        "CALL_SETUP_RESULT",
        "CALL_DETAIL",
        "DEVICE_STATE",
        "TEXT",
        "SHUTDOWN_REQUESTED",
    ]
)


def url_encode(text: str) -> str:
    """Percent-encoding as FreeSWITCH does it: an escape that is already there is left alone."""
    if not text.isascii():
        text = text.encode("utf-8", "surrogateescape").decode("latin-1")
    if "%" in text:
        text = _BARE_PERCENT.sub("%25", text)
    return text.translate(_ESCAPES)


@dataclass(slots=True)
class Event:
    """A fired event. `headers` in order; `body` only where FreeSWITCH sends one."""

    name: str
    headers: list[tuple[str, str]]
    body: str | None = None
    subclass: str | None = None
    _plain: bytes | None = field(default=None, repr=False)
    _json: bytes | None = field(default=None, repr=False)

    def get(self, name: str) -> str | None:
        """The first header of that name, any case."""
        lowered = name.lower()
        return next((value for header, value in self.headers if header.lower() == lowered), None)

    def plain(self) -> bytes:
        """`Name: value` lines, values encoded, empty ones as `_undef_`, then the body with its length."""
        if self._plain is None:
            lines = [f"{name}: {url_encode(value) or '_undef_'}\n" for name, value in self.headers]
            text = "".join(lines).encode()
            body = (self.body or "").encode("utf-8", "replace")
            self._plain = text + (b"Content-Length: %d\n\n%s" % (len(body), body) if body else b"\n")
        return self._plain

    def json(self) -> bytes:
        """One object; the body is `_body`. Values are not percent-encoded."""
        if self._json is None:
            content = dict(self.headers)
            if self.body is not None:
                content["Content-Length"] = str(len(self.body.encode("utf-8", "replace")))
                content["_body"] = self.body
            self._json = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
        return self._json


class Listener(Protocol):
    """Who gets events: it says which names it wants, so that nobody builds what nobody reads."""

    def wants(self, name: str, subclass: str | None) -> bool: ...

    def deliver(self, event: Event) -> None: ...


class EventBus:
    """Numbers events, stamps them, and hands them to the listeners that want them."""

    def __init__(self, switchname: str) -> None:
        self.core_uuid = str(uuid.uuid4())
        self.hostname = socket.gethostname()
        self.switchname = switchname or self.hostname
        self._sequence = 0
        self._listeners: dict[Listener, None] = {}

    def add(self, listener: Listener) -> None:
        self._listeners[listener] = None

    def remove(self, listener: Listener) -> None:
        self._listeners.pop(listener, None)

    def head(self, name: str, subclass: str | None = None) -> list[tuple[str, str]]:
        """The headers that every event begins with."""
        self._sequence += 1
        us = now_us()
        headers = [("Event-Subclass", subclass)] if subclass else []
        return [
            *headers,
            ("Event-Name", name),
            ("Core-UUID", self.core_uuid),
            ("FreeSWITCH-Hostname", self.hostname),
            ("FreeSWITCH-Switchname", self.switchname),
            ("FreeSWITCH-IPv4", "127.0.0.1"),
            ("FreeSWITCH-IPv6", "::1"),
            ("Event-Date-Local", local_stamp(us)),
            ("Event-Date-GMT", gmt_stamp(us)),
            ("Event-Date-Timestamp", str(us)),
            ("Event-Calling-File", "lab"),
            ("Event-Calling-Function", name.lower()),
            ("Event-Calling-Line-Number", "0"),
            ("Event-Sequence", str(self._sequence)),
        ]

    def fire(
        self,
        name: str,
        headers: Callable[[], Iterable[tuple[str, str]]] | None = None,
        *,
        body: str | None = None,
        subclass: str | None = None,
    ) -> None:
        """Send an event; `headers` is asked only when somebody listens."""
        wanting = [listener for listener in self._listeners if listener.wants(name, subclass)]
        if not wanting:
            self._sequence += 1
            return
        event = Event(name, [*self.head(name, subclass), *(headers() if headers else ())], body, subclass)
        for listener in wanting:
            listener.deliver(event)
