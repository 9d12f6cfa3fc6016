"""Nodes are kept awake while a moment counts, and left alone otherwise (issue 6)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gevent.event import Event as Moment

from controller.waking import Waking


class Node:
    """Counts the line ends; `awaited` while somebody waits for an agent."""

    def __init__(self) -> None:
        self.woken = 0
        self.awaited = False

    def wake(self) -> None:
        self.woken += 1


@pytest.fixture
def node() -> Node:
    return Node()


@pytest.fixture
def waking(node: Node) -> Iterator[Waking]:
    made = Waking(node.wake, lambda: node.awaited)
    made.start()
    yield made
    made.stop()


def until_woken(node: Node, times: int) -> None:
    for _ in range(2_000):
        if node.woken >= times:
            return
        Moment().wait(0.01)
    pytest.fail("it did not come true in time")


def until_left_alone(node: Node) -> None:
    """Longer than both rests of a node that is kept awake."""
    for _ in range(100):
        before = node.woken
        Moment().wait(0.2)
        if node.woken == before:
            return
    pytest.fail("the node is never left alone")


def test_nobody_is_woken_while_nobody_waits(waking: Waking, node: Node) -> None:
    Moment().wait(0.15)
    assert node.woken == 0


def test_a_call_that_was_just_decided_wakes_the_node_for_a_moment(waking: Waking, node: Node) -> None:
    waking.soon()
    until_woken(node, 5)
    until_left_alone(node)


def test_while_somebody_waits_the_node_is_kept_awake(waking: Waking, node: Node) -> None:
    node.awaited = True
    until_woken(node, 30)
    node.awaited = False
    until_left_alone(node)
