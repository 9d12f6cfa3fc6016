"""Two machines of one carrier in small: two nodes, a controller of each, one PostgreSQL, one Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.demonstration.stage import Inbox
from cli.lab_settings import lab_settings
from cli.settings import Settings
from cli.wiring.carrier import compile_carrier, load_carrier
from lab.robots import RobotCall, RobotPhone, Robots, RobotsError
from tests.e2e.cut_wire import Wire
from tests.e2e.exchange import Exchange
from tests.ports import free_port
from tests.servers import state_directory

HOST = "127.0.0.1"
#: Of the second node; the first one has FreeSWITCH's own.
RTP_PORTS = [33_000, 45_000]
_REGISTRATION_S = 3_600


@dataclass(frozen=True)
class Pair:
    """The two machines. `wires`: over which each one's controller commands the other one's node."""

    first: Exchange
    second: Exchange
    wires: tuple[Wire, Wire]

    def both(self) -> tuple[Exchange, Exchange]:
        return self.first, self.second


@contextmanager
def two_nodes(
    switch: str,
    carrier: Path,
    prepare: Callable[[Path], None] = lambda directory: None,
    amend: Callable[[dict[str, Any]], None] = lambda tree: None,
) -> Iterator[Pair]:
    """Both run; stopped in order at the end. Before it starts `prepare` is given each one's directory, and
    `amend` its settings."""
    with ExitStack() as held, state_directory() as here, state_directory() as there:
        prepare(here)
        prepare(there)
        settings = [lab_settings(each, carrier, switch, free_port) for each in (here, there)]
        doors = [free_port(), free_port()]
        wires = tuple(held.enter_context(Wire(each.node.event_socket)) for each in reversed(settings))

        def first(tree: dict[str, Any]) -> None:
            tree["node"]["ports"]["node"] = doors[0]
            tree["other_nodes"] = [_other("node-2", settings[1], doors[1], wires[0])]
            amend(tree)

        running = Exchange(here, switch, 1, carrier, first)
        try:

            def second(tree: dict[str, Any]) -> None:
                tree["node"] |= {"name": "node-2", "rtp_ports": RTP_PORTS}
                tree["node"]["ports"]["node"] = doors[1]
                tree["other_nodes"] = [_other("node-1", settings[0], doors[0], wires[1])]
                tree["apply_on_start"] = False
                shared = running.settings.model_dump(mode="json", exclude_none=True)
                tree |= {name: shared[name] for name in ("database", "redis", "lab_network")}
                amend(tree)

            other = Exchange(there, switch, 1, carrier, second)
            try:
                yield Pair(running, other, (wires[0], wires[1]))
                other.stop()
            finally:
                other.kill()
            running.stop()
        finally:
            running.kill()


def _other(name: str, settings: Settings, door: int, wire: Wire) -> dict[str, Any]:
    """A node as the other machine's settings describe it."""
    password = {"file": str(settings.state_dir / "event-socket-password")}
    return {
        "name": name,
        "event_socket": f"{HOST}:{wire.port}",
        "event_socket_password": password,
        "sip": f"{HOST}:{door}",
    }


class World:
    """Robots around both machines: the carrier reaches either node, every phone is registered with one."""

    def __init__(self, pair: Pair, robots: Robots, homes: dict[str, Exchange]) -> None:
        settings = pair.first.settings
        snapshot = compile_carrier(settings, load_carrier(settings), 0)
        address = snapshot.trunks["carrier-a"].address
        assert address is not None
        self.carrier = robots.phone("carrier-a", port=address.port)
        self.phones: dict[str, RobotPhone] = {}
        self._homes = homes
        self._inboxes: dict[str, Inbox] = {}
        self._made: list[RobotCall] = []
        for name in homes:
            known = snapshot.phones[name].credentials
            self.phones[name] = robots.phone(name, username=known.username, password=known.password)
            self.register(name)

    def register(self, name: str) -> None:
        """With the phone's own node; again after that was started anew."""
        node = self._homes[name].settings.node
        self.phones[name].register((node.sip_ip, node.ports.phone), node.domain, _REGISTRATION_S)

    def call(self, through: Exchange, number: str, **options: Any) -> RobotCall:
        """From the carrier over one of the nodes."""
        node = through.settings.node
        call = self.carrier.call(f"sip:{number}@{node.sip_ip}:{node.ports.carrier}", **options)
        self._made.append(call)
        return call

    def end_calls(self) -> None:
        """Hang up what was called and is still there."""
        while self._made:
            with suppress(RobotsError):
                self._made.pop().hangup()

    def inbox(self, name: str) -> Inbox:
        """Calls that reached a phone."""
        return self._inboxes.setdefault(name, Inbox(self.phones[name]))


@contextmanager
def world(pair: Pair, homes: dict[str, Exchange]) -> Iterator[World]:
    """The robots, while they run."""
    with Robots.start() as robots:
        yield World(pair, robots, homes)
