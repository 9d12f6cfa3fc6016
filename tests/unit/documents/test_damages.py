"""A return-debit fee is damages: on the invoice without VAT, and electronic invoices say why (E9, E12)."""

from __future__ import annotations

from datetime import date

import pytest

from documents.check import check
from documents.cii import Flavour, cii
from documents.invoice_pdf import invoice_pdf
from rating.invoice_compose import compose
from rating.invoice_credit import credit_note
from rating.invoice_facts import Damages
from tests.unit.rating.invoices import euro, facts

FEE = Damages("Rücklastschriftgebühr", "Lastschrift vom 07.11.2026", euro("5.00"), date(2026, 11, 9))


@pytest.mark.parametrize("flavour", Flavour)
@pytest.mark.parametrize("reverse_charge", [False, True])
def test_a_fee_without_vat_keeps_the_business_rules(flavour: Flavour, reverse_charge: bool) -> None:
    """UStAE 1.3; BR-E-10: exempt with the reason, beside lines of any other category."""
    without = compose(facts(reverse_charge=reverse_charge))
    invoice = compose(facts(damages=(FEE,), reverse_charge=reverse_charge))
    assert (invoice.tax, invoice.gross) == (without.tax, without.gross + euro("5.00"))
    assert check(cii(invoice, flavour)) == ()
    assert b"Nicht umsatzsteuerbarer Schadensersatz" in cii(invoice, flavour)
    assert invoice_pdf(invoice).startswith(b"%PDF-")


def test_a_fee_is_given_back_without_vat() -> None:
    invoice = compose(facts(damages=(FEE,)))
    position = len(invoice.lines)
    note = credit_note(invoice, "G2026-000001", date(2026, 12, 2), "Kulanz", {position: euro("5.00")})
    assert (note.net, note.tax) == (euro("5.00"), euro("0.00"))
    assert check(cii(note)) == ()
