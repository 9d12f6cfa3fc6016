"""`fernamt rate run`, `rerate`, `explain`, `quarantine`: charges from the call records in the database."""

from __future__ import annotations

import gc
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

import click
import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import Connection, Engine

from cli.billing.agreements import agreements, contract_in
from cli.billing.rate_terms import ConfiguredTariff
from cli.bootstrap import engine, now, spend_counters, until_stopped
from cli.changes import changing
from cli.layout import effective
from cli.logs import configure_logs
from cli.settings import Settings
from cli.terminal import console
from cli.times import Moment, shown, written
from cli.wiring.spend_limits import ConfiguredSpend
from rating.berlin import Month
from rating.explain import Language, explain
from rating.fx import EURO
from rating.money import ticks_text
from store import audit
from store.errors import DatabaseError, LiveStateError, TariffMissing
from store.foreign_errors import database_errors
from store.rating_run import BatchDone, QuotaUsedUp, RatingRun
from store.rating_shares import ALONE, Row, counting
from store.rating_spend import Spend
from store.rating_waiting import ExplainedCharge, WaitingLegs

_log = structlog.get_logger(__name__)
#: Records of one call come within moments of each other: so long a call is left to settle.
_SETTLE_S: Final = 2.0
#: Between two looks when nothing is due, and after a store did not answer.
_REST_S: Final = 1.0
_RETRY_S: Final = 5.0
#: `rate run` looks so often whether the others are done, and does their work after so long without an end.
_LOOK_S: Final = 0.5
_PATIENCE_S: Final = 120.0
#: After so many calls the list of due ones is tidied up at once; else PostgreSQL does it when it has time.
_MANY_CALLS: Final = 50_000
#: A batch is some hundred thousand values at once, none of which refers to itself: a fifth of the time would
#: go into looking at them again and again.
_VALUES_OF_A_BATCH: Final = 100_000
_LANGUAGES: Final = {"de": Language.GERMAN, "en": Language.ENGLISH}
_COUNTED: Final = tuple(each.name for each in fields(BatchDone) if each.name not in ("booked", "used_up"))


