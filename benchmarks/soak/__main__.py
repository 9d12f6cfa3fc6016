"""A whole exchange under a steady load: memory, files, threads and greenlets, and no call or record lost.

    python -m benchmarks soak [--seconds 3600 --rate 88]

Calls go in and out over FreeSWITCH, one in twenty to 110 or 112, with two controllers, PostgreSQL, Redis,
intake and rating. The rate should be 70 % of what the machine carries so: 125 calls/s of two cores (seen).
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from benchmarks.arguments import arguments, end_on_sigterm, tell
from benchmarks.calls.errors import BenchmarkError, ProgramMissing
from benchmarks.calls.figures import percentile
from benchmarks.calls.machine import require_programs, this_machine
from benchmarks.exchange_load.place import CONTROLLERS, loaded_exchange, mixed
from benchmarks.exchange_load.records import Records, compared
from benchmarks.soak.watching import Sample, growth, held
from tests.e2e.exchange import Exchange

_SAMPLES: Final = 60
#: Memory and files may breathe: so much, or so many parts of a hundred of what there was after a quarter.
_BREATH_KIB, _BREATH_PERCENT = 8_192, 10
_BREATH_FILES: Final = 20
#: Traces are kept for this part of the time: Redis is at rest with them before a quarter of it is over.
_TRACES_END: Final = 6


@dataclass(frozen=True, slots=True)
class Soak:
    """What was seen. Delays in milliseconds, INVITE to ringing."""

    calls: int
    answered: int
    median_ms: float
    p99_ms: float
    records: Records
    samples: tuple[Sample, ...]

    @property
    def grew(self) -> list[str]:
        """Processes that hold more than breathing explains."""
        return [
            each.name
            for each in growth(self.samples)
            if each.rss_kib > max(_BREATH_KIB, each.first.rss_kib * _BREATH_PERCENT // 100)
            or each.files > max(_BREATH_FILES, each.first.files * _BREATH_PERCENT // 100)
        ]


def soaked(seconds: float, rate: float, tell: Callable[[str], None]) -> Soak:
    """On an exchange of its own."""
    metrics = {f"controller-{number}": ("127.0.0.1", _free()) for number in range(1, CONTROLLERS + 1)}

    def amend(tree: dict[str, Any]) -> None:
        tree["trace_minutes"] = max(1, round(seconds / 60 / _TRACES_END))
        tree["metrics"] = {"controllers": ["{}:{}".format(*each) for each in metrics.values()]}

    with loaded_exchange(amend) as (running, around):
        calls = around.begin(mixed(seconds, rate))
        try:
            samples = _watched(running, metrics, seconds, tell)
            calls.wait()
        finally:
            calls.stop()
        seen = around.dialled()
        waits = [1000 * each.waited_s for each in seen if each.answered]
        return Soak(
            len(seen),
            len(waits),
            percentile(waits, 0.5),
            percentile(waits, 0.99),
            compared(running, around),
            tuple(samples),
        )


def _watched(
    running: Exchange, metrics: dict[str, tuple[str, int]], seconds: float, tell: Callable[[str], None]
) -> list[Sample]:
    """While the load is on."""
    samples: list[Sample] = []
    began, rest = time.monotonic(), threading.Event()
    for number in range(1, _SAMPLES + 1):
        rest.wait(max(0.0, began + number * seconds / _SAMPLES - time.monotonic()))
        samples.append(Sample(time.monotonic() - began, held(running.processes(), metrics)))
        if number % (_SAMPLES // 10) == 0:
            tell(_line(samples[-1]))
    return samples


def _free() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def _line(sample: Sample) -> str:
    parts = (f"{name} {each.rss_kib // 1024} MiB {each.files} files" for name, each in sample.held.items())
    return f"{sample.at_s:.0f} s: {', '.join(parts)}"


def _text(seconds: float, rate: float, found: Soak) -> str:
    records = found.records
    lines = [
        f"Load: {rate:g} calls/s for {seconds:g} s, half in and half out, 0.2 s of ringing, 0.3 s of talk",
        "",
        f"{found.answered} of {found.calls} calls answered; INVITE to ringing: median "
        f"{found.median_ms:.1f} ms, 99 % {found.p99_ms:.1f} ms",
        f"records: {records.legs} legs, {records.lost} lost, {records.doubled} doubled, {records.unknown} of "
        f"no call, {records.quarantined} unreadable",
        "",
        f"{'process':<14}{'memory KiB':>12}{'growth':>9}{'files':>8}{'growth':>8}{'threads':>9}"
        f"{'greenlets':>20}",
    ]
    for each in growth(found.samples):
        first, last = each.first, each.last
        greenlets = "-" if last.greenlets is None else f"{first.greenlets} -> {last.greenlets}"
        lines.append(
            f"{each.name:<14}{last.rss_kib:>12}{each.rss_kib:>+9}{last.files:>8}{each.files:>+8}"
            f"{last.threads:>9}{greenlets:>20}"
        )
    grew = f"NO: {', '.join(found.grew)}" if found.grew else "yes"
    return "\n".join([*lines, "", f"From a quarter of the time to its end all is flat: {grew}"])


def main() -> int:
    """0 when nothing grew and nothing was lost, or a program is missing and nothing can be tried."""
    parser = arguments("soak", __doc__, "30 s at 10 calls/s")
    parser.add_argument("--seconds", type=float, default=3_600.0, help="length of the load")
    parser.add_argument("--rate", type=float, default=88.0, help="calls per second")
    options = parser.parse_args()
    end_on_sigterm()
    seconds, rate = (30.0, 10.0) if options.quick else (options.seconds, options.rate)
    try:
        require_programs()
        found = soaked(seconds, rate, tell)
    except ProgramMissing as error:
        tell(str(error))
        return 0
    except BenchmarkError as error:
        tell(f"{error.id}: {error}")
        return 1
    machine = this_machine()
    if options.json:
        print(json.dumps({"machine": asdict(machine), "rate": rate, "seconds": seconds, **asdict(found)}))
    else:
        print("\n".join([*machine.lines(), _text(seconds, rate, found)]))
    good = found.answered == found.calls and found.records.right and not found.grew
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
