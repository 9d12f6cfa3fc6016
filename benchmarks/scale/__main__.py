"""One controller against two: decided calls per second.

    python -m benchmarks scale [--rounds 3 --seconds 20 --under-way 8]

The program plays FreeSWITCH: it connects for each call, sends the channel data of a recorded one, takes the
decision, and tells all controllers of the call's answer and end. Controllers and Redis are real.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict

from benchmarks.arguments import arguments, end_on_sigterm, tell
from benchmarks.calls.errors import BenchmarkError
from benchmarks.calls.machine import this_machine
from benchmarks.scale.run import Plan, Scale, all_rounds, cores_apart

_FULL = Plan(rounds=3, seconds=20.0, under_way=8)
_QUICK = Plan(rounds=1, seconds=3.0, under_way=8)


def main() -> int:
    """0 when it could be measured and every call was decided."""
    parser = arguments("scale", __doc__, "one short round")
    parser.add_argument("--rounds", type=int, help="of one controller and of two, in turn")
    parser.add_argument("--seconds", type=float, help="length of a round")
    parser.add_argument("--under-way", type=int, help="calls that wait, for each controller")
    options = parser.parse_args()
    end_on_sigterm()
    usual = _QUICK if options.quick else _FULL
    plan = Plan(
        options.rounds or usual.rounds, options.seconds or usual.seconds, options.under_way or usual.under_way
    )
    try:
        found = all_rounds(plan, tell)
    except BenchmarkError as error:
        tell(f"{error.id}: {error}")
        return 1
    if options.json:
        machine = asdict(this_machine())
        print(json.dumps({"machine": machine, "plan": asdict(plan), "rounds": [asdict(e) for e in found]}))
    else:
        machine_lines = this_machine().lines()
        print(
            "\n".join([machine_lines[0], machine_lines[-1], *text(plan, found, len(os.sched_getaffinity(0)))])
        )
    return 1 if any(each.failed for each in found) else 0


def text(plan: Plan, found: Sequence[Scale], cores: int) -> list[str]:
    """The table: medians of the rounds, and how many times as many two decide."""
    apart = bool(cores_apart(range(cores), 2))
    where = (
        "each controller on a core of its own" if apart else "controllers, driver and Redis share the cores"
    )
    lines = [
        f"Load: {plan.under_way} calls wait for each controller all the time, {plan.rounds} rounds of "
        f"{plan.seconds:g} s of each in turn; {cores} cores, {where}",
        "",
        f"{'controllers':<13}{'calls':>8}{'failed':>8}{'decided/s':>11}{'rounds':>16}{'median ms':>11}"
        f"{'95 % ms':>9}{'controllers CPU ms/call':>25}{'driver CPU ms/call':>20}",
    ]
    rates = {}
    for count in (1, 2):
        rounds = [each for each in found if each.controllers == count]
        rates[count] = statistics.median(each.rate for each in rounds)
        lines.append(
            f"{count:<13}{sum(each.decided for each in rounds):>8}{sum(each.failed for each in rounds):>8}"
            f"{rates[count]:>11.0f}{'/'.join(f'{each.rate:.0f}' for each in rounds):>16}"
            f"{statistics.median(each.median_ms for each in rounds):>11.1f}"
            f"{statistics.median(each.p95_ms for each in rounds):>9.1f}"
            f"{statistics.median(each.controllers_cpu_ms for each in rounds):>25.2f}"
            f"{statistics.median(each.driver_cpu_ms for each in rounds):>20.2f}"
        )
    return [*lines, "", f"Two decide {rates[2] / rates[1]:.2f} times as many calls a second as one"]


if __name__ == "__main__":
    sys.exit(main())
