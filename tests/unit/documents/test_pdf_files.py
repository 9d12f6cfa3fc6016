"""PDF files say what the invoice says, carry it inside, and are the same bytes whenever they are made."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from documents.check import check, invoice_xml
from documents.cii import cii
from documents.errors import DocumentUnreadable, GlyphMissing
from documents.hybrid import zugferd
from documents.invoice_pdf import invoice_pdf
from documents.page import Stationery
from rating.invoice_compose import compose
from rating.invoice_credit import credit_note
from rating.invoice_facts import OneOff
from tests.unit.rating.invoices import FACTS, euro, facts

INVOICE = compose(FACTS)


def text(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def test_the_pages_say_everything_that_the_invoice_says() -> None:
    """E7, E9, E10, UStG § 14(4), TKG § 62."""
    found = text(invoice_pdf(INVOICE))
    parts = ["Rechnung RE-2026-000042", "Beispiel Bäckerei GmbH", "30.11.2026", "01.11.2026 bis 30.11.2026",
             "153,82 EUR", "29,23 EUR", "183,05 EUR", "19 %", "DE123456788", "Seite 1 von 1"]  # fmt: skip
    for part in (*parts, *INVOICE.notes, *(each.name for each in INVOICE.lines)):
        assert part in found
    note = credit_note(INVOICE, "GS-1", date(2026, 12, 2), "Storno")
    corrected = text(invoice_pdf(note))
    assert "Korrektur der Rechnung RE-2026-000042 vom 30.11.2026: Storno" in corrected
    assert "Gutschrift" not in corrected
    reseller = text(invoice_pdf(compose(facts(reverse_charge=True))))
    assert "Steuerschuldnerschaft des Leistungsempfängers" in reseller
    paid = text(invoice_pdf(compose(facts(balance=euro("-20.00")))))
    assert "Verrechnetes Guthaben -20,00 EUR Zu zahlen 163,05 EUR" in paid
    assert "ziehen wir am 07.12.2026" in paid
    assert "Den Betrag von 163,05 EUR" in paid


def test_a_long_invoice_numbers_its_pages_and_repeats_its_header() -> None:
    many = tuple(OneOff(f"Posten {number}", euro("1.00"), date(2026, 11, 3)) for number in range(120))
    pdf = invoice_pdf(compose(facts(one_offs=many)))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Seite {number} von {len(pages)}" in page
    assert all("Einzelpreis" in page for page in pages[:-1])


def test_zugferd_carries_the_very_xml_and_names_itself_pdf_a_3() -> None:
    """E12."""
    pdf = zugferd(INVOICE)
    assert invoice_xml(pdf) == cii(INVOICE)
    assert check(invoice_xml(pdf)) == ()
    reader = PdfReader(io.BytesIO(pdf))
    root = reader.trailer["/Root"]
    xmp = root["/Metadata"].get_data().decode()
    for part in ("<pdfaid:part>3</pdfaid:part>", "<pdfaid:conformance>B<", "EN 16931", "factur-x.xml"):
        assert part in xmp
    assert root["/AF"][0].get_object()["/AFRelationship"] == "/Alternative"
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]
    used = [font for font in fonts if "FontDescriptor" in str(font.keys())]
    assert used
    assert all("/FontFile2" in font["/FontDescriptor"] for font in used)


def test_the_same_invoice_gives_the_same_bytes() -> None:
    """E8: also on the stationery."""
    paper = Stationery(background=invoice_pdf(compose(facts(number="BRIEFPAPIER"))))
    for stationery in (Stationery(), paper):
        assert zugferd(INVOICE, stationery) == zugferd(compose(FACTS), stationery)
        assert invoice_pdf(INVOICE, stationery) == invoice_pdf(compose(FACTS), stationery)
    assert "BRIEFPAPIER" in text(invoice_pdf(INVOICE, paper))


def test_characters_that_the_font_lacks_are_told_before_anything_is_written() -> None:
    odd = compose(facts(buyer=replace(FACTS.buyer, name="Gęś GmbH")))
    with pytest.raises(GlyphMissing, match="ę"):
        invoice_pdf(odd)


def test_paper_and_fonts_that_are_none_are_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="stationery"):
        invoice_pdf(INVOICE, Stationery(background=b"%PDF-1.4 no"))
    with pytest.raises(DocumentUnreadable, match="no TrueType font"):
        invoice_pdf(INVOICE, Stationery(regular=tmp_path / "missing.ttf"))
