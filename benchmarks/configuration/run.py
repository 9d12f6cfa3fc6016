"""The benchmark's course: files, validate and plan, apply, and a controller that takes changes in."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.configuration.carrier import NUMBERS_EACH, write_carrier, write_customer
from benchmarks.configuration.report import Measured, Swap, text
from cli.carriers.inventory_step import following
from provisioning.load import load
from provisioning.plan import Plan, make_plan
from provisioning.schema import Config
from store.config_items import by_key
from store.config_versions import ConfigStore
from store.database import make_engine
from store.embedded import EmbeddedPostgres
from store.schema import upgrade

_CUSTOMERS: Final = 10_000
_QUICK: Final = 200
_REPOSITORY: Final = Path(__file__).parents[2]


def main(argv: Sequence[str] | None = None) -> int:
    """0 when every goal is reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.configuration", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK} customers, to see that it works")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="fernamt-benchmark-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the embedded server runs as another user when we are root
        measured = measure(folder, _QUICK if options.quick else _CUSTOMERS)
    print(json.dumps(asdict(measured)) if options.json else text(measured))
    return 0 if options.quick or all(goal.met for goal in measured.goals()) else 1


def measure(folder: Path, customers: int) -> Measured:
    """All of it once."""
    files = folder / "carrier"
    write_carrier(files, customers)
    postgres = EmbeddedPostgres(folder / "state")
    (folder / "state").mkdir(mode=0o711)
    try:
        url = postgres.start()
        database = make_engine(url, name="fernamt benchmark")
        upgrade(database)
        store = ConfigStore(database)
        first_apply_s, first_write_s = _timed(lambda: _apply(files, store))
        check_s, plan_s, apply_s = _change(files, store, customers // 2, NUMBERS_EACH - 10)
        command_s = _command(files, folder, url, store, customers // 3)
        with _controller(url, folder) as (start, swap):
            swaps = []
            for index, numbers in ((1, 90), (customers // 2, NUMBERS_EACH), (customers - 1, 95)):
                *_, seconds = _change(files, store, index, numbers)
                swaps.append(Swap(apply_s=round(seconds, 2), **swap(store.current())))
        database.dispose()
    finally:
        postgres.stop()
    return Measured(
        customers=customers,
        numbers=start["numbers"],
        validate_s=round(check_s, 1),
        plan_s=round(plan_s, 1),
        first_apply_s=round(first_apply_s, 1),
        first_write_s=round(first_write_s, 1),
        apply_s=max(apply_s, *(each.apply_s for each in swaps)),
        command_s=command_s,
        controller_start_s=start["start_s"],
        look_up_us=start["look_up_us"],
        idle_pause_ms=start["idle_ms"],
        swaps=tuple(swaps),
    )


def _apply(files: Path, store: ConfigStore) -> float:
    """Everything at once; seconds that writing it took."""
    base = store.current()
    wanted = load([files]).config
    plan = make_plan(base, by_key(store.items(base)), wanted)
    return _timed(lambda: _write(store, plan, wanted))[0]


def _write(store: ConfigStore, plan: Plan, wanted: Config) -> None:
    """As `fernamt config apply` does: with the number inventory, in one transaction."""
    then = following(plan, wanted, datetime.now(UTC), "benchmark")
    store.apply(plan.base_version, plan.changed, plan.removed, author="benchmark", then=then)


def _change(files: Path, store: ConfigStore, index: int, numbers: int) -> tuple[float, float, float]:
    """Give a customer another count of numbers: seconds to validate all, to plan, to apply."""
    write_customer(files, index, numbers=numbers)
    check_s, checked = _timed(lambda: load([files]))
    base = store.current()
    plan_s, plan = _timed(lambda: make_plan(base, by_key(store.items(base)), checked.config))
    assert len(plan.changes) == 1, f"{len(plan.changes)} changes instead of one"
    apply_s, _ = _timed(lambda: _write(store, plan, checked.config))
    return check_s, plan_s, round(apply_s, 3)


def _command(files: Path, folder: Path, url: str, store: ConfigStore, index: int) -> float:
    """Seconds that `fernamt config apply` takes from its start to its end, after a customer's file was
    changed; files that stayed the same were read by the command before."""
    settings = folder / "fernamt.json"
    node = {"event_socket_password": {"lab": "not-used"}, "cdr_dir": str(folder / "cdr")}
    tree = {"state_dir": str(folder / "lab"), "carrier": [str(files)], "database": {"url": url}}
    settings.write_text(json.dumps({**tree, "node": node, "lab_network": {}}))
    (folder / "lab").mkdir()
    argv = [sys.executable, "-m", "cli.entry", "--settings", str(settings), "config", "apply", "--yes"]
    took = []
    for numbers in (NUMBERS_EACH - 10, NUMBERS_EACH, NUMBERS_EACH - 10, NUMBERS_EACH):
        write_customer(files, index, numbers=numbers)
        before = store.current()
        seconds, _ = _timed(lambda: subprocess.run(argv, cwd=_REPOSITORY, check=True, capture_output=True))
        took.append(seconds)
        assert store.current() == before + 1, "the command applied nothing"
    return round(max(took[1:]), 2)


def _timed(work: Any) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


@contextmanager
def _controller(url: str, folder: Path) -> Iterator[tuple[dict[str, Any], Any]]:
    """The controller process: what its start cost, and a function that waits for a version in it."""
    argv = [sys.executable, "-m", "benchmarks.configuration.controller", url, str(folder)]
    with subprocess.Popen(
        argv, cwd=_REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        orders, answers = process.stdin, process.stdout
        try:
            yield (
                _answer(answers),
                lambda version: (orders.write(f"{version}\n"), orders.flush(), _answer(answers))[2],
            )
        finally:
            orders.close()
            process.wait(30)


def _answer(answers: IO[str]) -> dict[str, Any]:
    line = answers.readline()
    if not line:
        raise SystemExit("the controller ended: its error stands above")
    found: dict[str, Any] = json.loads(line)
    return found
