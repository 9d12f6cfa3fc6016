"""The guard of the SIP ports (issue 7, security): scanners, floods and password guessers are kept out.

Attackers have addresses of their own on the loopback, the carrier's robots 127.0.0.1.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest

from cli.bootstrap import ban_store, now
from cli.demonstration.stage import Stage, staged
from firewall.errors import NotPermitted
from firewall.meter import Meter
from lab.robots import Answer
from tests.e2e.attacker import Attacker
from tests.e2e.exchange import Exchange, eventually, exchange
from tests.ports import free_port

NUMBER = "+492214710104"
SIPVICIOUS = pytest.mark.skipif(
    importlib.util.find_spec("sipvicious") is None,
    reason="SIPVicious is not installed: pip install '.[dev]'",
)


def _guarded(tree: dict[str, Any]) -> None:
    tree["guard"] = {"failures": 12}
    tree["metrics"] = {"guard": f"127.0.0.1:{free_port()}"}


@pytest.fixture(scope="module")
def guarded(switch: str) -> Iterator[Exchange]:
    try:
        Meter([9]).close()
    except NotPermitted as error:
        pytest.skip(str(error))
    with exchange(switch, amend=_guarded) as found:
        guards = ban_store(found.settings)
        eventually(
            lambda: (guards.told("node-1") or {"problem": "silent"})["problem"] == "",
            30,
            "the barrier to stand",
        )
        yield found


@pytest.fixture(scope="module")
def robots(guarded: Exchange) -> Iterator[Stage]:
    with staged(guarded.settings) as found:
        yield found


def banned(running: Exchange) -> dict[str, str]:
    """Who is kept out and why; read in this process, because it is asked often."""
    moment = now()
    found = ban_store(running.settings).all(moment)
    return {each.address: each.reason for each in found if each.in_force(moment)}


def calls_get_through(stage: Stage) -> None:
    stage.robot("bau-1").on_call(Answer(after_ms=20), NUMBER)
    call = stage.call("carrier-a", NUMBER, from_user="+4915228817386", talk_ms=50)
    assert call.wait("ended", 20).final_code == 200


def figures(running: Exchange) -> dict[str, float]:
    """What the guard tells Prometheus."""
    assert running.settings.metrics is not None
    address = running.settings.metrics.guard
    assert address is not None
    with urlopen("http://{}:{}/metrics".format(*address), timeout=5) as answer:  # noqa: S310 - our own server
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in answer.read().decode().splitlines())
            if name.startswith("fernamt_")
        }


@pytest.mark.parametrize("door", ["carrier", "trunk", "phone"])
def test_a_flood_is_banned_and_nothing_of_it_is_answered_any_more(
    guarded: Exchange, robots: Stage, door: str
) -> None:
    port = getattr(guarded.settings.node.ports, door)
    address = {"carrier": "127.0.0.66", "trunk": "127.0.0.67", "phone": "127.0.0.68"}[door]
    with Attacker(address, guarded.settings) as attacker:
        for _ in range(600):
            attacker.send(attacker.request("OPTIONS", port), port)
        eventually(lambda: banned(guarded).get(address) == "too many requests", 15, "the ban")
        assert attacker.answered(attacker.request("OPTIONS", port), port, 0.5) is None
    calls_get_through(robots)


def test_passwords_are_not_guessed_for_long_and_a_lifted_ban_ends(guarded: Exchange, robots: Stage) -> None:
    port = guarded.settings.node.ports.phone
    user = next(iter(robots.snapshot.phones.values())).credentials.username
    with Attacker("127.0.0.69", guarded.settings) as attacker:
        results: list[str | None] = []

        def shut_out() -> bool:
            results.append(attacker.guess(port, user, f"geheim-{len(results)}", 1.0))
            return results[-1] is None

        eventually(shut_out, 30, "the guesses to be left without an answer")
        assert not any(each is not None and " 200 " in each for each in results)
        eventually(lambda: "127.0.0.69" in banned(guarded), 15, "the ban")
        assert banned(guarded)["127.0.0.69"] == "too many failed log-ins"
        guarded.run("ban", "lift", "127.0.0.69", "--reason", "a mistyped password", "--actor", "op")

        def heard() -> bool:
            return attacker.answered(attacker.request("OPTIONS", port), port, 0.5) is not None

        eventually(heard, 15, "the address to be heard again")
    calls_get_through(robots)


def test_a_scanner_is_banned_by_its_first_packet(guarded: Exchange) -> None:
    port = guarded.settings.node.ports.carrier
    with Attacker("127.0.0.70", guarded.settings) as attacker:
        attacker.send(attacker.request("OPTIONS", port, agent="friendly-scanner"), port)
        eventually(lambda: banned(guarded).get("127.0.0.70") == "a scanner's User-Agent", 15, "the ban")
        before = figures(guarded)
        assert attacker.answered(attacker.request("REGISTER", port), port, 0.5) is None
    after = figures(guarded)
    assert after["fernamt_guard_dropped_total"] > before["fernamt_guard_dropped_total"]
    assert after['fernamt_guard_bans_total{evidence="scanner"}'] >= 1
    assert after['fernamt_guard_age_seconds{part="packets"}'] < 10
    assert (after["fernamt_guard_barrier_up"], after['fernamt_event_socket_up{node="node-1"}']) == (1, 1)


def test_forged_packets_hold_up_no_emergency_call_of_an_address_with_a_phone(
    guarded: Exchange, robots: Stage
) -> None:
    """B8: whoever sends from the office's address here stands for whoever writes it on packets."""
    port = guarded.settings.node.ports.phone
    credentials = next(iter(robots.snapshot.phones.values())).credentials
    guards = ban_store(guarded.settings)
    with Attacker("127.0.0.90", guarded.settings) as office:

        def heard(timeout_s: float) -> bool:
            call = office.request("INVITE", port).replace("INVITE sip:", "INVITE sip:112@", 1)
            return office.called(call, port, timeout_s) is not None

        assert " 200 " in (office.guess(port, credentials.username, credentials.password, 5.0) or "")
        eventually(lambda: "127.0.0.90" in guards.known_ages_s(), 15, "the guard to know of the phone")
        for _ in range(3_000):
            office.send(office.request("OPTIONS", port, agent="friendly-scanner"), port)
        eventually(lambda: (guards.told("node-1") or {"slowed": 0})["slowed"] > 0, 15, "it to be slowed")
        for _ in range(20):
            assert heard(5.0)
        assert "127.0.0.90" not in banned(guarded)
        by_hand = guarded.tried("ban", "add", "127.0.0.90", "--reason", "its owner asks", "--actor", "op")
        assert "nor 110 and 112" in by_hand.stderr
        eventually(lambda: not heard(0.5), 15, "the ban by hand")


