"""`fernamt invoice`: invoices as files: made, checked."""

from __future__ import annotations

import click

from cli.invoice_files import check, render


@click.group()
def invoice() -> None:
    """Invoices: made from their stored form, checked."""


invoice.add_command(render)
invoice.add_command(check)
