"""An invoice as EN 16931 in the syntax CII: ZUGFeRD / Factur-X profile EN 16931, or XRechnung (E12).

The numbers in comments (BT, BG) are those of EN 16931-1. The same invoice gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from lxml import etree

from documents.cii_parts import Element, amount, day, element, given, period, ram
from rating.invoice import Debit, Invoice, InvoiceLine, Party, SetOff, Transfer, VatLine
from rating.money import written
from rating.vat import Category, VatRate


class Flavour(StrEnum):
    """Which rules the file promises to follow (BT-24)."""

    ZUGFERD = "urn:cen.eu:en16931:2017"
    XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"


#: BT-23: the Peppol billing process, as XRechnung 3.0 asks (PEPPOL-EN16931-R001).
_PROCESS: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
#: BT-121, BT-120.
_SELLER: Final = "SellerTradeParty"
#: Why there is no tax (BT-120), and the code of the reason where there is one (BT-121).
_UNTAXED: Final = {
    Category.REVERSE_CHARGE: ("Steuerschuldnerschaft des Leistungsempfängers", "VATEX-EU-AE"),
    Category.DAMAGES: ("Nicht umsatzsteuerbarer Schadensersatz", ""),
}


def cii(invoice: Invoice, flavour: Flavour = Flavour.ZUGFERD) -> bytes:
    """The invoice as an XML file in UTF-8."""
    root = element(
        "rsm",
        "CrossIndustryInvoice",
        _context(flavour),
        _document(invoice),
        element(
            "rsm",
            "SupplyChainTradeTransaction",
            *(_line(each) for each in invoice.lines),
            _agreement(invoice),
            ram(
                "ApplicableHeaderTradeDelivery",
                ram("ActualDeliverySupplyChainEvent", day("OccurrenceDateTime", invoice.last_day)),  # BT-72
            ),
            _settlement(invoice),
        ),
    )
    found: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return found


def _context(flavour: Flavour) -> Element:
    process = None
    if flavour is Flavour.XRECHNUNG:
        process = ram("BusinessProcessSpecifiedDocumentContextParameter", ram("ID", _PROCESS))
    guideline = ram("GuidelineSpecifiedDocumentContextParameter", ram("ID", flavour.value))
    return element("rsm", "ExchangedDocumentContext", process, guideline)


def _document(invoice: Invoice) -> Element:
    notes = (ram("IncludedNote", ram("Content", each)) for each in invoice.notes)
    return element(
        "rsm",
        "ExchangedDocument",
        ram("ID", invoice.number),  # BT-1
        ram("TypeCode", invoice.kind.value),  # BT-3
        day("IssueDateTime", invoice.issued_on),  # BT-2
        *notes,  # BG-1
    )


def _line(line: InvoiceLine) -> Element:
    return ram(
        "IncludedSupplyChainTradeLineItem",
        ram("AssociatedDocumentLineDocument", ram("LineID", str(line.position))),  # BT-126
        ram("SpecifiedTradeProduct", ram("Name", line.name), given("Description", line.details)),
        ram(
            "SpecifiedLineTradeAgreement",
            ram("NetPriceProductTradePrice", amount("ChargeAmount", line.price)),  # BT-146
        ),
        ram(
            "SpecifiedLineTradeDelivery",
            ram("BilledQuantity", str(line.quantity), unitCode=line.unit.value),  # BT-129, BT-130
        ),
        ram(
            "SpecifiedLineTradeSettlement",
            ram("ApplicableTradeTax", ram("TypeCode", "VAT"), *_rate(line.vat)),  # BG-30
            period(line.first_day, line.last_day),
            ram(
                "SpecifiedTradeSettlementLineMonetarySummation",
                amount("LineTotalAmount", line.net),  # BT-131
            ),
        ),
    )


def _rate(rate: VatRate) -> Iterator[Element]:
    yield ram("CategoryCode", rate.category.value)
    yield ram("RateApplicablePercent", written(rate.percent))


def _agreement(invoice: Invoice) -> Element:
    buyer = invoice.buyer
    return ram(
        "ApplicableHeaderTradeAgreement",
        given("BuyerReference", buyer.reference or buyer.customer_no),  # BT-10
        _party(_SELLER, invoice.seller),
        _party("BuyerTradeParty", buyer),
    )


def _party(name: str, party: Party) -> Element:
    """BG-4 or BG-7, in the order that the schema asks for."""
    return ram(
        name,
        given("ID", party.customer_no),
        ram("Name", party.name),
        given("Description", party.register) if name == _SELLER else None,  # BT-33: the seller's only
        _contact(party),
        ram(
            "PostalTradeAddress",
            ram("PostcodeCode", party.postcode),
            ram("LineOne", party.street),
            ram("CityName", party.city),
            ram("CountryID", party.country),
        ),
        ram("URIUniversalCommunication", ram("URIID", party.email, schemeID="EM")) if party.email else None,
        _registration(party.tax_number, "FC"),
        _registration(party.vat_id, "VA"),
    )


def _contact(party: Party) -> Element | None:
    """BG-6, BG-9: XRechnung asks for the seller's name, telephone and e-mail (BR-DE-5 to -7)."""
    if not party.contact:
        return None
    phone = ram("TelephoneUniversalCommunication", ram("CompleteNumber", party.phone))
    mail = ram("EmailURIUniversalCommunication", ram("URIID", party.email))
    return ram(
        "DefinedTradeContact",
        ram("PersonName", party.contact),
        phone if party.phone else None,
        mail if party.email else None,
    )


