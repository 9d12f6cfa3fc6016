"""A customer's telephone system that logs in by TLS: raw messages over one connection."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
from itertools import count
from typing import Final, Self

#: RFC 4568 section 6.1: a key of 30 octets.
KEY: Final = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
_ANSWER_S: Final = 10.0


class TlsSystem:
    """Registers, calls and is called at `at`, from the address `here`. Use it as a context manager."""

    def __init__(
        self, at: tuple[str, int], context: ssl.SSLContext, user: str, password: str, domain: str
    ) -> None:
        self._user, self._password, self._domain = user, password, domain
        self._socket = context.wrap_socket(socket.create_connection(at, _ANSWER_S))
        self._socket.settimeout(_ANSWER_S)
        self.here = "{}:{}".format(*self._socket.getsockname()[:2])
        self._buffer = b""
        self._cseq = count(1)
        self._placed = ("", "", "", "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    def register(self, seconds: int, call_id: str = "") -> str:
        """The final answer. `call_id`: default one of its own."""
        return self._ask("REGISTER", f"sip:{self._domain}", f"Expires: {seconds}", call_id=call_id)

    def vanish(self) -> None:
        """Close the connection without a word."""
        self._socket.close()

    def call(self, number: str, from_user: str, sdp: str) -> str:
        """Until it is answered, and acknowledged; the final answer."""
        return self._ask("INVITE", f"sip:{number}@{self._domain}", sdp=sdp, from_user=from_user)

    def heard(self, begins: str) -> str:
        """The next message that begins like this; others are passed over."""
        while True:
            message = self._read()
            if message.startswith(begins):
                return message

    def hang_up(self) -> None:
        """The call that was placed last and answered."""
        at, call_id, own, to = self._placed
        self._request("BYE", at, call_id, next(self._cseq), own, to, (), "")
        self.heard("SIP/2.0 200")

    def answer(self, request: str, status: str, sdp: str = "") -> None:
        """A request of the node's."""
        kept = re.findall(r"(?m)^(?:Via|From|Call-ID|CSeq):.*$", request)
        to = re.search(r"(?m)^To:.*$", request)
        assert to is not None
        tag = "" if ";tag=" in to[0] else ";tag=anlage"
        lines = [f"SIP/2.0 {status}", *(each.strip() for each in kept), to[0].strip() + tag]
        if sdp:
            lines += [
                f"Contact: <sip:{self._user}@{self.here};transport=tls>",
                "Content-Type: application/sdp",
            ]
        self._send([*lines, f"Content-Length: {len(sdp)}", "", sdp])

    def _ask(
        self, method: str, uri: str, *headers: str, sdp: str = "", from_user: str = "", call_id: str = ""
    ) -> str:
        call_id = call_id or f"{method.lower()}-{next(self._cseq)}-{self.here}"
        answer = self._try(method, uri, call_id, headers, sdp, from_user)
        challenge = re.search(r'(?m)^(WWW|Proxy)-Authenticate:.*?realm="([^"]*)".*?nonce="([^"]*)"', answer)
        if challenge is None:
            return answer
        kind, realm, nonce = challenge.groups()
        secret = _md5(f"{self._user}:{realm}:{self._password}")
        response = _md5(f"{secret}:{nonce}:00000001:ab:auth:{_md5(f'{method}:{uri}')}")
        name = "Authorization" if kind == "WWW" else "Proxy-Authorization"
        credentials = (
            f'{name}: Digest username="{self._user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="ab"'
        )
        return self._try(method, uri, call_id, (*headers, credentials), sdp, from_user)

    def _try(
        self, method: str, uri: str, call_id: str, headers: tuple[str, ...], sdp: str, from_user: str
    ) -> str:
        number = next(self._cseq)
        own = f"sip:{from_user or self._user}@{self._domain}"
        to = own if method == "REGISTER" else uri
        self._request(method, uri, call_id, number, own, f"<{to}>", headers, sdp)
        while True:
            answer = self._read()
            if f"CSeq: {number} {method}" in answer and not answer.startswith("SIP/2.0 1"):
                break
        if method == "INVITE":
            target = re.search(r"(?m)^Contact: <([^>]*)>", answer)
            tagged = re.search(r"(?m)^To: (.*?)\s*$", answer)
            assert tagged is not None
            at = target[1] if target is not None else uri
            self._request("ACK", at, call_id, number, own, tagged[1], (), "")
            self._placed = (at, call_id, own, tagged[1])
        return answer

    def _request(
        self,
        method: str,
        uri: str,
        call_id: str,
        number: int,
        own: str,
        to: str,
        headers: tuple[str, ...],
        sdp: str,
    ) -> None:
        typed = ("Content-Type: application/sdp",) if sdp else ()
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/TLS {self.here};branch=z9hG4bK-{method}-{number};rport",
            f"From: <{own}>;tag=anlage",
            f"To: {to}",
            f"Call-ID: {call_id}",
            f"CSeq: {number} {method}",
            f"Contact: <sip:{self._user}@{self.here};transport=tls>",
            "Max-Forwards: 70",
            *headers,
            *typed,
            f"Content-Length: {len(sdp)}",
            "",
            sdp,
        ]
        self._send(lines)

    def _send(self, lines: list[str]) -> None:
        self._socket.sendall("\r\n".join(lines).encode())

    def _read(self) -> str:
        while b"\r\n\r\n" not in self._buffer:
            self._more()
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        length = re.search(rb"(?mi)^Content-Length:\s*(\d+)", head)
        size = int(length[1]) if length is not None else 0
        while len(rest) < size:
            self._more()
            rest = self._buffer.partition(b"\r\n\r\n")[2]
        self._buffer = rest[size:]
        text = head.decode("utf-8", "replace") + "\r\n\r\n" + rest[:size].decode("utf-8", "replace")
        return text.lstrip("\r\n")

    def _more(self) -> None:
        data = self._socket.recv(65_536)
        assert data, "the node closed the connection"
        self._buffer += data


def sdp(profile: str, *attributes: str, formats: str = "8 9") -> str:
    """An offer or answer; by default PCMA, and G.722 behind it."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0"]
    lines += [
        f"m=audio 40000 {profile} {formats}",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:9 G722/8000",
        *attributes,
    ]
    return "\r\n".join(lines) + "\r\n"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
