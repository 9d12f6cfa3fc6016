"""`fernamt invoice`: drafted, issued, corrected; made as files, checked, sent, exported."""

from __future__ import annotations

import click

from cli.billing.invoice_book import draft, issue, show
from cli.billing.invoice_credit import credit
from cli.billing.invoice_export import export
from cli.billing.invoice_files import check, render
from cli.billing.invoice_item import item
from cli.billing.invoice_list import list_
from cli.billing.invoice_numbers import pass_over
from cli.billing.invoice_objections import object_, objections, settle
from cli.billing.invoice_sending import send


@click.group()
def invoice() -> None:
    """Invoices: drafted, issued, corrected; made as files, checked, sent, exported."""


for _command in (draft, issue, list_, show, credit, item, render, check, send, export, pass_over):
    invoice.add_command(_command)

for _command in (object_, objections, settle):
    invoice.add_command(_command)
