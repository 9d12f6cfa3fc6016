"""How long a decision takes with a large carrier in memory, and that it touches neither disk nor network.

    python -m benchmarks.decide [--json] [--quick]

10,000 customers with 100 numbers each, 30 carrier trunks with 1,000 prefixes on six of them each, times and
weights. Each kind of call is decided many times for customers and numbers drawn by chance (a fixed seed), on
one core. Times are CPU time of the thread: a decision waits for nothing, and what other programs take is not
its own. While that runs an audit hook counts every file, socket and process that the interpreter would open.
Goal (issue 4): 150 µs in the median for every kind, nothing opened.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter, thread_time_ns
from typing import Final

from benchmarks.configuration.carrier import NUMBERS_EACH, number, write_carrier
from dialplan.call import CallOffered, Entry
from dialplan.carrier import CarrierRoute, Trunk
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Decision
from dialplan.snapshot import Snapshot
from dialplan.trunks.routes import route_table
from dialplan.week import WeekTimes
from provisioning.compile import compile_snapshot
from provisioning.load import load
from provisioning.network import RealNetwork
from provisioning.secrets import Secrets

TARGET_US: Final = 150.0
_CUSTOMERS: Final = 10_000
_QUICK: Final = 200
_CALLS: Final = 20_000
_TRUNKS: Final = 30
_PREFIXES_EACH: Final = 200
#: Calls decided before the clock runs: caches of the numbering plan are filled then, as in operation.
_WARM_UP: Final = 500
_NOW: Final = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
#: What the interpreter announces before it touches disk, network or another process (PEP 578).
_OUTSIDE: Final = ("open", "os.", "socket.", "subprocess.", "shutil.", "tempfile.", "glob.", "urllib.")

#: Gives a call of one kind for a customer drawn by chance.
Maker = Callable[[Random], CallOffered]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of call: CPU times in µs, reasons that came out, what was opened outside meanwhile."""

    name: str
    median_us: float
    p99_us: float
    reason_ids: tuple[str, ...]
    opened: int


class Outside:
    """Counts what the interpreter opens. An audit hook cannot be taken away, only told to look elsewhere."""

    def __init__(self) -> None:
        self._counting = False
        self._events: list[str] = []
        sys.addaudithook(self._hook)

    def _hook(self, event: str, _: tuple[object, ...]) -> None:
        if self._counting and event.startswith(_OUTSIDE):
            self._events.append(event)

    def during(self, work: Callable[[], None]) -> list[str]:
        """What was opened while `work` ran."""
        self._events.clear()
        self._counting = True
        try:
            work()
        finally:
            self._counting = False
        return list(self._events)


def large_carrier(folder: Path, customers: int) -> Snapshot:
    """The generated carrier, compiled from its files, with many more trunks and routes."""
    write_carrier(folder, customers)
    checked = load([folder])
    snapshot = compile_snapshot(
        checked.config, version=1, network=RealNetwork(), secrets=Secrets({}, folder, lab=True)
    )
    trunks = list(_trunks(snapshot.trunks["carrier-a"]))
    ids = tuple(each.id for each in trunks)
    return replace(
        snapshot,
        trunks={**snapshot.trunks, **{each.id: each for each in trunks}},
        routes=route_table(trunks),
        carrier_trunks=ids,
        emergency_trunks=ids[:4],
    )


