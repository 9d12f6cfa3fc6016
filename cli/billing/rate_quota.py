"""`fernamt rate quota`: minutes of the flat rate, used, on their way, and left (E2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import click
from rich.table import Table
from sqlalchemy import Engine

from cli.billing.months import MonthOption
from cli.billing.rate_terms import ConfiguredTariff
from cli.bootstrap import engine, live_calls, now
from cli.errors import ProgramError
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from dialplan.decision import Direction as Way
from dialplan.live import LiveCall
from rating.berlin import Month, month_of, to_ms
from rating.book import Books
from rating.increments import minutes_and_seconds
from rating.leg import BillableLeg, Direction
from rating.reservation import QuotaState, reserve
from store.errors import LiveStateError
from store.rating_quotas import Quotas


class NoQuota(ProgramError):
    """The customer has no minutes in its flat rate, or no flat rate."""

    id = "program.no-quota"


@click.command()
@click.argument("customer", required=False)
@click.option("--over", type=click.IntRange(0, 100), help="Everybody who used so many percent of a quota.")
@click.option("--month", type=MonthOption(), help="German calendar month. Default: this one.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def quota(
    settings: Callable[[], Settings], customer: str | None, over: int | None, month: Month | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Minutes of the flat rate: what is rated, what calls that are up have taken so far, what is left.

    No call is ended when a quota is used up. What counts is the order in which the calls began: when the
    record of a long call comes in, minutes may pass from calls that began later to it.

    \b
    Examples:
      fernamt rate quota kunde-bau
      fernamt rate quota --over 80
    """
    if (customer is None) is (over is None):
        raise click.UsageError("give CUSTOMER or --over PERCENT")
    known = effective(settings())
    database = engine(known, "fernamt rate")
    moment = now()
    asked = month or month_of(to_ms(moment))
    if customer is not None:
        running = _running(known, customer, asked, moment)
        _show({customer: _state(database, customer, asked, running)}, asked, as_json=as_json)
        return
    _show(dict(_everybody(database, asked, over or 0)), asked, as_json=as_json)


def _state(
    database: Engine, customer_id: str, month: Month, running: list[BillableLeg]
) -> tuple[QuotaState, ...]:
    book = Books(ConfiguredTariff(database).current().tariff).book(customer_id, month)
    if book is None or not book.quotas:
        raise NoQuota(
            f"customer {customer_id} has no minutes in its flat rate in {month}. `contract` with `fair_use` "
            "in its file, or customers.csv, give some"
        )
    found = Quotas(database).of(customer_id, month)
    used = tuple(each.used_s for each in found.standing or ())
    ended = {leg.leg_id for leg in found.unrated}
    legs = [*found.unrated, *(leg for leg in running if leg.leg_id not in ended)]
    # Other quotas than before: the terms of the month changed, and the next call rates it anew.
    return reserve(book, used if len(used) == len(book.quotas) else (0,) * len(book.quotas), legs)


def _running(settings: Settings, customer_id: str, month: Month, moment: datetime) -> list[BillableLeg]:
    """Answered calls to the outside with their duration so far; none, and a word, when Redis is away."""
    try:
        calls = live_calls(settings).list(customer_id=customer_id, limit=20_000)
    except LiveStateError as error:
        click.echo(f"Without calls that are up: {error}", err=True)
        return []
    legs = [_leg(each, moment) for each in calls]
    return [leg for leg in legs if leg is not None and month.start_ms <= leg.start_ms < month.end_ms]


def _leg(call: LiveCall, moment: datetime) -> BillableLeg | None:
    if call.direction != Way.OUTGOING.value or call.answered_at is None or call.b_number is None:
        return None
    so_far = max(moment - call.answered_at, timedelta(0))
    return BillableLeg(
        call.call_id, call.customer_id or "", Direction.OUTGOING, call.b_number, to_ms(call.answered_at),
        so_far // timedelta(milliseconds=1),
    )  # fmt: skip


def _everybody(database: Engine, month: Month, percent: int) -> Iterator[tuple[str, tuple[QuotaState, ...]]]:
    """As rated: calls that are up are looked for customer by customer."""
    books = Books(ConfiguredTariff(database).current().tariff)
    for customer_id, used in Quotas(database).used(month.first_day).items():
        book = books.book(customer_id, month)
        if book is None or len(book.quotas) != len(used):
            continue
        states = reserve(book, used, ())
        if any(each.used_s * 100 >= each.agreed_s * percent for each in states):
            yield customer_id, states


def _show(found: dict[str, tuple[QuotaState, ...]], month: Month, *, as_json: bool) -> None:
    if as_json:
        rows = [_row(who, each) for who, states in found.items() for each in states]
        click.echo(json.dumps({"month": str(month), "quotas": rows}, indent=1))
        return
    if not found:
        click.echo(f"Nobody in {month}.")
        return
    table = Table("customer", "minutes of", "agreed", "used", "by calls on their way", "left", "")
    for who, states in found.items():
        for each in states:
            name = each.name.removesuffix("_minutes").replace("_", " ")
            on_their_way = f"{_minutes(each.reserved_s)} by {each.calls}" if each.calls else "-"
            remark = "used up" if each.exceeded or not each.left_s else ""
            table.add_row(
                who, name, _minutes(each.agreed_s), _minutes(each.used_s), on_their_way,
                _minutes(each.left_s), remark,
            )  # fmt: skip
    console().print(table)


def _row(customer_id: str, each: QuotaState) -> dict[str, Any]:
    return {
        "customer": customer_id,
        "quota": each.name,
        "agreed_s": each.agreed_s,
        "used_s": each.used_s,
        "reserved_s": each.reserved_s,
        "calls": each.calls,
        "left_s": each.left_s,
        "exceeded": each.exceeded,
    }


def _minutes(seconds: int) -> str:
    minutes, rest = minutes_and_seconds(seconds)
    return f"{minutes}:{rest:02}"
