"""`fernamt tariff notices|notify`: who must be told of changed foreign prices, and who was (E4)."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import click
from rich.table import Table
from sqlalchemy import Engine

from cli.billing.rate_terms import ConfiguredTariff
from cli.bootstrap import engine, now
from cli.carriers.number_orders import GermanDay
from cli.changes import changing
from cli.errors import ProgramError
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY
from cli.whole_files import written_whole
from rating.diff import ChangeKind
from rating.errors import FieldRefused
from rating.fields import label
from rating.money import micro_text
from rating.notices_due import DueNotice, NoticesDue
from rating.price import Kind, Price
from rating.tariff import Tariff
from store.price_notices import PriceNotices

_COLUMNS: Final = (
    "customer", "version", "known", "valid_from", "tell_by", "change", "prefix", "destination", "before",
    "after",
)  # fmt: skip


class NoNoticeDue(ProgramError):
    """A customer, or a version of the price list, that nobody has to be told of."""

    id = "program.no-notice-due"


@click.command()
@click.option("--version", help="Only this version of the standard list.")
@click.option("--customer", metavar="ID", help="Only this customer.")
@click.option("--all", "everything", is_flag=True, help="Also customers who were told.")
@click.option(
    "--csv", "path", type=click.Path(path_type=Path, dir_okay=False),
    help="Write each customer's changed prices to this file: for the letters.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For programs, with all prices.")
@click.pass_obj
def notices(
    settings: Callable[[], Settings], version: str | None, customer: str | None, everything: bool,
    path: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Who must be told of which changed foreign prices, and until when (TC 7.10).

    Without notice a customer goes on paying the prices it knows; with it the new ones hold when the days of
    notice are over (`foreign_price_notice_days`). Customers whose individual price goes before are left out.

    \b
    Examples:
      fernamt tariff notices
      fernamt tariff notices --version 2027-01 --csv letters.csv
    """
    database = engine(effective(settings()), "fernamt tariff")
    tariff = ConfiguredTariff(database).current().tariff
    found = [
        each
        for each in _due(tariff, customer)
        if (version is None or each.version.version == version) and (everything or each.told_on is None)
    ]
    if path is not None:
        with written_whole(path) as file:
            writer = csv.writer(file, delimiter=";", lineterminator="\n")
            writer.writerow(_COLUMNS)
            writer.writerows(line for each in found for line in _lines(each))
        click.echo(f"{path}: {len(found)} customers and versions")
    if as_json:
        click.echo(json.dumps([_row(each) for each in found], ensure_ascii=False, indent=1))
    elif path is None:
        _show(found)


