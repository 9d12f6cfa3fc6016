"""Does the controller grow? Many calls through it, and what the process holds every so often."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.calls.child import Child, settled
from benchmarks.calls.errors import ChildFailed
from benchmarks.calls.run import Stage, stage
from benchmarks.calls.site import HOST
from benchmarks.calls.switch import Processors
from benchmarks.calls.variants import FERNAMT

_POLL_S: Final = 0.5
_SAMPLES: Final = 20
#: Memory may breathe: so much, or so many parts of a hundred.
_BREATH_KIB, _BREATH_PERCENT = 8_192, 10


@dataclass(frozen=True, slots=True)
class Sample:
    """What the controller held after `calls` calls. Those of calls under way included."""

    calls: int
    rss_kib: int
    greenlets: int
    files: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Leaks:
    """All samples; the last one is taken when the calls are over and everything is at rest.

    Growth is from a quarter of the calls (5,000 of 20,000) to the end.
    """

    calls: int
    failed: int
    samples: tuple[Sample, ...]

    @property
    def base(self) -> Sample:
        """The sample that growth is counted from."""
        return next(s for s in self.samples if s.calls >= self.calls // 4)

    @property
    def rest(self) -> Sample:
        """The last sample."""
        return self.samples[-1]

    @property
    def rss_growth_kib(self) -> int:
        """Memory grown, in KiB."""
        return self.rest.rss_kib - self.base.rss_kib

    @property
    def flat(self) -> bool:
        """Every call succeeded, no session is left at rest, and memory grew by no more than breathing."""
        breath_kib = max(_BREATH_KIB, self.base.rss_kib * _BREATH_PERCENT // 100)
        return not self.failed and not self.rest.sessions and self.rss_growth_kib <= breath_kib


def look_for_leaks(calls: int, rate: float, processors: Processors, tell: Callable[[str], None]) -> Leaks:
    """Put `calls` calls through fernamt's controller and watch it."""
    with stage(FERNAMT, processors) as ready:
        controller = ready.controller
        assert controller is not None, "this variant has a controller"
        first = _status(ready)["decided"]
        samples: list[Sample] = []
        caller = ready.begin(rate, calls)
        try:
            while not caller.wait(_POLL_S):
                status = _status(ready)
                done = status["decided"] - first
                if done >= len(samples) * calls // _SAMPLES:
                    samples.append(_sample(done, status, controller))
                    tell(str(samples[-1]))
                    ready.switch.clear_cdrs()
        finally:
            caller.stop()
        settled([ready.switch.child, controller])
        status = _status(ready)
        samples.append(_sample(status["decided"] - first, status, controller))
        tell(str(samples[-1]))
        successful = caller.outcome().totals.successful
        return Leaks(calls, calls - successful, tuple(samples))


def _sample(calls: int, status: dict[str, Any], controller: Child) -> Sample:
    usage = controller.usage()
    return Sample(calls, usage.rss_kib, status["greenlets"], usage.files, status["sessions"])


def _status(ready: Stage) -> dict[str, Any]:
    try:
        with socket.create_connection((HOST, ready.ports.status), timeout=5.0) as sock:
            text = sock.makefile("rb").readline(65536)
        status: dict[str, Any] = json.loads(text)
    except (OSError, ValueError) as error:
        raise ChildFailed(f"the controller does not tell its status: {error}") from error
    return status
