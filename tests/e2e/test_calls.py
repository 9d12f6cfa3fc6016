"""The demo's calls, one test each, on the lab switch and on FreeSWITCH (B1-B8, B12)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.bootstrap import engine, now
from cli.demo import Records, compare
from cli.demonstration.scenario import Scenario
from cli.demonstration.scenarios import SCENARIOS
from cli.demonstration.stage import Stage
from store.cdr_repository import CdrRepository
from tests.e2e.exchange import Exchange


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name.replace(" ", "-"))
def test_a_call_does_what_it_should_and_its_records_say_so(
    running: Exchange, stage: Stage, scenario: Scenario
) -> None:
    began = now() - timedelta(seconds=1)
    played = scenario.play(stage)
    repository = CdrRepository(engine(running.settings, "fernamt test"))
    (result,) = compare([scenario], [played], Records(repository, began))
    assert result.problems == ()
