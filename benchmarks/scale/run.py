"""Controllers in processes of their own, asked as fast as they answer."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.calls.child import Child, on_cores
from benchmarks.calls.errors import ChildFailed
from benchmarks.calls.figures import percentile
from benchmarks.calls.site import Ports
from benchmarks.scale.played import PlayedSwitch
from benchmarks.scale.recorded import Recorded
from store.embedded import EmbeddedRedis
from store.errors import StoreError

_REPOSITORY: Final = Path(__file__).parents[2]
_MODULE: Final = "benchmarks.calls.controllers.fernamt_app"
_READY_S: Final = 30.0
_WARM_UP_S: Final = 2.0
#: Cores that the driver and Redis need beside the controllers'.
_OTHERS: Final = 2


@dataclass(frozen=True, slots=True)
class Scale:
    """So many controllers, in one round: calls decided and not in `seconds`, milliseconds until the decision,
    processor time of all controllers and of the driver for each call."""

    controllers: int
    seconds: float
    decided: int
    failed: int
    median_ms: float
    p95_ms: float
    controllers_cpu_ms: float
    driver_cpu_ms: float

    @property
    def rate(self) -> float:
        """Decided calls a second."""
        return self.decided / self.seconds


@dataclass(frozen=True, slots=True)
class Plan:
    """`under_way`: calls that wait for an answer all the time, for each controller."""

    rounds: int
    seconds: float
    under_way: int


def cores_apart(cores: Sequence[int], controllers: int) -> list[set[int]]:
    """A core for each controller and at last those of the others; nothing when there are too few."""
    if len(cores) < controllers + _OTHERS:
        return []
    return [*({core} for core in cores[:controllers]), set(cores[controllers:])]


def measured(controllers: int, plan: Plan) -> Scale:
    """One round with controllers, Redis and node started for it. Raises ChildFailed."""
    return asyncio.run(_measured(controllers, plan))


def all_rounds(plan: Plan, tell: Callable[[str], None]) -> list[Scale]:
    """One controller and two in turn, so that a machine that slows down slows both."""
    found = []
    for number in range(1, plan.rounds + 1):
        for controllers in (1, 2):
            one = measured(controllers, plan)
            tell(f"round {number}, {controllers}: {one.rate:.0f} calls/s, 95 % {one.p95_ms:.1f} ms")
            found.append(one)
    return found


async def _measured(controllers: int, plan: Plan) -> Scale:
    apart = cores_apart(sorted(os.sched_getaffinity(0)), controllers)
    with ExitStack() as running:
        running.enter_context(on_cores(apart[-1] if apart else None))
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="fernamt-benchmark-")))
        # As root we run Redis as another user, who must get through to its own folder.
        folder.chmod(0o711)
        redis_url = _redis(folder, running)
        ports = [Ports.free() for _ in range(controllers)]
        switch = PlayedSwitch(Recorded(ports[0].caller, "benchmark"))
        await switch.open(ports[0].event_socket)
        children = []
        for number, own in enumerate(ports):
            place = replace(ports[0], controller=own.controller, status=own.status)
            with on_cores(apart[number] if apart else None):
                child = _controller(place, redis_url, folder)
            running.callback(child.stop)
            # It logs in to the node, which this very process plays.
            await asyncio.to_thread(child.await_ready, _READY_S)
            children.append(child)
        try:
            addresses = [each.controller for each in ports]
            await _asked(switch, addresses, plan.under_way, _WARM_UP_S)
            return await _round(switch, addresses, children, plan)
        finally:
            await switch.close()


def _controller(ports: Ports, redis_url: str, folder: Path) -> Child:
    argv = [sys.executable, "-m", _MODULE, f"--ports={ports.as_text()}", f"--redis={redis_url}"]
    return Child(f"controller-{ports.controller}", argv, folder, announces=True, cwd=_REPOSITORY)


async def _round(
    switch: PlayedSwitch, addresses: Sequence[int], children: Sequence[Child], plan: Plan
) -> Scale:
    def used_ms() -> tuple[float, float]:
        return sum(each.usage().cpu_ms for each in children), time.process_time() * 1000

    theirs, ours = used_ms()
    began = time.perf_counter()
    answers = await _asked(switch, addresses, plan.under_way, plan.seconds)
    seconds = time.perf_counter() - began
    theirs_after, ours_after = used_ms()
    took_ms = [each * 1000 for each in answers if each is not None]
    if not took_ms:
        raise ChildFailed(f"of {len(answers)} calls none was decided: see the controllers' logs")
    return Scale(
        len(addresses),
        seconds,
        len(took_ms),
        len(answers) - len(took_ms),
        percentile(took_ms, 0.5),
        percentile(took_ms, 0.95),
        (theirs_after - theirs) / len(took_ms),
        (ours_after - ours) / len(took_ms),
    )


async def _asked(
    switch: PlayedSwitch, addresses: Sequence[int], under_way: int, seconds: float
) -> list[float | None]:
    """Each controller has so many calls to decide all the time: one that is decided is followed by one."""
    ended = time.perf_counter() + seconds
    answers: list[float | None] = []

    async def caller(address: int) -> None:
        while time.perf_counter() < ended:
            answers.append(await switch.ask(address))

    await asyncio.gather(*(caller(each) for each in addresses for _ in range(under_way)))
    return answers


def _redis(folder: Path, running: ExitStack) -> str:
    server = EmbeddedRedis(folder / "state")
    running.callback(server.stop)
    try:
        return server.start()
    except StoreError as error:
        raise ChildFailed(f"Redis: {error}") from error
