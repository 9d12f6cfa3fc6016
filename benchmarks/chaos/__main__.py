"""`kill -9` of every part in a loop, with calls of SIPp's on FreeSWITCH.

    python -m benchmarks chaos [--calls 20000 --emergency 1000 --rate 15] [--failovers 20] [--takeovers 10]

Two controllers, PostgreSQL, Redis, CDR intake and rating are killed at random while calls go in and out; then
one controller of two at a time while calls go on; then the controller that leads a queue. Goals: issue 7.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any, Final

from benchmarks.arguments import arguments, end_on_sigterm, tell
from benchmarks.calls.errors import BenchmarkError, ProgramMissing
from benchmarks.calls.machine import require_programs, this_machine
from benchmarks.chaos.calls import Plan, survived
from benchmarks.chaos.queues import taken_over
from benchmarks.chaos.report import goals, text
from benchmarks.exchange_load.sides import Load

_FULL: Final = (20_000, 1_000, 20, 10)
_QUICK: Final = (300, 30, 3, 2)


def main() -> int:
    """0 when everything that must be reached was, or a program is missing and nothing can be tried."""
    options = _options()
    end_on_sigterm()
    try:
        require_programs()
    except ProgramMissing as error:
        tell(str(error))
        return 0
    plan = Plan(
        Load(options.calls, options.emergency, options.rate),
        (options.shortest_pause, options.longest_pause),
        options.failovers,
        options.seed,
    )
    try:
        calls = survived(plan, tell)
        tell(text(calls, None))  # what comes next may fail
        queue = taken_over(options.takeovers, tell) if options.takeovers else None
    except BenchmarkError as error:
        tell(f"{error.id}: {error}")
        return 1
    reached = goals(calls, queue)
    machine = this_machine()
    if options.json:
        content: dict[str, Any] = {
            "machine": asdict(machine),
            "plan": asdict(plan),
            "goals": [asdict(each) for each in reached],
            "calls": asdict(calls),
            "queue": asdict(queue) if queue else None,
        }
        print(json.dumps(content, indent=1))
    else:
        load = (
            f"Load: {options.rate:g} calls/s, half in and half out, answered after 0.2 s, 0.3 s of talk; "
            f"a kill every {options.shortest_pause:g} to {options.longest_pause:g} s; seed {options.seed}"
        )
        print("\n".join([*machine.lines(), load, "", text(calls, queue)]))
    return 0 if all(each.reached for each in reached) else 1


def _options() -> argparse.Namespace:
    parser = arguments("chaos", __doc__, "short and rough")
    parser.add_argument("--calls", type=int, help="ordinary calls")
    parser.add_argument("--emergency", type=int, help="calls to 110 and 112 beside them, at most a half")
    parser.add_argument("--rate", type=float, default=15.0, help="all calls per second")
    parser.add_argument("--shortest-pause", type=float, default=1.0, help="seconds between two kills")
    parser.add_argument("--longest-pause", type=float, default=4.0)
    parser.add_argument("--failovers", type=int, help="kills of one controller of two")
    parser.add_argument("--takeovers", type=int, help="kills of a queue's owner; 0: none")
    parser.add_argument("--seed", type=int, default=20261122)
    options = parser.parse_args()
    chosen = _QUICK if options.quick else _FULL
    for name, value in zip(("calls", "emergency", "failovers", "takeovers"), chosen, strict=True):
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


if __name__ == "__main__":
    sys.exit(main())
