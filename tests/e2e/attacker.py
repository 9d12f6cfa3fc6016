"""A stranger with an address of its own on the loopback, which is all of 127/8 on Linux."""

from __future__ import annotations

import hashlib
import re
import socket
import time
from itertools import count
from typing import Final

from cli.settings import Settings

_NUMBER: Final = count(1)
#: RFC 3261, 17.1.1.2: when an INVITE by UDP that nobody answers is sent again; doubled each time.
TIMER_A_S: Final = 0.5


class Attacker:
    """Raw SIP by UDP from `address`. Use it as a context manager."""

    def __init__(self, address: str, settings: Settings) -> None:
        self.address = address
        self._target = settings.node.sip_ip
        self._domain = settings.node.domain
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._port = self._socket.getsockname()[1]

    def __enter__(self) -> Attacker:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._socket.close()

    def request(self, method: str, port: int, *headers: str, agent: str = "phone", user: str = "100") -> str:
        """A whole request to a port of the node."""
        number = next(_NUMBER)
        host = f"{self._target}:{port}"
        lines = [
            f"{method} sip:{host} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address}:{self._port};branch=z9hG4bK-{number};rport",
            f"From: <sip:{user}@{self._domain}>;tag={number}",
            f"To: <sip:{user}@{self._domain}>",
            f"Call-ID: attack-{number}-{self._port}",
            f"CSeq: {number} {method}",
            "Max-Forwards: 70",
            f"Contact: <sip:{user}@{self.address}:{self._port}>",
            f"User-Agent: {agent}",
            *headers,
            "Content-Length: 0",
        ]
        return "\r\n".join(lines) + "\r\n\r\n"

    @property
    def here(self) -> str:
        """Where it sends from: address:port."""
        return f"{self.address}:{self._port}"

    def send(self, text: str, port: int) -> None:
        """Send it, and do not wait for anything."""
        self.send_bytes(text.encode(), port)

    def send_bytes(self, data: bytes, port: int) -> None:
        """The same for what is no text."""
        self._socket.sendto(data, (self._target, port))

    def heard(self, quiet_s: float) -> list[str]:
        """Everything that came back, until nothing came for so long."""
        found: list[str] = []
        self._socket.settimeout(quiet_s)
        while len(found) < 10_000:
            try:
                found.append(self._socket.recv(65_535).decode("utf-8", "replace"))
            except TimeoutError:
                break
        return found

    def answered(self, text: str, port: int, timeout_s: float) -> str | None:
        """Send it; the answer to this very request, or None when there is none in time."""
        call_id = re.search(r"Call-ID: (\S+)", text)
        assert call_id is not None
        self._socket.settimeout(timeout_s)
        self.send(text, port)
        while True:
            try:
                answer = self._socket.recv(65_535).decode("utf-8", "replace")
            except TimeoutError:
                return None
            if call_id.group(1) in answer and not answer.startswith("SIP/2.0 100"):
                return answer

    def called(self, invite: str, port: int, timeout_s: float) -> str | None:
        """The same, sent again as a phone sends it again: what a flood pushes out of a queue is not lost."""
        deadline, again_s = time.monotonic() + timeout_s, TIMER_A_S
        while (left := deadline - time.monotonic()) > 0:
            if answer := self.answered(invite, port, min(again_s, left)):
                return answer
            again_s *= 2
        return None

    def guess(self, port: int, user: str, password: str, timeout_s: float) -> str | None:
        """One try to register with a password: the status line of what came of it, None without an answer."""
        challenge = self.answered(self.request("REGISTER", port, user=user), port, timeout_s)
        if challenge is None:
            return None
        found = re.search(r'realm="([^"]*)".*?nonce="([^"]*)"|nonce="([^"]*)".*?realm="([^"]*)"', challenge)
        assert found is not None, challenge
        realm, nonce = found.group(1) or found.group(4), found.group(2) or found.group(3)
        uri = f"sip:{self._target}:{port}"
        secret = _md5(f"{user}:{realm}:{password}")
        response = _md5(f"{secret}:{nonce}:00000001:ab:auth:{_md5(f'REGISTER:{uri}')}")
        credentials = (
            f'Authorization: Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="ab"'
        )
        answer = self.answered(self.request("REGISTER", port, credentials, user=user), port, timeout_s)
        return answer.partition("\r\n")[0] if answer else None


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