@click.command()
@click.option("--version", required=True, help="Version of the standard list that they were told of.")
@click.option("--customer", "customers", metavar="ID", multiple=True, help="Who was told; several times.")
@click.option("--all", "everybody", is_flag=True, help="All whom `tariff notices` names for this version.")
@click.option("--on", "notified_on", type=GermanDay(), required=True, help="Day on which it arrived.")
@click.option("--proof", required=True, help="Where the proof is: mail/2026-12-01/prices.eml")
@changing()
def notify(
    settings: Callable[[], Settings], version: str, customers: tuple[str, ...], everybody: bool,
    notified_on: date, proof: str, at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Note that customers were told of a version's prices; from then on its days of notice run.

    The day of the notice does not count (BGB § 187). A version that gets other prices afterwards needs
    another notice; what was noted is never changed.

    \b
    Examples:
      fernamt tariff notify --version 2027-01 --all --on 2026-12-01 --proof mail/2026-12-01
      fernamt tariff notify --version 2027-01 --customer kunde-bau --on 2026-12-04 --proof letter-17
    """
    if bool(customers) is everybody:
        raise click.UsageError("give --customer ID or --all")
    if notified_on > at.astimezone(GERMANY).date():
        raise click.BadParameter("lies in the future: note it when it has arrived", param_hint="--on")
    try:
        place = label(proof)
    except FieldRefused as error:
        raise click.BadParameter(str(error), param_hint="--proof") from error
    database = engine(effective(settings()), "fernamt tariff")
    tariff = ConfiguredTariff(database).current().tariff
    due = {each.customer_id: each for each in _due(tariff, None) if each.version.version == version}
    untold = sorted(customer_id for customer_id, each in due.items() if each.told_on is None)
    chosen = untold if everybody else list(customers)
    for each in chosen:
        if each not in due:
            raise NoNoticeDue(
                f"{each}: version {version[:40]} changes no foreign price that this customer pays. See "
                "`fernamt tariff notices --all`"
            )
    _note(database, tariff, version, chosen, notified_on, place, actor, reason)


def _note(
    database: Engine, tariff: Tariff, version: str, chosen: list[str], notified_on: date, proof: str,
    actor: str, reason: str,
) -> None:  # fmt: skip
    wanted = next((each for each in tariff.versions[tariff.standard] if each.version == version), None)
    if wanted is None:
        names = ", ".join(each.version for each in tariff.versions[tariff.standard])
        raise NoNoticeDue(f"the standard list has no version {version[:40]!r}. There are {names}")
    added = PriceNotices(database).note(chosen, wanted, notified_on, proof, actor=actor, reason=reason)
    click.echo(f"{added} customers were told of {wanted} on {notified_on}")
    after = ConfiguredTariff(database).current().tariff
    days = Counter(
        each.holds_from for each in _due(after, None) if each.version.version == version and each.told_on
    )
    for day, count in sorted((day, count) for day, count in days.items() if day is not None):
        click.echo(f"New prices hold from {day} for {count} customers")


def _due(tariff: Tariff, customer: str | None) -> list[DueNotice]:
    every = NoticesDue(tariff, now().astimezone(GERMANY).date())
    if customer is not None and customer not in tariff.terms:
        raise NoNoticeDue(f"{customer[:100]!r} has no terms. See `fernamt customer list`")
    chosen = sorted(tariff.terms) if customer is None else [customer]
    return [each for customer_id in chosen for each in every.of_customer(customer_id)]


def _row(each: DueNotice) -> dict[str, Any]:
    return {
        "customer": each.customer_id,
        "version": each.version.version,
        "known": each.known.version,
        "valid_from": str(each.version.valid_from),
        "tell_by": str(each.tell_by),
        "told_on": str(each.told_on) if each.told_on else None,
        "holds_from": str(each.holds_from) if each.holds_from else None,
        "changes": [dict(zip(_COLUMNS[5:], line[5:], strict=True)) for line in _lines(each)],
    }


def _lines(each: DueNotice) -> Iterable[tuple[str, ...]]:
    head = (
        each.customer_id, each.version.version, each.known.version, str(each.version.valid_from),
        str(each.tell_by),
    )  # fmt: skip
    for change in each.changes:
        yield (
            *head, change.kind.value, change.prefix, change.destination, _price(change.before),
            _price(change.after),
        )  # fmt: skip


def _price(price: Price | None) -> str:
    if price is None:
        return ""
    unit = "min" if price.kind is Kind.MINUTE else "call"
    fee = f" + {micro_text(price.fee)}" if price.fee else ""
    return f"{micro_text(price.price)}{fee} {price.currency}/{unit} {price.increments}"


def _show(found: list[DueNotice]) -> None:
    if not found:
        click.echo("Nobody has to be told.")
        return
    table = Table(
        "customer",
        "version",
        "knows",
        "raised",
        "lowered",
        "other",
        "valid from",
        "tell by",
        "told",
        "holds from",
    )
    for each in found:
        kinds = Counter(change.kind for change in each.changes)
        raised, lowered = kinds[ChangeKind.RAISED], kinds[ChangeKind.LOWERED]
        table.add_row(
            each.customer_id, each.version.version, each.known.version, str(raised), str(lowered),
            str(kinds.total() - raised - lowered), str(each.version.valid_from), str(each.tell_by),
            str(each.told_on or "-"), str(each.holds_from or "-"),
        )  # fmt: skip
    console().print(table)
