"""One exchange for each switch, which ends with the last test of this folder; real FreeSWITCH where it is on
the machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demonstration.queue_scenarios import record_sentences
from cli.demonstration.stage import Stage, staged
from cli.layout import EXAMPLE_CARRIER
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


@pytest.fixture(scope="package")
def changeable(switch: str) -> Iterator[tuple[Exchange, Stage]]:
    """An exchange whose configuration tests change (tests/e2e/changes.py)."""
    with exchange(switch) as running, staged(running.settings) as stage:
        yield running, stage


#: Another address in the same town, and ten of the numbers there.
_STORE = """\
      - id: lager
        address:
          { street: Lagerstieg, house_number: "3", postcode: "50668", town: Köln, state: NW, ags: "05315000" }
        area_code: "0221"
        evidence: [{ kind: lease, dated: 2025-12-01, document: archiv/bau/mietvertrag.pdf }]
"""
_IN_THE_STORE = """\
      - { first: "0221 4710-190", last: "0221 4710-199", site: lager, trunks: [bau-1, bau-2] }
"""


@pytest.fixture(scope="package")
def without_controller(
    switch: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Exchange, Stage]]:
    """The example carrier, one of whose customers has a second site, and no controller."""
    directory = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path_factory.mktemp("alone") / "carrier"))
    customer = directory / "kunde-bau.yaml"
    text = customer.read_text()
    for old, new in (
        ('last: "0221 4710-199"', 'last: "0221 4710-189"'),
        ("    numbers:\n", f"    numbers:\n{_IN_THE_STORE}"),
        ("    sites:\n", f"    sites:\n{_STORE}"),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    customer.write_text(text)
    with exchange(switch, controllers=0, carrier=directory) as found, staged(found.settings) as stage:
        yield found, stage


@pytest.fixture(autouse=True)
def carriers_forget(request: pytest.FixtureRequest) -> None:
    """What the tests before have sent to carriers was not sent by this one."""
    if "stage" not in request.fixturenames:
        return
    stage: Stage = request.getfixturevalue("stage")
    for trunk in stage.trunks:
        if stage.snapshot.trunks[trunk].customer_id is None:
            stage.all_received(trunk)
