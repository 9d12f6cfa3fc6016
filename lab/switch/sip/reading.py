"""Bytes to checked SIP messages: what passes here has every header that the rest relies on."""

from __future__ import annotations

import re
from typing import Final

from aiosipua.headers import Address as NameAddr
from aiosipua.headers import parse_via
from aiosipua.message import SipMessage, SipRequest, SipResponse, missing_required_headers

from lab.errors import SipUnreadableError
from lab.switch.sip.name_addr import parse_address

Message = SipRequest | SipResponse

MAX_MESSAGE_BYTES: Final = 65_535
MAX_VIAS: Final = 70
MAX_HEADER_CHARS: Final = 16_384

_METHOD: Final = re.compile(r"[A-Z]{1,32}\Z", re.ASCII)
_CSEQ: Final = re.compile(r"\s*(\d{1,10})\s+(\S{1,32})\s*\Z", re.ASCII)


def read_message(data: bytes) -> Message:
    """A request or response with Via, From, To, Call-ID and CSeq that can be read.

    Raises SipUnreadableError saying what is wrong.
    """
    if len(data) > MAX_MESSAGE_BYTES:
        raise SipUnreadableError(f"SIP message of more than {MAX_MESSAGE_BYTES} bytes")
    try:
        message = SipMessage.parse(data)
    except (ValueError, IndexError) as problem:
        raise SipUnreadableError(f"no SIP message: {problem}") from None
    _check(message)
    return message


def _check(message: Message) -> None:
    if isinstance(message, SipRequest):
        if not _METHOD.match(message.method):
            raise SipUnreadableError(f"method {message.method[:40]!r}")
        missing = missing_required_headers(message)
        if missing:
            raise SipUnreadableError(f"{message.method} without {', '.join(missing)}")
    elif not 100 <= message.status_code <= 699 or not message.headers.get("via"):
        raise SipUnreadableError(f"response with code {message.status_code}")
    if any(len(value) > MAX_HEADER_CHARS for _, values in message.headers.items() for value in values):
        raise SipUnreadableError(f"a header of more than {MAX_HEADER_CHARS} characters")
    if len(message.headers.get("via")) > MAX_VIAS or not _CSEQ.match(first(message, "cseq")):
        raise SipUnreadableError("Via or CSeq that cannot be read")
    try:
        for via in message.headers.get("via"):
            parse_via(via)
        for name in ("from", "to"):
            parse_address(first(message, name))
    except (ValueError, IndexError, UnboundLocalError) as problem:
        raise SipUnreadableError(f"addresses that cannot be read: {problem}") from None


def first(message: Message, name: str) -> str:
    """A header's first value, empty when absent."""
    return message.headers.get_first(name) or ""


def cseq_of(message: Message) -> tuple[int, str]:
    """Number and method of the CSeq header."""
    found = _CSEQ.match(first(message, "cseq"))
    return (int(found[1]), found[2].upper()) if found else (0, "")


def branch_of(message: Message) -> str:
    """The topmost Via's branch."""
    return parse_via(first(message, "via")).branch or ""


def sent_by(message: Message) -> str:
    via = parse_via(first(message, "via"))
    return f"{via.host}:{via.port or 5060}"


def name_addr(message: Message, name: str) -> NameAddr:
    """A header as an address; empty parts when it is absent or unreadable."""
    try:
        return parse_address(first(message, name))
    except (ValueError, IndexError):
        return NameAddr()


def tag_of(message: Message, name: str) -> str:
    return name_addr(message, name).tag or ""


def via_host(message: Message) -> str:
    """The host that the topmost Via states, whatever address the message came from."""
    return parse_via(first(message, "via")).host
