"""`fernamt invoice`: drafted, issued, corrected; made as files, checked."""

from __future__ import annotations

import click

from cli.invoice_book import credit, draft, issue, show
from cli.invoice_files import check, render
from cli.invoice_sending import export, send


@click.group()
def invoice() -> None:
    """Invoices: drafted, issued, corrected; made from their stored form, checked."""


for _command in (draft, issue, show, credit, render, check, send, export):
    invoice.add_command(_command)
