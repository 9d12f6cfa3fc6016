"""110 and 112 over a carrier that we register with, when the registration has failed (B8, decision 0010)."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cli.bootstrap import trunk_board
from cli.demonstration.stage import Stage, staged
from cli.layout import EXAMPLE_CARRIER
from lab.robots import Reject
from tests.e2e.exchange import Exchange, eventually, exchange
from tests.e2e.forgetful_registrar import USERNAME, ForgetfulRegistrar

_ADDRESS = "192.0.2.10:5060"


@pytest.fixture
def world(switch: str, tmp_path: Path) -> Iterator[tuple[Exchange, Stage, ForgetfulRegistrar]]:
    """The first trunk of the example is one that we register with."""
    directory = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path / "carrier"))
    carrier = directory / "carrier.yaml"
    text = carrier.read_text()
    old = "      address: 192.0.2.10:5060\n"
    assert old in text
    registration = f"      registration: {{ username: {USERNAME}, secret: {{ lab: nur-im-labor }} }}\n"
    carrier.write_text(text.replace(old, old + registration, 1))
    with exchange(switch, carrier=directory) as running, staged(running.settings) as stage:
        stage.robot("carrier-a").close()
        places = running.settings.lab_network
        assert places is not None
        port = places[_ADDRESS][1]
        with closing(ForgetfulRegistrar(port)) as registrar:
            yield running, stage, registrar


@pytest.mark.long
def test_a_lost_registration_costs_no_emergency_call(
    world: tuple[Exchange, Stage, ForgetfulRegistrar],
) -> None:
    """With a controller, which tries the trunk last, and without."""
    running, stage, registrar = world

    def stands(state: str) -> bool:
        views = trunk_board(running.settings).all().values()
        return any((each.trunk_id, each.state.value) == ("carrier-a", state) for v in views for each in v)

    eventually(lambda: stands("up"), 60, "the trunk to be registered")
    registrar.deaf = True
    eventually(lambda: stands("down"), 60, "the registration to be lost")
    listed = {each["trunk"] for each in running.json("trunk", "list")}
    assert "carrier-a" in listed
    assert not [name for name in listed if name.endswith(".R")], "the gateway that registers is no trunk"
    stage.robot("carrier-b").on_call(Reject(503), "112")
    assert stage.call("kanzlei-1", "112", talk_ms=50).wait("ended", 20).final_code == 200
    assert len(registrar.invites) == 1
    assert stage.has_received("carrier-b", "112"), "the one that is down comes last"
    assert "<sip:gw+carrier-a.R@" in (registrar.invites[0].get_header("Contact") or "")

    running.freeze()
    try:
        os.kill(running.processes()["controller-1"], signal.SIGKILL)
        assert stage.call("kanzlei-1", "112", talk_ms=50).wait("ended", 20).final_code == 200
        assert len(registrar.invites) == 2
    finally:
        running.thaw()