class MonthOption(click.ParamType[Month]):
    """`2026-11`: a German calendar month."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        match = re.fullmatch(r"(20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])", str(value), re.ASCII)
        if match is None:
            self.fail(f"{str(value)[:40]!r} is no month such as 2026-11", param, ctx)
        return Month(int(match[1]), int(match[2]))


@dataclass(frozen=True, slots=True)
class _Worker:
    run: RatingRun
    source: ConfiguredTariff
    spend: Spend
    database: Engine


def _worker(settings: Settings, database: Engine, settle_s: float) -> _Worker:
    source = ConfiguredTariff(database)
    run = RatingRun(database, source, settle_s=settle_s)
    return _Worker(
        run, source, Spend(database, spend_counters(settings), ConfiguredSpend(database)), database
    )


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
        sums = _once(_worker(known, database, 0), database, until)
    if as_json:
        click.echo(json.dumps(sums, indent=1))
        return
    click.echo(
        f"{sums['charged']} charged, {sums['free']} free, {sums['waiting']} wait in quarantine, "
        f"{sums['corrected']} corrected; {sums['calls']} calls with {sums['legs']} legs somebody pays for."
    )
    if sums["waiting"]:
        click.echo("See `fernamt rate quarantine list`")


def _once(worker: _Worker, database: Engine, until: datetime | None) -> dict[str, int]:
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
            _rebuild(worker, row.connection)
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


def _rebuild(worker: _Worker, connection: Connection) -> None:
    with counting(connection, alone=True):
        worker.spend.rebuild(now(), worker.source.current().tariff.rates)


def _follow(settings: Settings, database: Engine, stopped: Callable[[float], bool]) -> None:
    """Until `stopped(seconds)`, which waits that long and says so."""
    while True:
        try:
            with working(database) as row, few_collections():
                _log.info("rating worker ready", **row.part()._asdict())
                return _work(_worker(settings, database, _SETTLE_S), row, stopped)
        except DatabaseError as error:
            _log.warning("rating waits: the database is away", error=str(error))
        if stopped(_RETRY_S):
            return None


def _work(worker: _Worker, row: Row, stopped: Callable[[float], bool]) -> None:
    rest_s = 0.0
    told = ""
    while not stopped(rest_s):
        # Ours alone again when another worker has died, and fewer when one has come.
        part = row.part()
        try:
            if worker.spend.away:
                _rebuild(worker, row.connection)
        except (LiveStateError, TariffMissing) as error:
            told = _tell_once(told, "limits of money wait", error)
        try:
            with counting(row.connection):
                done = worker.run.batch(part=part)
                worker.spend.add(done.booked, now(), worker.source.current().tariff.rates)
        except TariffMissing as error:
            told = _tell_once(told, "rating waits", error)
            rest_s = _RETRY_S
            continue
        rest_s = 0.0 if done.calls else _REST_S
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


@click.command()
@click.option("--customer", metavar="ID", required=True, help="Whose month.")
@click.option("--month", type=MonthOption(), required=True, help="German calendar month: 2026-11.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@changing()
def rerate(
    settings: Callable[[], Settings], customer: str, month: Month, as_json: bool, at: datetime, actor: str,
    reason: str,
) -> None:  # fmt: skip
    """Rate a customer's month again with the tariff of today; what differs becomes corrections.

    A correction takes the old charge back and books the new one; nothing is overwritten, and a second time
    changes nothing.

    \b
    Example: fernamt rate rerate --customer kunde-bau --month 2026-11 --reason "price list mended"
    """
    known = effective(settings())
    database = engine(known, "fernamt rate")
    worker = _worker(known, database, 0)
    done = worker.run.rerate(customer, month, reason or "rated again")
    details = {"month": str(month), "corrected": done.corrected, "added": done.added, "reason": reason}
    with database_errors("writing the audit"), database.begin() as connection:
        audit.record(
            connection, actor=actor, action="rate.rerate", object_kind="customer", object_id=customer,
            details=details,
        )  # fmt: skip
    if done.booked:
        with database_errors("counting what was booked"), database.connect() as connection:
            _rebuild(worker, connection)
    difference = Counter[str]()
    for each in done.booked:
        difference[each.currency] += each.ticks
    if as_json:
        document = {
            **{name: getattr(done, name) for name in ("legs", "added", "corrected", "waiting")},
            "kept": list(done.kept),
            "difference": {currency: ticks_text(ticks) for currency, ticks in sorted(difference.items())},
        }
        click.echo(json.dumps(document, indent=1))
        return
    sums = ", ".join(f"{ticks_text(ticks)} {currency}" for currency, ticks in sorted(difference.items()))
    click.echo(
        f"{done.legs} legs of {customer} in {month}: {done.corrected} corrected, {done.added} new, "
        f"{done.waiting} wait. Difference: {sums or '0.00 ' + EURO} net"
    )
    for leg_id in done.kept[:10]:
        click.echo(f"{leg_id} could not be rated now and keeps its charge")


@click.command(name="explain")
@click.argument("leg")
@click.option("--language", type=click.Choice(sorted(_LANGUAGES)), default="de", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def explain_(settings: Callable[[], Settings], leg: str, language: str, as_json: bool) -> None:
    """Why a leg costs what it costs, as sentences for the customer: every figure of the calculation.

    \b
    Example: fernamt rate explain 3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11
    """
    found = WaitingLegs(engine(effective(settings()), "fernamt rate")).explained(leg)
    chosen = _LANGUAGES[language]
    if as_json:
        click.echo(json.dumps([_explained(each, chosen) for each in found], ensure_ascii=False, indent=1))
        return
    for each in found:
        if each.reason:
            click.echo(f"\nCorrection {each.number} of {shown(each.rated_at)}: {each.reason}")
        click.echo(explain(each.charge, chosen))


def _explained(each: ExplainedCharge, language: Language) -> dict[str, Any]:
    charge = each.charge
    return {
        "leg_id": charge.leg.leg_id,
        "correction": each.number,
        "reason": each.reason,
        "rated_at": written(each.rated_at),
        "tariff_revision": each.tariff_revision,
        "amount": ticks_text(charge.ticks),
        "currency": charge.currency,
        "bundle": charge.bundle,
        "bundle_s": charge.bundle_s,
        "cost": ticks_text(charge.cost.ticks) if charge.cost else None,
        "margin": ticks_text(charge.margin) if charge.margin is not None else None,
        "explanation": explain(charge, language),
    }


@click.group()
def quarantine() -> None:
    """Legs without a charge, with the reason: never free, never lost."""


@quarantine.command(name="list")
@click.option("--customer", metavar="ID", help="Only this customer's. Default: all.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], customer: str | None, limit: int, as_json: bool) -> None:
    """What waits and why, oldest first."""
    found = WaitingLegs(engine(effective(settings()), "fernamt rate")).quarantined(customer, limit)
    if as_json:
        rows = [
            {
                **asdict(each), "month": f"{each.month:%Y-%m}", "since": written(each.since),
                "tried_at": written(each.tried_at),
            }
            for each in found
        ]  # fmt: skip
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not found:
        click.echo("Every record that came in is rated.")
        return
    table = Table("leg", "customer", "month", "reason", "what to do")
    for each in found:
        table.add_row(each.leg_id, each.customer_id or "-", f"{each.month:%Y-%m}", each.why, each.sentence)
    console().print(table)


@quarantine.command()
@click.option("--customer", metavar="ID", help="Only this customer's. Default: all.")
@changing()
def retry(
    settings: Callable[[], Settings], customer: str | None, at: datetime, actor: str, reason: str
) -> None:
    """Try again what waits, after its cause was mended. `fernamt rate run` does it, or the worker at once."""
    calls = WaitingLegs(engine(effective(settings()), "fernamt rate")).retry(actor, customer)
    click.echo(f"{calls} calls are due again.")
