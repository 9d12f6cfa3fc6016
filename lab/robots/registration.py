"""REGISTER with digest, refreshed until it is taken back (RFC 3261 section 10)."""

import asyncio

from aiosipua.message import SipResponse

from lab.robots.digest import answer_challenge
from lab.robots.errors import RegistrationError
from lab.robots.leg import Station
from lab.robots.sip_message import Dialog
from lab.robots.sip_text import Address, new_tag

REFRESH_SHARE = 0.8


class Registration:
    """One address of record of one phone at one registrar."""

    def __init__(self, station: Station, registrar: Address, domain: str) -> None:
        user = station.username or station.name
        self._station = station
        self._registrar = registrar
        self._dialog = Dialog(
            call_id=f"{new_tag()}@{station.local_ip}",
            local=f"<sip:{user}@{domain}>;tag={new_tag()}",
            remote=f"<sip:{user}@{domain}>",
            target=f"sip:{domain}",
            peer=registrar,
        )
        self._expires_s = 0
        self._refresh: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[int] | None = None

    async def register(self, expires_s: int) -> int:
        """Register and keep registered; returns the seconds granted.

        Raises RegistrationError when the registrar refuses or is silent.
        """
        self.stop()
        self._expires_s = expires_s
        response = await self._ask()
        if response.status_code in (401, 407) and self._station.username is not None:
            credentials = answer_challenge(
                response,
                self._station.username,
                self._station.password or "",
                "REGISTER",
                self._dialog.target,
            )
            if credentials is not None:
                response = await self._ask(credentials)
        if not 200 <= response.status_code < 300:
            raise RegistrationError(
                f"registrar {self._registrar[0]}:{self._registrar[1]} answered "
                f"{response.status_code} {response.reason_phrase} to {self._station.name}; "
                "check name and password"
            )
        granted_s = _granted(response, expires_s)
        if granted_s > 0:
            self._refresh = asyncio.get_running_loop().call_later(
                max(granted_s * REFRESH_SHARE, 1), self._start_refresh
            )
        return granted_s

    def stop(self) -> None:
        """No more refreshes."""
        if self._refresh is not None:
            self._refresh.cancel()
            self._refresh = None

    def _start_refresh(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self.register(self._expires_s))

    async def _ask(self, credentials: tuple[str, str] | None = None) -> SipResponse:
        answered: asyncio.Future[SipResponse | None] = asyncio.get_running_loop().create_future()
        request = self._dialog.request("REGISTER")
        request.set_header("Contact", self._station.contact)
        request.set_header("Expires", str(self._expires_s))
        if credentials is not None:
            request.set_header(*credentials)

        def on_response(response: SipResponse | None) -> None:
            if not answered.done() and (response is None or response.status_code >= 200):
                answered.set_result(response)

        self._station.port.send_request(request, self._registrar, on_response)
        response = await answered
        if response is None:
            raise RegistrationError(
                f"registrar {self._registrar[0]}:{self._registrar[1]} does not answer {self._station.name}; "
                "check its address and that it runs"
            )
        return response


def _granted(response: SipResponse, asked_s: int) -> int:
    """The shortest of the granted times in the response, the asked one when it names none."""
    values = [contact.params.get("expires") for contact in response.contact]
    values.append(response.get_header("Expires"))
    times = [int(value) for value in values if value is not None and value.strip().isdecimal()]
    return min(times, default=asked_s)
