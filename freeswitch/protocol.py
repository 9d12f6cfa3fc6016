"""Event Socket without input or output: bytes in, messages out.

A message is a block of headers, a blank line and, where `Content-Length` says so, a body of that many
bytes (read in FreeSWITCH's mod_event_socket.c). Usage:

    framer = Framer()
    for message in framer.receive_data(chunk):
        ...
    framer.receive_eof()
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from freeswitch.errors import LimitExceeded, ProtocolError
from freeswitch.headers import Headers

AUTH_REQUEST: Final = "auth/request"
COMMAND_REPLY: Final = "command/reply"
API_RESPONSE: Final = "api/response"
DISCONNECT_NOTICE: Final = "text/disconnect-notice"
RUDE_REJECTION: Final = "text/rude-rejection"
EVENT_PLAIN: Final = "text/event-plain"
EVENT_JSON: Final = "text/event-json"

_END_OF_HEADERS: Final = b"\n\n"
_MAX_LENGTH_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """A security limit on everything a peer can make us hold. Bytes, except `headers` (lines in a block)."""

    header_line: int = 64 * 1024
    headers: int = 2000
    header_block: int = 1024 * 1024
    body: int = 16 * 1024 * 1024


class Message:
    """One message: its kind, its own headers (not percent-decoded) and its body.

    `content_type` is the empty string when the peer names none.
    """

    __slots__ = ("block", "body", "content_type")

    def __init__(self, block: bytes, body: bytes = b"") -> None:
        self.block = block
        self.body = body
        self.content_type = (_value(block, b"Content-Type:") or b"").decode("ascii", "replace")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.block, self.body) == (other.block, other.body)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Message {self.content_type!r}, {len(self.block)}+{len(self.body)} bytes>"

    @property
    def headers(self) -> Headers:
        """The message's own headers as they are on the wire."""
        return Headers(self.block, encoded=False)

    @property
    def decoded_headers(self) -> Headers:
        """The same with percent-decoding: the answer to `connect` is written like that."""
        return Headers(self.block, encoded=True)


class Framer:
    """Cuts a byte stream into messages; any cut of the stream into chunks gives the same messages.

    After a ProtocolError the framing is lost: every further call raises it again, close the connection.
    Memory is bounded by `Limits` plus one chunk.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._buffer = bytearray()
        self._searched = 0
        self._block: bytes | None = None
        self._body_length = 0
        self._error: ProtocolError | None = None

    def receive_data(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete now. Take them all before the next call."""
        if self._error is None:
            self._buffer += data
        return self._messages()

    def receive_eof(self) -> None:
        """The peer has finished. ProtocolError when it left a message unfinished."""
        if self._error is not None:
            raise self._error
        if self._block is not None or self._buffer.strip(b"\n"):
            self._error = ProtocolError("the connection ended inside a message")
            raise self._error

    def _messages(self) -> Iterator[Message]:
        while True:
            if self._error is not None:
                raise self._error
            try:
                message = self._next()
            except ProtocolError as error:
                self._error = error
                self._buffer.clear()
                raise
            if message is None:
                return
            yield message

    def _next(self) -> Message | None:
        if self._block is None:
            self._block = self._take_block()
            if self._block is None:
                return None
            self._body_length = _body_length(self._block, self._limits.body)
        if len(self._buffer) < self._body_length:
            return None
        message = Message(self._block, bytes(self._buffer[: self._body_length]))
        del self._buffer[: self._body_length]
        self._block = None
        return message

    def _take_block(self) -> bytes | None:
        buffer = self._buffer
        if buffer[:1] == b"\n":
            # Blank lines between messages carry nothing.
            del buffer[: len(buffer) - len(buffer.lstrip(b"\n"))]
            self._searched = 0
        end = buffer.find(_END_OF_HEADERS, max(0, self._searched - 1))
        if end < 0:
            self._searched = len(buffer)
            # One byte more is the first "\\n" of the end, when the stream is cut just there.
            if len(buffer) > self._limits.header_block + 1:
                raise LimitExceeded(f"a header block is longer than {self._limits.header_block} bytes")
            return None
        self._searched = 0
        block = bytes(buffer[:end])
        del buffer[: end + len(_END_OF_HEADERS)]
        self._check(block)
        return block

    def _check(self, block: bytes) -> None:
        limits = self._limits
        if len(block) > limits.header_block:
            raise LimitExceeded(f"a header block is longer than {limits.header_block} bytes")
        if block.count(b"\n") >= limits.headers:
            raise LimitExceeded(f"a header block has more than {limits.headers} lines")
        if len(block) > limits.header_line and max(map(len, block.split(b"\n"))) > limits.header_line:
            raise LimitExceeded(f"a header line is longer than {limits.header_line} bytes")


def _value(block: bytes, key: bytes) -> bytes | None:
    """The value of the first header called `key` (with its colon), without building an index."""
    if block.startswith(key):
        start = len(key)
    else:
        found = block.find(b"\n" + key)
        if found < 0:
            return None
        start = found + 1 + len(key)
    end = block.find(b"\n", start)
    return block[start : end if end >= 0 else None].strip(b" ")


def _body_length(block: bytes, limit: int) -> int:
    # A command's reply has no body (mod_event_socket.c), but a channel variable may stand in it unencoded
    # (getvar): nothing in such a value may make us wait for bytes that never come.
    text = _value(block, b"Content-Length:")
    if text is None or _value(block, b"Content-Type:") == COMMAND_REPLY.encode():
        return 0
    if not text.isdigit() or len(text) > _MAX_LENGTH_DIGITS:
        raise ProtocolError(f"Content-Length is not a number of bytes: {text[:32]!r}")
    length = int(text)
    if length > limit:
        raise LimitExceeded(f"a body of {length} bytes is longer than {limit}")
    return length
