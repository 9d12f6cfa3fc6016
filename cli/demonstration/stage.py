"""The world around the exchange for demo and tests: a robot at every address that the carrier names."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from gevent.lock import BoundedSemaphore

from cli.settings import Settings
from cli.wiring.carrier import compile_carrier, load_carrier
from dialplan.call import Entry
from dialplan.snapshot import Snapshot
from lab.robots import CallReport, RobotCall, RobotPhone, Robots, RobotsTimeoutError

_REGISTRATION_S: Final = 600
#: Calls of which `hang_up` knows.
_MOST_PLACED: Final = 1_000
#: How long one look into a robot's queue may keep the others from theirs.
_LOOK_S: Final = 0.1


class Inbox:
    """Calls that one robot received, found by the number they were for. Several may look at once."""

    def __init__(self, robot: RobotPhone) -> None:
        self._robot = robot
        self._calls: dict[str, deque[RobotCall]] = {}

    def received(self, number: str, timeout_s: float) -> RobotCall:
        """The oldest call with this Request-URI user that was not asked for yet.

        Raises RobotsTimeoutError when none came.
        """
        deadline = time.monotonic() + timeout_s
        while not self.has(number):
            left = deadline - time.monotonic()
            try:
                self._take(min(max(left, 0.01), _LOOK_S))
            except RobotsTimeoutError:
                if left <= 0:
                    raise
        return self._calls[number].popleft()

    def has(self, number: str) -> bool:
        """Whether there is such a call among those taken from the robot's queue."""
        return bool(self._calls.get(number))

    def take_all(self) -> None:
        """Empty the robot's queue."""
        with suppress(RobotsTimeoutError):
            while True:
                self._take(0.01)

    def drain(self) -> list[RobotCall]:
        """All calls taken so far, and forget them."""
        calls = [call for queue in self._calls.values() for call in queue]
        self._calls.clear()
        return calls

    def _take(self, timeout_s: float) -> None:
        call = self._robot.incoming(timeout_s)
        uri = call.report().request_uri
        user = uri.partition(":")[2].partition("@")[0].partition(";")[0]
        self._calls.setdefault(user, deque()).append(call)


@dataclass(frozen=True, slots=True)
class Stage:
    """Robots by the id of the trunk or phone they stand for. Phones are registered."""

    settings: Settings
    snapshot: Snapshot
    robots: Robots
    trunks: dict[str, RobotPhone]
    phones: dict[str, RobotPhone]
    inboxes: dict[str, Inbox] = field(default_factory=dict)
    #: Calls of robots here, as long as they may be up.
    placed: deque[RobotCall] = field(default_factory=lambda: deque(maxlen=_MOST_PLACED))
    #: Held by who plays with the agents of the contact centre.
    agents: BoundedSemaphore = field(default_factory=BoundedSemaphore)

    def robot(self, who: str) -> RobotPhone:
        """The robot of a trunk or phone."""
        return self.trunks.get(who) or self.phones[who]

    def received(self, who: str, number: str, timeout_s: float = 10.0) -> CallReport:
        """What the robot saw of the call to `number`, once that has ended."""
        return self.inbox(who).received(number, timeout_s).wait("ended", timeout_s)

    def has_received(self, who: str, number: str) -> bool:
        """Whether a call to `number` has reached the robot so far."""
        inbox = self.inbox(who)
        inbox.take_all()
        return inbox.has(number)

    def all_received(self, who: str) -> list[RobotCall]:
        """Every call that has reached the robot and was not asked for yet."""
        inbox = self.inbox(who)
        inbox.take_all()
        return inbox.drain()

    def inbox(self, who: str) -> Inbox:
        """Calls that the robot received."""
        return self.inboxes.setdefault(who, Inbox(self.robot(who)))

    def call(self, who: str, number: str, **options: Any) -> RobotCall:
        """Call `number` from a trunk's or phone's robot, over the profile that it belongs to."""
        port = self._port(who)
        target = f"sip:{number}@{self.settings.node.sip_ip}:{port}"
        call = self.robot(who).call(target, **options)
        self.placed.append(call)
        return call

    def hang_up(self) -> None:
        """End every call that a robot placed here and that is still up."""
        while self.placed:
            call = self.placed.popleft()
            if "ended" not in self.robots.milestones(call.id):
                call.hangup()

    def _port(self, who: str) -> int:
        ports = self.settings.node.ports
        if who in self.phones:
            return ports.phone
        side = Entry.CARRIER if self.snapshot.trunks[who].customer_id is None else Entry.TRUNK
        return ports.carrier if side is Entry.CARRIER else ports.trunk


@contextmanager
def staged(settings: Settings) -> Iterator[Stage]:
    """Robots at the lab's addresses. Raises the robots' errors when a port is taken or a phone is refused."""
    snapshot = compile_carrier(settings, load_carrier(settings), 0)
    with Robots.start() as robots:
        trunks = {
            trunk.id: robots.phone(trunk.id, port=trunk.address.port)
            for trunk in snapshot.trunks.values()
            if trunk.teams is None and trunk.address is not None
        }
        phones = {}
        for phone in snapshot.phones.values():
            robot = robots.phone(
                phone.id, username=phone.credentials.username, password=phone.credentials.password
            )
            registrar = (settings.node.sip_ip, settings.node.ports.phone)
            robot.register(registrar, settings.node.domain, _REGISTRATION_S)
            phones[phone.id] = robot
        yield Stage(settings, snapshot, robots, trunks, phones)
