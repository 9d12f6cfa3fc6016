"""One exchange for each switch, which ends with the last test of this folder; real FreeSWITCH where it is on
the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demonstration.queue_scenarios import record_sentences
from cli.demonstration.stage import Stage, staged
from tests.e2e.exchange import Exchange, exchange, switch_missing

SWITCHES = ["lab", pytest.param("freeswitch", marks=pytest.mark.freeswitch)]


@pytest.fixture(scope="session", params=SWITCHES)
def switch(request: pytest.FixtureRequest) -> str:
    """The switch to test with."""
    name: str = request.param
    reason = switch_missing(name)
    if reason:
        pytest.skip(reason)
    return name


@pytest.fixture(scope="package")
def running(switch: str) -> Iterator[Exchange]:
    """A running exchange with the example carrier."""
    with exchange(switch, amend=lambda tree: record_sentences(Path(tree["state_dir"]))) as found:
        yield found


@pytest.fixture(scope="package")
def stage(running: Exchange) -> Iterator[Stage]:
    """Robots at every address of the carrier."""
    with staged(running.settings) as found:
        yield found
