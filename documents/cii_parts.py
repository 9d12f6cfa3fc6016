"""Elements of UN/CEFACT Cross Industry Invoice, the syntax of ZUGFeRD and of one form of XRechnung."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from lxml import etree

from rating.money import Money, written

NAMESPACES: Final = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
#: An XML element; lxml has no types of its own.
Element = Any
Content = Element | str | None


def element(prefix: str, name: str, *content: Content, **attributes: str) -> Element:
    """An element with its text or children; None and empty children are left out."""
    found = etree.Element(f"{{{NAMESPACES[prefix]}}}{name}", attributes, nsmap=NAMESPACES)
    for each in content:
        if isinstance(each, str):
            found.text = each
        elif each is not None:
            found.append(each)
    return found


def ram(name: str, *content: Content, **attributes: str) -> Element:
    """An aggregate or one of its values."""
    return element("ram", name, *content, **attributes)


def given(name: str, text: str, **attributes: str) -> Element | None:
    """A value, or nothing where there is none: empty elements are refused (PEPPOL-EN16931-R008)."""
    return ram(name, text, **attributes) if text else None


def day(name: str, when: date, prefix: str = "udt") -> Element:
    """A day in format 102."""
    return ram(name, element(prefix, "DateTimeString", f"{when:%Y%m%d}", format="102"))


def period(first: date, last: date) -> Element:
    """Invoicing period of an invoice (BG-14) or line (BG-26)."""
    return ram("BillingSpecifiedPeriod", day("StartDateTime", first), day("EndDateTime", last))


def amount(name: str, money: Money, **attributes: str) -> Element:
    """An amount with two decimals; prices may have more."""
    return ram(name, written(money.amount), **attributes)
