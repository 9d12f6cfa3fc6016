"""From measured loads to the figures that are reported, and their ratios to the static dialplan's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.calls.run import Measured


@dataclass(frozen=True, slots=True)
class Figures:
    """One variant over all rounds. Times in milliseconds; CPU for each call of both legs together.

    `round_medians_ms` is the post-dial delay's median of every round: how much the machine wavered.
    `controller_cpu_ms` is None without a controller; `sustained_rate` (calls/s) when it was not looked for.
    """

    name: str
    calls: int
    failed: int
    delay_median_ms: float
    delay_p95_ms: float
    delay_p99_ms: float
    answer_median_ms: float
    round_medians_ms: tuple[float, ...]
    switch_cpu_ms: float
    controller_cpu_ms: float | None
    sustained_rate: float | None = None


@dataclass(frozen=True, slots=True)
class Ratios:
    """A variant against the static dialplan of the same run: delays added, the rest as factors."""

    name: str
    added_median_ms: float
    added_p95_ms: float
    switch_cpu: float
    sustained: float | None


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, interpolated. ValueError without values."""
    if not values:
        raise ValueError("no values, no percentile")
    ordered = sorted(values)
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def figures(name: str, rounds: Sequence[Measured], sustained_rate: float | None) -> Figures:
    """All rounds of a variant as one. ValueError when not one call rang."""
    outcomes = [measured.outcome for measured in rounds]
    delays = [delay for outcome in outcomes for delay in outcome.delays.ringing_ms]
    answers = [delay for outcome in outcomes for delay in outcome.delays.answered_ms]
    calls = sum(outcome.load.calls for outcome in outcomes)
    used = [m.controller_cpu_ms for m in rounds if m.controller_cpu_ms is not None]
    return Figures(
        name=name,
        calls=calls,
        failed=calls - sum(outcome.totals.successful for outcome in outcomes),
        delay_median_ms=percentile(delays, 0.5),
        delay_p95_ms=percentile(delays, 0.95),
        delay_p99_ms=percentile(delays, 0.99),
        answer_median_ms=percentile(answers, 0.5),
        round_medians_ms=tuple(percentile(o.delays.ringing_ms, 0.5) for o in outcomes),
        switch_cpu_ms=sum(measured.switch_cpu_ms for measured in rounds) / calls,
        controller_cpu_ms=sum(used) / calls if used else None,
        sustained_rate=sustained_rate,
    )


def ratios(one: Figures, static: Figures) -> Ratios:
    """`one` against `static`."""
    sustained = None
    if one.sustained_rate is not None and static.sustained_rate:
        sustained = one.sustained_rate / static.sustained_rate
    return Ratios(
        one.name,
        one.delay_median_ms - static.delay_median_ms,
        one.delay_p95_ms - static.delay_p95_ms,
        one.switch_cpu_ms / static.switch_cpu_ms,
        sustained,
    )
