"""One pair of machines for each switch, and the phones around them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.names import AgentStatus
from tests.e2e.desk import choose, owner, waiting
from tests.e2e.exchange import eventually
from tests.e2e.queue_nodes.desk import NOTED_HZ, OFFER_HZ, TOLD_AGENT_HZ, both_served, states
from tests.e2e.tones import recording
from tests.e2e.two_nodes import Pair, World, two_nodes, world


def _sentences(directory: Path) -> None:
    for name, hertz in (("offer", OFFER_HZ), ("noted", NOTED_HZ), ("agent", TOLD_AGENT_HZ)):
        recording(directory / "sounds" / "ansagen" / f"callback-{name}.wav", hertz)


@pytest.fixture(scope="package")
def pair(switch: str) -> Iterator[Pair]:
    with two_nodes(switch, Path(__file__).parents[1] / "queues.yaml", _sentences) as found:
        eventually(lambda: owner(found.first) != 0, 20, "an owner")
        yield found


@pytest.fixture(scope="package")
def robots(pair: Pair) -> Iterator[World]:
    """anna's phone is registered with the first node, the others with the second."""
    homes = {"anna-1": pair.first, "bert-1": pair.second, "zentrale": pair.second}
    with world(pair, homes) as found:
        both_served(pair, found)
        yield found


@pytest.fixture(autouse=True)
def nobody_is_there(pair: Pair, robots: World) -> Iterator[None]:
    """Calls of another test are forgotten; afterwards everybody goes home."""
    for name in robots.phones:
        robots.inbox(name).take_all()
        robots.inbox(name).drain()
    yield
    robots.end_calls()
    choose(pair.first, AgentStatus.LOGGED_OUT, "anna", "bert")
    eventually(lambda: set(states(pair).values()) == {"Idle"}, 10, "idle agents")
    eventually(lambda: waiting(pair.first) == [], 10, "an empty queue")
