"""As much SIP over UDP as callers and phones of a load test need: read a message, write requests and answers.

Sending again what got lost is for who sends (phones.py).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

_URI: Final = re.compile(r"<(sips?:[^>]+)>")
_USER: Final = re.compile(r"sips?:([^@;>]*)@")
_PARAM: Final = re.compile(r'(\w+)="?([^",]*)"?')


@dataclass(frozen=True, slots=True)
class Message:
    """A request (`status` 0) or an answer. Header names are in small letters; of several the first counts,
    but `vias` and `record_routes` has all of them."""

    method: str
    status: int
    headers: dict[str, str]
    vias: tuple[str, ...]
    uri: str

    @property
    def call_id(self) -> str:
        return self.headers["call-id"]

    @property
    def sequence(self) -> str:
        """The method that the message belongs to."""
        return self.headers["cseq"].split()[-1]

    @property
    def contact(self) -> str:
        """The URI that further requests go to."""
        found = _URI.search(self.headers.get("contact", ""))
        return found[1] if found else ""

    @property
    def from_user(self) -> str:
        found = _USER.search(self.headers["from"])
        return found[1] if found else ""


def read(data: bytes) -> Message | None:
    """The message, None for what is none (keep-alives)."""
    head = data.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    first, *lines = head.split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 3:
        return None
    headers: dict[str, str] = {}
    vias = []
    for line in lines:
        name, _, value = line.partition(":")
        lowered = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact"}.get(
            name.lower(), name.lower()
        )
        if lowered == "via":
            vias.append(value.strip())
        headers.setdefault(lowered, value.strip())
    is_answer = first.startswith("SIP/2.0 ")
    status = int(words[1]) if is_answer else 0
    method = headers["cseq"].split()[-1] if is_answer else words[0]
    return Message(method, status, headers, tuple(vias), "" if is_answer else words[1])


def request(method: str, uri: str, headers: dict[str, str], body: str = "") -> bytes:
    """A request with these headers."""
    return _written(f"{method} {uri} SIP/2.0", list(headers.items()), body)


def answer(to: Message, status: str, tag: str, contact: str = "", body: str = "") -> bytes:
    """An answer to a request."""
    headers = [("Via", via) for via in to.vias]
    to_header = to.headers["to"]
    headers += [
        ("From", to.headers["from"]),
        ("To", to_header if ";tag=" in to_header else f"{to_header};tag={tag}"),
        ("Call-ID", to.call_id),
        ("CSeq", to.headers["cseq"]),
    ]
    if contact:
        headers.append(("Contact", f"<{contact}>"))
    return _written(f"SIP/2.0 {status}", headers, body)


def sdp(port: int) -> str:
    """G.711 to a port of loopback."""
    head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    return f"{head}m=audio {port} RTP/AVP 8\r\n"


def authorization(challenge: str, username: str, password: str, uri: str) -> str:
    """The answer to a REGISTER's challenge (RFC 2617, MD5 with qop=auth)."""
    asked = dict(_PARAM.findall(challenge))
    first = _md5(f"{username}:{asked['realm']}:{password}")
    second = _md5(f"REGISTER:{uri}")
    proof = _md5(f"{first}:{asked['nonce']}:00000001:bench:auth:{second}")
    return (
        f'Digest username="{username}", realm="{asked["realm"]}", nonce="{asked["nonce"]}", uri="{uri}", '
        f'qop=auth, nc=00000001, cnonce="bench", response="{proof}", algorithm=MD5'
    )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _written(first: str, headers: list[tuple[str, str]], body: str) -> bytes:
    if body:
        headers = [*headers, ("Content-Type", "application/sdp")]
    lines = [
        first,
        *(f"{name}: {value}" for name, value in headers),
        f"Content-Length: {len(body)}",
        "",
        body,
    ]
    return "\r\n".join(lines).encode()
