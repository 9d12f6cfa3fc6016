"""`python -m benchmarks flood`: callers without a flood, with one, and with one and the guard."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.arguments import arguments, end_on_sigterm, tell
from benchmarks.calls.child import Child
from benchmarks.calls.errors import BenchmarkError, ProgramMissing
from benchmarks.calls.figures import percentile
from benchmarks.calls.machine import require_programs, this_machine
from benchmarks.calls.run import Measured, Stage, stage
from benchmarks.calls.site import HOST
from benchmarks.calls.variants import FERNAMT

_REPOSITORY: Final = Path(__file__).parents[2]
ATTACKER: Final = "127.0.0.66"
#: Issue 7: an attack costs legitimate calls at most this share of their rate.
MOST_COST: Final = 0.10


@dataclass(frozen=True, slots=True)
class Phase:
    """One load of callers. Delays in milliseconds from INVITE to 180; CPU in ms for each call."""

    name: str
    flood_per_s: int
    asked: int
    successful: int
    delay_median_ms: float | None
    delay_p95_ms: float | None
    switch_cpu_ms: float
    guard_cpu_ms: float | None

    @property
    def share(self) -> float:
        """Successful calls of those asked for, 0 to 1."""
        return self.successful / self.asked


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when the goal is reached, or a program is missing and nothing can be measured,
    else 1. With `--quick` the goal does not count: five seconds are too few."""
    parser = arguments("flood", __doc__, "short and rough")
    parser.add_argument("--rate", type=float, default=30.0, help="legitimate calls per second")
    parser.add_argument("--flood", type=int, default=5_000, help="requests per second of the attacker")
    parser.add_argument("--seconds", type=float, help="length of each load")
    options = parser.parse_args(argv)
    seconds = options.seconds or (5.0 if options.quick else 20.0)
    end_on_sigterm()
    try:
        require_programs()
        phases = _measure(options.rate, options.flood, seconds)
    except ProgramMissing as error:
        tell(str(error))
        return 0
    except BenchmarkError as error:
        tell(f"{error.id}: {error}")
        return 1
    print(_json(phases) if options.json else _text(phases, options.rate, seconds))
    return 0 if options.quick or cost(phases) <= MOST_COST else 1


def _measure(rate: float, flood: int, seconds: float) -> list[Phase]:
    """Each on a fresh FreeSWITCH: the second phase may leave one that is beside itself."""
    phases = []
    for name, attacked, guarded in (
        ("no flood", 0, False),
        ("no flood, guard", 0, True),
        ("flood, guard", flood, True),
        ("flood, no guard", flood, False),
    ):
        with stage(FERNAMT) as ready, tempfile.TemporaryDirectory() as folder:
            found = _phase(ready, Path(folder), name, rate, attacked, seconds, guarded=guarded)
        tell(f"{found.name}: {found.successful} of {found.asked} calls")
        phases.append(found)
    return phases


def _phase(
    ready: Stage, folder: Path, name: str, rate: float, flood: int, seconds: float, *, guarded: bool
) -> Phase:
    ports = ready.ports
    doors = ",".join(str(port) for port in (ports.carrier_profile, ports.trunk_profile, ports.phone_profile))
    with _guard(doors, folder, wanted=guarded) as guard, _attack(doors, folder, flood, seconds):
        before = guard.usage().cpu_ms if guard else 0.0
        measured = ready.measure(rate, seconds)
        used = guard.usage().cpu_ms - before if guard else None
    return _figures(name, flood, measured, used)


@contextmanager
def _guard(doors: str, folder: Path, *, wanted: bool) -> Iterator[Child | None]:
    if not wanted:
        yield None
        return
    argv = [sys.executable, "-m", "benchmarks.flood.guard_process", f"--ports={doors}"]
    with _running(Child("guard", argv, folder, announces=True, cwd=_REPOSITORY)) as guard:
        yield guard


@contextmanager
def _attack(doors: str, folder: Path, flood: int, seconds: float) -> Iterator[None]:
    if not flood:
        yield
        return
    module = [sys.executable, "-m", "benchmarks.flood.attack", f"--address={ATTACKER}", f"--host={HOST}"]
    argv = [*module, f"--ports={doors}", f"--rate={flood}", f"--seconds={seconds}"]
    with _running(Child("attack", argv, folder, announces=True, cwd=_REPOSITORY)):
        yield


@contextmanager
def _running(child: Child) -> Iterator[Child]:
    try:
        child.await_ready(20.0)
        yield child
    finally:
        child.stop(grace_s=5.0)


def _figures(name: str, flood: int, measured: Measured, guard_cpu_ms: float | None) -> Phase:
    outcome = measured.outcome
    ringing, asked = outcome.delays.ringing_ms, outcome.load.calls
    return Phase(
        name,
        flood,
        asked,
        outcome.totals.successful,
        percentile(ringing, 0.5) if ringing else None,
        percentile(ringing, 0.95) if ringing else None,
        measured.switch_cpu_ms / asked,
        guard_cpu_ms / asked if guard_cpu_ms is not None else None,
    )


def cost(phases: Sequence[Phase]) -> float:
    """What the flood costs callers behind the guard: the share of their rate that is missing, 0 to 1."""
    by_name = {phase.name: phase for phase in phases}
    return max(0.0, 1 - by_name["flood, guard"].share / by_name["no flood"].share)


def _text(phases: Sequence[Phase], rate: float, seconds: float) -> str:
    lines = [*this_machine().lines(), f"Legitimate calls: {rate:g}/s for {seconds:g} s in each row", ""]
    lines.append(
        f"{'':<18}{'flood/s':>8}{'calls':>14}{'delay ms':>10}{'p95 ms':>9}{'switch ms':>11}{'guard ms':>10}"
    )
    for each in phases:
        calls = f"{each.successful} of {each.asked}"
        lines.append(
            f"{each.name:<18}{each.flood_per_s:>8}{calls:>14}{_ms(each.delay_median_ms):>10}"
            f"{_ms(each.delay_p95_ms):>9}{_ms(each.switch_cpu_ms):>11}{_ms(each.guard_cpu_ms):>10}"
        )
    lost = cost(phases)
    verdict = "reached" if lost <= MOST_COST else "MISSED"
    lines += [
        "",
        f"The flood costs callers behind the guard {lost:.1%} of their rate (goal: 10 %): {verdict}",
    ]
    return "\n".join(lines)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _json(phases: Sequence[Phase]) -> str:
    return json.dumps({"cost": cost(phases), "phases": [asdict(each) for each in phases]}, indent=1)
