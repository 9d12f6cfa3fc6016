"""The result for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from benchmarks.calls.figures import Figures, Ratios, ratios
from benchmarks.calls.leaks import Leaks
from benchmarks.calls.machine import Machine
from benchmarks.calls.variants import ALL, FERNAMT, STATIC


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure that fernamt must reach, and what was seen. `met` is None when it was not measured."""

    sentence: str
    limit: float
    seen: float | None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether it is reached."""
        if self.seen is None:
            return None
        return self.seen >= self.limit if self.at_least else self.seen <= self.limit


@dataclass(frozen=True, slots=True)
class Comparison:
    """All variants of one run. `rate` in calls/s, `seconds` for each of `rounds` rounds;
    `switch` says what FreeSWITCH got of the machine."""

    machine: Machine
    switch: str
    rate: float
    seconds: float
    rounds: int
    variants: tuple[Figures, ...]

    def ratios(self) -> tuple[Ratios, ...]:
        """Every variant but the static one against it; empty when that was not measured."""
        static = self._find(STATIC.name)
        if static is None:
            return ()
        return tuple(ratios(one, static) for one in self.variants if one is not static)

    def goals(self) -> tuple[Goal, ...]:
        """What fernamt must reach; empty when it or the static dialplan was not measured."""
        one = self._find(FERNAMT.name)
        against = next((r for r in self.ratios() if r.name == FERNAMT.name), None)
        if one is None or against is None:
            return ()
        return (
            Goal("added post-dial delay, median, ms", 8, against.added_median_ms),
            Goal("added post-dial delay, 95th percentile, ms", 25, against.added_p95_ms),
            Goal("FreeSWITCH CPU per call, x static", 1.2, against.switch_cpu),
            Goal("controller CPU per call, ms", 2, one.controller_cpu_ms),
            Goal("sustained calls/s, x static", 0.9, against.sustained, at_least=True),
        )

    @property
    def reached(self) -> bool:
        """Whether no figure that was measured misses its goal."""
        return all(goal.met is not False for goal in self.goals())

    def _find(self, name: str) -> Figures | None:
        return next((figures for figures in self.variants if figures.name == name), None)


def comparison_json(result: Comparison) -> str:
    """One JSON object: machine, load, variants, ratios, goals."""
    goals = [{**asdict(goal), "met": goal.met} for goal in result.goals()]
    content = {**asdict(result), "ratios": [asdict(r) for r in result.ratios()], "goals": goals}
    return json.dumps(content, indent=2)


def comparison_text(result: Comparison) -> str:
    """Tables."""
    load = (
        f"Load: {result.rate:g} calls/s for {result.seconds:g} s, {result.rounds} rounds of each variant "
        f"in turn, each on a freshly started FreeSWITCH ({result.switch}); "
        "calls of 0.2 s ringing and 0.3 s talk"
    )
    parts = [*result.machine.lines(), load, ""]
    parts += [f"{one.name}: {ALL[one.name].sentence}" for one in result.variants]
    parts += ["", *_table(_FIGURE_HEADS, [_figure_row(one) for one in result.variants])]
    if result.ratios():
        parts += ["", "Against the static dialplan:"]
        parts += _table(_RATIO_HEADS, [_ratio_row(one) for one in result.ratios()])
    if result.goals():
        parts += ["", "fernamt must reach:"]
        parts += _table(("figure", "limit", "seen", "reached"), [_goal_row(goal) for goal in result.goals()])
    return "\n".join(parts)


_FIGURE_HEADS = (
    "variant",
    "calls",
    "failed",
    "delay median ms",
    "p95",
    "p99",
    "medians of rounds",
    "answer ms",
    "FreeSWITCH CPU ms/call",
    "controller CPU ms/call",
    "sustained calls/s",
)
_RATIO_HEADS = ("variant", "added median ms", "added p95 ms", "FreeSWITCH CPU", "sustained")


def _figure_row(one: Figures) -> list[str]:
    return [
        one.name,
        str(one.calls),
        str(one.failed),
        f"{one.delay_median_ms:.1f}",
        f"{one.delay_p95_ms:.1f}",
        f"{one.delay_p99_ms:.1f}",
        "/".join(f"{median:.1f}" for median in one.round_medians_ms),
        f"{one.answer_median_ms:.1f}",
        f"{one.switch_cpu_ms:.1f}",
        _number(one.controller_cpu_ms, ".2f"),
        _number(one.sustained_rate, ".0f"),
    ]


def _ratio_row(one: Ratios) -> list[str]:
    return [
        one.name,
        f"{one.added_median_ms:+.1f}",
        f"{one.added_p95_ms:+.1f}",
        f"x {one.switch_cpu:.2f}",
        "-" if one.sustained is None else f"x {one.sustained:.2f}",
    ]


def _goal_row(goal: Goal) -> list[str]:
    sign = ">=" if goal.at_least else "<="
    reached = {True: "yes", False: "NO", None: "not measured"}[goal.met]
    return [goal.sentence, f"{sign} {goal.limit:g}", _number(goal.seen, ".2f"), reached]


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in (heads, *rows)) for column in range(len(heads))]
    lines = []
    for cells in (heads, *rows):
        first, *others = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        numbers = (cell.strip().rjust(len(cell)) for cell in others)
        lines.append("  ".join((first, *numbers)).rstrip())
    return lines


def leaks_json(result: Leaks, machine: Machine) -> str:
    """One JSON object."""
    content = {**asdict(result), "machine": asdict(machine), "rss_growth_kib": result.rss_growth_kib}
    content["flat"] = result.flat
    return json.dumps(content, indent=2)


def leaks_text(result: Leaks, machine: Machine) -> str:
    """The samples and the growth."""
    heads = ("calls", "RSS KiB", "greenlets", "open files", "sessions")
    rows = [
        [str(value) for value in (s.calls, s.rss_kib, s.greenlets, s.files, s.sessions)]
        for s in result.samples
    ]
    base, rest = result.base, result.rest
    growth = (
        f"From call {base.calls} to rest after call {rest.calls}: RSS {result.rss_growth_kib:+d} KiB, "
        f"greenlets {rest.greenlets - base.greenlets:+d}, open files {rest.files - base.files:+d}; "
        f"{result.failed} calls failed"
    )
    flat = f"Nothing failed, nothing is left, memory is flat: {'yes' if result.flat else 'NO'}"
    return "\n".join([*machine.lines(), "", *_table(heads, rows), "", growth, flat])
