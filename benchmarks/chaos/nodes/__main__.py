"""`kill -9` of FreeSWITCH on one node of two while calls go over both.

    python -m benchmarks chaos-nodes [--kills 20 --rate 10]

Callers do what a carrier does: a node that is silent for a second, has no answer after five or refuses with
408 or 5xx is left for the other one's address. Calls that are up on the dead node end with it.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Final

from benchmarks.arguments import arguments, end_on_sigterm, tell
from benchmarks.calls.errors import BenchmarkError, ProgramMissing
from benchmarks.calls.machine import require_programs, this_machine
from benchmarks.chaos.nodes.report import goals, text
from benchmarks.chaos.nodes.run import Plan, survived

_KILLS: Final = 20
_QUICK: Final = 3


def main() -> int:
    """0 when everything that must be reached was, or a program is missing and nothing can be tried."""
    options = _options()
    end_on_sigterm()
    kills = options.kills if options.kills is not None else (_QUICK if options.quick else _KILLS)
    plan = Plan(kills, options.rate, (options.shortest_pause, options.longest_pause), options.seed)
    try:
        require_programs()
        found = survived(plan, tell)
    except ProgramMissing as error:
        tell(str(error))
        return 0
    except BenchmarkError as error:
        tell(f"{error.id}: {error}")
        return 1
    machine, reached = this_machine(), goals(found)
    if options.json:
        content = {"machine": asdict(machine), "plan": asdict(plan), "outcome": asdict(found)}
        print(json.dumps(content | {"goals": [asdict(each) for each in reached]}, indent=1))
    else:
        load = (
            f"Load: {plan.rate:g} calls/s over two nodes, up for 1 to 9 s; a kill {plan.pause_s[0]:g} to "
            f"{plan.pause_s[1]:g} s after the last node's return; seed {plan.seed}"
        )
        print("\n".join([*machine.lines(), load, "", text(found)]))
    return 0 if all(each.reached for each in reached) else 1


def _options() -> argparse.Namespace:
    parser = arguments("chaos-nodes", __doc__, f"{_QUICK} kills")
    parser.add_argument("--kills", type=int, help=f"of nodes; {_KILLS} unless told")
    parser.add_argument("--rate", type=float, default=10.0, help="all calls per second")
    parser.add_argument("--shortest-pause", type=float, default=4.0, help="seconds from a return to a kill")
    parser.add_argument("--longest-pause", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=20261122)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
