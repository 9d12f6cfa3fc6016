"""A system that must be called by TLS is registered with one of two nodes, against FreeSWITCH (B1, B5)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.bootstrap import trunk_board
from lab.robots import Robots, RobotsTimeoutError
from tests.certificates import Authority
from tests.e2e.exchange import eventually, switch_missing
from tests.e2e.network.conftest import with_tls
from tests.e2e.network.tls_gate import client_side
from tests.e2e.network.tls_system import TlsSystem
from tests.e2e.test_logins import CALLER, ONLY_GEHEIM, register
from tests.e2e.two_nodes import Pair, World, two_nodes, world

pytestmark = [pytest.mark.freeswitch, pytest.mark.long]
CARRIER = Path(__file__).parents[1] / "logins.yaml"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Iterator[Pair]:
    missing = switch_missing("freeswitch")
    if missing:
        pytest.skip(missing)
    ours = authority.sign("node", ["127.0.0.1"])
    with two_nodes("freeswitch", CARRIER, amend=lambda tree: with_tls(tree, ours, authority)) as found:
        yield found


@pytest.fixture(scope="module")
def callers(pair: Pair) -> Iterator[World]:
    with world(pair, {}) as found:
        yield found


def stands(pair: Pair) -> list[tuple[str, str]]:
    """How each controller sees the trunk."""
    views = trunk_board(pair.first.settings).all().values()
    return [(each.state.value, each.why) for view in views for each in view if each.trunk_id == "geheim"]


def called_by_both(pair: Pair, callers: World, system: TlsSystem) -> None:
    for through in pair.both():
        call = callers.call(through, ONLY_GEHEIM, from_user=CALLER)
        invite = system.heard("INVITE")
        assert invite.startswith(f"INVITE sip:{ONLY_GEHEIM}@")
        assert "RTP/SAVP" in invite
        assert "X-Fernamt" not in invite, "what nodes tell each other is nobody's affair"
        system.answer(invite, "486 Busy Here")
        assert call.wait("ended", 20).final_code == 486


def test_it_is_called_over_its_connection_from_either_node_or_not_at_all(
    pair: Pair, callers: World, authority: Authority
) -> None:
    """Also while it has registered without TLS with the other node, which has no way of its own then."""
    home, other = pair.second.settings.node, pair.first.settings
    at, context = (home.sip_ip, home.ports.phone_tls), client_side(authority.file)
    with (
        TlsSystem(at, context, "geheim", "nur-im-labor-4", home.domain) as system,
        Robots.start() as robots,
    ):
        assert system.register(300).startswith("SIP/2.0 200")
        up = [("up", "registered with node-2")] * 2
        eventually(lambda: stands(pair) == up, 20, "both controllers to know of it")
        called_by_both(pair, callers, system)
        robot = robots.phone("geheim-klar", username="geheim", password="nur-im-labor-4")
        register(other, robot, 60)
        called_by_both(pair, callers, system)
        assert system.register(0).startswith("SIP/2.0 200")
        eventually(lambda: {state for state, _ in stands(pair)} == {"down"}, 20, "both to know that it went")
        for through in pair.both():
            call = callers.call(through, ONLY_GEHEIM, from_user=CALLER)
            assert call.wait("ended", 20).final_code == 480
        with pytest.raises(RobotsTimeoutError):
            robot.incoming(0.2)
        register(other, robot, 0)
