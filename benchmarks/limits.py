"""What a call waits for its limits: `CallCounters.take` with the claims of a foreign call, on loopback.

    python benchmarks/limits.py [--json]

Target: 1 ms at the 95th percentile, with Redis on this machine and the controller's gevent loop.
"""

# ruff: noqa: E402 - gevent patches before anything else is imported
from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from gevent import monkey

monkey.patch_all()

import argparse
import json
import statistics
import tempfile
from time import perf_counter

from dialplan.limits.agreed import Claim, Counter, Scope
from store.embedded import EmbeddedRedis
from store.limits import CallCounters
from store.redis_client import call_path_client, limits_client

TARGET_MS = 1.0
CALLS = 5_000
#: Calls that are up meanwhile, so that the counters are not empty.
UP = 500
CLAIMS = (
    Claim(Counter.CALLS_PER_SECOND, Scope.CUSTOMER, "bau", 1_000_000),
    Claim(Counter.SIMULTANEOUS_CALLS, Scope.CUSTOMER, "bau", 1_000_000),
    Claim(Counter.SPEND_PER_DAY, Scope.CUSTOMER, "bau/2026-11-22", 50_000_000),
    Claim(Counter.SPEND_PER_MONTH, Scope.CUSTOMER, "bau/2026-11", 500_000_000),
    Claim(Counter.SIMULTANEOUS_CALLS, Scope.COUNTRY, "bau/GB", 1_000_000),
    Claim(Counter.SIMULTANEOUS_CALLS, Scope.COUNTRY, "bau/abroad", 1_000_000),
)


def measure(url: str) -> dict[str, float]:
    """Milliseconds of one `take` among many."""
    client = call_path_client(url)
    counters = CallCounters(client, quick=limits_client(url), controller="benchmark")
    took = []
    for number in range(CALLS):
        began = perf_counter()
        refused = counters.take(f"call-{number}", "node-1", CLAIMS)
        took.append((perf_counter() - began) * 1000)
        assert refused is None
        if number >= UP:
            counters.release([f"call-{number - UP}"])
    cuts = statistics.quantiles(took, n=100)
    return {"median_ms": statistics.median(took), "p95_ms": cuts[94], "p99_ms": cuts[98]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="for programs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fernamt-limits-") as directory:
        Path(directory).chmod(0o711)
        server = EmbeddedRedis(Path(directory))
        try:
            found = measure(server.start())
        finally:
            server.stop()
    found["target_p95_ms"] = TARGET_MS
    text = json.dumps(found) if arguments.json else ", ".join(f"{k} {v:.3f}" for k, v in found.items())
    sys.stdout.write(text + "\n")
    return 0 if found["p95_ms"] <= TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
