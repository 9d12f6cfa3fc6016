"""One load on one variant: a fresh FreeSWITCH, its controller, SIPp on both sides, and what all that took."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.calls import sipp
from benchmarks.calls.child import Child, on_cores, settled
from benchmarks.calls.errors import ChildFailed
from benchmarks.calls.sipp import Caller, Load, Outcome
from benchmarks.calls.site import DIALLED, Ports
from benchmarks.calls.switch import Processors, Switch
from benchmarks.calls.variants import Variant
from cli.wiring.allocator import switch_environment
from store.embedded import EmbeddedRedis
from store.errors import StoreError

#: The first calls find cold caches in every program.
_WARM_UP_S: Final = 2
#: Files go into memory where that can be: on ext4 the files that one round deletes make the next round's
#: CDRs dearer (seen: up to a third more FreeSWITCH CPU), and disks differ more than switches do.
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - TemporaryDirectory makes a private folder in it


@dataclass(frozen=True, slots=True)
class Measured:
    """A load's outcome and the CPU time it took, all threads and all of its calls together."""

    outcome: Outcome
    switch_cpu_ms: float
    controller_cpu_ms: float | None


class Stage:
    """Everything running and warmed up; loads can be put on it one after the other."""

    def __init__(self, ports: Ports, folder: Path, switch: Switch, controller: Child | None) -> None:
        self.switch = switch
        self.controller = controller
        self.ports = ports
        self._folder = folder
        self._loads = 0

    def begin(self, rate: float, calls: int) -> Caller:
        """Start a load; for those who look at something meanwhile."""
        self._loads += 1
        return Caller(
            Load(DIALLED, rate, calls),
            port=self.ports.caller,
            to_port=self.ports.trunk_profile,
            folder=self._folder / f"load-{self._loads}",
        )

    def measure(self, rate: float, duration_s: float) -> Measured:
        """Put a load on, wait for its end and until all is at rest again."""
        switch_before, controller_before = self._cpu_ms()
        caller = self.begin(rate, max(2, round(rate * duration_s)))
        try:
            caller.wait()
        finally:
            caller.stop()
        settled([self.switch.child, *([self.controller] if self.controller else [])])
        switch_after, controller_after = self._cpu_ms()
        outcome = caller.outcome()
        self.switch.clear_cdrs()
        used = None
        if controller_after is not None and controller_before is not None:
            used = controller_after - controller_before
        return Measured(outcome, switch_after - switch_before, used)

    def _cpu_ms(self) -> tuple[float, float | None]:
        controller = self.controller.usage().cpu_ms if self.controller else None
        return self.switch.child.usage().cpu_ms, controller


@contextmanager
def stage(
    variant: Variant, processors: Processors | None = None, *, warm_up_rate: float = 30
) -> Iterator[Stage]:
    """Start FreeSWITCH, what the variant needs and the carrier; end them all afterwards."""
    processors = processors or Processors()
    with ExitStack() as running:
        if processors.core is not None:
            running.enter_context(on_cores(processors.others))
        name = running.enter_context(
            tempfile.TemporaryDirectory(
                prefix="fernamt-benchmark-",
                dir=_MEMORY if _MEMORY.is_dir() else None,
                ignore_cleanup_errors=True,
            )
        )
        folder = Path(name)
        # As root we run Redis as another user, who must get through to its own folder.
        folder.chmod(0o711)
        ports = Ports.free()
        entry = variant.entry(ports) if variant.entry else None
        redis_url = _redis(folder, running) if variant.wants_redis else ""
        environment = dict(os.environ) if variant.as_packaged else switch_environment()
        switch = running.enter_context(Switch(ports, folder, entry, processors, environment))
        controller = variant.start_controller(ports, redis_url, folder)
        if controller is not None:
            running.callback(controller.stop)
        running.callback(sipp.carrier(ports.carrier, folder).stop, grace_s=2.0)
        ready = Stage(ports, folder, switch, controller)
        ready.measure(warm_up_rate, _WARM_UP_S)
        yield ready


def _redis(folder: Path, running: ExitStack) -> str:
    server = EmbeddedRedis(folder / "state")
    running.callback(server.stop)
    try:
        return server.start()
    except StoreError as error:
        raise ChildFailed(f"Redis: {error}") from error
