"""A customer's system is registered with one of two nodes and called from both (B1, guarantee 4)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.demonstration.stage import Inbox
from lab.robots import Answer, RobotPhone, Robots
from tests.e2e.exchange import eventually
from tests.e2e.test_logins import CALLER, EXTENSION, PASSWORD, USER, register, state_of
from tests.e2e.two_nodes import Pair, World, two_nodes, world

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def pair(switch: str) -> Iterator[Pair]:
    with two_nodes(switch, Path(__file__).parent / "logins.yaml") as found:
        yield found


@pytest.fixture(scope="module")
def callers(pair: Pair) -> Iterator[World]:
    with world(pair, {}) as found:
        yield found


@pytest.fixture(scope="module")
def system(pair: Pair) -> Iterator[RobotPhone]:
    """Registered with the second node."""
    with Robots.start() as robots:
        robot = robots.phone("anlage", username=USER, password=PASSWORD)
        register(pair.second.settings, robot)
        robot.on_call(Answer(talk_ms=100))
        eventually(lambda: state_of(pair.first, "anlage") == "up", 20, "both to know of it")
        yield robot


def test_a_system_is_called_over_either_node(pair: Pair, callers: World, system: RobotPhone) -> None:
    for through in pair.both():
        call = callers.call(through, EXTENSION, from_user=CALLER)
        assert call.wait("ended", 30).final_code == 200
        report = Inbox(system).received(EXTENSION, 10).wait("ended", 10)
        assert f"sip:{EXTENSION}@" in report.to_header
        assert CALLER in report.from_header
