"""The synchronous, typed client of the robot phones, for tests, the demo and benchmarks.

Works in plain threads and under gevent's monkey patching; calls may come from several threads.
"""

import base64
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Self

from lab.robots.behaviour import Behaviour, behaviour_to_wire
from lab.robots.errors import CallEndedError
from lab.robots.process import REPLY_TIMEOUT_S, Message, RobotsProcess
from lab.robots.report import BodyPart, CallReport, report_from_wire

Milestone = Literal["ringing", "answered", "referred", "notified", "refreshed", "ended"]
HostPort = tuple[str, int]
AnyHeaders = Mapping[str, str] | Iterable[tuple[str, str]]

MAX_INCOMING_QUEUED = 10_000
MAX_CALLS_REMEMBERED = 50_000
REGISTER_TIMEOUT_S = 40.0


class RobotCall:
    """One call of one robot, made or received."""

    def __init__(self, robots: "Robots", call: str) -> None:
        self._robots = robots
        self.id = call

    def __repr__(self) -> str:
        return f"RobotCall({self.id})"

    def wait(self, milestone: Milestone, timeout_s: float = 10.0) -> CallReport:
        """Wait until the call was alerted (180 or 183), answered or has ended; returns the report then.

        Raises CallEndedError when it ended before, RobotsTimeoutError, RobotsDied.
        """
        reached = self._robots.milestones(self.id)
        self._robots.process.wait_until(
            lambda: milestone in reached or "ended" in reached, timeout_s, f"call {self.id} to be {milestone}"
        )
        report = self.report()
        if milestone not in reached:
            raise CallEndedError(
                f"call {self.id} to {report.request_uri} was never {milestone}: it ended with "
                f"{report.final_code} {report.final_reason} ({report.problem or 'no problem noted'})"
            )
        return report

    def report(self) -> CallReport:
        """The call as it stands now."""
        return report_from_wire(self._ask("report"))

    def wait_heard(self, frequency_hz: int, min_ms: int = 200, timeout_s: float = 5.0) -> CallReport:
        """Wait until a steady tone of this frequency was heard for `min_ms`; returns the report then.

        Raises RobotsTimeoutError or CallEndedError; the message says what was heard instead.
        """
        timeout_ms = round(timeout_s * 1000)
        fields = self._ask(
            "hear",
            timeout_s + REPLY_TIMEOUT_S,
            frequency_hz=frequency_hz,
            min_ms=min_ms,
            timeout_ms=timeout_ms,
        )
        return report_from_wire(fields)

    def wait_digits(self, digits: str, timeout_s: float = 5.0) -> CallReport:
        """Wait until these digits have been received one after the other; returns the report then."""
        timeout_ms = round(timeout_s * 1000)
        return report_from_wire(
            self._ask("digits", timeout_s + REPLY_TIMEOUT_S, digits=digits, timeout_ms=timeout_ms)
        )

    def answer(self, play: str | None = None, headers: AnyHeaders = ()) -> None:
        """Answer an incoming call that rings (behaviour `Ring`)."""
        self._ask("answer", play=play, headers=_rows(headers))

    def reject(self, code: int = 486, reason: str = "", headers: AnyHeaders = ()) -> None:
        """Refuse an incoming call that rings."""
        self._ask("reject", code=code, reason=reason, headers=_rows(headers))

    def hangup(self, headers: AnyHeaders = ()) -> bool:
        """BYE, CANCEL or a refusal, as the call's state asks for; False when it was over already."""
        return bool(self._ask("hangup", headers=_rows(headers))["ended"])

    def refer(self, target: str, replaces: "RobotCall | None" = None, headers: AnyHeaders = ()) -> None:
        """Transfer the other party to `target` (a URI), blind or in place of our other call `replaces`.

        Returns at once; `wait("referred")` waits for the answer, `wait("notified")` for its result.
        """
        other = replaces.id if replaces is not None else None
        self._ask("refer", target=target, replaces=other, headers=_rows(headers))

    def hold(self) -> None:
        """Put the other side on hold, by a re-INVITE; returns at once."""
        self._ask("hold", held=1)

    def resume(self) -> None:
        """Speak with the other side again; returns at once."""
        self._ask("hold", held=0)

    def refresh(self, interval_s: int, *, update: bool) -> None:
        """Refresh the session as its refresher (RFC 4028), by UPDATE without an offer or by re-INVITE.

        Returns at once; `wait("refreshed")` waits until the other side has answered 200.
        """
        self._ask("refresh", interval_s=interval_s, update=int(update))

    def send_dtmf(self, digits: str, duration_ms: int = 160) -> None:
        """Send digits as telephone-events; returns when the last one is out."""
        timeout_s = REPLY_TIMEOUT_S + len(digits) * (duration_ms + 1100) / 1000
        self._ask("dtmf", timeout_s, digits=digits, duration_ms=duration_ms)

    def play(self, play: str | None) -> None:
        """Play a tone_stream text or a WAV file from now on; None: silence."""
        self._ask("play", play=play)

    def record(self, path: str) -> None:
        """Record both directions, mixed, until the call ends."""
        self._ask("record", path=path)

    def _ask(self, command: str, timeout_s: float = REPLY_TIMEOUT_S, **arguments: Any) -> Message:
        return self._robots.process.ask(command, timeout_s, call=self.id, **arguments)