def test_an_operator_bans_an_address_but_never_a_trunks(guarded: Exchange, robots: Stage) -> None:
    refused = guarded.tried("ban", "add", "127.0.0.1", "--reason", "a mistake")
    assert refused.returncode == 1
    assert "never banned" in refused.stderr
    port = guarded.settings.node.ports.phone
    guarded.run("ban", "add", "127.0.0.71", "--reason", "asked for by the police", "--actor", "op")
    with Attacker("127.0.0.71", guarded.settings) as attacker:
        eventually(
            lambda: attacker.answered(attacker.request("OPTIONS", port), port, 0.3) is None, 15, "the ban"
        )
    calls_get_through(robots)
    status = next(each for each in guarded.doctor() if each["name"] == "guard")
    assert status["state"] == "ok"
    assert guarded.json("guard", "status")["problem"] == ""
    assert any(each["address"] == "127.0.0.71" for each in guarded.json("ban", "list"))


#: Of the tools svmap alone heeds -b: the others are given their address by the sockets they make.
_BOUND = """
import importlib, socket, sys

address, tool = sys.argv[1:3]

class Bound(socket.socket):
    def bind(self, where):
        super().bind((address, where[1]))

    def sendto(self, *arguments):
        if self.getsockname()[1] == 0:
            self.bind(("", 0))
        return super().sendto(*arguments)

socket.socket = Bound
sys.argv = [tool, *sys.argv[3:]]
importlib.import_module(f"sipvicious.{tool}").main()
"""


@pytest.mark.freeswitch
@SIPVICIOUS
@pytest.mark.parametrize(
    "switch", [pytest.param("freeswitch", marks=pytest.mark.freeswitch)], indirect=True, scope="session"
)
@pytest.mark.parametrize(
    ("address", "tool", "options"),
    [
        ("127.0.0.81", "svmap", ("127.0.0.1", "-p", "{port}")),
        ("127.0.0.82", "svwar", ("-e", "100-400", "127.0.0.1", "-p", "{port}", "-m", "REGISTER", "--force")),
        ("127.0.0.83", "svwar", ("-e", "100-400", "127.0.0.1", "-p", "{port}", "-m", "INVITE", "--force")),
        ("127.0.0.84", "svcrack", ("-u", "{user}", "-r", "1000-1900", "127.0.0.1", "-p", "{port}")),
    ],
    ids=["svmap", "svwar REGISTER", "svwar INVITE", "svcrack"],
)
def test_sipvicious_finds_nothing_and_is_banned(
    guarded: Exchange, robots: Stage, address: str, tool: str, options: tuple[str, ...]
) -> None:
    """SIPVicious as it comes, from an address of its own: it learns no extension and no password."""
    credentials = next(iter(robots.snapshot.phones.values())).credentials
    port = str(guarded.settings.node.ports.phone)
    words = [each.format(port=port, user=credentials.username) for each in options]
    done = subprocess.run(
        [sys.executable, "-c", _BOUND, address, tool, *words],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    said = done.stdout + done.stderr
    assert tool == "svmap" or "found nothing" in said, said
    eventually(lambda: address in banned(guarded), 15, f"{tool} to be banned; it said {said}")
    assert credentials.password not in said
    calls_get_through(robots)
