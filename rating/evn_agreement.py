"""An itemised bill and its invoice say the same: checked before either is sent (guarantee 5)."""

from __future__ import annotations

from collections import Counter

from rating.errors import EvnRefused
from rating.evn import Evn
from rating.fx import EURO, Rates
from rating.invoice import Invoice
from rating.invoice_compose import GROUPS
from rating.invoice_facts import Group
from rating.money import Money


def check_agreement(evn: Evn, invoice: Invoice, rates: Rates) -> None:
    """Raise EvnRefused when a line of usage is not the sum of its section; RateMissing without its rate."""
    names, month = set(GROUPS.values()), evn.month
    billed = Counter(
        (each.name, each.net)
        for each in invoice.lines
        # What came late of an earlier month is on no itemised bill of this one.
        if each.name in names and month.first_day <= each.first_day and each.last_day <= month.last_day
    )
    itemised: Counter[tuple[str, Money]] = Counter()
    for section in evn.sections:
        if section.usage.group is Group.FREE:
            continue
        total = section.usage.total
        rate = None if total.currency == EURO else rates.of_month(total.currency, evn.month)
        itemised[GROUPS[section.usage.group], total.line(rate)] += 1
    if billed == itemised and evn.invoice_number == invoice.number:
        return
    differing = [f"{name} {amount}" for name, amount in (billed - itemised) + (itemised - billed)]
    raise EvnRefused(
        f"invoice {invoice.number} and its itemised bill (of {evn.invoice_number}) differ: "
        f"{', '.join(differing[:4]) or 'the number'}. Rate the month again, with the same tariffs"
    )
