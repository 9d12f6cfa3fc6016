"""Events as FreeSWITCH sends them: names and headers are its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from freeswitch.errors import LimitExceeded, ProtocolError
from freeswitch.headers import Headers
from freeswitch.protocol import EVENT_JSON, EVENT_PLAIN, Limits, Message

_LIMITS: Final = Limits()
_SMALL: Final = 64 * 1024
_END_OF_HEADERS: Final = b"\n\n"
_MAX_LENGTH_DIGITS: Final = 10


class Event:
    """One event. `headers` are decoded when looked at. `name` is `Event-Name` ("" when there is none)."""

    __slots__ = ("_get", "_whole", "headers", "name")

    def __init__(self, headers: Mapping[str, str | None], whole: bytes = b"") -> None:
        """`whole`: the bytes in which the event's own body follows the first blank line."""
        self.headers = headers
        self._whole = whole
        first = headers.first("Event-Name") if isinstance(headers, Headers) else headers.get("Event-Name")
        self.name = first or ""
        self._get = headers.peek if isinstance(headers, Headers) else headers.get

    def __repr__(self) -> str:
        return f"<Event {self.name} {self.uuid or ''}>"

    @property
    def subclass(self) -> str | None:
        """`Event-Subclass` of a CUSTOM event."""
        return self.headers.get("Event-Subclass")

    @property
    def uuid(self) -> str | None:
        """The channel's `Unique-ID`, None for an event that belongs to no channel."""
        return self._get("Unique-ID")

    @property
    def body(self) -> bytes:
        """The event's own body, such as a background job's result. Empty for most events."""
        inner = self._whole.partition(_END_OF_HEADERS)[2]
        length = self.headers.get("Content-Length") or ""
        if length.isascii() and length.isdigit() and len(length) <= _MAX_LENGTH_DIGITS:
            return inner[: int(length)]
        return inner

    def get(self, name: str) -> str | None:
        """A header, or None when it is absent or empty. Of most events only a few are looked at."""
        return self._get(name)

    def variable(self, name: str) -> str | None:
        """A channel variable, or None when it is absent or empty."""
        return self.headers.get("variable_" + name)


def event_of(message: Message) -> Event:
    """The event in a text/event-plain or text/event-json message.

    ProtocolError when it is neither or cannot be read. The framing is not affected: drop it and go on.
    """
    if message.content_type == EVENT_PLAIN:
        return _plain(message.body)
    if message.content_type == EVENT_JSON:
        return _json(message.body)
    raise ProtocolError(f"not an event: {message.content_type[:64]!r}")


def _plain(body: bytes) -> Event:
    if len(body) <= _SMALL:
        return Event(Headers(body, encoded=True), body)
    # Small ones, which are nearly all, are not searched for their end before somebody looks inside.
    end = body.find(_END_OF_HEADERS)
    block = body if end < 0 else body[:end]
    if len(block) > _LIMITS.header_block:
        raise LimitExceeded(f"an event's headers are longer than {_LIMITS.header_block} bytes")
    if block.count(b"\n") > _LIMITS.headers:
        raise LimitExceeded(f"an event has more than {_LIMITS.headers} headers")
    return Event(Headers(block, encoded=True), body)


def _json(body: bytes) -> Event:
    try:
        found = json.loads(body.decode("utf-8", "replace"), object_pairs_hook=_first_wins)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("an event's JSON cannot be read") from error
    if not isinstance(found, dict):
        raise ProtocolError("an event's JSON is not an object")
    if len(found) > _LIMITS.headers:
        raise LimitExceeded(f"an event has more than {_LIMITS.headers} headers")
    inner = found.pop("_body", "")
    headers = {str(name): _json_text(value) for name, value in found.items()}
    return Event(headers, _END_OF_HEADERS + str(inner).encode("utf-8", "replace"))


def _first_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(reversed(pairs))


def _json_text(value: object) -> str | None:
    match value:
        case None | "_undef_":
            return None
        case str():
            # A lone surrogate is valid JSON, and would raise wherever the text is written later.
            return value if value.isascii() else value.encode("utf-8", "replace").decode()
        case list():
            # As FreeSWITCH writes arrays in plain events.
            return "ARRAY::" + "|:".join(str(item) for item in value)
        case _:
            return json.dumps(value)
