"""Calls over two nodes whose FreeSWITCH is killed, from the first call to the last record."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from acd.names import AgentStatus
from benchmarks.chaos.nodes.carrier import AGENT, write
from benchmarks.chaos.nodes.load import Traffic
from benchmarks.chaos.nodes.losing import Killer, Left, left_behind
from benchmarks.chaos.nodes.seen import Fates, Kind, Leg, NodeRecords, compared, fates, missing
from benchmarks.exchange_load.carrier import CUSTOMER
from benchmarks.exchange_load.records import legs_found, unreadable
from cli.bootstrap import acd_desk
from cli.wiring.queue_desk import command
from tests.e2e.exchange import eventually
from tests.e2e.two_nodes import Pair, two_nodes

_OWNER_S: Final = 20.0
#: Records are taken in within seconds; one that is half written is given up after ten.
_RECORDS_S, _LOOK_S = 120.0, 1.0
_MOST_TOLD: Final = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """`rate`: calls a second over both nodes; `pause_s`: from a node's return to the next kill."""

    kills: int
    rate: float
    pause_s: tuple[float, float]
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """`back_s`: for each kill, until the node took calls again; `forgotten_s`: from then on until the live
    state had none of its old calls."""

    fates: dict[Kind, Fates]
    records: NodeRecords
    left: Left
    back_s: tuple[float, ...]
    forgotten_s: tuple[float, ...]


def survived(plan: Plan, tell: Callable[[str], None]) -> Outcome:
    """On two nodes with a controller, an intake and rating each, one PostgreSQL and one Redis."""
    with (
        TemporaryDirectory(prefix="fernamt-chaos-") as name,
        two_nodes("freeswitch", write(Path(name) / "carrier")) as pair,
    ):
        _somebody_logged_in(pair)
        chance = random.Random(plan.seed)
        killer = Killer(pair, plan.kills, plan.pause_s, random.Random(plan.seed))
        traffic = Traffic([each.settings for each in pair.both()], plan.rate, chance)
        tell(f"{plan.kills} times a node of two, {plan.rate:g} calls a second")
        traffic.run(lambda: killer.run(tell), killer.enough.set)
        for each in [each for each in traffic.calls if each.answered_by is None][:_MOST_TOLD]:
            tell(f"not answered: {each}")
        left = left_behind(pair, tell)
        tell("comparing all records")
        records = _records(pair, traffic, killer, tell)
        by_kind = {kind: [each for each in traffic.calls if each.kind is kind] for kind in Kind}
        return Outcome(
            {kind: fates(calls, killer.kills) for kind, calls in by_kind.items()},
            records,
            left,
            tuple(each.back_s - each.at_s for each in killer.kills),
            tuple(killer.forgotten_s),
        )


def _somebody_logged_in(pair: Pair) -> None:
    """The queue takes callers, who wait for an agent who has a break."""
    desk = acd_desk(pair.first.settings)
    eventually(lambda: desk.owner(CUSTOMER) is not None, _OWNER_S, "an owner of the contact centre")
    for status in (AgentStatus.AVAILABLE, AgentStatus.ON_BREAK):
        command(desk, CUSTOMER, AGENT, status)


def _records(pair: Pair, traffic: Traffic, killer: Killer, tell: Callable[[str], None]) -> NodeRecords:
    """Waits until nothing is missing that no kill excuses, at most two minutes; tells what is."""
    pause, ended = threading.Event(), time.monotonic() + _RECORDS_S
    while (without := _without(pair, traffic, killer)) and time.monotonic() < ended:
        pause.wait(_LOOK_S)
    for each in without[:_MOST_TOLD]:
        tell(f"no record: {each}")
    return compared(traffic.legs, killer.kills, legs_found(pair.first), unreadable(pair.first))


def _without(pair: Pair, traffic: Traffic, killer: Killer) -> list[Leg]:
    return missing(traffic.legs, killer.kills, legs_found(pair.first))
