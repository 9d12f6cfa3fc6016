"""`fernamt rate run`: charges from the call records that are due, once or as they come in."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

import click
import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy import Connection, Engine

from cli.billing.agreements import agreements, contract_in
from cli.billing.rate_terms import ConfiguredTariff
from cli.bootstrap import engine, now, spend_counters, until_stopped
from cli.layout import effective
from cli.logs import configure_logs
from cli.metrics import of_rated, serve_metrics
from cli.settings import Settings
from cli.times import Moment
from cli.wiring.spend_limits import ConfiguredSpend
from controller.meters import BatchMeters, LoopLag
from store.errors import DatabaseError, LiveStateError, TariffMissing
from store.foreign_errors import database_errors
from store.rating_run import BatchDone, QuotaUsedUp, RatingRun
from store.rating_shares import ALONE, Row, counting
from store.rating_spend import Spend
from store.rating_waiting import WaitingLegs

_log = structlog.get_logger(__name__)
#: Records of one call come within moments of each other: so long a call is left to settle.
_SETTLE_S: Final = 2.0
#: Between two looks when nothing is due, and after a store did not answer.
_REST_S: Final = 1.0
_RETRY_S: Final = 2.0
#: `rate run` looks so often whether the others are done, and does their work after so long without an end.
_LOOK_S: Final = 0.5
_PATIENCE_S: Final = 120.0
#: After so many calls the list of due ones is tidied up at once; else PostgreSQL does it when it has time.
_MANY_CALLS: Final = 50_000
#: A batch is some hundred thousand values at once, none of which refers to itself: a fifth of the time would
#: go into looking at them again and again.
_VALUES_OF_A_BATCH: Final = 100_000
_BECAME: Final = ("charged", "free", "waiting", "corrected")
_COUNTED: Final = tuple(each.name for each in fields(BatchDone) if each.name not in ("booked", "used_up"))


@dataclass(frozen=True, slots=True)
class Worker:
    """What rates, with which prices, and who is told what was spent."""

    run: RatingRun
    source: ConfiguredTariff
    spend: Spend
    database: Engine


def worker_of(settings: Settings, database: Engine, settle_s: float) -> Worker:
    """With the configured prices; calls whose records are younger than `settle_s` wait."""
    source = ConfiguredTariff(database)
    run = RatingRun(database, source, settle_s=settle_s)
    return Worker(run, source, Spend(database, spend_counters(settings), ConfiguredSpend(database)), database)


@click.command()
@click.option("--follow", is_flag=True, help="Go on until SIGTERM and rate records as they come in.")
@click.option("--until", type=Moment(), help="Only calls that began before. German time.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def run(settings: Callable[[], Settings], follow: bool, until: datetime | None, as_json: bool) -> None:
    """Rate the call records that are due: each becomes one charge in the ledger, or waits with its reason.

    It may be killed at any moment: what was not finished is due again, nothing is charged twice. Several
    may run at once, also on other machines: they share the customers (fernamt up starts one with --follow).

    \b
    Examples:
      fernamt rate run
      fernamt rate run --until 2026-12-01 --json
    """
    if follow and until is not None:
        raise click.UsageError("--follow and --until exclude each other: it goes on with later calls")
    known = effective(settings())
    database = engine(known, "fernamt rate")
    if follow:
        configure_logs(service=True)
        stopped = until_stopped()
        _follow(known, database, lambda seconds: bool(stopped.wait(seconds)))
        return
    with few_collections():
        sums = _once(worker_of(known, database, 0), database, until)
    if as_json:
        click.echo(json.dumps(sums, indent=1))
        return
    click.echo(
        f"{sums['charged']} charged, {sums['free']} free, {sums['waiting']} wait in quarantine, "
        f"{sums['corrected']} corrected; {sums['calls']} calls with {sums['legs']} legs somebody pays for."
    )
    if sums["waiting"]:
        click.echo("See `fernamt rate quarantine list`")


def _once(worker: Worker, database: Engine, until: datetime | None) -> dict[str, int]:
    sums: Counter[str] = Counter(dict.fromkeys(_COUNTED, 0))
    bar = Progress(
        TextColumn("rating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    waiting = WaitingLegs(database)
    began = waiting.clock()
    with bar, working(database) as row:
        task = bar.add_task("rating", total=waiting.backlog().due)
        idle_s = 0.0
        while True:
            done = worker.run.batch(until, row.part() if idle_s < _PATIENCE_S else ALONE)
            sums.update({name: getattr(done, name) for name in _COUNTED})
            bar.advance(task, done.calls)
            if done.calls:
                idle_s = 0.0
            elif row.part().workers == 1 or not waiting.due(began, until):
                break
            else:
                # Other workers have the rest. Taking their calls from them would bring those out of order.
                time.sleep(_LOOK_S)
                idle_s += _LOOK_S
        if sums["calls"] >= _MANY_CALLS:
            waiting.tidy()
        try:
            rebuild(worker, row.connection)
        except LiveStateError as error:
            _log.warning("limits of money do not know of this yet: Redis is away", error=str(error))
    return dict(sums)


@contextmanager
def working(database: Engine) -> Iterator[Row]:
    """A place in the row of workers as long as this lasts. Raises DatabaseError's children."""
    with database_errors("becoming a rating worker"):
        row = Row(database.connect())
    try:
        row.join()
        yield row
    finally:
        row.leave()


