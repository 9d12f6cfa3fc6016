"""`fernamt customer statement`: what a customer was billed, paid and owes, and what waits for an invoice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

import click
from rich.table import Table

from cli.bootstrap import engine
from cli.errors import NoSuchCustomer
from cli.layout import effective
from cli.settings import Settings
from cli.terminal import console
from cli.times import shown, written
from rating.money import CENT, Money, ticks_text
from store.config_history import history
from store.config_items import CUSTOMER, ItemKey
from store.customer_account import Movement, movements
from store.invoice_items import InvoiceItems, Item
from store.invoices import Invoices, Issued

#: Entries of the ledger, as a clerk calls them.
_WORDS: Final = {
    "invoice": "invoice",
    "credit_note": "credit note",
    "payment": "payment",
    "return": "return",
    "collection": "debit handed to the bank",
    "withdrawal": "debit taken back",
}


@click.command()
@click.argument("customer")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.pass_obj
def statement(settings: Callable[[], Settings], customer: str, as_json: bool) -> None:
    """A customer's account: invoices, credit notes, payments, returns, the balance; and what no invoice has.

    All amounts are those of the ledger. The balance is what the customer owes; below zero it is credit, which
    the next invoice sets off.

    \b
    Example: fernamt customer statement kunde-bau
    """
    database = engine(effective(settings()), "fernamt customer")
    invoices = Invoices(database)
    account, documents = movements(database, customer), invoices.of_customer(customer)
    unbilled, waiting = invoices.unbilled(customer), InvoiceItems(database).open(customer)
    if not (account or documents or unbilled or waiting or history(database, ItemKey(CUSTOMER, customer))):
        raise NoSuchCustomer(f"there is no customer {customer[:100]!r}. See `fernamt customer list`")
    balance = account[-1].balance if account else 0
    open_months = {
        str(month): {code: ticks_text(ticks) for code, ticks in sums.items()}
        for month, sums in unbilled.items()
    }
    if as_json:
        found = {
            "customer": customer,
            "documents": [_document(each) for each in documents],
            "account": [_movement(each) for each in account],
            "balance": ticks_text(balance),
            "unbilled": open_months,
            "waiting": [_waiting(each) for each in waiting],
        }
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    _show(account, balance)
    for name, sums in open_months.items():
        words = ", ".join(f"{amount} {code}" for code, amount in sums.items())
        click.echo(f"Not invoiced of {name}: {words} net")
    for each in waiting:
        click.echo(
            f"Waits for an invoice: {each.quantity} × {each.name}, {each.price} net, of {each.done_on}"
        )


def _show(account: tuple[Movement, ...], balance: int) -> None:
    table = Table("booked", "what", "number", "owed", "settled", "balance")
    for each in account:
        sides = (ticks_text(each.ticks), "") if each.ticks > 0 else ("", ticks_text(-each.ticks))
        word = _WORDS.get(each.kind, each.kind)
        table.add_row(shown(each.at)[:10], word, each.reference, *sides, ticks_text(each.balance))
    console().print(table)
    if balance > 0:
        click.echo(f"Owed: {ticks_text(balance)} EUR")
    elif balance < 0:
        click.echo(f"Credit of the customer: {ticks_text(-balance)} EUR, set off on the next invoice")
    else:
        click.echo("Nothing is owed.")


def _movement(each: Movement) -> dict[str, Any]:
    return {
        "at": written(each.at), "kind": each.kind, "reference": each.reference,
        "amount": ticks_text(each.ticks), "balance": ticks_text(each.balance),
    }  # fmt: skip


def _document(each: Issued) -> dict[str, Any]:
    sign = -1 if each.kind == "credit_note" else 1
    net, vat, gross, set_off = (
        str(Money.of_ticks(sign * cents * CENT, "EUR"))
        for cents in (each.net_cents, each.vat_cents, each.gross_cents, each.set_off_cents)
    )
    return {
        "number": each.number, "kind": each.kind, "month": f"{each.month:%Y-%m}",
        "issued_on": str(each.issued_on), "net": net, "vat": vat, "gross": gross, "set_off": set_off,
        "corrects": each.corrects, "credited_by": each.credited_by,
    }  # fmt: skip


def _waiting(each: Item) -> dict[str, Any]:
    return {
        "item": each.id, "name": each.name, "price": str(each.price), "quantity": each.quantity,
        "done_on": str(each.done_on),
    }  # fmt: skip
