"""`fernamt invoice send`: invoices as e-mails, as the customers ordered it (E7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from sqlalchemy import Engine

from cli.auditing import entries, entry_first
from cli.billing.evn_export import Exporter, exporter
from cli.billing.invoice_delivery import Delivery, Ordered, attachment
from cli.billing.invoice_source import SOME_FAILED, Source, Sources, Wanted, with_invoices
from cli.billing.stationery import stationery_of, with_stationery
from cli.bootstrap import engine, now, read_secret
from cli.changes import changing
from cli.layout import effective
from cli.settings import Settings
from documents.errors import MailRefused
from documents.hybrid import zugferd
from documents.mail import Attachment, MailServer, encrypted, letter
from documents.mail import send as hand_over
from documents.page import Stationery
from rating.invoice import Invoice
from store.invoice_sending import Handover, SentInvoices, Way

_FILE: Final = click.Path(path_type=Path, dir_okay=False, exists=True)
_DIRECTORY: Final = click.Path(path_type=Path, file_okay=False, exists=True)


@dataclass(frozen=True, slots=True)
class _Order:
    """What was said on the command line about all of them."""

    to: str | None
    attach: tuple[Path, ...]
    attach_from: Path | None
    certificate: Path | None
    paper: Stationery


@click.command()
@with_invoices
@click.option("--to", help="Another address. Needed for files; else that of the customer's `billing`.")
@click.option("--attach", type=_FILE, multiple=True, help="A file more, such as the itemised bill.")
@click.option(
    "--attach-from",
    type=_DIRECTORY,
    help="Directory: files named after the number go along, in place of a bill made now.",
)
@click.option("--certificate", type=_FILE, help="Encrypt for the holder of this certificate (S/MIME, PEM).")
@click.option("--again", is_flag=True, help="Also those that were sent before.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent to whom, and send nothing.")
@with_stationery
@changing()
@click.pass_context
def send(
    ctx: click.Context, settings: Callable[[], Settings], wanted: Wanted, to: str | None,
    attach: tuple[Path, ...], attach_from: Path | None, certificate: Path | None, again: bool, dry_run: bool,
    background: Path | None, font: Path | None, font_bold: Path | None, at: datetime, actor: str, reason: str,
) -> None:  # fmt: skip
    """Send invoices as ZUGFeRD by e-mail, over the mail server of the settings (`smtp`; E7).

    To whom, whether encrypted and whether with an itemised bill is what the customer ordered (`billing` in
    the configuration). Ordered encryption is done or nothing is sent. It is kept what was sent when to whom;
    what was sent before is left alone. A message has the same id whenever it is sent. Exit status 3: some of
    several were not sent, they are named; run it again when the cause is mended.

    \b
    Examples:
      fernamt invoice send --month 2026-11 --dry-run
      fernamt invoice send --month 2026-11
      fernamt invoice send R2026-000042 --again --to post@kunde.example
      fernamt invoice send RE-2026-000042.json --to post@kunde.example --attach evn.pdf
    """
    known = settings()
    sources = Sources(settings, wanted)
    if sources.many and (to or attach or certificate):
        raise click.UsageError("--to, --attach and --certificate are for one invoice")
    order = _Order(to, attach, attach_from, certificate, stationery_of(background, font, font_bold))
    post = _Post(settings, known, sources, order, dry_run=dry_run)
    done = post.done_before(wanted) if not again else frozenset()
    sources.found = [each for each in sources.found if each.number not in done]
    if done:
        click.echo(f"{len(done)} sent before, left alone (--again sends them again)")

    def send_one(source: Source) -> None:
        invoice = sources.read(source)
        delivery = post.delivery(source, invoice)
        if not dry_run:
            if source.number is None:
                post.hand_over(invoice, delivery)
            else:
                handover = Handover(source.number, Way.EMAIL, delivery.to, delivery.certificate is not None)
                post.hand_over_noted(invoice, delivery, handover, actor, reason)
        word = "would go" if dry_run else "was handed over"
        click.echo(f"{invoice.number} {word} to {post.place} for {delivery}")

    failed = sources.do("sending", send_one)
    ctx.exit(SOME_FAILED if failed else 0)


class _Post:
    """The mail server with what is ordered. Raise MailRefused without one."""

    def __init__(
        self, settings: Callable[[], Settings], known: Settings, sources: Sources, order: _Order, *,
        dry_run: bool,
    ) -> None:  # fmt: skip
        smtp = known.smtp
        if smtp is None:
            raise MailRefused("the settings name no mail server. Add `smtp` (docs/reference.md)")
        self._smtp, self._settings, self._known = smtp, settings, known
        self._sources, self._order = sources, order
        secret = smtp.password
        password = (lambda: read_secret(known, secret)) if secret is not None else None
        host, port = smtp.address
        self._server = MailServer(host, port, smtp.starttls, smtp.username, password)
        self._exporter: Exporter | None = None
        self.place = f"{host}:{port}"

    def sent(self) -> SentInvoices:
        """What was sent before."""
        return SentInvoices(self._database())

    def done_before(self, wanted: Wanted) -> frozenset[str]:
        """Numbers among those asked for that went out by e-mail before."""
        asked = {each.number for each in self._sources.found if each.number is not None}
        if not asked:
            return frozenset()
        if wanted.month is not None:
            return self.sent().of_month(wanted.month, Way.EMAIL) & asked
        return frozenset(
            number
            for number in asked
            if any(each.way == Way.EMAIL.value for each in self.sent().of_number(number))
        )

    def delivery(self, source: Source, invoice: Invoice) -> Delivery:
        """Where it goes and how. Raise MailRefused when that is not known, or cannot be done."""
        order = self._order
        paths = [*order.attach, *self._beside(invoice.number)]
        files = tuple(attachment(path.name, path.read_bytes()) for path in paths)
        certificate = order.certificate.read_bytes() if order.certificate else None
        if source.number is None:
            if order.to is None:
                raise click.UsageError("a file needs --to: whose invoice it is, no database is asked")
            return Delivery(order.to, certificate, files)
        found = Ordered(self._database(), self._known.state_dir, order.paper, self._itemised)
        as_ordered = found.delivery(invoice, files)
        return Delivery(order.to or as_ordered.to, certificate or as_ordered.certificate, as_ordered.files)

    def hand_over_noted(
        self, invoice: Invoice, delivery: Delivery, handover: Handover, actor: str, reason: str
    ) -> None:
        """The audit has an entry before it leaves us, and that it left when the server has taken it."""
        details = {"recipient": handover.recipient[:1000], "reason": reason}
        note = entries(self._database(), actor, "invoice", handover.number)
        with entry_first(note, "invoice.send", details):
            self.hand_over(invoice, delivery)
        self.sent().note([handover], actor=actor, reason=reason)

    def _database(self) -> Engine:
        return engine(effective(self._settings()), "fernamt invoice")

    def _itemised(self) -> Exporter:
        if self._exporter is None:
            self._exporter = exporter(self._database(), now())
        return self._exporter

    def _beside(self, number: str) -> Iterator[Path]:
        directory = self._order.attach_from
        if directory is not None:
            yield from sorted(
                each
                for each in directory.iterdir()
                if each.name.startswith((f"{number}.", f"{number}-", f"EVN-{number}.")) and each.is_file()
            )

    def hand_over(self, invoice: Invoice, delivery: Delivery) -> None:
        """Give it to the server, encrypted where that is ordered. Raise MailRefused."""
        pdf = zugferd(invoice, self._order.paper)
        files = [Attachment(f"{invoice.number}.pdf", "application/pdf", pdf), *delivery.files]
        moment = now()
        message = letter(invoice, self._smtp.sender, delivery.to, moment, files)
        sealed = encrypted(message, delivery.certificate, moment) if delivery.certificate else message
        hand_over(sealed, self._server)
