"""Calls to 110 and 112 that ring for long, or in which nobody speaks: neither ends them (B8)."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.demonstration.stage import Stage, staged
from cli.layout import EXAMPLE_CARRIER
from lab.robots import Answer
from tests.e2e.exchange import Exchange, exchange

#: Longer than the operator's limit for other calls.
_RINGS_MS = 13_000
#: Longer than FreeSWITCH gives a call by itself.
_RINGS_ALONE_MS = 62_000
#: Several times what a silent side is given here.
_MUTE_MS = 5_000


@pytest.fixture(scope="module")
def hasty(switch: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Exchange, Stage]]:
    """An operator who gives ringing ten seconds and silence one."""
    directory = Path(shutil.copytree(EXAMPLE_CARRIER, tmp_path_factory.mktemp("hasty") / "carrier"))
    carrier = directory / "carrier.yaml"
    text = carrier.read_text()
    for old, new in (("no_progress_s: 20", "no_progress_s: 9"), ("no_answer_s: 120", "no_answer_s: 10")):
        assert old in text, old
        text = text.replace(old, new, 1)
    carrier.write_text(text)

    def impatient(tree: dict[str, Any]) -> None:
        tree["node"]["silence_s"] = 1

    with exchange(switch, carrier=directory, amend=impatient) as running, staged(running.settings) as stage:
        yield running, stage


@pytest.mark.long
@pytest.mark.parametrize("controlled", [True, False])
def test_a_call_that_rings_long_in_which_nobody_speaks_goes_on(
    hasty: tuple[Exchange, Stage], controlled: bool
) -> None:
    """A control centre's queue, and a caller who hides: with a controller and without."""
    running, stage = hasty
    rings_ms = _RINGS_MS if controlled else _RINGS_ALONE_MS
    stage.robot("carrier-a").on_call(Answer(after_ms=rings_ms, silent=True), "112")
    running.freeze()  # a controller that is killed stays away
    try:
        if not controlled:
            os.kill(running.processes()["controller-1"], signal.SIGKILL)
        call = stage.call("kanzlei-1", "112", silent=True, talk_ms=_MUTE_MS, timeout_s=100)
        report = call.wait("ended", 110)
    finally:
        running.thaw()
    assert report.final_code == 200
    assert (report.answered_ms or 0) >= rings_ms
    assert report.ended_by == "us", "neither ringing nor silence ended it"
    stage.received("carrier-a", "112")
    assert not stage.has_received("carrier-b", "112")
