"""Small readings of SIP header values and messages that must not trip over hostile display names."""

import email
import email.policy
import ipaddress
import re
import secrets

from aiosipua.message import SipMessage

from lab.robots.report import BodyPart

MAX_PARTS = 16
_HOSTPORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:;?<>\s]+)(?::(\d{1,5}))?")

Address = tuple[str, int]
"""IP address and port."""


def new_tag() -> str:
    return secrets.token_hex(8)


def new_branch() -> str:
    """RFC 3261 section 8.1.1.7."""
    return f"z9hG4bK{secrets.token_hex(12)}"


def all_headers(message: SipMessage) -> tuple[tuple[str, str], ...]:
    """Names as received (compact ones expanded) and values, equal names together."""
    return tuple((name, value) for name, values in message.headers.items() for value in values)


def tag_of(value: str) -> str:
    """The tag of a From or To value, "" without one; what stands in the display name does not count."""
    match = re.search(r";\s*tag\s*=\s*([^\s;,>]+)", value[value.rfind(">") + 1 :], re.IGNORECASE)
    return match[1] if match else ""


def uri_of(value: str) -> str:
    """The URI inside a name-addr, or the value without header parameters."""
    end = value.rfind(">")
    start = value.rfind("<", 0, end)
    return value[start + 1 : end] if 0 <= start < end else value.split(";", 1)[0].strip()


def user_of(uri: str) -> str:
    """The user part without its parameters: of `sip:0221;phone-context=x@host` it is `0221`."""
    rest = uri.partition(":")[2]
    user, at, _host = rest.rpartition("@")
    return user.split(";", 1)[0] if at else ""


def address_of(uri: str) -> Address | None:
    """IP address and port (default 5060) of a URI, None when the host is a name: robots resolve no names."""
    rest = uri.partition(":")[2].split("?", 1)[0]
    match = _HOSTPORT.match(rest.rpartition("@")[2])
    if match is None:
        return None
    try:
        host = str(ipaddress.ip_address(match[1].strip("[]")))
    except ValueError:
        return None
    port = int(match[2] or 5060)
    return (host, port) if 0 < port <= 65535 else None


def quoted(display_name: str) -> str:
    """A quoted-string (RFC 3261 section 25.1)."""
    return '"' + display_name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def body_parts(message: SipMessage) -> tuple[BodyPart, ...]:
    """The bodies of a message; a multipart one is taken apart one level deep, at most 16 parts."""
    if not message.body:
        return ()
    content_type = message.content_type or "application/octet-stream"
    if not content_type.lower().startswith("multipart/"):
        return (BodyPart(content_type, message.text),)
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    parsed = email.message_from_bytes(head + message.body, policy=email.policy.compat32)
    parts = parsed.get_payload()
    if not isinstance(parts, list):
        return (BodyPart(content_type, message.text),)
    return tuple(_part(part) for part in parts[:MAX_PARTS] if isinstance(part, email.message.Message))


def _part(part: "email.message.Message[str, str]") -> BodyPart:
    raw = part.get_payload(decode=True)
    content = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    headers = tuple((name, value) for name, value in part.items() if name.lower() != "content-type")
    return BodyPart(part.get("Content-Type", "text/plain"), content, headers)


def sdp_of(message: SipMessage) -> str | None:
    """The session description of a message, also from inside a multipart body."""
    for part in body_parts(message):
        if part.content_type.lower().startswith("application/sdp"):
            return part.content
    return None


def join_parts(parts: tuple[BodyPart, ...]) -> tuple[str, str]:
    """Content-Type and body for one part, or multipart/mixed for several (RFC 5621)."""
    if len(parts) == 1 and not parts[0].headers:
        return parts[0].content_type, parts[0].content
    boundary = f"robot-{secrets.token_hex(8)}"
    body = "".join(
        f"--{boundary}\r\nContent-Type: {part.content_type}\r\n"
        + "".join(f"{name}: {value}\r\n" for name, value in part.headers)
        + f"\r\n{part.content}\r\n"
        for part in parts
    )
    return f"multipart/mixed;boundary={boundary}", f"{body}--{boundary}--\r\n"
