"""How many CDRs one core rates, and 5,000,000 random calls against the oracle of the tests.

    python -m benchmarks rating [--json] [--quick] [--no-oracle]

Legs are in memory, and every charge with its explanation's figures stays in memory: what is measured is the
engine with ordering, price look-up, quotas, rounding and carrier cost, not reading or writing files.
Target: 60,000 CDRs/s on one core; no difference to the oracle.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from time import process_time
from typing import Final

if __name__ == "__main__":  # `benchmarks/` is first in sys.path, and this file is called rating too
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from rating.batch import rate_all
from rating.berlin import Month
from rating.book import Books
from rating.charge import Charge, Unrated
from rating.leg import BillableLeg, Direction
from rating.tariff_files import tariff_of
from tests.unit.rating.files import CUSTOMERS_HEADER, LISTS_HEADER, prices, text
from tests.unit.rating.random_cases import cases

TARGET: Final = 60_000
ORACLE_CASES: Final = 5_000_000
MONTH: Final = Month(2026, 10)
CUSTOMERS: Final = 10_000
LEGS: Final = 1_000_000
MODELS: Final = (
    "basis;2026-01-01;;;;;;;",
    "medium;2026-01-01;;;customer;;100;;",
    "complete;2026-01-01;;own;user;5;20;8;",
)
GERMAN: Final = ("+492214710", "+493023125", "+494066969", "+498999998", "+496990009")


def tariff_files(random: Random, foreign: int) -> dict[str, bytes]:
    """A standard list of German and `foreign` foreign prefixes, an individual one, one of costs."""
    german = [
        "+49;;Festnetz;national_fixed;;0.0100;;;60/1;;",
        *(f"+49{code};;Mobilfunk;national_mobile;;0.1000;;;60/1;;" for code in ("15", "16", "17")),
        "+491805;;0180-5;national_service;;0.1100;;;60/60;;",
    ]
    prefixes: set[str] = set()
    while len(prefixes) < foreign:
        prefix = "+" + str(random.choice((1, 33, 39, 41, 43, 44, 7, 81, 86))) + str(random.randrange(10_000))
        prefixes.add(prefix[: random.randrange(3, 8)])
    abroad = [
        f"{prefix};;Ausland;foreign;;0.{random.randrange(10_000):04};;;60/1;;" for prefix in sorted(prefixes)
    ]
    base = [f"+{code};;Ausland;foreign;;0.5000;;;60/1;;" for code in (33, 39, 81, 86)]
    every = list({line.partition(";")[0]: line for line in (*base, *abroad)}.values())
    return {
        "lists.csv": text(
            LISTS_HEADER,
            "standard;1;standard;EUR;2026-01-01;;standard.csv;",
            "own;1;individual;EUR;2026-01-01;;own.csv;",
            "cost;1;cost;EUR;2026-01-01;;standard.csv;",
        ),
        "models.csv": text(
            "model;rounded;mode;places",
            "basis;call;half-up;4",
            "medium;call;up;2",
            "complete;line;half-even;",
        ),
        "customers.csv": text(
            CUSTOMERS_HEADER, *(f"k{number};{MODELS[number % 3]}" for number in range(CUSTOMERS))
        ),
        "trunks.csv": text("trunk;list", "carrier-a;cost"),
        "standard.csv": prices(*german, *every),
        "own.csv": prices("+43;;Österreich;foreign;;0.0300;;;1/1;;"),
    }


def legs(random: Random, count: int) -> list[BillableLeg]:
    """Calls as offices make them: two thirds fixed network, a quarter mobile, the rest abroad and service."""
    found = []
    for number in range(count):
        kind = random.random()
        tail = f"{random.randrange(1_000):03}"
        if kind < 0.65:
            called = random.choice(GERMAN) + tail
        elif kind < 0.90:
            called = "+4915228817" + tail
        elif kind < 0.98:
            called = random.choice(("+33", "+39", "+43", "+81", "+86")) + f"{random.randrange(10**8):08}"
        else:
            called = "+491805123" + tail
        start_ms = random.randrange(MONTH.start_ms, MONTH.end_ms)
        billed_ms = int(random.expovariate(1 / 120_000)) if random.random() < 0.8 else 0
        customer = f"k{random.randrange(CUSTOMERS)}"
        found.append(
            BillableLeg(
                f"leg-{number:08}",
                customer,
                Direction.OUTGOING,
                called,
                start_ms,
                billed_ms,
                "carrier-a",
                billed_ms,
            )
        )
    return found


def rated(count: int) -> dict[str, object]:
    """Rate `count` legs and keep every result."""
    random = Random(1)
    books = Books(tariff_of(tariff_files(random, 10_000)))
    given = legs(random, count)
    begun = process_time()
    results: list[Charge | Unrated] = list(rate_all(given, books))
    seconds = process_time() - begun
    states = Counter(
        result.why.value if isinstance(result, Unrated) else "free" if result.free else "charged"
        for result in results
    )
    return {
        "legs": count,
        "customers": CUSTOMERS,
        "cpu_s": round(seconds, 2),
        "per_second": int(count / seconds),
        "target_per_second": TARGET,
        "results": dict(states),
        "split_in_quota": sum(
            isinstance(result, Charge) and bool(result.bundle_s) and bool(result.paid_s) for result in results
        ),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> int:
    """Print the figures; 1 when the target is missed or the oracle differs."""
    parser = argparse.ArgumentParser(description="How many CDRs one core rates, and the oracle.")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    parser.add_argument("--quick", action="store_true", help="100,000 legs, 50,000 random cases")
    parser.add_argument("--no-oracle", action="store_true", help="only the speed")
    options = parser.parse_args()
    figures = rated(LEGS // 10 if options.quick else LEGS)
    done = 0
    differences: Sequence[str] = ()
    if not options.no_oracle:
        done, differences = cases(20_261_122, ORACLE_CASES // 100 if options.quick else ORACLE_CASES, 1_000)
    figures |= {"oracle_cases": done, "oracle_differences": list(differences)}
    if options.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:<20} {value:,}" if isinstance(value, int) else f"{name:<20} {value}")
    fast = int(str(figures["per_second"])) >= TARGET
    return 0 if fast and not differences else 1


if __name__ == "__main__":
    sys.exit(main())
