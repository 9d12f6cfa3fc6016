"""`fernamt invoice item`: prices that are due once and credits, for the customer's next invoice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click
from rich.table import Table

from cli.bootstrap import engine
from cli.carriers.number_orders import GermanDay
from cli.changes import changing
from cli.errors import NoSuchCustomer
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import GERMANY, written
from rating.errors import FieldRefused
from rating.fields import label, micro
from rating.money import TICKS_PER_MICRO, Money
from store.config_history import history
from store.config_items import CUSTOMER, ItemKey
from store.invoice_items import InvoiceItems, Item


class NetPrice(click.ParamType[Money]):
    """`49.00`, or `-5.00` in the customer's favour: net, in euro."""

    name = "price"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Money:
        words = str(value)
        try:
            amount = micro(words.removeprefix("-"))
        except FieldRefused as error:
            self.fail(str(error), param, ctx)
        if not amount:
            self.fail("a price of nothing", param, ctx)
        return Money.of_ticks((-amount if words.startswith("-") else amount) * TICKS_PER_MICRO, "EUR")


class Label(click.ParamType[str]):
    """Text as it stands on the invoice."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        words = str(value).strip()
        try:
            found = label(words)
        except FieldRefused as error:
            self.fail(str(error), param, ctx)
        if len(found) > 200:
            self.fail("longer than 200 characters", param, ctx)
        return found


@click.group()
def item() -> None:
    """One-off prices and credits that the customer's next invoice takes (E6, E10)."""


def _items(settings: Callable[[], Settings]) -> InvoiceItems:
    return InvoiceItems(engine(effective(settings()), "fernamt invoice"))


@item.command()
@click.option("--customer", metavar="ID", required=True, help="Whose invoice.")
@click.option("--name", type=Label(), required=True, help="As it stands on the invoice.")
@click.option(
    "--price", type=NetPrice(), required=True, help="Net, in euro: 49.00; -5.00 in the customer's favour."
)
@click.option("--quantity", type=click.IntRange(1, 1_000_000), default=1, show_default=True)
@click.option(
    "--on", "done_on", type=GermanDay(), help="Day of the service: decides VAT and month. Default: today."
)
@changing()
def add(
    settings: Callable[[], Settings], customer: str, name: str, price: Money, quantity: int,
    done_on: date | None, at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Note a price or a credit; the invoice of its month takes it, or the next one after that.

    Prices agreed in the contract stand in the configuration (`one_off_prices`) and come by themselves.

    \b
    Examples:
      fernamt invoice item add --customer kunde-bau --name "Vor-Ort-Einsatz" --price 89.00
      fernamt invoice item add --customer kunde-bau --name "Störung vom 05.10.2026" --price -5.00
    """
    database = engine(effective(settings()), "fernamt invoice")
    if not history(database, ItemKey(CUSTOMER, customer)):
        raise NoSuchCustomer(f"there is no customer {customer[:100]!r}. See `fernamt customer list`")
    day = done_on or at.astimezone(GERMANY).date()
    items = InvoiceItems(database)
    number = items.add(customer, name, price, quantity, day, actor=actor, reason=reason)
    click.echo(f"Item {number}: {quantity} × {name}, {price} net, on the invoice of {day:%Y-%m} or later")


@item.command(name="list")
@click.option("--customer", metavar="ID", default="", help="Only this customer's. Default: all.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def list_(settings: Callable[[], Settings], customer: str, as_json: bool) -> None:
    """What waits for an invoice."""
    found = _items(settings).open(customer)
    if as_json:
        click.echo(json.dumps([_row(each) for each in found], ensure_ascii=False, indent=1))
        return
    table = Table("item", "customer", "name", "price", "quantity", "of", "by", "reason")
    for each in found:
        values = (each.customer_id, each.name, each.price, each.quantity, each.done_on)
        table.add_row(str(each.id), *(str(value) for value in values), each.actor, each.reason or "-")
    console().print(table)


def _row(each: Item) -> dict[str, Any]:
    return {
        "item": each.id, "customer": each.customer_id, "name": each.name, "price": str(each.price),
        "quantity": each.quantity, "done_on": str(each.done_on), "noted_at": written(each.noted_at),
        "actor": each.actor, "reason": each.reason,
    }  # fmt: skip


@item.command()
@click.argument("number", type=click.IntRange(1))
@changing(reason_required=True)
def withdraw(settings: Callable[[], Settings], number: int, at: datetime, actor: str, reason: str) -> None:
    """Take an item back that no invoice has yet.

    \b
    Example: fernamt invoice item withdraw 7 --reason "noted twice"
    """
    found = _items(settings).withdraw(number, actor=actor, reason=reason)
    click.echo(f"Item {number} is withdrawn: {found.name}, {found.price} net for {found.customer_id}")
