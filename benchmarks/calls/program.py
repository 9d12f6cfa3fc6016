"""`python -m benchmarks calls`: arguments, progress, the order in which things are measured."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.arguments import arguments, end_on_sigterm, tell
from benchmarks.calls.errors import BenchmarkError, ProgramMissing
from benchmarks.calls.figures import figures
from benchmarks.calls.leaks import look_for_leaks
from benchmarks.calls.machine import require_programs, this_machine
from benchmarks.calls.report import (
    Comparison,
    comparison_json,
    comparison_text,
    leaks_json,
    leaks_text,
)
from benchmarks.calls.run import Measured, stage
from benchmarks.calls.sustained import Climb, Trial
from benchmarks.calls.switch import Processors, Scheduling
from benchmarks.calls.variants import ALL, DEFAULT, Variant

_LEAK_RATE: Final = 70.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    rounds: int
    seconds: float
    climb: Climb
    leak_calls: int


_FULL: Final = Plan(3, 25.0, Climb(), 20_000)
_QUICK: Final = Plan(1, 6.0, Climb(step=40, finest=20, seconds=4.0), 1_000)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when all goals are reached, or a program is missing and nothing can be measured,
    else 1. With `--quick` goals do not count: the times are rough."""
    options = _options(argv)
    end_on_sigterm()
    try:
        require_programs()
        options.processors = (
            Processors.apart(options.scheduling) if options.apart else Processors(options.scheduling)
        )
        text, reached = _leaks(options) if options.leaks else _compare(options)
    except ProgramMissing as error:
        tell(str(error))
        return 0
    except BenchmarkError as error:
        tell(f"{error.id}: {error}")
        return 1
    print(text)
    return 0 if reached or options.quick else 1


def _options(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = arguments("calls", __doc__, "short and rough")
    parser.add_argument("--variants", default=",".join(v.name for v in DEFAULT), help=", ".join(ALL))
    parser.add_argument("--rate", type=float, default=60.0, help="calls per second")
    parser.add_argument("--rounds", type=int, help="rounds of each variant")
    parser.add_argument("--seconds", type=float, help="length of a round's load")
    parser.add_argument(
        "--realtime",
        dest="scheduling",
        action="store_const",
        const=Scheduling.REALTIME,
        default=Scheduling.NORMAL,
        help="give FreeSWITCH the realtime scheduling that it takes by itself where it may",
    )
    parser.add_argument(
        "--apart", action="store_true", help="give FreeSWITCH a core of its own, all others the rest"
    )
    parser.add_argument("--no-sustained", action="store_true", help="do not look for the highest rate")
    parser.add_argument("--leaks", action="store_true", help="watch the controller over 20,000 calls instead")
    parser.add_argument("--calls", type=int, help="how many, with --leaks")
    options = parser.parse_args(argv)
    options.variants = [name for name in options.variants.split(",") if name]
    unknown = set(options.variants) - set(ALL)
    if unknown or not options.variants:
        parser.error(f"variants are {', '.join(ALL)}, not {', '.join(unknown) or 'nothing'}")
    plan = _QUICK if options.quick else _FULL
    options.climb = plan.climb
    options.rounds = options.rounds or plan.rounds
    options.seconds = options.seconds or plan.seconds
    options.calls = options.calls or plan.leak_calls
    return options


def _compare(options: argparse.Namespace) -> tuple[str, bool]:
    """The result, and whether it is as it must be."""
    variants = [ALL[name] for name in options.variants]
    measured: dict[str, list[Measured]] = {variant.name: [] for variant in variants}
    # In turn, so that a machine that slows down slows all of them.
    for number in range(1, options.rounds + 1):
        for variant in variants:
            measured[variant.name].append(_round(variant, number, options))
    rates: dict[str, float | None] = dict.fromkeys(measured)
    if not options.no_sustained:
        rates = {
            variant.name: Trial(variant, options.processors, options.climb, tell).sustained()
            for variant in variants
        }
    result = Comparison(
        this_machine(),
        options.processors.words(),
        options.rate,
        options.seconds,
        options.rounds,
        tuple(figures(name, rounds, rates[name]) for name, rounds in measured.items()),
    )
    return comparison_json(result) if options.json else comparison_text(result), result.reached


def _round(variant: Variant, number: int, options: argparse.Namespace) -> Measured:
    with stage(variant, options.processors) as ready:
        measured = ready.measure(options.rate, options.seconds)
    one = figures(variant.name, [measured], None)
    tell(
        f"round {number}, {one.name}: delay {one.delay_median_ms:.1f} ms, p95 {one.delay_p95_ms:.1f} ms, "
        f"FreeSWITCH {one.switch_cpu_ms:.1f} ms/call, failed {one.failed} of {one.calls}"
    )
    return measured


def _leaks(options: argparse.Namespace) -> tuple[str, bool]:
    """The same of the controller over many calls."""
    result = look_for_leaks(options.calls, _LEAK_RATE, options.processors, tell)
    machine = this_machine()
    return leaks_json(result, machine) if options.json else leaks_text(result, machine), result.flat
