"""Whose conversation may be recorded by the interface: the one that the agent is in (C4, guarantee 8)."""

from __future__ import annotations

import pytest

from cli.wiring.web_centre import talks

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
