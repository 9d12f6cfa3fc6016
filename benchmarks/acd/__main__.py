"""How fast and how right the contact centre is.

    python -m benchmarks acd [--json] [--quick] [--steps N] [--processes N]

Simulation, decisions and assignments through a real Redis need nothing but this machine. Goals (issue 6): at
least 5,000,000 random steps without a broken promise, a decision within 1 ms at the 99th percentile, at least
2,000 assignments per second and core.
"""

# ruff: noqa: E402 - gevent patches before anything else is imported
from __future__ import annotations

from gevent import monkey

monkey.patch_all(thread=False)

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.acd import assignments, decisions
from cli.logs import configure_logs
from store.embedded import EmbeddedRedis
from store.redis_client import call_path_client

P99_US: Final = 1_000.0
PER_CORE: Final = 2_000.0
STEPS: Final = 5_000_000


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _simulated(steps: int, processes: int) -> dict[str, Any]:
    """In processes that gevent has not patched."""
    _say(f"simulation: {steps} steps on {processes} processes")
    began = time.monotonic()
    code = (
        "import json, sys; from dataclasses import asdict; from benchmarks.acd.simulation import simulate; "
        f"print(json.dumps(asdict(simulate({steps}, {processes}))))"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        return {"held": False, "steps": 0, "wall_s": time.monotonic() - began}
    return {"held": True, **json.loads(done.stdout), "wall_s": round(time.monotonic() - began, 1)}


def _assigned(wanted: int) -> assignments.Assignments:
    with tempfile.TemporaryDirectory(prefix="fernamt-acd-") as directory:
        Path(directory).chmod(0o711)
        server = EmbeddedRedis(Path(directory))
        try:
            return assignments.measure(call_path_client(server.start()), wanted, _say)
        finally:
            server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--quick", action="store_true", help="short and rough, to see that it works")
    parser.add_argument("--steps", type=int, default=0, help=f"of the simulation; default {STEPS:,}")
    parser.add_argument("--processes", type=int, default=2, help="for the simulation")
    options = parser.parse_args()
    configure_logs(service=False)
    steps = options.steps or (100_000 if options.quick else STEPS)
    simulated = _simulated(steps, options.processes)
    decided = decisions.measure(1_000 if options.quick else 20_000, _say)
    assigned = _assigned(2_000 if options.quick else 40_000)
    found = {"simulation": simulated, "decisions": asdict(decided), "assignments": asdict(assigned)}
    rows = [
        ("random steps, each checked", f"{simulated['steps']:,}", f"{steps:,}", simulated["steps"] >= steps),
        ("a decision, 99 %, µs", f"{decided.p99_us:.0f}", f"{P99_US:.0f}", decided.p99_us <= P99_US),
        (
            "assignments per second and core",
            f"{assigned.per_core_second:,.0f}",
            f"{PER_CORE:,.0f}",
            assigned.per_core_second >= PER_CORE,
        ),
    ]
    print(json.dumps(found) if options.json else _text(found, rows))
    return 0 if all(reached for *_, reached in rows) else 1


def _text(found: dict[str, Any], rows: list[tuple[str, str, str, bool]]) -> str:
    simulated, decided, assigned = found["simulation"], found["decisions"], found["assignments"]
    lines = [
        f"CPython {platform.python_version()}",
        "",
        f"{'figure':<34}{'seen':>12}{'goal':>12}  reached",
        *(f"{what:<34}{seen:>12}{goal:>12}  {'yes' if good else 'NO'}" for what, seen, goal, good in rows),
        "",
    ]
    if simulated["held"]:
        lines.append(
            f"simulation: {simulated['worlds']:,} worlds, {simulated['callers']:,} callers, "
            f"{simulated['crashes']:,} owners died; {simulated['wall_s']:.0f} s"
        )
    lines += [
        f"decisions: {decided['steps']:,} steps with {decisions.WAITING} waiting, {decisions.AGENTS} agents, "
        f"{decisions.QUEUES} queues: "
        f"median {decided['median_us']:.0f} µs, longest {decided['longest_us']:.0f} µs",
        f"assignments: {assigned['assignments']:,} in {assigned['wall_s']:.1f} s, "
        f"{assigned['cpu_s']:.1f} s of "
        f"processor time: {assigned['per_second']:,.0f} per second",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
