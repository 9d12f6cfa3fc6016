"""Assignments per second and core: an owner with lease and journal in Redis, phones that answer at once.

What a caller costs the owner until he talks with an agent: he comes, is offered, the phone answers, both are
joined; and the end of the conversation that made the agent free. Each event is in the journal in Redis before
anything is done about it, as in operation. CPU time is the owner's process alone; Redis runs beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import gevent
import redis

from acd.effects import Effect, Join, Ring
from acd.events import Joined, OfferAnswered, StatusChosen, TalkEnded
from acd.names import AgentStatus
from benchmarks.acd.decisions import a_caller, large_centre
from cli.wiring.contact_centre import TenantJournal
from controller.contact_centre import RENEW_S, ContactCentre
from store.acd_journals import AcdJournals
from store.leases import Leases

#: Events that may wait for the owner at once: more would be a queue that no switch makes.
_AHEAD: Final = 400
_START_S: Final = 10.0


class QuickPhones:
    """A switch whose phones answer at once; conversations last until the agent is wanted again."""

    def __init__(self) -> None:
        self.tell: Callable[[OfferAnswered | Joined | TalkEnded], bool] = lambda _: False
        self.joined = 0
        self.talking: list[int] = []

    def carry_out(self, effects: Sequence[Effect]) -> None:
        for each in effects:
            if isinstance(each, Ring):
                self.tell(OfferAnswered(each.offer_id))
            elif isinstance(each, Join):
                self.tell(Joined(each.offer_id))
                self.joined += 1
                self.talking.append(each.offer_id)

    def compare(self) -> None:
        """It has what the owner thinks it has."""


@dataclass(frozen=True, slots=True)
class Assignments:
    """`per_core_second`: assignments for each second of the owner's processor time."""

    assignments: int
    wall_s: float
    cpu_s: float
    per_second: float
    per_core_second: float


def measure(client: redis.Redis, wanted: int, progress: Callable[[str], None]) -> Assignments:
    """So many callers reach an agent. Raises gevent.Timeout when the owner stands still."""
    progress(f"assignments: {wanted} through Redis")
    random = Random(1)
    spec = large_centre(random)
    phones = QuickPhones()
    journal = TenantJournal(Leases(client, ttl_s=3 * RENEW_S), AcdJournals(client), spec.id, "benchmark")
    centre = ContactCentre(spec, journal, phones, lambda: time.time_ns() // 1_000_000, seed=1)
    phones.tell = centre.tell
    centre.start()
    try:
        with gevent.Timeout(_START_S):
            while not centre.is_owner:
                gevent.sleep(0.01)
            for each in spec.agents:
                centre.tell(StatusChosen(each.id, AgentStatus.AVAILABLE))
        with gevent.Timeout(_START_S + wanted / 100):
            return _pass_callers(centre, phones, random, wanted)
    finally:
        centre.stop(5.0)


def _pass_callers(centre: ContactCentre, phones: QuickPhones, random: Random, wanted: int) -> Assignments:
    began, cpu = time.monotonic(), time.process_time()
    told = 0
    while phones.joined < wanted:
        while told - phones.joined < _AHEAD:
            told += 1
            centre.tell(a_caller(random, told))
            if len(phones.talking) > len(centre.state.agents) // 2:
                centre.tell(TalkEnded(phones.talking.pop(0)))
        if phones.talking:  # agents whom the skills of those who wait do not fit
            centre.tell(TalkEnded(phones.talking.pop(0)))
        gevent.sleep(0)
    wall_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
    return Assignments(phones.joined, wall_s, cpu_s, phones.joined / wall_s, phones.joined / cpu_s)
