"""The commands of the robots' process: read their arguments strictly, carry them out, give plain results."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any

from lab.robots import arguments as read
from lab.robots.behaviour import behaviour_from_wire
from lab.robots.errors import CommandRefusedError
from lab.robots.incoming import IncomingLeg
from lab.robots.leg import Leg
from lab.robots.phone import CallNumbers, Phone, PhoneSettings
from lab.robots.report import CallReport, report_to_wire
from lab.robots.voice import make_source

MAX_PHONES = 256
MAX_LIVE_CALLS = 2000
MAX_CALLS_KEPT = 5000
"""Ended calls beyond this are forgotten, oldest first."""

Arguments = dict[str, Any]
Result = dict[str, Any]
Emit = Callable[[str, Arguments], None]


class Switchboard:
    """All phones and calls of the process."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._phones: dict[str, Phone] = {}
        self._calls: dict[str, Leg] = {}
        self._numbers = CallNumbers()
        self._commands: dict[str, Callable[[Arguments], Awaitable[Result]]] = {
            "phone": self._phone,
            "close_phone": self._close_phone,
            "register": self._register,
            "on_call": self._on_call,
            "call": self._call,
            "answer": self._answer,
            "reject": self._reject,
            "hangup": self._hangup,
            "refer": self._refer,
            "hold": self._hold,
            "refresh": self._refresh,
            "dtmf": self._dtmf,
            "play": self._play,
            "record": self._record,
            "report": self._report,
            "hear": self._hear,
            "digits": self._digits,
            "raw": self._raw,
        }

    async def run(self, command: str, arguments: Arguments) -> Result:
        """Carry out one command.

        Raises RobotsError or LabMediaError with the place and the next step.
        """
        handler = self._commands.get(command)
        if handler is None:
            raise CommandRefusedError(f"command {command!r} is not known; use {', '.join(self._commands)}")
        return await handler(arguments)

    async def close(self) -> bool:
        """Hang up everything; whether there was anything to hang up."""
        any_live = any(not leg.ended for leg in self._calls.values())
        for phone in self._phones.values():
            await phone.close()
        return any_live

    async def _phone(self, arguments: Arguments) -> Result:
        name = read.text(arguments, "name", 64)
        if name in self._phones:
            raise CommandRefusedError(f"phone {name!r} exists already; choose another name")
        if len(self._phones) >= MAX_PHONES:
            raise CommandRefusedError(f"{MAX_PHONES} phones are open; close one")
        transport = read.text(arguments, "transport", 3)
        if transport not in ("udp", "tcp"):
            raise CommandRefusedError(f"phone {name}: transport {transport!r}; use udp or tcp")
        settings = PhoneSettings(
            name=name,
            port=read.number(arguments, "port", 0, 65535),
            transport=transport,
            local_ip=read.loopback(arguments, "local_ip"),
            username=read.optional_text(arguments, "username"),
            password=read.optional_text(arguments, "password"),
            codecs=read.codecs(arguments),
            behind_nat=arguments.get("behind_nat") is True,
        )
        phone = Phone(settings, self._numbers)
        self._phones[name] = phone
        try:
            host, port = await phone.open(self._event, self._keep)
        except CommandRefusedError:
            del self._phones[name]
            raise
        return {"host": host, "port": port}

    async def _close_phone(self, arguments: Arguments) -> Result:
        phone = self._phones.pop(self._find_phone(arguments).settings.name)
        await phone.close()
        return {}

    async def _register(self, arguments: Arguments) -> Result:
        phone = self._find_phone(arguments)
        granted_s = await phone.register(
            read.address(arguments, "registrar"),
            read.text(arguments, "domain", 255),
            read.number(arguments, "expires_s", 0, 86_400),
        )
        return {"expires_s": granted_s}

    async def _on_call(self, arguments: Arguments) -> Result:
        behaviour = behaviour_from_wire(arguments.get("behaviour") or {})
        for name in ("play", "early_media"):
            play = getattr(behaviour, name, None)
            if play is not None:
                make_source(play)  # a wrong tone or file is refused now, not in the middle of a call
        self._find_phone(arguments).on_call(behaviour, read.optional_text(arguments, "dialled"))
        return {}

    async def _call(self, arguments: Arguments) -> Result:
        phone = self._find_phone(arguments)
        if sum(not leg.ended for leg in self._calls.values()) >= MAX_LIVE_CALLS:
            raise CommandRefusedError(f"{MAX_LIVE_CALLS} calls are up; end some")
        leg = await phone.call(read.order(arguments, phone.settings))
        return {"call": leg.journal.call}

    async def _answer(self, arguments: Arguments) -> Result:
        leg = self._find_incoming(arguments)
        await leg.answer(read.play(arguments), headers=read.headers(arguments))
        return {}

    async def _reject(self, arguments: Arguments) -> Result:
        leg = self._find_incoming(arguments)
        reason = read.optional_text(arguments, "reason") or ""
        leg.reject(read.number(arguments, "code", 300, 699), reason, read.headers(arguments))
        return {}

    async def _hangup(self, arguments: Arguments) -> Result:
        return {"ended": self._find_call(arguments).hangup(read.headers(arguments))}

    async def _refer(self, arguments: Arguments) -> Result:
        other = arguments.get("replaces")
        replaced = self._find_call({"call": other}) if other is not None else None
        target = read.text(arguments, "target", 4096)
        self._find_call(arguments).refer(target, replaced, read.headers(arguments))
        return {}

    async def _hold(self, arguments: Arguments) -> Result:
        self._find_call(arguments).hold(held=read.number(arguments, "held", 0, 1) == 1)
        return {}

    async def _refresh(self, arguments: Arguments) -> Result:
        leg = self._find_call(arguments)
        interval_s = read.number(arguments, "interval_s", 1, 86_400)
        leg.refresh(interval_s, update=read.number(arguments, "update", 0, 1) == 1)
        return {}

    async def _dtmf(self, arguments: Arguments) -> Result:
        leg = self._find_call(arguments)
        await leg.send_dtmf(
            read.text(arguments, "digits", 128), read.number(arguments, "duration_ms", 40, 6000)
        )
        return {}

    async def _play(self, arguments: Arguments) -> Result:
        self._find_call(arguments).play(read.play(arguments))
        return {}

    async def _record(self, arguments: Arguments) -> Result:
        self._find_call(arguments).record(read.text(arguments, "path", 4096))
        return {}

    async def _report(self, arguments: Arguments) -> Result:
        return report_to_wire(self._find_call(arguments).report())

    async def _hear(self, arguments: Arguments) -> Result:
        leg = self._find_call(arguments)
        frequency_hz = read.number(arguments, "frequency_hz", 20, 3999)
        min_ms = read.number(arguments, "min_ms", 20, 600_000)
        await leg.until(
            lambda: leg.report().heard(frequency_hz, min_ms),
            read.number(arguments, "timeout_ms", 0, 600_000),
            f"{frequency_hz} Hz for {min_ms} ms",
        )
        return report_to_wire(leg.report())

    async def _digits(self, arguments: Arguments) -> Result:
        leg = self._find_call(arguments)
        digits = read.text(arguments, "digits", 128)
        timeout_ms = read.number(arguments, "timeout_ms", 0, 600_000)
        await leg.until(lambda: digits in leg.report().digits, timeout_ms, f"digits {digits}")
        return report_to_wire(leg.report())

    async def _raw(self, arguments: Arguments) -> Result:
        try:
            data = base64.b64decode(read.text(arguments, "data", 100_000), validate=True)
        except binascii.Error as problem:
            raise CommandRefusedError(f"data is not base64: {problem}") from None
        within_ms = read.number(arguments, "replies_within_ms", 0, 60_000)
        replies = await self._find_phone(arguments).send_raw(data, read.address(arguments, "to"), within_ms)
        return {"replies": replies}

    def _event(self, report: CallReport, event: str) -> None:
        self._emit(
            event,
            {
                "call": report.call,
                "phone": report.phone,
                "code": report.final_code,
                "reason": report.final_reason,
                "ended_by": report.ended_by,
            },
        )

    def _keep(self, leg: Leg) -> None:
        self._calls[leg.journal.call] = leg
        if len(self._calls) > MAX_CALLS_KEPT:
            oldest = next((name for name, other in self._calls.items() if other.ended), None)
            if oldest is not None:
                del self._calls[oldest]

    def _find_phone(self, arguments: Arguments) -> Phone:
        name = read.text(arguments, "phone", 64)
        phone = self._phones.get(name)
        if phone is None:
            raise CommandRefusedError(f"phone {name!r} is not open; open it first")
        return phone

    def _find_call(self, arguments: Arguments) -> Leg:
        name = read.text(arguments, "call", 16)
        leg = self._calls.get(name)
        if leg is None:
            raise CommandRefusedError(f"call {name!r} is not known; {MAX_CALLS_KEPT} calls are remembered")
        return leg

    def _find_incoming(self, arguments: Arguments) -> IncomingLeg:
        leg = self._find_call(arguments)
        if not isinstance(leg, IncomingLeg):
            raise CommandRefusedError(
                f"call {leg.journal.call} is outgoing; only incoming calls are answered"
            )
        return leg
