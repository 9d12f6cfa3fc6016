"""A peer that vanishes in the middle of a call: its power failed, its line was cut. FreeSWITCH alone listens
for silence, the lab switch does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cli.demonstration.stage import Stage, staged
from lab.robots import Answer, RobotsTimeoutError
from tests.e2e.exchange import Exchange, eventually, exchange, switch_missing

pytestmark = pytest.mark.freeswitch

OUTSIDE = "+494066969077"


@pytest.fixture(scope="module")
def impatient() -> Iterator[tuple[Exchange, Stage]]:
    """An exchange that gives a silent side one second."""
    missing = switch_missing("freeswitch")
    if missing:
        pytest.skip(missing)
    with (
        exchange("freeswitch", amend=lambda tree: tree["node"].update(silence_s=1)) as running,
        staged(running.settings) as stage,
    ):
        yield running, stage


def test_a_call_with_a_side_that_sends_nothing_ends_and_is_charged_no_longer(
    impatient: tuple[Exchange, Stage],
) -> None:
    running, stage = impatient
    stage.all_received("carrier-a")
    stage.robot("carrier-a").on_call(Answer(after_ms=20), OUTSIDE)
    gone = stage.call("kanzlei-1", "04066969077", silent=True)
    gone.wait("answered", 15)
    report = gone.wait("ended", 20)
    assert report.ended_by == "peer"
    assert stage.received("carrier-a", OUTSIDE, 15).ended_by == "peer"

    def records() -> list[dict[str, Any]]:
        legs = running.legs()
        calls = {leg["call_id"] for leg in legs if leg["sip_call_id"] == report.sip_call_id}
        return [leg for leg in legs if leg["call_id"] in calls]

    eventually(lambda: len(records()) == 2, 15, "both records")
    assert {leg["billed_ms"] < 10_000 for leg in records()} == {True}


def test_a_call_on_hold_goes_on_though_nothing_is_sent(impatient: tuple[Exchange, Stage]) -> None:
    """Who holds sends nothing, often for long: 48 times as long as else (node.silence_s)."""
    _, stage = impatient
    stage.robot("carrier-a").on_call(Answer(after_ms=20), OUTSIDE)
    held = stage.call("kanzlei-1", "04066969077", silent=True)
    held.wait("answered", 15)
    held.hold()
    with pytest.raises(RobotsTimeoutError):
        held.wait("ended", 5)
    held.hangup()
    assert held.wait("ended", 15).ended_by == "us"


def test_a_call_with_sound_goes_on(impatient: tuple[Exchange, Stage]) -> None:
    _, stage = impatient
    stage.robot("carrier-a").on_call(Answer(after_ms=20), OUTSIDE)
    talk = stage.call("kanzlei-1", "04066969077", talk_ms=3_000)
    assert talk.wait("ended", 20).ended_by == "us"