def _trunks(model: Trunk) -> Iterator[Trunk]:
    """Every trunk has its own prefixes abroad, some hours, and takes everything; three of them are equal."""
    day = WeekTimes.of((at * 1440 + 480, at * 1440 + 1200) for at in range(5))
    for index in range(_TRUNKS):
        prefixes = tuple(f"+4{index % 5 + 1}{each:03}" for each in range(_PREFIXES_EACH))
        routes = (
            CarrierRoute(index + 1, prefixes=prefixes, times=day if index % 2 else None),
            CarrierRoute(index + 1, countries=("FR", "NL")),
            CarrierRoute(10 + index // 3, 100 + index),
        )
        yield replace(
            model, id=f"large-{index:02}", peers=(), priority=index, routes=routes, capacity=100 + index
        )


def kinds(customers: int) -> dict[str, Maker]:
    """Every kind of call that there is, by what it is called in the table."""
    ids = count()

    def offered(entry: Entry, index: int, dialled: str, **facts: str) -> CallOffered:
        address = f"10.{index >> 16 & 255}.{index >> 8 & 255}.{index & 255}"
        source = "192.0.2.10" if entry is Entry.CARRIER else address
        return CallOffered(f"call-{next(ids)}", "node-1", entry, source, 5060, dialled, **facts)  # type: ignore[arg-type]

    def own(random: Random) -> tuple[int, str]:
        index = random.randrange(customers)
        return index, number(index * NUMBERS_EACH + random.randrange(NUMBERS_EACH))

    def from_trunk(random: Random, dialled: str) -> CallOffered:
        index, caller = own(random)
        return offered(Entry.TRUNK, index, dialled, from_user=caller)

    def from_phone(random: Random, dialled: str) -> CallOffered:
        index, _ = own(random)
        return offered(Entry.PHONE, index, dialled, phone_id=f"phone-{index:05}", from_user="phone")

    def incoming(random: Random, dialled: str) -> CallOffered:
        return offered(Entry.CARRIER, 0, dialled, from_user="+4915228817386", asserted_user="+4915228817386")

    return {
        "out, mobile, from a trunk": lambda r: from_trunk(r, f"0152288{r.randrange(10_000):04}0"),
        "out, mobile, from a phone": lambda r: from_phone(r, f"0152288{r.randrange(10_000):04}0"),
        "out, abroad, longest prefix": lambda r: from_trunk(r, f"0044121496{r.randrange(10_000):04}"),
        "out, abroad, by country": lambda r: from_trunk(r, f"003314286{r.randrange(10_000):04}"),
        "out, odd spelling, withheld": lambda r: from_trunk(r, f"*31#0049 (0)30/23125-{r.randrange(999):03}"),
        "out, barred": lambda r: from_trunk(r, f"09005{r.randrange(10**5):05}"),
        "on net": lambda r: from_trunk(r, own(r)[1]),
        "emergency": lambda r: from_phone(r, "112"),
        "in": lambda r: incoming(r, own(r)[1]),
        "in, not ours": lambda r: incoming(r, f"+493023125{r.randrange(999):03}"),
        "in, from a stranger": lambda r: replace(incoming(r, own(r)[1]), source_ip="203.0.113.66"),
    }


def measure(name: str, make: Maker, snapshot: Snapshot, outside: Outside, calls: int) -> Kind:
    """Decide that many calls of one kind, one by one; the calls are made before the clock runs."""
    random = Random(4)
    busy = {f"large-{index:02}": index for index in range(_TRUNKS)}
    at = Circumstances(_NOW, trunks_down=frozenset({"large-03"}), trunk_calls=busy)
    offers = [make(random) for _ in range(calls)]
    for offer in offers[:_WARM_UP]:
        decide(offer, snapshot, at)
    taken: list[int] = [0] * calls
    last: list[Decision] = []

    def run() -> None:
        for place, offer in enumerate(offers):
            began = thread_time_ns()
            decision = decide(offer, snapshot, at)
            taken[place] = thread_time_ns() - began
        last.append(decision)

    opened = outside.during(run)
    reasons = {decide(offer, snapshot, at).reason.id for offer in offers[:_WARM_UP]} | {last[0].reason.id}
    p99 = statistics.quantiles(taken, n=100)[98]
    return Kind(name, statistics.median(taken) / 1000, p99 / 1000, tuple(sorted(reasons)), len(opened))


def main() -> int:
    """Print the table; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK} customers, to see that it works")
    options = parser.parse_args()
    customers = _QUICK if options.quick else _CUSTOMERS
    began = perf_counter()
    with tempfile.TemporaryDirectory(prefix="fernamt-benchmark-") as folder:
        snapshot = large_carrier(Path(folder), customers)
    made_s = perf_counter() - began
    # As cli.wiring.applied.keep_for_long: the configuration is no garbage.
    gc.collect()
    gc.freeze()
    outside = Outside()
    if not outside.during(lambda: Path(__file__).open().close()):
        raise SystemExit("the audit hook sees nothing: its count would prove nothing")
    calls = _CALLS // 10 if options.quick else _CALLS
    found = [measure(name, make, snapshot, outside, calls) for name, make in kinds(customers).items()]
    if options.json:
        print(json.dumps([asdict(each) for each in found]))
    else:
        print(f"{platform.python_implementation()} {platform.python_version()}, {calls:,} calls of each kind")
        print(
            f"{len(snapshot.customers):,} customers, {len(snapshot.numbers):,} numbers, {_TRUNKS} carrier "
            f"trunks, {len(snapshot.routes.prefixes):,} prefixes (made in {made_s:.0f} s)\n"
        )
        print(f"{'call':<30}{'median µs':>10}{'99 % µs':>10}{'opened':>8}  reason")
        for each in found:
            times = f"{each.median_us:>10.1f}{each.p99_us:>10.1f}{each.opened:>8}"
            print(f"{each.name:<30}{times}  {', '.join(each.reason_ids)}")
        print(f"\ngoal: median <= {TARGET_US:.0f} µs, nothing opened (files, sockets, processes)")
    missed = any(each.median_us > TARGET_US or each.opened for each in found)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
