"""How a customer's invoices travel, as its `billing` orders it: address, encryption, itemised bill (E7)."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from cli.billing.evn_export import Exporter
from cli.billing.invoice_parties import last_known
from documents.errors import MailRefused
from documents.mail import Attachment
from documents.page import Stationery
from provisioning.schema import CustomerEntry
from rating.berlin import Month
from rating.invoice import Invoice, Kind

#: Where relative names of certificates are looked for, in the state directory.
CERTIFICATES: Final = "certificates"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One e-mail: its address, the certificate (PEM) of who alone can read it, files beside the invoice."""

    to: str
    certificate: bytes | None = None
    files: tuple[Attachment, ...] = ()

    def __str__(self) -> str:
        more = f", with {', '.join(each.name for each in self.files)}" if self.files else ""
        return f"{self.to}{', encrypted' if self.certificate else ''}{more}"


def attachment(name: str, content: bytes) -> Attachment:
    """The kind is guessed by the name."""
    return Attachment(name, mimetypes.guess_type(name)[0] or "application/octet-stream", content)


@dataclass(frozen=True, slots=True)
class Ordered:
    """What the configuration orders for each customer. `itemised` makes the itemised bills."""

    database: Engine
    state_dir: Path
    paper: Stationery
    itemised: Callable[[], Exporter]

    def delivery(self, invoice: Invoice, given: Sequence[Attachment]) -> Delivery:
        """`given`: files that go along in place of a bill made now. Raise MailRefused where it cannot be done
        as ordered, and what stands in the way of the itemised bill."""
        customer = last_known(self.database, invoice.buyer.customer_no)
        order = customer.billing
        to = (order.email if order else None) or invoice.buyer.email
        if not to:
            raise MailRefused(
                f"customer {customer.id} has no address for invoices. Add billing.email, or a contact"
            )
        return Delivery(to, self._certificate(customer), tuple(given) or self._bill(customer, invoice))

    def _bill(self, customer: CustomerEntry, invoice: Invoice) -> tuple[Attachment, ...]:
        order = customer.billing.itemised_bill if customer.billing else None
        if order is None or order.ordered > invoice.first_day or invoice.kind is not Kind.INVOICE:
            return ()
        month = Month(invoice.first_day.year, invoice.first_day.month)
        made = self.itemised().export(customer.id, month)
        return tuple(attachment(path.name, content) for path, content in made.files(Path(), self.paper))

    def _certificate(self, customer: CustomerEntry) -> bytes | None:
        order = customer.billing
        if order is None or order.encryption == "none" or order.certificate is None:
            return None
        if order.encryption != "smime":
            raise MailRefused(
                f"customer {customer.id} ordered {order.encryption}; only smime is done. Agree on S/MIME, or "
                "send it by another program"
            )
        path = self.state_dir / CERTIFICATES / order.certificate
        try:
            return path.read_bytes()
        except OSError as error:
            raise MailRefused(
                f"customer {customer.id} ordered encryption; its certificate cannot be read: {path}: "
                f"{error.strerror}. Put it there"
            ) from error
