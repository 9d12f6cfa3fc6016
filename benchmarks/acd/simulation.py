"""Random worlds in which everything goes wrong, with guarantee 6 looked at after each step.

The worlds are those of the tests (tests/unit/acd/world.py): phones that never answer, events lost, doubled
and late, callers who leave in every state, owners that die and successors that replay the journal. A step
that breaks a promise raises AssertionError.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

from tests.unit.acd.world import World, worlds

#: Steps of one world: long enough that agents, callers and offers come and go many times.
_WORLD: Final = 5_000
#: Worlds of one seed; seeds are shared out over the processes.
_WORLDS: Final = 20


@dataclass(frozen=True, slots=True)
class Simulated:
    """What happened: each of the steps was checked."""

    steps: int
    worlds: int
    crashes: int
    callers: int


def simulate(
    steps: int, processes: int, *, world_steps: int = _WORLD, worlds_each: int = _WORLDS
) -> Simulated:
    """At least so many steps on so many processes. Raises AssertionError with the promise that was broken."""
    seeds = range(1, -(-steps // (world_steps * worlds_each)) + 1)
    work = partial(_seed, world_steps, worlds_each)
    if processes == 1:
        parts = [work(seed) for seed in seeds]
    else:
        with ProcessPoolExecutor(processes) as pool:
            parts = list(pool.map(work, seeds))
    return Simulated(*(sum(each) for each in zip(*parts, strict=True)))


def _seed(world_steps: int, worlds_each: int, seed: int) -> tuple[int, int, int, int]:
    found = [_run(world, world_steps) for world in islice(worlds(seed), worlds_each)]
    steps, crashes, callers = (sum(each) for each in zip(*found, strict=True))
    return steps, len(found), crashes, callers


def _run(world: World, steps: int) -> tuple[int, int, int]:
    world.run(steps)
    return world.steps, world.crashes, world.callers
