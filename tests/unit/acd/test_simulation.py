"""Random worlds: guarantee 6 holds at every step, every offer ends in time, a replay gives the same state."""

from __future__ import annotations

from functools import partial
from itertools import islice

import pytest

from acd.effects import Abandoned, Effect, SendAway
from acd.names import CancelReason
from tests.unit.acd.world import World, worlds

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


def test_the_random_worlds_meet_every_way_out_of_a_queue_and_conversations_without_one() -> None:
    """Else they would show nothing of them."""
    reasons: set[CancelReason] = set()
    orphans = side_by_side = wrap_ups = 0

    def look(world: World, at_ms: int, effects: tuple[Effect, ...]) -> None:
        nonlocal orphans, side_by_side, wrap_ups
        for each in world.state.agents.values():
            side_by_side = max(side_by_side, len(each.offers))
            wrap_ups = max(wrap_ups, len(each.wrap_ups))
        reasons.update(each.reason for each in effects if isinstance(each, (Abandoned, SendAway)))
        orphans += any(
            each.wait.queue_id not in world.state.spec.queue for each in world.state.members.values()
        )

    for world in islice(worlds(7), 12):
        world.observe = partial(look, world)
        world.run(2_000)
    assert set(CancelReason) - reasons == {CancelReason.NONE}
    assert orphans > 0
    assert side_by_side == 3
    assert wrap_ups >= 2
