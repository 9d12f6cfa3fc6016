"""How many calls a second a variant carries for good: climb until it breaks, then close in."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from benchmarks.calls.errors import BenchmarkError
from benchmarks.calls.figures import percentile
from benchmarks.calls.run import Stage, stage
from benchmarks.calls.sipp import Outcome
from benchmarks.calls.switch import Processors
from benchmarks.calls.variants import Variant

_SUCCESS_SHARE: Final = 0.99
_RATE_SHARE: Final = 0.95
_SLOWEST_P95_MS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Climb:
    """Rates tried: from `first` upwards by `step`, then halves down to `finest`; none above `highest`.
    Calls per second; each is held for `seconds`."""

    first: int = 60
    step: int = 20
    finest: int = 5
    highest: int = 400
    seconds: float = 8.0


def highest(climb: Climb, holds: Callable[[int], bool]) -> int:
    """The highest rate tried that `holds`; 0 when not even the first one does."""
    good, bad = 0, None
    rate = climb.first
    while rate <= climb.highest:
        if not holds(rate):
            bad = rate
            break
        good = rate
        rate += climb.step
    if good == 0 or bad is None:
        return good
    while bad - good > climb.finest:
        middle = (good + bad) // 2
        if holds(middle):
            good = middle
        else:
            bad = middle
    return good


def breaches(outcome: Outcome) -> list[str]:
    """Why this load was not carried; empty when 99 % of the calls succeeded, at the rate asked for, with 95 %
    of them ringing within 1 s. ValueError when not one call rang."""
    slow_ms = percentile(outcome.delays.ringing_ms, 0.95)
    achieved = outcome.delays.achieved_rate
    found = []
    if outcome.success_share < _SUCCESS_SHARE:
        found.append(f"{outcome.success_share:.1%} succeeded")
    if achieved < outcome.load.rate * _RATE_SHARE:
        found.append(f"{achieved:.0f} calls/s achieved")
    if slow_ms > _SLOWEST_P95_MS:
        found.append(f"p95 of the delay {slow_ms:.0f} ms")
    return found


class Trial:
    """Tries rates on one stage, and on a new one after a rate that broke it."""

    def __init__(
        self, variant: Variant, processors: Processors, climb: Climb, tell: Callable[[str], None]
    ) -> None:
        self._variant = variant
        self._processors = processors
        self._climb = climb
        self._tell = tell
        self._open = ExitStack()
        self._stage: Stage | None = None

    def sustained(self) -> int:
        """The highest rate carried."""
        with self._open:
            return highest(self._climb, self._holds)

    def _holds(self, rate: int) -> bool:
        # A single breach may be the machine's, so each rate has two chances.
        return self._once(rate) or self._once(rate)

    def _once(self, rate: int) -> bool:
        if self._stage is None:
            self._stage = self._open.enter_context(stage(self._variant, self._processors))
        try:
            found = breaches(self._stage.measure(rate, self._climb.seconds).outcome)
        except (BenchmarkError, ValueError) as error:
            found = [str(error)]
        result = f"not carried: {', '.join(found)}" if found else "carried"
        self._tell(f"{self._variant.name}: {rate} calls/s {result}")
        if found:
            self._stage = None
            self._open.close()
        return not found
