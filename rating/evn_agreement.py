"""An itemised bill and its invoice say the same: checked before either is sent (guarantee 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rating.errors import EvnRefused
from rating.evn import Evn, Section
from rating.fx import EURO, Rates
from rating.invoice import Invoice
from rating.invoice_compose import GROUPS, ROUNDING_LINE, is_usage, late_name
from rating.invoice_facts import Group
from rating.money import Money


def billed_lines(invoice: Invoice) -> Iterator[tuple[str, Money]]:
    """Name and net amount of the lines that calls are itemised for."""
    for each in invoice.lines:
        if is_usage(each.name) and each.name != ROUNDING_LINE:
            yield each.name, each.net


def itemised_lines(evn: Evn, rates: Rates) -> Iterator[tuple[str, Money]]:
    """The same of an itemised bill, from its entries; foreign sums by the rate of its own month (E8)."""
    for section in evn.sections:
        group, total = section.usage.group, section.usage.total
        if group is Group.FREE or _is_left_out(evn, section):
            continue
        name = GROUPS[group] if section.month == evn.month else late_name(section.month, group)
        rate = None if total.currency == EURO else rates.of_month(total.currency, evn.month)
        yield name, total.line(rate)


def _is_left_out(evn: Evn, section: Section) -> bool:
    """A late month that comes to nothing has no line."""
    return section.month != evn.month and not section.ticks


def check_agreement(evn: Evn, invoice: Invoice, rates: Rates) -> None:
    """Raise EvnRefused when a line of usage is not the sum of its section; RateMissing without its rate."""
    billed, itemised = Counter(billed_lines(invoice)), Counter(itemised_lines(evn, rates))
    if billed == itemised and evn.invoice_number == invoice.number:
        return
    differing = [f"{name} {amount}" for name, amount in (billed - itemised) + (itemised - billed)]
    raise EvnRefused(
        f"invoice {invoice.number} and its itemised bill (of {evn.invoice_number}) differ: "
        f"{', '.join(differing[:4]) or 'the number'}. Rate the month again, with the same tariffs"
    )
