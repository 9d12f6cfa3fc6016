"""One exchange for each switch, with recordings of the customer's own in place of the sentences."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.names import AgentStatus
from cli.bootstrap import acd_desk
from cli.demonstration.stage import Stage, staged
from cli.wiring.queue_desk import screens
from lab.robots import Answer
from tests.e2e.desk import choose, waiting
from tests.e2e.exchange import Exchange, eventually
from tests.e2e.tones import recording
from tests.e2e.waiting.callers import (
    CHECK_HZ,
    ENTER_HZ,
    FIRST_HZ,
    FIXED_HZ,
    FREE_HZ,
    LATER_HZ,
    LONG_HZ,
    MUSIC_HZ,
    NOTED_HZ,
    OFFER_HZ,
    RECEPTION_HZ,
    REFUSED_HZ,
    SECOND_HZ,
    SOME_MINUTES_HZ,
    TOLD_AGENT_HZ,
)
from tests.servers import state_directory

QUEUES = ("verkauf", "service", "kurz", "lang")


@pytest.fixture(scope="package")
def centre(switch: str) -> Iterator[Exchange]:
    with state_directory() as directory:
        sounds = directory / "sounds"
        recording(sounds / "musik.wav", MUSIC_HZ, 2.0)
        recording(sounds / "lang.wav", LONG_HZ, 3.0, then_hertz=LATER_HZ)
        for name, hertz in (
            ("position-1", FIRST_HZ),
            ("position-2", SECOND_HZ),
            # Whatever the conversations of other tests make of it.
            *((f"wait-{minutes}", SOME_MINUTES_HZ) for minutes in range(1, 6)),
            ("price-free", FREE_HZ),
            ("price-fixed", FIXED_HZ),
            ("callback-offer", OFFER_HZ),
            ("callback-enter", ENTER_HZ),
            ("callback-check", CHECK_HZ),
            ("callback-refused", REFUSED_HZ),
            ("callback-noted", NOTED_HZ),
            ("callback-agent", TOLD_AGENT_HZ),
        ):
            recording(sounds / "ansagen" / f"{name}.wav", hertz)
        for name in ("callback-is-it", *(f"digit-{digit}" for digit in range(10))):
            recording(sounds / "ansagen" / f"{name}.wav", 3000, 0.06)
        running = Exchange(directory, switch, 1, Path(__file__).parent / "waiting.yaml")
        try:
            eventually(lambda: bool(screens(acd_desk(running.settings), "kunde")), 20, "an owner")
            yield running
            running.stop()
        finally:
            running.kill()


@pytest.fixture(scope="package")
def stage(centre: Exchange) -> Iterator[Stage]:
    with staged(centre.settings) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_is_there(centre: Exchange, stage: Stage) -> Iterator[None]:
    for who in ("anna-1", "bert-1", "zentrale", "carrier-a"):
        stage.all_received(who)
    stage.robot("zentrale").on_call(Answer(after_ms=50, play=f"%(30000,0,{RECEPTION_HZ})"))
    choose(centre, AgentStatus.AVAILABLE, "anna", "bert")
    choose(centre, AgentStatus.ON_BREAK, "anna", "bert")
    yield
    choose(centre, AgentStatus.LOGGED_OUT, "anna", "bert")
    stage.hang_up()
    eventually(lambda: not any(waiting(centre, queue) for queue in QUEUES), 10, "empty queues")
