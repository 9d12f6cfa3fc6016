"""Callers of a queue whose owner is killed: how soon another controller goes on, and who is forgotten."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from acd.names import AgentStatus
from benchmarks.acd_calls.carrier import CUSTOMER, TRUNK, agent, write
from benchmarks.acd_calls.figures import Figures, figures
from benchmarks.acd_calls.phones import Caller, Load, Traffic
from benchmarks.carrier import port_of
from benchmarks.chaos.killing import await_whole
from cli.bootstrap import acd_desk
from cli.wiring.carrier import compile_carrier, load_carrier
from cli.wiring.queue_desk import command
from store.acd_desk import AcdDesk
from store.errors import StoreError
from tests.e2e.exchange import Exchange, eventually, exchange

#: More agents than calls at once, so that nobody waits for anything but a controller.
_AGENTS, _TALK_S, _RATE = 30, 3.0, 3.0
#: A kill, the return of the killed one with growing pauses of the supervisor, and some rest.
_EACH_S: Final = 24.0
_BEFORE_S, _AFTER_S = 0.5, 5.0
_TAKEOVER_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Takeover:
    """A kill of the owner: when another one had the lease, and how long those who came around it waited for a
    phone to ring, at most."""

    lease_s: float
    worst_s: float
    callers: int


@dataclass(frozen=True, slots=True)
class QueueOutcome:
    """All takeovers, and what became of all callers."""

    takeovers: tuple[Takeover, ...]
    figures: Figures


@dataclass
class _Kills:
    """Moments on the monotonic clock, and how long the tenant had no owner afterwards."""

    moments: list[tuple[float, float]] = field(default_factory=list)


def taken_over(times: int, tell: Callable[[str], None]) -> QueueOutcome:
    """On an exchange of its own with two controllers."""
    tell(f"{times} times the owner of a queue")
    load = Load(_RATE, times * _EACH_S, _AGENTS, 1, _TALK_S)
    with TemporaryDirectory(prefix="fernamt-chaos-") as folder:
        carrier = write(Path(folder) / "carrier", load.agents, load.queues)
        with exchange("freeswitch", 2, carrier) as running:
            return _run(running, load, times)


def _run(running: Exchange, load: Load, times: int) -> QueueOutcome:
    settings = running.settings
    trunk = compile_carrier(settings, load_carrier(settings), 0).trunks[TRUNK]
    traffic = Traffic(
        load, settings.node.ports.carrier, settings.node.ports.phone, port_of(trunk), settings.node.domain
    )
    desk, kills = acd_desk(settings), _Kills()
    killer = threading.Thread(target=_kill_owners, args=(running, desk, kills, times), daemon=True)

    def log_in() -> None:
        for number in range(1, load.agents + 1):
            command(desk, CUSTOMER, agent(number), AgentStatus.AVAILABLE)
        killer.start()

    asyncio.run(traffic.run(log_in))
    killer.join(_EACH_S)
    return QueueOutcome(takeovers(list(traffic.callers.values()), kills.moments), figures(traffic))


def takeovers(callers: Sequence[Caller], kills: Sequence[tuple[float, float]]) -> tuple[Takeover, ...]:
    """`kills`: when, and how long until another controller had the lease. Who never rang waited for ever."""
    found = []
    for at, lease_s in kills:
        near = [
            each
            for each in callers
            if each.joined_s is not None and at - _BEFORE_S <= each.joined_s <= at + _AFTER_S
        ]
        waits = [
            (each.rung_s if each.rung_s is not None else float("inf")) - (each.joined_s or 0.0)
            for each in near
        ]
        found.append(Takeover(lease_s, max(waits, default=0.0), len(near)))
    return tuple(found)


def _kill_owners(running: Exchange, desk: AcdDesk, kills: _Kills, times: int) -> None:
    rest = threading.Event()
    for _ in range(times):
        await_whole(running)
        rest.wait(5.0)
        eventually(lambda: _owner(desk) != 0, _TAKEOVER_S, "an owner")
        old = _owner(desk)
        at = time.monotonic()
        os.kill(old, signal.SIGKILL)
        eventually(lambda old=old: _owner(desk) not in (0, old), _TAKEOVER_S, "another owner")  # type: ignore[misc]
        kills.moments.append((at, time.monotonic() - at))


def _owner(desk: AcdDesk) -> int:
    """The process of the controller that owns the queue; 0 while nobody does."""
    try:
        holder = desk.owner(CUSTOMER)
    except StoreError:
        return 0
    return int(holder.split("/")[-2]) if holder is not None else 0