def _registration(number: str, scheme: str) -> Element | None:
    return ram("SpecifiedTaxRegistration", ram("ID", number, schemeID=scheme)) if number else None


def _settlement(invoice: Invoice) -> Element:
    payment = invoice.payment
    corrects = invoice.corrects
    return ram(
        "ApplicableHeaderTradeSettlement",
        ram("CreditorReferenceID", payment.creditor_id) if isinstance(payment, Debit) else None,  # BT-90
        ram("PaymentReference", invoice.number),  # BT-83
        ram("InvoiceCurrencyCode", invoice.gross.currency),  # BT-5
        _means(payment),
        *(_tax(each) for each in invoice.vat),
        period(invoice.first_day, invoice.last_day),
        _terms(payment),
        _sums(invoice),
        None
        if corrects is None
        else ram(  # BG-3
            "InvoiceReferencedDocument",
            ram("IssuerAssignedID", corrects.number),
            day("FormattedIssueDateTime", corrects.issued_on, "qdt"),
        ),
    )


def _means(payment: Debit | Transfer | SetOff) -> Element:
    """BG-16."""
    parts: list[Element | None] = [ram("TypeCode", payment.means)]
    if isinstance(payment, Debit):
        parts.append(ram("PayerPartyDebtorFinancialAccount", ram("IBANID", payment.debtor.iban)))  # BT-91
    if isinstance(payment, Transfer):
        account = payment.account
        parts.append(
            ram(
                "PayeePartyCreditorFinancialAccount",
                ram("IBANID", account.iban),
                ram("AccountName", account.holder),
            )
        )
        if account.bic:
            parts.append(ram("PayeeSpecifiedCreditorFinancialInstitution", ram("BICID", account.bic)))
    return ram("SpecifiedTradeSettlementPaymentMeans", *parts)


def _tax(vat: VatLine) -> Element:
    """BG-23."""
    reason, code = _UNTAXED.get(vat.rate.category, ("", ""))
    return ram(
        "ApplicableTradeTax",
        amount("CalculatedAmount", vat.tax),
        ram("TypeCode", "VAT"),
        ram("ExemptionReason", reason) if reason else None,
        amount("BasisAmount", vat.net),
        ram("CategoryCode", vat.rate.category.value),
        ram("ExemptionReasonCode", code) if code else None,
        ram("RateApplicablePercent", written(vat.rate.percent)),
    )


def _terms(payment: Debit | Transfer | SetOff) -> Element:
    """BT-20, BT-9, BT-89."""
    if isinstance(payment, SetOff):
        return ram("SpecifiedTradePaymentTerms", ram("Description", "Verrechnung"))
    mandate = ram("DirectDebitMandateID", payment.mandate) if isinstance(payment, Debit) else None
    return ram("SpecifiedTradePaymentTerms", day("DueDateDateTime", payment.due_on), mandate)


def _sums(invoice: Invoice) -> Element:
    """BG-22."""
    return ram(
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        amount("LineTotalAmount", invoice.net),
        amount("TaxBasisTotalAmount", invoice.net),
        amount("TaxTotalAmount", invoice.tax, currencyID=invoice.gross.currency),
        amount("GrandTotalAmount", invoice.gross),
        amount("TotalPrepaidAmount", invoice.set_off) if invoice.set_off.ticks else None,  # BT-113
        amount("DuePayableAmount", invoice.payable),  # BT-115
    )
