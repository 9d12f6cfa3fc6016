"""The settings of an installation that has none written: one machine, loopback, the example carrier."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from cli.layout import EXAMPLE_CARRIER, write_private
from cli.settings import Settings, settings_from
from provisioning.load import load
from provisioning.network import configured_addresses

_LAB: Final = "lab.json"


def lab_settings(
    state_dir: Path,
    carrier: Path = EXAMPLE_CARRIER,
    program: str = "lab",
    free_port: Callable[[], int] | None = None,
) -> Settings:
    """Settings for one machine without any: loopback, free ports that are remembered, a random password.

    Every SIP address of the carrier is moved to a port of 127.0.0.1, so nothing reaches a real network.
    `free_port` gives a port that is free for TCP and UDP, another one each time.
    """
    state_dir = state_dir.absolute()
    state_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    remembered = state_dir / _LAB
    password = state_dir / "event-socket-password"
    if not password.exists():
        write_private(password, secrets.token_urlsafe(24))
    if not remembered.exists():
        write_private(remembered, json.dumps(_choose_ports(carrier, free_port)))
    ports: dict[str, Any] = json.loads(remembered.read_text())
    tree = {
        "state_dir": str(state_dir),
        "carrier": [str(carrier)],
        "apply_on_start": True,
        "controllers": [f"127.0.0.1:{port}" for port in ports["controllers"]],
        "node": {
            "name": "node-1",
            "program": program,
            "sip_ip": "127.0.0.1",
            "ports": ports["sip"],
            "event_socket": f"127.0.0.1:{ports['event_socket']}",
            "event_socket_password": {"file": str(password)},
            "cdr_dir": str(state_dir / "cdr"),
        },
        "lab_network": {name: f"127.0.0.1:{port}" for name, port in ports["network"].items()},
    }
    return settings_from(json.dumps(tree), str(remembered))


def _choose_ports(carrier: Path, free_port: Callable[[], int] | None) -> dict[str, Any]:
    """Free ports for everything, all different."""
    addresses = [f"{host}:{port}" for host, port in configured_addresses(load([carrier]).config)]
    with ExitStack() as held:
        free = _free_ports(held) if free_port is None else iter(free_port, None)
        return {
            "sip": {"carrier": next(free), "trunk": next(free), "phone": next(free)},
            "event_socket": next(free),
            "controllers": [next(free), next(free)],
            "network": {address: next(free) for address in addresses},
        }


def _free_ports(held: ExitStack) -> Iterator[int]:
    """Ports free for TCP and UDP; each stays taken until `held` ends, so that none comes twice."""
    while True:
        tcp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        tcp.bind(("127.0.0.1", 0))
        port = tcp.getsockname()[1]
        udp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try:
            udp.bind(("127.0.0.1", port))
        except OSError:
            continue
        yield port