class RobotPhone:
    """One robot with a SIP address of its own."""

    def __init__(self, robots: "Robots", name: str, host: str, port: int, user: str) -> None:
        self._robots = robots
        self.name = name
        self.host = host
        self.port = port
        self.uri = f"sip:{user}@{host}:{port}"

    def register(self, registrar: HostPort, domain: str, expires_s: int = 300) -> int:
        """Register with digest and stay registered; returns the seconds granted, 0 takes it back.

        Raises RegistrationError when the registrar refuses or is silent.
        """
        result = self._ask(
            "register", REGISTER_TIMEOUT_S, registrar=list(registrar), domain=domain, expires_s=expires_s
        )
        return int(result["expires_s"])

    def on_call(self, behaviour: Behaviour, dialled: str | None = None) -> None:
        """Behave like this in calls to come; with `dialled` for this user part (`0221*`: prefix) only."""
        self._ask("on_call", behaviour=behaviour_to_wire(behaviour), dialled=dialled)

    def call(
        self,
        to: str,
        *,
        from_user: str | None = None,
        from_name: str | None = None,
        from_host: str | None = None,
        headers: AnyHeaders = (),
        parts: Iterable[BodyPart] = (),
        proxy: HostPort | None = None,
        timeout_s: float = 60.0,
        play: str | None = None,
        digits: str | None = None,
        record: str | None = None,
        talk_ms: int | None = None,
        silent: bool = False,
        delayed_offer: str | None = None,
    ) -> RobotCall:
        """Send an INVITE to the address in `to` or to `proxy`; returns at once.

        `headers` are added to the INVITE or replace ours; `parts` join the SDP in multipart/mixed. After
        `timeout_s` without answer the robot cancels. Once answered it plays, sends `digits`, records, and
        hangs up after `talk_ms`; a `silent` one sends no RTP at all. `delayed_offer`: the INVITE has no SDP,
        and the ACK is `answered`, `unanswered` or `unacknowledged` (DelayedOffer).
        """
        result = self._ask(
            "call",
            to=to,
            from_user=from_user,
            from_name=from_name,
            from_host=from_host,
            headers=_rows(headers),
            parts=[
                {"content_type": part.content_type, "content": part.content, "headers": _rows(part.headers)}
                for part in parts
            ],
            proxy=list(proxy) if proxy else None,
            timeout_ms=round(timeout_s * 1000),
            play=play,
            digits=digits,
            record=record,
            talk_ms=talk_ms,
            silent=silent,
            delayed_offer=delayed_offer,
        )
        return RobotCall(self._robots, result["call"])

    def incoming(self, timeout_s: float = 10.0) -> RobotCall:
        """The next call received and not yet taken from here; raises RobotsTimeoutError."""
        queue = self._robots.incoming(self.name)
        taken: list[str] = []

        def take() -> bool:
            if queue:
                taken.append(queue.popleft())
            return bool(taken)

        self._robots.process.wait_until(take, timeout_s, f"a call to {self.name}")
        return RobotCall(self._robots, taken[0])

    def send_raw(self, data: bytes, to: HostPort, replies_within_ms: int = 0) -> tuple[str, ...]:
        """Send any bytes from this phone's port; returns the SIP responses that came in that time."""
        result = self._ask(
            "raw",
            REPLY_TIMEOUT_S + replies_within_ms / 1000,
            data=base64.b64encode(data).decode("ascii"),
            to=list(to),
            replies_within_ms=replies_within_ms,
        )
        return tuple(result["replies"])

    def close(self) -> None:
        """Hang up its calls and free its port."""
        self._ask("close_phone")

    def _ask(self, command: str, timeout_s: float = REPLY_TIMEOUT_S, **arguments: Any) -> Message:
        return self._robots.process.ask(command, timeout_s, phone=self.name, **arguments)


class Robots:
    """All robots of one process; a context manager."""

    def __init__(self) -> None:
        self._milestones: dict[str, set[str]] = {}
        self._incoming: dict[str, deque[str]] = {}
        self.process = RobotsProcess(self._on_event)

    @classmethod
    def start(cls) -> Self:
        """Start the process; raises OSError when the interpreter cannot be started."""
        return cls()

    def phone(
        self,
        name: str,
        port: int = 0,
        transport: Literal["udp", "tcp"] = "udp",
        username: str | None = None,
        password: str | None = None,
        local_ip: str = "127.0.0.1",
        codecs: tuple[str, ...] = ("PCMA", "PCMU"),
        behind_nat: bool = False,
    ) -> RobotPhone:
        """Open a phone that answers every call at once until told otherwise; port 0 takes a free one.
        `behind_nat`: Contact, Via and SDP state addresses that nobody outside reaches."""
        result = self.process.ask(
            "phone",
            name=name,
            port=port,
            transport=transport,
            username=username,
            password=password,
            local_ip=local_ip,
            codecs=list(codecs),
            behind_nat=behind_nat,
        )
        return RobotPhone(self, name, result["host"], result["port"], username or name)

    def stop(self) -> None:
        """Hang up everything and end the process; stopping twice is harmless."""
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def milestones(self, call: str) -> set[str]:
        """What this call has reached; grows with the events."""
        return self._milestones.setdefault(call, set())

    def incoming(self, phone: str) -> deque[str]:
        """Calls received by this phone and not taken yet; the oldest fall out beyond 10,000."""
        return self._incoming.setdefault(phone, deque(maxlen=MAX_INCOMING_QUEUED))

    def _on_event(self, event: Message) -> None:
        name, call = event["event"], event["call"]
        self.milestones(call).add(name)
        if len(self._milestones) > MAX_CALLS_REMEMBERED:
            del self._milestones[next(iter(self._milestones))]
        if name == "incoming":
            self.incoming(event["phone"]).append(call)


def _rows(headers: AnyHeaders) -> list[list[str]]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [[name, value] for name, value in pairs]
