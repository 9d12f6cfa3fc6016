"""A registrar with digest for tests, on aiosipua's messages, in threads of its own."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import suppress

from aiosipua.auth import SipDigestAuth, build_credentials
from aiosipua.headers import AuthChallenge, parse_auth, stringify_auth
from aiosipua.message import SipMessage, SipRequest, SipResponse

REALM = "example.org"
#: It grants no more, whatever is asked for.
GRANTED_S = 120


class Registrar:
    """Answers REGISTER and INVITE: 401 or 407 first, then 200 or 486 when user and password are right; 403 to
    all REGISTER while `refuses`. `requests` and `responses`: what it has received, ACK left out.

    It listens by UDP, and by TCP with `tcp`. Registrations last `granted_s` at most; who asks for less than
    `least_s` gets 423 (RFC 3261 section 10.3).
    """

    def __init__(
        self,
        users: dict[str, str],
        port: int = 0,
        realm: str = REALM,
        *,
        tcp: bool = False,
        granted_s: int = GRANTED_S,
        least_s: int = 0,
    ) -> None:
        self._users = users
        self._realm = realm
        self._granted_s = granted_s
        self._least_s = least_s
        self.refuses = False
        self.bindings: dict[str, str] = {}
        self.requests: list[SipRequest] = []
        self.responses: list[SipResponse] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self._listener = socket.create_server(("127.0.0.1", self.port)) if tcp else None
        if self._listener is not None:
            threading.Thread(target=self._listen, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as farewell:
            farewell.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(5)
        self._socket.close()
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    def send(self, message: SipMessage, port: int) -> None:
        """From where it listens, to a port of this machine."""
        self._socket.sendto(bytes(message), ("127.0.0.1", port))

    def received(self, method: str) -> list[SipRequest]:
        """The requests of that method so far."""
        return [each for each in self.requests if each.method == method]

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(65536)
            if not data:
                return
            answer = self._heard(data)
            if answer:
                self._socket.sendto(answer, peer)

    def _listen(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                connection = listener.accept()[0]
                threading.Thread(target=self._speak, args=(connection,), daemon=True).start()

    def _speak(self, connection: socket.socket) -> None:
        """One connection: messages end where their Content-Length says (RFC 3261 section 18.3)."""
        kept = b""
        with connection:
            while data := connection.recv(65536):
                kept = (kept + data).lstrip(b"\r\n")
                while (head := kept.find(b"\r\n\r\n")) >= 0:
                    length = re.search(rb"(?mi)^Content-Length:\s*(\d+)", kept[:head])
                    end = head + 4 + (int(length[1]) if length is not None else 0)
                    if len(kept) < end:
                        break
                    connection.sendall(self._heard(kept[:end]))
                    kept = kept[end:].lstrip(b"\r\n")

    def _heard(self, data: bytes) -> bytes:
        """The answer to a message, empty for what gets none."""
        message = SipMessage.parse(data)
        if isinstance(message, SipResponse):
            self.responses.append(message)
        elif isinstance(message, SipRequest) and message.method != "ACK":
            self.requests.append(message)
            return bytes(self._answer(message))
        return b""

    def _answer(self, request: SipRequest) -> SipResponse:
        if request.method not in ("INVITE", "REGISTER"):
            return _respond(request, 200)
        invite = request.method == "INVITE"
        if self.refuses and not invite:
            return _respond(request, 403)
        if not invite and 0 < int(request.get_header("Expires") or 0) < self._least_s:
            response = _respond(request, 423)
            response.set_header("Min-Expires", str(self._least_s))
            return response
        name = "Proxy-Authorization" if invite else "Authorization"
        if not self._allowed(request, name):
            response = _respond(request, 407 if invite else 401)
            challenge = stringify_auth(
                AuthChallenge("Digest", {"realm": self._realm, "nonce": "n1", "qop": "auth"})
            )
            response.set_header("Proxy-Authenticate" if invite else "WWW-Authenticate", challenge)
            return response
        if invite:
            return _respond(request, 486)
        user = parse_auth(request.get_header(name) or "", credentials=True).params["username"]
        self.bindings[user] = request.get_header("Contact") or ""
        response = _respond(request, 200)
        expires = min(int(request.get_header("Expires") or 0), self._granted_s)
        response.set_header("Contact", f"{self.bindings[user]};expires={expires}")
        if not expires:
            del self.bindings[user]
        return response

    def _allowed(self, request: SipRequest, name: str) -> bool:
        given = request.get_header(name)
        if given is None:
            return False
        params = parse_auth(given, credentials=True).params
        password = self._users.get(params["username"])
        if password is None:
            return False
        wanted = build_credentials(
            SipDigestAuth(params["username"], password),
            AuthChallenge("Digest", {"realm": self._realm, "nonce": "n1", "qop": "auth"}),
            request.method,
            request.uri,
            nonce_count=int(params["nc"], 16),
            cnonce=params["cnonce"],
        )
        return wanted is not None and wanted.params["response"] == params["response"]


def _respond(request: SipRequest, code: int) -> SipResponse:
    response = SipResponse(status_code=code, reason_phrase="Beispiel")
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        response.set_header(name, request.get_header(name) or "")
    if "tag=" not in (request.get_header("To") or ""):
        response.set_header("To", f"{request.get_header('To')};tag=registrar")
    return response
