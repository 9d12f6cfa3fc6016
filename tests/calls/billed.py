"""From the records of one call to its charges, and to the invoice of a month that has this call alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from cli.billing.invoice_facts import Maker
from cli.billing.invoice_parties import Parties
from cli.billing.tariff_directory import read_tariff
from cli.layout import EXAMPLE_CARRIER
from dialplan.cdr import LegRecord, LegSide
from provisioning.load import load
from rating.berlin import Month, month_of, to_ms
from rating.billable import CallLeg, billable
from rating.book import Books
from rating.charge import Charge, Unrated
from rating.engine import rate, unused
from rating.errors import InvoiceRefused
from rating.explain import Language, explain
from rating.invoice import NOTHING, Invoice
from rating.invoice_facts import usages
from rating.leg import BillableLeg, Direction
from rating.money import ticks_text
from rating.tariff import Tariff
from store.invoices import Due


@cache
def example_tariff() -> Tariff:
    """Prices and terms of the example's customers."""
    return read_tariff(EXAMPLE_CARRIER.parent / "tariffs")


@cache
def _parties() -> dict[str, Parties]:
    config = load([EXAMPLE_CARRIER]).config
    return {each.id: Parties(config.carrier, each) for each in config.customers}


def rated(records: Sequence[LegRecord]) -> list[Charge | Unrated]:
    """Every leg of the call that somebody pays for; quotas of the month unused before it."""
    books = Books(example_tariff())
    found: list[Charge | Unrated] = []
    for leg in billable([_leg(each) for each in records]):
        book = books.book(leg.customer_id, month_of(leg.start_ms))
        assert book is not None, leg.customer_id
        found.append(rate(leg, book, unused(book)))
    return found


def _leg(record: LegRecord) -> CallLeg:
    moment = record.answered_at or record.started_at
    leg = BillableLeg(
        record.leg_id, record.customer_id or "", Direction(record.direction), record.b_number or "",
        to_ms(moment), record.billed_ms,
    )  # fmt: skip
    return CallLeg(record.call_id, record.side is LegSide.A, record.trunk_id or "", leg)


def charges_text(results: Sequence[Charge | Unrated]) -> str:
    """What `fernamt rate explain` would say of each, with what the carrier takes."""
    lines: list[str] = []
    for each in results:
        lines += [f"leg       {each.leg.leg_id}", f"customer  {each.leg.customer_id}"]
        if isinstance(each, Unrated):
            lines.append(f"waits     {each.why.value}: {each.sentence}")
        else:
            free = f" ({each.free.value})" if each.free else ""
            lines.append(f"charge    {ticks_text(each.ticks)} {each.currency}{free}")
            if each.cost is not None:
                lines.append(f"cost      {ticks_text(each.cost.ticks)} {each.cost.price.currency}")
        lines.append(f"de        {explain(each, Language.GERMAN)}")
        lines += [f"en        {explain(each, Language.ENGLISH)}", ""]
    return "\n".join(lines) if lines else "Nobody pays for a leg of this call.\n"


def invoices_text(results: Sequence[Charge | Unrated]) -> str:
    """The invoice of each customer who pays for a leg of the call, as if there were no other call."""
    parts = [_invoice(customer_id, month, some) for customer_id, month, some in _by_payer(results)]
    return "\n".join(parts) if parts else "No invoice has this call.\n"


def _by_payer(results: Sequence[Charge | Unrated]) -> Iterator[tuple[str, Month, list[Charge]]]:
    charges = [each for each in results if isinstance(each, Charge)]
    payers = sorted({(each.leg.customer_id, month_of(each.leg.start_ms)) for each in charges})
    for payer in payers:
        some = [each for each in charges if (each.leg.customer_id, month_of(each.leg.start_ms)) == payer]
        yield *payer, some


def _invoice(customer_id: str, month: Month, charges: Sequence[Charge]) -> str:
    parties = _parties()[customer_id]
    contract = parties.customer.contract
    make = Maker(parties, month, month.last_day, contract, (), example_tariff().rates, first=False)
    try:
        made = make("ENTWURF", Due(usages(charges), (), (), NOTHING)).invoice
    except InvoiceRefused:
        return f"{customer_id}, {month}: no line, so no invoice\n"
    return f"{customer_id}, {month}\n{_table(made)}"


def _table(invoice: Invoice) -> str:
    rows = [
        (str(each.position), each.name, str(each.quantity), str(each.price), str(each.net), each.details)
        for each in invoice.lines
    ]
    rows += [("", name, "", "", str(amount), "") for name, amount in (
        ("net", invoice.net), ("VAT", invoice.tax), ("gross", invoice.gross),
    )]  # fmt: skip
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    text = ""
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row[:5], widths, strict=True))
        text += "  ".join([*cells, row[5]]).rstrip() + "\n"
    return text
