"""A contact centre on FreeSWITCH under load: how soon agents' phones ring, and who is forgotten.

    python -m benchmarks acd-calls [--json] [--quick] [--rate 20 --seconds 600 --agents 200 --talk-s 9]

A whole exchange is started (PostgreSQL, Redis, FreeSWITCH, one controller). Callers come over the
carrier's trunk, agents' phones are registered. Measured at the SIP side: from the moment when the caller is
in the queue (the 200 to him) or the agent is free (the agent's BYE), whichever is later, to the INVITE on the
agent's phone. Goals (issue 6): 15 ms in the median, 40 ms at the 95th percentile at 5 calls/s; at 20 calls/s
nobody stuck, lost or overtaken. Exit status 1 when one is missed; `--quick` is too short for the times.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from acd.names import AgentStatus
from benchmarks.acd_calls.carrier import CUSTOMER, TRUNK, agent, write
from benchmarks.acd_calls.figures import MEDIAN_MS, P95_MS, TIMED_RATE, Figures, figures
from benchmarks.acd_calls.phones import Load, Traffic
from benchmarks.arguments import arguments, end_on_sigterm, tell
from benchmarks.carrier import port_of
from cli.bootstrap import acd_desk
from cli.wiring.carrier import compile_carrier, load_carrier
from cli.wiring.queue_desk import command
from tests.e2e.exchange import Exchange, exchange

LOADS: Final = (Load(5, 60, 20, 1, 2.0), Load(20, 600, 200, 4, 9.0))
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - private folders are made in it
QUICK: Final = (Load(5, 6, 20, 1, 2.0),)


@dataclass(frozen=True, slots=True)
class Result:
    """A load and what came of it."""

    load: Load
    figures: Figures

    @property
    def missed(self) -> list[str]:
        """What must be reached with this load and was not."""
        return self.figures.missed(self.load.rate)


def measured(load: Load) -> Result:
    """On an exchange of its own."""
    tell(f"{load.rate:g} calls/s for {load.seconds:g} s, {load.agents} agents")
    # In memory where that can be: disks differ more than switches do.
    if _MEMORY.is_dir():
        tempfile.tempdir = str(_MEMORY)
    with TemporaryDirectory(prefix="fernamt-acd-calls-") as folder:
        carrier = write(Path(folder) / "carrier", load.agents, load.queues)
        with exchange("freeswitch", 1, carrier) as running:
            return Result(load, figures(_run(running, load)))


def _run(running: Exchange, load: Load) -> Traffic:
    settings = running.settings
    trunk = compile_carrier(settings, load_carrier(settings), 0).trunks[TRUNK]
    traffic = Traffic(
        load, settings.node.ports.carrier, settings.node.ports.phone, port_of(trunk), settings.node.domain
    )
    desk = acd_desk(settings)

    def log_in() -> None:
        for number in range(1, load.agents + 1):
            command(desk, CUSTOMER, agent(number), AgentStatus.AVAILABLE)

    asyncio.run(traffic.run(log_in))
    return traffic


def main() -> int:
    """0 when everything that must be reached was, or FreeSWITCH is missing and nothing can be tried."""
    parser = arguments("acd-calls", __doc__, "short and rough")
    parser.add_argument("--rate", type=float, help="calls per second; then the other values count too")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--queues", type=int, default=4)
    parser.add_argument("--talk-s", type=float, default=9.0)
    options = parser.parse_args()
    end_on_sigterm()
    if shutil.which("freeswitch") is None:
        tell("there is no program `freeswitch` on the PATH: skipped")
        return 0
    loads = QUICK if options.quick else LOADS
    if options.rate:
        loads = (Load(options.rate, options.seconds, options.agents, options.queues, options.talk_s),)
    results = [measured(each) for each in loads]
    if options.json:
        print(json.dumps([{**asdict(each), "missed": each.missed} for each in results]))
    else:
        print("\n\n".join(_text(each) for each in results))
    if options.quick:
        return 0 if all(each.figures.callers and each.figures.nobody_forgotten for each in results) else 1
    return 1 if any(each.missed for each in results) else 0


def _text(result: Result) -> str:
    load, found = result.load, result.figures
    goals = (f" (goal {MEDIAN_MS:g})", f" (goal {P95_MS:g})") if load.rate <= TIMED_RATE else ("", "")
    return "\n".join(
        [
            f"{load.rate:g} calls/s for {load.seconds:g} s, {load.agents} agents, {load.queues} queues, "
            f"talk {load.talk_s:g} s",
            f"INVITE on the agent's phone: median {found.median_ms:.1f} ms{goals[0]}, "
            f"95 % {found.p95_ms:.1f} ms{goals[1]}, 99 % {found.p99_ms:.1f} ms",
            f"callers {found.callers}, refused {found.refused}, never rung {found.never_rung}, "
            f"never ended {found.never_ended}, overtaken {found.overtaken}; at most {found.at_once} at once, "
            f"longest wait {found.longest_wait_s:.1f} s, {found.repeated} SIP messages sent again",
            f"must be reached: {'NO, ' + '; '.join(result.missed) if result.missed else 'yes'}",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
