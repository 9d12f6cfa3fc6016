"""One exchange for each switch; real FreeSWITCH where it is on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.names import AgentStatus
from cli.demonstration.stage import Stage, staged
from tests.e2e.desk import agents, choose
from tests.e2e.exchange import Exchange, eventually, exchange
from tests.ports import free_port


@pytest.fixture(scope="package")
def centre(switch: str) -> Iterator[Exchange]:
    """Two controllers, so that the one that decides a call is often not the owner."""
    web = {"web": {"listen": f"127.0.0.1:{free_port()}"}}
    carrier = Path(__file__).parent / "agents.yaml"
    with exchange(switch, controllers=2, carrier=carrier, amend=lambda tree: tree.update(web)) as found:
        eventually(lambda: bool(found.json("queue", "list")), 20, "an owner")
        yield found


@pytest.fixture(scope="package")
def stage(centre: Exchange) -> Iterator[Stage]:
    with staged(centre.settings) as found:
        yield found


@pytest.fixture(autouse=True)
def everybody_goes_home(centre: Exchange, stage: Stage) -> Iterator[None]:
    for who in ("anna-1", "bert-1", "clara-1", "carrier-a"):
        stage.all_received(who)
    yield
    stage.hang_up()
    choose(centre, AgentStatus.LOGGED_OUT, "anna", "bert")
    eventually(lambda: {each["state"] for each in agents(centre).values()} == {"Idle"}, 10, "idle agents")
