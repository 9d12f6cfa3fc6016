"""Whose conversation may be recorded by the interface: the one that the agent is in (C4, guarantee 8)."""

from __future__ import annotations

import pytest

from cli.wiring.web_centre import talkers, talks

SCREEN = {
    "agents": [
        {"agent": "anna", "talks": [{"call": "c1", "state": "talking"}, {"call": "c2", "state": "ringing"}]},
        {"agent": "bert", "talks": [{"call": "c3", "state": "talking"}]},
    ]
}


@pytest.mark.parametrize(
    ("agent", "call", "so"),
    [
        ("anna", "c1", True),
        ("anna", "c2", False),
        ("anna", "c3", False),
        ("bert", "c1", False),
        ("clara", "c1", False),
    ],
)
def test_an_agent_talks_with_the_call_that_was_answered_and_with_no_other(
    agent: str, call: str, so: bool
) -> None:
    assert talks(SCREEN, agent, call) is so


def test_a_call_that_rings_or_that_another_customer_has_is_nobodys_conversation() -> None:
    """Guarantee 8: the screen is the customer's own; what is not on it cannot be paused or stopped."""
    assert talkers(SCREEN, "c1") == ["anna"]
    assert [talkers(SCREEN, each) for each in ("c2", "c4", "")] == [[], [], []]
