"""Trunks that speak G.722 or Opus alone, without certificates, against FreeSWITCH: its codecs are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.bootstrap import node_connection
from cli.demonstration.stage import Stage, staged
from freeswitch.commands import ApiCall
from tests.e2e.exchange import Exchange, exchange, switch_missing
from tests.e2e.network.sipp import Sipp

pytestmark = pytest.mark.freeswitch
CARRIER = Path(__file__).with_name("wideband.yaml")


@pytest.fixture(scope="module")
def running() -> Iterator[Exchange]:
    missing = switch_missing("freeswitch")
    if missing:
        pytest.skip(missing)
    with exchange("freeswitch", carrier=CARRIER) as found:
        yield found


@pytest.fixture(scope="module")
def stage(running: Exchange) -> Iterator[Stage]:
    with staged(running.settings) as found:
        yield found


def installed(running: Exchange, module: str) -> None:
    """Skips where this FreeSWITCH was built without the module."""
    with node_connection(running.settings) as connection:
        folder = connection.api(ApiCall("global_getvar", "mod_dir")).strip()
    if not (Path(folder) / f"{module}.so").exists():
        pytest.skip(f"this FreeSWITCH was built without {module}")


def port_of(running: Exchange, address: str) -> int:
    network = running.settings.lab_network
    assert network is not None
    return network[address][1]


def test_a_call_to_a_telephone_system_with_g722_alone_is_offered_and_answered_with_it(
    running: Exchange, stage: Stage, tmp_path: Path
) -> None:
    installed(running, "mod_spandsp")
    with Sipp("speaks_g722", tmp_path, port_of(running, "198.51.100.20:5060")) as sipp:
        report = stage.call("carrier-a", "+492214710100", talk_ms=200).wait("ended", 20)
        sipp.finished()
        invite = sipp.received("INVITE")
    assert report.final_code == 200
    (media,) = [line for line in invite.text.splitlines() if line.startswith("m=audio")]
    assert media.split()[3] == "9", media
    assert "PCMA" not in invite.text


def test_a_call_to_a_telephone_system_with_opus_alone_is_offered_it(
    running: Exchange, stage: Stage, tmp_path: Path
) -> None:
    installed(running, "mod_opus")
    port = port_of(running, "198.51.100.21:5060")
    with Sipp("teams_says_486", tmp_path, port, gateport=str(port)) as sipp:
        report = stage.call("carrier-a", "+492214710110").wait("ended", 20)
        sipp.finished()
        invite = sipp.received("INVITE")
    assert report.final_code == 486
    assert "opus/48000/2" in invite.text
    assert "PCMA" not in invite.text
