"""A trunk that we register with, whose domain, registrar and user name for digest are three names (B1)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from aiosipua.headers import parse_auth
from aiosipua.message import SipRequest

from cli.bootstrap import trunk_board
from lab.robots import Answer, RobotPhone, Robots
from tests.e2e.exchange import Exchange, eventually, exchange
from tests.registrar import Registrar

CARRIER: Final = Path(__file__).with_name("registering.yaml")
TRUNK: Final = "grossanschluss"
AOR: Final = "<sip:+492214710@tel.example>"
LOGIN: Final = "anschluss-4711@tel.example"
DESK, CALLED, CALLER = "+492214710100", "+494066969901", "+4915228817386"


@dataclass(frozen=True, slots=True)
class World:
    """The exchange, the carrier that it is registered with, and a phone of ours."""

    running: Exchange
    registrar: Registrar
    phone: RobotPhone

    def dial(self, number: str) -> int:
        """The phone's call; the final answer to it."""
        node = self.running.settings.node
        call = self.phone.call(f"sip:{number}@{node.sip_ip}:{node.ports.phone}")
        return call.wait("ended", 20).final_code or 0

    def stands(self, state: str) -> None:
        """Wait until controllers tell that of the trunk."""

        def seen() -> bool:
            views = trunk_board(self.running.settings).all().values()
            return any(each.state.value == state for view in views for each in view)

        eventually(seen, 60, f"the trunk to be {state}")


@pytest.fixture(scope="module")
def world(switch: str) -> Iterator[World]:
    at: list[Registrar] = []

    def carrier(tree: dict[str, Any]) -> None:
        port = int(tree["lab_network"]["192.0.2.30:5060"].rpartition(":")[2])
        at.append(Registrar({LOGIN: "nur-im-labor-1"}, port, "realm.of.a.third.name"))

    with exchange(switch, carrier=CARRIER, amend=carrier) as running, Robots.start() as robots:
        phone = robots.phone("tisch", username="tisch", password="nur-im-labor-2")
        node = running.settings.node
        phone.register((node.sip_ip, node.ports.phone), node.domain, 300)
        yield World(running, at[0], phone)
    at[0].close()


def proof(request: SipRequest, name: str) -> tuple[str, str]:
    """User name and realm that a request was answered with."""
    params = parse_auth(request.get_header(name) or "", credentials=True).params
    return params["username"], params["realm"]


def test_it_registers_in_the_domain_and_shows_the_other_user_name(world: World) -> None:
    world.stands("up")
    bare, proven = world.registrar.received("REGISTER")[:2]
    for request in (bare, proven):
        print(bytes(request).decode())
    assert 0
