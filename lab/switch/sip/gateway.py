"""Gateways: registration with a peer, OPTIONS pings, and whether calls may use it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING, Final

from aiosipua.auth import SipDigestAuth, answer_challenge
from aiosipua.message import SipRequest, SipResponse

from lab.switch.channel import new_uuid
from lab.switch.config.settings import GatewaySettings, host_and_port, whole
from lab.switch.sip.building import new_tag
from lab.switch.sip.name_addr import parse_address
from lab.switch.sip.reading import name_addr
from lab.switch.sip.transactions import ClientTransaction
from lab.switch.sip.wire import Address

if TYPE_CHECKING:
    from lab.switch.sip.endpoint import SipProfile

log = logging.getLogger(__name__)

MIN_SECONDS: Final = 5
"""FreeSWITCH takes no shorter ping or retry-seconds and uses none or 30 instead."""
DEFAULT_RETRY_S: Final = 30


class GatewayState(Enum):
    """FreeSWITCH's registration states, those that the lab can be in."""

    NOREG = "NOREG"
    TRYING = "TRYING"
    REGED = "REGED"
    FAIL_WAIT = "FAIL_WAIT"
    UNREGED = "UNREGED"


class Gateway:
    """A running gateway."""

    def __init__(self, profile: SipProfile, settings: GatewaySettings) -> None:
        self.profile = profile
        self.settings = settings
        self.registers = settings.is_on("register", default=True)
        self.state = GatewayState.UNREGED if self.registers else GatewayState.NOREG
        self.alive = True
        self._call_id = new_uuid()
        self._tag = new_tag()
        self._cseq = 0
        self._attempts = 0
        self._expires_s = whole(settings.params.get("expire-seconds"), 3600)
        self.ping_s = whole(settings.params.get("ping"), 0)
        self.ping_min = whole(settings.params.get("ping-min"), 1)
        self.ping_max = whole(settings.params.get("ping-max"), 1)
        self.ping_count = 0
        self.ping_ms = 0.0
        self._ping_sent = 0.0
        self._stopped = False
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._transactions: list[ClientTransaction] = []

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def up(self) -> bool:
        return self.alive and self.state in (GatewayState.NOREG, GatewayState.REGED)

    @property
    def hop(self) -> Address:
        """Where calls go."""
        return self._reached_by("outbound-proxy")

    def _reached_by(self, proxy: str) -> Address:
        host, port = host_and_port(self.settings.get(proxy) or self.settings.proxy)
        return Address(host, port, self.settings.transport)

    def dialled(self, request: SipRequest) -> str:
        """The number of a call to the Contact that the gateway registered."""
        extension = self.settings.get("extension") or self.settings.get("username")
        if extension in ("", "auto", "auto_to_user"):
            return name_addr(request, "to").uri.user or ""
        return extension

    def start(self) -> None:
        if self.registers:
            self._register(None)
        if self.ping_s >= MIN_SECONDS:
            self._later("ping", self.ping_s, self._ping)

    def stop(self) -> None:
        self._stopped = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _later(self, name: str, seconds: float, what: Callable[[], None]) -> None:
        old = self._timers.pop(name, None)
        if old is not None:
            old.cancel()
        self._timers[name] = asyncio.get_running_loop().call_later(seconds, what)

    # -- registration ---------------------------------------------------------------------------

    @property
    def _registrar(self) -> str:
        proxy, transport = self.settings.proxy, self.settings.transport
        return f"sip:{proxy}" if "transport=" in proxy else f"sip:{proxy};transport={transport}"

    def _request(self, method: str, uri: str, expires_s: int | None) -> SipRequest:
        settings, wire = self.settings, self.profile.wire
        self._cseq += 1
        request = SipRequest(method=method, uri=uri)
        user = settings.get("from-user") or settings.get("username") or self.name
        domain = settings.get("from-domain") or settings.proxy
        request.headers.set_single("Max-Forwards", "70")
        request.headers.set_single("From", f"<sip:{user}@{domain}>;tag={self._tag}")
        request.headers.set_single("To", f"<sip:{user}@{domain}>")
        request.headers.set_single("Call-ID", self._call_id)
        request.headers.set_single("CSeq", f"{self._cseq} {method}")
        transport = settings.transport
        contact = f"<sip:gw+{self.name}@{wire.ip}:{wire.port};transport={transport};gw={self.name}>"
        request.headers.set_single("Contact", contact)
        if expires_s is not None:
            request.headers.set_single("Expires", str(expires_s))
        self.profile.sign(request)
        return request

    def _register(self, credentials: tuple[str, str] | None) -> None:
        if credentials is None:
            self._attempts = 0
            self._set_state(GatewayState.TRYING if self.state is not GatewayState.REGED else self.state)
        request = self._request("REGISTER", self._registrar, self._expires_s)
        if credentials:
            request.headers.set_single(*credentials)
        self.profile.transactions.request(
            request, self._reached_by("register-proxy"), self._register_answered
        )

    def _register_answered(self, response: SipResponse, _source: Address) -> None:
        code = response.status_code
        if code < 200:
            return
        if code < 300:
            self._set_state(GatewayState.REGED)
            self._later("register", max(1.0, self._granted_s(response) * 0.9), lambda: self._register(None))
            return
        if code in (401, 407) and self._attempts == 0:
            self._attempts += 1
            user = self.settings.get("auth-username") or self.settings.get("username")
            auth = SipDigestAuth(user, self.settings.get("password"))
            answer = answer_challenge(auth, response, code, "REGISTER", self._registrar)
            if answer is not None:
                self._register(answer)
                return
        wanted_s = whole(response.headers.get_first("min-expires"), 0)
        if code == 423 and wanted_s > self._expires_s:
            self._expires_s = wanted_s
            self._register(None)
            return
        log.warning("gateway %s: REGISTER answered %s %s", self.name, code, response.reason_phrase)
        self._set_state(GatewayState.FAIL_WAIT)
        retry_s = whole(self.settings.params.get("retry-seconds"), DEFAULT_RETRY_S)
        retry_s = retry_s if retry_s >= MIN_SECONDS else DEFAULT_RETRY_S
        self._later("register", retry_s, lambda: self._register(None))

    def _granted_s(self, response: SipResponse) -> int:
        for value in response.headers.get("contact"):
            expires = parse_address(value).params.get("expires")
            if expires and expires.isdigit():
                return int(expires[:9])
        return whole(response.headers.get_first("expires"), 3600)

    def _set_state(self, state: GatewayState) -> None:
        if state is not self.state:
            self.state = state
            self._announce()

    def _announce(self, response: SipResponse | None = None) -> None:
        def headers() -> Iterator[tuple[str, str]]:
            yield "Gateway", self.name
            yield "State", self.state.value
            yield "Ping-Status", "UP" if self.alive else "DOWN"
            if response is not None:
                if response.reason_phrase:
                    yield "Phrase", response.reason_phrase
                yield "Status", str(response.status_code)

        self.profile.switch.bus.fire("CUSTOM", headers, subclass="sofia::gateway_state")

    # -- ping -----------------------------------------------------------------------------------

    def _ping(self) -> None:
        if self.state not in (GatewayState.NOREG, GatewayState.REGED):
            self._later("ping", self.ping_s, self._ping)
            return
        self._ping_sent = time.monotonic()
        request = self._request("OPTIONS", f"sip:{self.settings.host}:{self.settings.port}", None)
        self.profile.transactions.request(request, self._reached_by("register-proxy"), self._ping_answered)

    def _ping_answered(self, response: SipResponse, _source: Address) -> None:
        """Counted as in mod_sofia's sofia_handle_sip_r_options; the next ping follows the answer."""
        if response.status_code < 200 or self._stopped:
            return
        before = self.alive
        if response.status_code not in (408, 503):
            self.ping_count = min(self.ping_count + 1, self.ping_max)
            self.alive = self.alive or self.ping_count >= self.ping_min
            self.ping_ms = (time.monotonic() - self._ping_sent) * 1000
        else:
            self.ping_count = max(self.ping_count - 1, 0)
            self.alive = self.alive and self.ping_count >= self.ping_min
        if self.alive != before or self.settings.is_on("ping-monitoring"):
            self._announce(response)
        self._later("ping", self.ping_s, self._ping)