@contextmanager
def few_collections() -> Iterator[None]:
    """Garbage is collected seldom: for programs that rate batches."""
    before = gc.get_threshold()
    gc.set_threshold(_VALUES_OF_A_BATCH, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def rebuild(worker: Worker, connection: Connection) -> None:
    """Count anew what customers with limits of money have spent. Raises LiveStateError, TariffMissing."""
    with counting(connection, alone=True):
        worker.spend.rebuild(now(), worker.source.current().tariff.rates)


def _follow(settings: Settings, database: Engine, stopped: Callable[[float], bool]) -> None:
    """Until `stopped(seconds)`, which waits that long and says so."""
    meters, loop = BatchMeters(), LoopLag()
    loop.start()
    listen = settings.metrics.rating if settings.metrics is not None else None
    metrics = serve_metrics(listen, of_rated(meters, loop))
    try:
        while True:
            try:
                with working(database) as row, few_collections():
                    _log.info("rating worker ready", **row.part()._asdict())
                    return _work(worker_of(settings, database, _SETTLE_S), row, stopped, meters)
            except DatabaseError as error:
                _log.warning("rating waits: the database is away", error=str(error))
            if stopped(_RETRY_S):
                return None
    finally:
        loop.stop(1.0)
        if metrics is not None:
            metrics.stop(1.0)


def _work(worker: Worker, row: Row, stopped: Callable[[float], bool], meters: BatchMeters) -> None:
    rest_s = 0.0
    told = ""
    while not stopped(rest_s):
        # Ours alone again when another worker has died, and fewer when one has come.
        part = row.part()
        try:
            if worker.spend.away:
                rebuild(worker, row.connection)
        except (LiveStateError, TariffMissing) as error:
            told = _tell_once(told, "limits of money wait", error)
        try:
            began = time.monotonic()
            with counting(row.connection):
                done = worker.run.batch(part=part)
                worker.spend.add(done.booked, now(), worker.source.current().tariff.rates)
        except TariffMissing as error:
            told = _tell_once(told, "rating waits", error)
            rest_s = _RETRY_S
            continue
        rest_s = 0.0 if done.calls else _REST_S
        if done.calls:
            meters.batch_s.add(time.monotonic() - began)
            meters.legs.update({name: getattr(done, name) for name in _BECAME})
        tell_used_up(worker.database, done.used_up)
        if done.waiting:
            _log.warning("legs wait in quarantine: fernamt rate quarantine list", legs=done.waiting)


def tell_used_up(database: Engine, used_up: Sequence[QuotaUsedUp]) -> None:
    """A word to operators where the contract asks for it. Raises DatabaseError's children."""
    if not used_up:
        return
    known = agreements(database, {each.customer_id for each in used_up})
    for each in used_up:
        contract = contract_in(known.get(each.customer_id, ()), each.month)
        if contract and contract.fair_use and contract.fair_use.when_used_up == "warn":
            _log.warning(
                "quota used up: fernamt rate quota", customer=each.customer_id, month=str(each.month),
                quota=each.quota,
            )  # fmt: skip


def _tell_once(told: str, what: str, error: Exception) -> str:
    if str(error) != told:
        _log.warning(what, error=str(error))
    return str(error)
