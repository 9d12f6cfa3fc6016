"""Random worlds: guarantee 6 holds at every step, every offer ends in time, a replay gives the same state."""

from __future__ import annotations

from itertools import islice

from tests.unit.acd.world import worlds

STEPS = 300_000
WORLDS = 100


def test_nobody_is_stuck_overtaken_or_given_twice_in_a_random_world() -> None:
    steps = 0
    for world in islice(worlds(20261122), WORLDS):
        world.run(STEPS // WORLDS)
        steps += world.steps
    assert steps >= STEPS
