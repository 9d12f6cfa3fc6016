"""Commands that send a stored invoice, and hand invoices to the bookkeeper; they need no database."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Final

import click

from cli.bootstrap import now, read_secret
from cli.settings import Settings
from cli.stationery import stationery_of, with_stationery
from documents.booking import bookings
from documents.booking_accounts import accounts_of
from documents.errors import MailRefused
from documents.hybrid import zugferd
from documents.invoice_json import from_json
from documents.mail import Attachment, MailServer, encrypted, letter
from documents.mail import send as hand_over

_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command()
@click.argument("source", metavar="INVOICE.json", type=_FILE)
@click.option("--to", required=True, help="The customer's address for invoices.")
@click.option("--attach", type=_FILE, multiple=True, help="A file more, such as the itemised bill.")
@click.option("--certificate", type=_FILE, help="Encrypt for the holder of this certificate (S/MIME, PEM).")
@with_stationery
@click.pass_context
def send(
    ctx: click.Context, source: Path, to: str, attach: tuple[Path, ...], certificate: Path | None,
    background: Path | None, font: Path | None, font_bold: Path | None,
) -> None:  # fmt: skip
    """Send a stored invoice as ZUGFeRD by e-mail, over the mail server of the settings (`smtp`; E7).

    With --certificate it is sent encrypted or not at all. The message has the same id whenever it is sent.

    \b
    Example: fernamt invoice send RE-2026-000042.json --to post@kunde.example --attach evn.pdf
    """
    settings: Settings = ctx.obj()
    smtp = settings.smtp
    if smtp is None:
        raise MailRefused("the settings name no mail server. Add `smtp` (docs/reference.md)")
    invoice = from_json(source.read_bytes())
    paper = stationery_of(background, font, font_bold)
    files = [Attachment(f"{invoice.number}.pdf", "application/pdf", zugferd(invoice, paper))]
    for path in attach:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        files.append(Attachment(path.name, kind, path.read_bytes()))
    at = now()
    message = letter(invoice, smtp.sender, to, at, files)
    final = encrypted(message, certificate.read_bytes(), at) if certificate else message
    secret = smtp.password
    password = (lambda: read_secret(settings, secret)) if secret is not None else None
    host, port = smtp.address
    hand_over(final, MailServer(host, port, smtp.starttls, smtp.username, password))
    click.echo(f"{invoice.number} was handed over to {host}:{port} for {to}")


@click.command()
@click.argument("sources", metavar="INVOICE.json...", type=_FILE, nargs=-1, required=True)
@click.option("--accounts", type=_FILE, required=True, help="CSV kind;key;account: revenue S 19, debtor ID.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="CSV to write.")
def export(sources: tuple[Path, ...], accounts: Path, out: Path) -> None:
    """Rows for the bookkeeper, in the columns of a DATEV booking batch.

    \b
    Example: fernamt invoice export november/*.json --accounts accounts.csv --out bookings.csv
    """
    chart = accounts_of(accounts.read_bytes(), accounts.name)
    invoices = sorted((from_json(each.read_bytes()) for each in sources), key=lambda each: each.number)
    out.write_bytes(bookings(invoices, chart))
    click.echo(f"{out}: {len(invoices)} documents")
