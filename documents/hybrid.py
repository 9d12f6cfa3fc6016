"""ZUGFeRD: the PDF for people with the XML for programs inside, as PDF/A-3.

The package factur-x writes the time of day into such files; ours are the same bytes for the same invoice, so
the attachment is made here and factur-x gives the metadata (XMP) for a time of ours: the day of issue.
"""

from __future__ import annotations

import hashlib
import io
from functools import cache
from typing import Final

from facturx.facturx import generate_xmp_object
from lxml import etree
from PIL import ImageCms
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DecodedStreamObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    TextStringObject,
)

from documents.check import ATTACHED
from documents.cii import cii
from documents.invoice_pdf import invoice_pdf, title
from documents.page import PLAIN, Stationery
from rating.invoice import Invoice

_PRODUCER: Final = "fernamt"
#: Where an ICC profile has its time of making (ICC.1, 7.2): made 0, or no two files were the same.
_ICC_TIME: Final = slice(24, 36)


def zugferd(invoice: Invoice, stationery: Stationery = PLAIN) -> bytes:
    """PDF/A-3b with the invoice of profile EN 16931 as `factur-x.xml`; raise GlyphMissing."""
    xml = cii(invoice)
    writer = PdfWriter(clone_from=io.BytesIO(invoice_pdf(invoice, stationery)))
    writer.pdf_header = "%PDF-1.7"
    stamp = f"{invoice.issued_on:%Y%m%d}000000Z"
    attached = writer._add_object(_file(writer, xml, stamp))
    names = ArrayObject([TextStringObject(ATTACHED), attached])
    root = {
        "/AF": ArrayObject([attached]),
        "/Names": _dictionary({"/EmbeddedFiles": _dictionary({"/Names": names})}),
        "/Metadata": writer._add_object(_metadata(invoice)),
        "/OutputIntents": ArrayObject([_intent(writer)]),
        "/Lang": TextStringObject("de-DE"),
    }
    writer._root_object.update(_dictionary(root))
    writer.metadata = {
        "/Title": title(invoice), "/Author": invoice.seller.name, "/Subject": title(invoice),
        "/Producer": _PRODUCER, "/Creator": _PRODUCER, "/CreationDate": f"D:{stamp}",
        "/ModDate": f"D:{stamp}",
    }  # fmt: skip
    name = ByteStringObject(hashlib.sha256(xml).digest()[:16])
    writer._ID = ArrayObject([name, name])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _dictionary(entries: dict[str, PdfObject]) -> DictionaryObject:
    return DictionaryObject({NameObject(name): value for name, value in entries.items()})


def _stream(content: bytes, entries: dict[str, PdfObject], *, packed: bool = True) -> PdfObject:
    stream = DecodedStreamObject()
    stream.set_data(content)
    found = stream.flate_encode() if packed else stream
    found.update(_dictionary(entries))
    return found


def _file(writer: PdfWriter, xml: bytes, stamp: str) -> PdfObject:
    params = {"/Size": NumberObject(len(xml)), "/ModDate": TextStringObject(f"D:{stamp}")}
    entries: dict[str, PdfObject] = {
        "/Type": NameObject("/EmbeddedFile"),
        "/Subtype": NameObject("/text/xml"),
        "/Params": _dictionary({**params}),
    }
    stream = writer._add_object(_stream(xml, entries))
    return _dictionary(
        {
            "/Type": NameObject("/Filespec"),
            "/AFRelationship": NameObject("/Alternative"),
            "/Desc": TextStringObject("Rechnung nach EN 16931"),
            "/F": TextStringObject(ATTACHED),
            "/UF": TextStringObject(ATTACHED),
            "/EF": _dictionary({"/F": stream, "/UF": stream}),
        }
    )


def _metadata(invoice: Invoice) -> PdfObject:
    facts = {
        "pdfa3_flavor": "B",
        "title": title(invoice),
        "author": invoice.seller.name,
        "subject": title(invoice),
        "producer": _PRODUCER,
        "creator_tool": _PRODUCER,
        "timestamp": f"{invoice.issued_on}T00:00:00Z",
        "version": "1.0",
        "documenttype": "INVOICE",
        "xml_filename": ATTACHED,
        "xmp_level": "EN 16931",
        "urn": "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#",
    }
    xmp = etree.tostring(generate_xmp_object(facts), encoding="unicode", pretty_print=True).strip()
    text = f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{xmp}\n<?xpacket end="w"?>'
    entries: dict[str, PdfObject] = {"/Type": NameObject("/Metadata"), "/Subtype": NameObject("/XML")}
    return _stream(text.encode(), entries, packed=False)


@cache
def _srgb() -> bytes:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_ICC_TIME] = bytes(12)
    return bytes(profile)


def _intent(writer: PdfWriter) -> IndirectObject:
    """PDF/A-3, 6.2.3: what colours without a profile of their own mean."""
    profile = writer._add_object(_stream(_srgb(), {"/N": NumberObject(3)}))
    return writer._add_object(
        _dictionary(
            {
                "/Type": NameObject("/OutputIntent"),
                "/S": NameObject("/GTS_PDFA1"),
                "/OutputConditionIdentifier": TextStringObject("sRGB"),
                "/Info": TextStringObject("sRGB"),
                "/DestOutputProfile": profile,
            }
        )
    )
