"""Random worlds: guarantee 6 holds at every step, every offer ends in time, a replay gives the same state."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.unit.acd.world import worlds

#: In parts, so that no single test is long: 300,000 steps together.
PARTS = 6
STEPS = 50_000
WORLDS = 17


@pytest.mark.parametrize("part", range(PARTS))
def test_nobody_is_stuck_overtaken_or_given_twice_in_a_random_world(part: int) -> None:
    steps = 0
    for world in islice(worlds(20261122 + part), WORLDS):
        world.run(STEPS // WORLDS + 1)
        steps += world.steps
    assert steps >= STEPS
