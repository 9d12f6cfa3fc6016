"""The bodies of an INVITE as mod_sofia gives them: the session description, all parts of a multipart one."""

from __future__ import annotations

import email
import email.message
from typing import Final

from aiosipua.message import SipRequest

from lab.switch.sip.reading import first
from lab.switch.variables import array

MAX_PARTS: Final = 16
_SDP: Final = "application/sdp"


def session_description(request: SipRequest) -> str:
    """The SDP, also from inside a multipart body (RFC 5621); "" without one."""
    parts = _parts(request)
    if parts is None:
        return request.text if request.body else ""
    return next((content for kind, content in parts if kind == _SDP), "")


def multipart_variable(request: SipRequest) -> str | None:
    """`sip_multipart` as FreeSWITCH sets it: `type:content` for each part, an array for several."""
    parts = _parts(request)
    if not parts:
        return None
    values = [f"{kind}:{content}" for kind, content in parts]
    return array(*values) if len(values) > 1 else values[0]


def _parts(request: SipRequest) -> list[tuple[str, str]] | None:
    """Type and content of each part; None for a body that is not multipart."""
    content_type = first(request, "content-type")
    if not request.body or not content_type.lower().startswith("multipart/"):
        return None
    parsed = email.message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + request.body)
    payload = parsed.get_payload()
    if not isinstance(payload, list):
        return []
    found = [part for part in payload[:MAX_PARTS] if isinstance(part, email.message.Message)]
    return [(part.get_content_type(), _content(part)) for part in found]


def _content(part: email.message.Message) -> str:
    raw = part.get_payload(decode=True)
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
