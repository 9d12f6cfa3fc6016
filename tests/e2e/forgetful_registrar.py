"""A carrier that we register with, and that stops answering REGISTER while it goes on taking calls."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Final

from aiosipua.message import SipMessage, SipRequest, SipResponse

USERNAME: Final = "beispiel-carrier"
#: FreeSWITCH registers anew 2 s before the end.
_GRANTED_S: Final = 10
_CHALLENGE: Final = 'Digest realm="beispiel", nonce="n1", qop="auth"'
_SDP: Final = "\r\n".join(
    (
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "c=IN IP4 127.0.0.1",
        "t=0 0",
        "m=audio 40000 RTP/AVP 8",
        "",
    )
)


class ForgetfulRegistrar:
    """Grants every REGISTER until `deaf`; answers every call that comes with our user name. `invites`: those
    calls."""

    def __init__(self, port: int) -> None:
        self.deaf = False
        self.invites: list[SipRequest] = []
        self._port = port
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as farewell:
            farewell.sendto(b"", ("127.0.0.1", self._port))
        self._thread.join(5)
        self._socket.close()

    def _serve(self) -> None:
        while True:
            data, peer = self._socket.recvfrom(65536)
            if not data:
                return
            request = SipMessage.parse(data)
            if isinstance(request, SipRequest) and request.method != "ACK":
                answer = self._answer(request)
                if answer is not None:
                    with suppress(OSError):  # who asked is gone
                        self._socket.sendto(bytes(answer), peer)

    def _answer(self, request: SipRequest) -> SipResponse | None:
        if request.method == "REGISTER":
            if self.deaf:
                return None
            granted = respond(request, 200)
            granted.set_header("Contact", f"{request.get_header('Contact')};expires={_GRANTED_S}")
            return granted
        if request.method != "INVITE":
            return respond(request, 200)
        if f'username="{USERNAME}"' not in (request.get_header("Proxy-Authorization") or ""):
            challenge = respond(request, 407)
            challenge.set_header("Proxy-Authenticate", _CHALLENGE)
            return challenge
        self.invites.append(request)
        return answered(request, self._port)


def answered(invite: SipRequest, port: int) -> SipResponse:
    """200 with SDP, of somebody who listens at this port of this machine."""
    taken = respond(invite, 200)
    taken.set_header("Contact", f"<sip:127.0.0.1:{port}>")
    taken.set_header("Content-Type", "application/sdp")
    taken.text = _SDP
    return taken


def respond(request: SipRequest, code: int) -> SipResponse:
    """A response with all that it must repeat."""
    response = SipResponse(status_code=code, reason_phrase="Beispiel")
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        response.set_header(name, request.get_header(name) or "")
    if "tag=" not in (request.get_header("To") or ""):
        response.set_header("To", f"{request.get_header('To')};tag=registrar")
    return response
