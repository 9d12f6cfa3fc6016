"""Open items with what is disputed of each: stored claims through the pure rules (E10, E11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from documents.invoice_json import from_json
from rating.berlin import Month
from rating.invoice import NOTHING
from rating.invoice_claims import Objection, OpenItem, disputed
from rating.money import Money
from store.claims import Claims, OpenClaim, StoredObjection
from store.settling import euro


def objection_of(stored: StoredObjection) -> Objection:
    """For the rules."""
    positions = frozenset(stored.positions)
    return Objection(stored.number, stored.raised_on, positions, stored.reason, stored.settled_on)


def held(claims: Claims, numbers: Iterable[str], today: date) -> dict[str, Money]:
    """The disputed part, gross, of those of these invoices that have an open objection."""
    wanted = set(numbers)
    by_number: dict[str, list[Objection]] = {}
    for each in claims.objections(only_open=True):
        if each.number in wanted:
            by_number.setdefault(each.number, []).append(objection_of(each))
    documents = claims.documents(sorted(by_number))
    return {
        number: disputed(from_json(documents[number].encode()), some, today)
        for number, some in by_number.items()
    }


def open_items(open_claims: Sequence[OpenClaim], disputed_parts: Mapping[str, Money]) -> list[OpenItem]:
    """What customers owe; never more disputed than unpaid."""
    found = []
    for each in open_claims:
        invoice, unpaid = each.invoice, euro(each.invoice.open_cents)
        if unpaid.ticks <= 0:
            continue
        part = min(disputed_parts.get(invoice.number, NOTHING), unpaid)
        month = Month(invoice.month.year, invoice.month.month)
        found.append(OpenItem(invoice.customer_id, invoice.number, month, each.due_on, unpaid, part))
    return found
