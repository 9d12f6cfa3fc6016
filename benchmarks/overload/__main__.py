"""A whole exchange under a steady load, from which most of the machine is taken away for a while.

    python -m benchmarks overload [--rate 66 --seconds 20 --programs 6]

Programs that only burn processor time run beside it in the middle. A node that does not keep up must refuse
calls, never those to 110 and 112, and be as before soon after; one that lets all of them wait drowns.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Final

from benchmarks.arguments import arguments, end_on_sigterm, tell
from benchmarks.calls.errors import BenchmarkError, ProgramMissing
from benchmarks.calls.figures import percentile
from benchmarks.calls.machine import require_programs, this_machine
from benchmarks.exchange_load.place import loaded_exchange, mixed
from benchmarks.exchange_load.records import Records, compared
from benchmarks.exchange_load.seen import Dialled

#: The last part is as long as both others: a node that drowns needs time to show it.
_PARTS: Final = (("before", 1), ("taken away", 1), ("after", 2))
_BURN: Final = "while True: pass"
#: A call that rings within so many seconds is served as it should be; so must be all of this many seconds.
_WELL_S: Final = 1.0
_STEADY_S: Final = 3


@dataclass(frozen=True, slots=True)
class Part:
    """Calls that were dialled in it."""

    name: str
    calls: int
    answered: int
    refused: int
    urgent: int
    urgent_answered: int
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Seen:
    """`well_after_s`: from the end of the trouble until every call was served well; None: never."""

    parts: tuple[Part, ...]
    well_after_s: float | None
    records: Records

    @property
    def good(self) -> bool:
        urgent = all(each.urgent == each.urgent_answered for each in self.parts)
        return urgent and self.well_after_s is not None and self.records.right


def overloaded(rate: float, seconds: float, programs: int, tell: Callable[[str], None]) -> Seen:
    """On an exchange of its own."""
    load = mixed(seconds * sum(length for _, length in _PARTS), rate)
    with loaded_exchange(lambda _: None) as (running, around):
        calls, rest = around.begin(load), threading.Event()
        try:
            rest.wait(seconds)
            tell(f"{programs} programs take the processors for {seconds:g} s")
            with _burning(programs):
                rest.wait(seconds)
            tell("the machine is free again")
            calls.wait()
        finally:
            calls.stop()
        return _seen(around.dialled(), seconds, compared(running, around))


@contextmanager
def _burning(programs: int) -> Iterator[None]:
    running = [subprocess.Popen([sys.executable, "-c", _BURN]) for _ in range(programs)]
    try:
        yield
    finally:
        for each in running:
            each.kill()
            each.wait()


def _seen(dialled: Sequence[Dialled], seconds: float, records: Records) -> Seen:
    began = min(each.sent_s for each in dialled)
    parts, start = [], began
    for name, length in _PARTS:
        last = name == _PARTS[-1][0]
        end = float("inf") if last else start + length * seconds
        parts.append(_part(name, [each for each in dialled if start <= each.sent_s < end]))
        start = end
    trouble_over = began + seconds * sum(length for _, length in _PARTS[:-1])
    return Seen(tuple(parts), _well_after_s(dialled, trouble_over), records)


def _part(name: str, calls: Sequence[Dialled]) -> Part:
    urgent = [each for each in calls if each.emergency]
    answered = [each for each in calls if each.answered]
    return Part(
        name,
        len(calls),
        len(answered),
        sum(each.final == 503 for each in calls),
        len(urgent),
        sum(each.answered for each in urgent),
        1000 * percentile([each.waited_s for each in answered], 0.99) if answered else float("nan"),
    )


def _well_after_s(dialled: Sequence[Dialled], since_s: float) -> float | None:
    """By whole seconds: the first of which, and of those right after it, every call was served well."""
    late = sorted(
        each.sent_s - since_s
        for each in dialled
        if each.sent_s >= since_s and not (each.answered and each.waited_s <= _WELL_S)
    )
    end = max(each.sent_s for each in dialled) - since_s
    second = 0
    for each in late:
        if each - second >= _STEADY_S:
            break
        second = int(each) + 1
    return float(second) if end - second >= _STEADY_S else None


def _text(rate: float, seconds: float, programs: int, found: Seen) -> str:
    records = found.records
    lines = [
        f"Load: {rate:g} calls/s; for {seconds:g} s {programs} programs beside it burn processor time",
        "",
        f"{'part':<12}{'calls':>8}{'answered':>10}{'503':>7}{'110/112':>9}{'answered':>10}{'99 % ms':>10}",
    ]
    lines += [
        f"{each.name:<12}{each.calls:>8}{each.answered:>10}{each.refused:>7}{each.urgent:>9}"
        f"{each.urgent_answered:>10}{each.p99_ms:>10.1f}"
        for each in found.parts
    ]
    well = "NEVER" if found.well_after_s is None else f"{found.well_after_s:.0f} s after"
    return "\n".join(
        [
            *lines,
            "",
            f"every call served within {_WELL_S:g} s again: {well}",
            f"records: {records.legs} legs, {records.lost} lost, {records.doubled} doubled, "
            f"{records.unknown} of no call, {records.quarantined} unreadable",
        ]
    )


def main() -> int:
    """0 when 110 and 112 were always served and all is well again, or a program is missing."""
    parser = arguments("overload", __doc__, "5 s each at 30 calls/s")
    parser.add_argument("--rate", type=float, default=66.0, help="calls per second")
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="length of the trouble, and of the time before"
    )
    parser.add_argument(
        "--programs", type=int, default=3 * (os.cpu_count() or 1), help="that burn processor time"
    )
    options = parser.parse_args()
    end_on_sigterm()
    rate, seconds = (30.0, 5.0) if options.quick else (options.rate, options.seconds)
    try:
        require_programs()
        found = overloaded(rate, seconds, options.programs, tell)
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
        print("\n".join([*machine.lines(), _text(rate, seconds, options.programs, found)]))
    return 0 if found.good else 1


if __name__ == "__main__":
    sys.exit(main())
