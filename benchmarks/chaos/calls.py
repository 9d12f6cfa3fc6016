"""Calls through an exchange whose parts are killed: 110 and 112, all records, the controllers' failover."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.chaos.killing import Killer, await_whole, kill_controllers_in_turn
from benchmarks.exchange_load.carrier import write
from benchmarks.exchange_load.records import Records, compared
from benchmarks.exchange_load.seen import Dialled
from benchmarks.exchange_load.sides import Load, Sides, sides
from tests.e2e.exchange import Exchange, exchange

#: Calls that begin this long before and after a kill may meet the dead controller.
_BEFORE_S, _AFTER_S = 1.0, 3.0
#: Ends when the kills are done; more calls than there can be until then.
_ENDLESS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Calls:
    """What became of ordinary calls or of emergency calls. `silent`: without any final answer."""

    calls: int
    answered: int
    refused: int
    silent: int
    longest_s: float


@dataclass(frozen=True, slots=True)
class Failover:
    """New calls around `kills` of one controller of two: `worst_s` for each kill, INVITE to ringing."""

    kills: int
    calls: int
    answered: int
    worst_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of the whole exchange. `killed`: how often each part was."""

    ordinary: Calls
    emergency: Calls
    killed: dict[str, int]
    failover: Failover
    records: Records


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is done to it. `pause_s`: between two kills, shortest and longest."""

    load: Load
    pause_s: tuple[float, float]
    failovers: int
    seed: int


def survived(plan: Plan, tell: Callable[[str], None]) -> Outcome:
    """On an exchange of its own with two controllers."""
    with (
        TemporaryDirectory(prefix="fernamt-chaos-") as name,
        exchange("freeswitch", 2, write(Path(name) / "carrier")) as running,
        sides(running.settings, Path(name) / "calls") as around,
    ):
        killed = _whatever_dies(running, around, plan, tell)
        chaos = around.dialled()
        failover = _one_controller_dies(running, around, plan, tell)
        await_whole(running)
        tell("comparing all records")
        return Outcome(
            became([each for each in chaos if not each.emergency]),
            became([each for each in chaos if each.emergency]),
            killed,
            failover,
            compared(running, around),
        )


def _whatever_dies(
    running: Exchange, around: Sides, plan: Plan, tell: Callable[[str], None]
) -> dict[str, int]:
    load = plan.load
    tell(f"{load.calls} calls and {load.emergency} emergency calls, {load.rate:g} a second")
    await_whole(running)
    killer = Killer(running, random.Random(plan.seed), plan.pause_s)
    calls = around.begin(load)
    killer.start()
    try:
        calls.wait()
    finally:
        killer.stop()
        calls.stop()
    return dict(sorted(killer.killed.items()))


def _one_controller_dies(
    running: Exchange, around: Sides, plan: Plan, tell: Callable[[str], None]
) -> Failover:
    tell(f"{plan.failovers} times one controller of two")
    await_whole(running)
    before = len(around.dialled())
    calls = around.begin(Load(_ENDLESS, 0, plan.load.rate))
    try:
        kills = kill_controllers_in_turn(running, plan.failovers)
        calls.finish()
    finally:
        calls.stop()
    return failed_over(around.dialled()[before:], kills)


def became(calls: Sequence[Dialled]) -> Calls:
    """What became of these calls."""
    return Calls(
        len(calls),
        sum(each.answered for each in calls),
        sum(each.final > 200 for each in calls),
        sum(not each.final for each in calls),
        max((each.final_s - each.sent_s for each in calls if each.final_s is not None), default=0.0),
    )


def failed_over(calls: Sequence[Dialled], kills: Sequence[float]) -> Failover:
    """What new calls around these moments waited; a call that nobody answered counts as endless."""
    near = [[each for each in calls if at - _BEFORE_S <= each.sent_s <= at + _AFTER_S] for at in kills]
    every = {each.call_id: each for group in near for each in group}
    worst = tuple(
        max((each.waited_s if each.answered else float("inf") for each in group), default=0.0)
        for group in near
    )
    return Failover(len(kills), len(every), sum(each.answered for each in every.values()), worst)
