"""A channel: one leg's variables, states, times and events."""

from __future__ import annotations

import asyncio
import logging
import uuid as uuids
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from lab.switch.causes import Cause
from lab.switch.clock import now_us
from lab.switch.dialplan import Plan
from lab.switch.expand import Scope, expand, would_expand
from lab.switch.profile import CallerProfile
from lab.switch.states import CallState, State
from lab.switch.variables import Variables
from lab.switch.waiting import ChannelEndedError, ChannelReroutedError, Signal

if TYPE_CHECKING:
    from lab.switch.core import Switch
    from lab.switch.leg import Leg

log = logging.getLogger(__name__)

MAX_PRIVATE_EVENTS: Final = 1000
MAX_APP_LOG: Final = 2000
MAX_DIGITS: Final = 128
MAX_NESTING: Final = 64


class Stoppable(Protocol):
    """A recording, which runs beside the call."""

    masked: bool

    def stop(self) -> None: ...


Job = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class AppLogEntry:
    """One executed application, for the record."""

    name: str
    data: str
    stamp_us: int


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a channel's task goes next: a plan to execute, or a state (with the other leg for a bridge)."""

    state: State
    plan: Plan | None = None
    other_uuid: str = ""


class Channel:
    """Owned by one task (session.py); everything else talks to it through the methods here."""

    def __init__(self, switch: Switch, profile: CallerProfile, *, outbound: bool) -> None:
        self.switch = switch
        self.uuid = profile.uuid
        self.outbound = outbound
        self.name = profile.chan_name
        self.profiles = [profile]
        self.variables = Variables()
        self.flags: set[str] = set()
        self.state = State.NEW
        self.running = State.NEW
        self.callstate = CallState.DOWN
        self.cause = Cause.NONE
        self.leg: Leg | None = None
        self.partner: Channel | None = None
        self.digits: deque[str] = deque(maxlen=MAX_DIGITS)
        self.digits_dialed: deque[str] = deque(maxlen=MAX_DIGITS)
        self.app_log: deque[AppLogEntry] = deque(maxlen=MAX_APP_LOG)
        self.signal = Signal()
        self.watchers: set[Signal] = set()
        self.destination: Destination | None = None
        self.recordings: dict[str, Stoppable] = {}
        self.nesting = 0
        self.broken = False
        self.stop_broadcast = False
        self.hunt_profile: CallerProfile | None = None
        self.bridge_with = ""
        self.task: asyncio.Task[None] | None = None
        self._private: deque[Job] = deque()
        self._busy_private = False
        self.variables.set("direction", "outbound" if outbound else "inbound")
        if outbound:
            self.variables.set("is_outbound", "true")
        self.variables.set("uuid", self.uuid)

    def __repr__(self) -> str:
        return f"Channel({self.name} {self.uuid} {self.state.label})"

    # -- variables ------------------------------------------------------------------------------

    @property
    def profile(self) -> CallerProfile:
        """The newest caller profile."""
        return self.profiles[0]

    @property
    def hunted(self) -> CallerProfile:
        """The profile of the extension that execute_extension runs, else the newest one."""
        return self.hunt_profile or self.profile

    def get(self, name: str, index: int = -1) -> str | None:
        """A variable, else a caller profile field, else a global (switch_channel_get_variable's order)."""
        value = self.variables.element(name, index)
        if value is None:
            value = self.profile.value(name)
        if value is None:
            value = self.switch.globals.get(name)
        return value

    def set(self, name: str, value: str | None) -> None:
        self.variables.set(name, value)

    def take(self, name: str, value: str | None) -> None:
        """Set a value that came from outside: one that would be expanded later is refused, as FreeSWITCH
        does it, and the variable keeps what it had."""
        if value and would_expand(value):
            log.warning("%r: value of %s contains a variable: not taken", self, name)
            return
        self.variables.set(name, value)

    def set_on_partner(self, name: str, value: str | None) -> None:
        """Set on the bridged leg, or on the one that this leg was made for."""
        bond = self.variables.get("signal_bond") or self.variables.get("originate_signal_bond")
        other = self.partner or self.switch.channels.get(bond or "")
        if other is not None and other is not self and other.up:
            other.set(name, value)

    def expand(self, text: str) -> str:
        """Replace `${…}`; recursive, as FreeSWITCH does it."""
        return expand(text, Scope(self.get, self.switch.expansion_api))

    # -- states ---------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        return self.state < State.HANGUP

    @property
    def answered(self) -> bool:
        return "answered" in self.flags

    @property
    def has_media(self) -> bool:
        return "answered" in self.flags or "early_media" in self.flags

    @property
    def answer_state(self) -> str:
        if self.state >= State.HANGUP and self.state is not State.NONE:
            return "hangup"
        if self.answered:
            return "answered"
        return "early" if "early_media" in self.flags else "ringing"

    def set_state(self, state: State) -> None:
        """Take a state; ends are final."""
        if self.up or state > self.state:
            self.state = state
            self.notify()

    def run_state(self) -> None:
        """The task has begun to work on the state."""
        self.running = self.state
        self.fire("CHANNEL_STATE", with_variables=False)

    def set_callstate(self, callstate: CallState) -> None:
        if callstate is self.callstate:
            return
        before, self.callstate = self.callstate, callstate
        self.fire(
            "CHANNEL_CALLSTATE",
            ("Original-Channel-Call-State", before.name),
            ("Channel-Call-State-Number", str(callstate.value)),
            with_variables=False,
        )

    def mark_ring_ready(self) -> None:
        if self.up and not {"ring_ready", "early_media", "answered"} & self.flags:
            self.flags.add("ring_ready")
            self.profile.times.progress = now_us()
            self.fire("CHANNEL_PROGRESS")
            self.set_callstate(CallState.RINGING)
            self.notify()

    def mark_early_media(self) -> None:
        if self.up and not {"early_media", "answered"} & self.flags:
            self.flags.add("early_media")
            self.profile.times.progress_media = now_us()
            self.fire("CHANNEL_PROGRESS_MEDIA")
            self.set_callstate(CallState.EARLY)
            self.notify()

    def mark_answered(self) -> None:
        if self.up and not self.answered:
            self.flags.add("answered")
            self.profile.times.answered = now_us()
            self.fire("CHANNEL_ANSWER")
            self.set_callstate(CallState.ACTIVE)
            self.set("endpoint_disposition", "ANSWER")
            self.notify()

    def hangup(self, cause: Cause) -> None:
        """End the channel; the first cause counts."""
        if not self.up:
            return
        self.cause = cause if cause is not Cause.NONE else Cause.NORMAL_CLEARING
        self.state = State.HANGUP
        times = self.profile.times
        self.set_on_partner("last_bridge_hangup_cause", self.cause.name)
        specific = self.variables.get("proto_specific_hangup_cause")
        if specific:
            self.set_on_partner("last_bridge_proto_specific_hangup_cause", specific)
        self.fire("CHANNEL_HANGUP")
        times.hungup = now_us()
        self.notify()

    # -- control --------------------------------------------------------------------------------

    def notify(self) -> None:
        """Something changed: wake the task and whoever watches this channel."""
        self.signal.notify()
        for watcher in tuple(self.watchers):
            watcher.notify()

    def send_to(self, destination: Destination) -> None:
        """Leave whatever runs and go there. The latest order counts."""
        self.destination = destination
        self.notify()

    def leave_partner(self) -> None:
        """It is bridged no more, and who was its partner learns that now: ending does not end both."""
        left, self.partner = self.partner, None
        if left is not None:
            left.notify()

    def queue(self, job: Job) -> bool:
        """Have the channel's task run `job` when it waits next; False: full queue, or it is down."""
        if not self.up or len(self._private) >= MAX_PRIVATE_EVENTS:
            return False
        self._private.append(job)
        self.notify()
        return True

    def drop_jobs(self) -> None:
        """Forget what was queued and has not begun."""
        self._private.clear()

    def check(self) -> None:
        """Raise when the channel is down or was sent elsewhere."""
        if not self.up:
            raise ChannelEndedError
        if self.destination is not None:
            raise ChannelReroutedError

    async def until(
        self, condition: Callable[[], bool], timeout_s: float | None = None, *, private: bool = True
    ) -> bool:
        """Wait until `condition` holds, running queued jobs meanwhile; False when `timeout_s` passed.

        Raises ChannelEndedError or ChannelReroutedError through `check`.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s if timeout_s is not None else None
        while True:
            self.check()
            if private and self._private and not self._busy_private:
                await self._run_private()
                continue
            if condition():
                return True
            left = deadline - loop.time() if deadline is not None else None
            if left is not None and left <= 0:
                return False
            await self.signal.wait(left)

    async def _run_private(self) -> None:
        self._busy_private = True
        try:
            await self._private.popleft()()
        finally:
            self._busy_private = False

    def digit(self, digit: str, source: str = "RTP", duration: int = 2000) -> None:
        """A DTMF digit came in."""
        if not self.up:
            return
        self.digits.append(digit)
        self.digits_dialed.append(digit)
        self.fire("DTMF", ("DTMF-Digit", digit), ("DTMF-Duration", str(duration)), ("DTMF-Source", source))
        self.notify()

    # -- events ---------------------------------------------------------------------------------

    def fire(self, name: str, *extra: tuple[str, str], with_variables: bool = True) -> None:
        """Fire an event about this channel; `extra` headers come before the channel's own where FreeSWITCH
        writes them so, that is at the end of its basic headers."""
        self.switch.bus.fire(name, lambda: [*self.headers(with_variables=with_variables), *extra])

    def headers(self, *, with_variables: bool = True) -> Iterator[tuple[str, str]]:
        """Basic headers, caller profile, other leg, variables."""
        yield from self._basic_headers()
        yield from self.profile.headers("Caller")
        other = self.profile.originatee or self.profile.originator
        if other is not None:
            yield "Other-Type", "originatee" if self.profile.originatee else "originator"
            yield from other.headers("Other-Leg")
        if with_variables:
            yield from ((f"variable_{name}", value) for name, value in self.variables)

    def _basic_headers(self) -> Iterator[tuple[str, str]]:
        direction = "outbound" if self.outbound else "inbound"
        yield "Channel-State", self.running.label
        yield "Channel-Call-State", self.callstate.name
        yield "Channel-State-Number", str(self.state.value)
        yield "Channel-Name", self.name
        yield "Unique-ID", self.uuid
        yield "Call-Direction", direction
        yield "Presence-Call-Direction", direction
        yield "Channel-HIT-Dialplan", str(not self.outbound).lower()
        presence_data = self.variables.get("presence_data")
        if presence_data:
            yield "Channel-Presence-Data", presence_data
        yield "Channel-Call-UUID", self.variables.get("call_uuid") or self.uuid
        yield "Answer-State", self.answer_state
        if self.cause is not Cause.NONE:
            yield "Hangup-Cause", self.cause.name
        codec = self.variables.get("read_codec")
        if codec:
            for side in ("Read", "Write"):
                yield f"Channel-{side}-Codec-Name", codec
                yield f"Channel-{side}-Codec-Rate", "8000"
                yield f"Channel-{side}-Codec-Bit-Rate", "64000"


def new_uuid() -> str:
    return str(uuids.uuid4())
