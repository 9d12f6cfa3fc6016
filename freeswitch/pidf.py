"""The location of a line as PIDF-LO: presence document with a civic address (RFC 4119, RFC 5139, RFC 5491).

The document is ASCII on one line; whatever could be syntax to anybody on its way (FreeSWITCH's `${…}`,
quoting and lists) is written as a character reference, which XML readers turn back.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from xml.etree.ElementTree import Element, ParseError, SubElement, XMLParser, register_namespace, tostring

from dialplan.emergency.routing import LineAddress

_PIDF: Final = "urn:ietf:params:xml:ns:pidf"
_GEOPRIV: Final = "urn:ietf:params:xml:ns:pidf:geopriv10"
_CIVIC: Final = "urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr"
_XML: Final = "http://www.w3.org/XML/1998/namespace"
#: Longest document of a caller's own system that is passed on, in characters; Teams' has about 1,500.
MAX_CLAIMED: Final = 8_192
_MAX_DEPTH: Final = 24
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Syntax of dial strings, lists, variables and quoting in FreeSWITCH; none of it is XML's own.
_SYNTAX: Final = str.maketrans({each: f"&#{ord(each)};" for each in "$\\'|~!%{}[],`^\n\r\t\x7f"})
_HOUSE_NUMBER: Final = re.compile(r"([0-9]{1,6})\s*(.*)", re.ASCII | re.DOTALL)

for _prefix, _name in (("", _PIDF), ("gp", _GEOPRIV), ("ca", _CIVIC)):
    register_namespace(_prefix, _name)


@lru_cache(maxsize=256)
def civic_location(address: LineAddress, *, entity: str, method: str, provided_by: str | None) -> str:
    """The contract address as a PIDF-LO. `entity` is the URI of whom it is about; `method` says how the
    location was found (RFC 4119 section 2.2.3); `provided_by` is the carrier's id or None."""
    presence = Element(f"{{{_PIDF}}}presence", {"entity": entity})
    status = SubElement(SubElement(presence, f"{{{_PIDF}}}tuple", {"id": "line"}), f"{{{_PIDF}}}status")
    geopriv = SubElement(status, f"{{{_GEOPRIV}}}geopriv")
    information = SubElement(geopriv, f"{{{_GEOPRIV}}}location-info")
    civic = SubElement(information, f"{{{_CIVIC}}}civicAddress", {f"{{{_XML}}}lang": "de"})
    for name, text in _elements(address):
        if text:
            SubElement(civic, f"{{{_CIVIC}}}{name}").text = _plain(text)
    SubElement(geopriv, f"{{{_GEOPRIV}}}usage-rules")
    SubElement(geopriv, f"{{{_GEOPRIV}}}method").text = _plain(method)
    if provided_by:
        SubElement(geopriv, f"{{{_GEOPRIV}}}provided-by").text = _plain(provided_by)
    return _document(presence)


def _elements(address: LineAddress) -> list[tuple[str, str | None]]:
    """Names of RFC 5139 section 3.1 and RFC 4776 section 3.4, in the order of the schema."""
    number, suffix = address.house_number, None
    if number is not None and (parts := _HOUSE_NUMBER.fullmatch(number)):
        number, suffix = parts[1], parts[2]
    return [
        ("country", "DE"),
        ("A1", address.land),
        ("A3", address.town),
        ("HNO", number),
        ("HNS", suffix),
        ("PC", address.postcode),
        ("RD", address.street),
    ]


def claimed_location(text: str) -> str | None:
    """A PIDF-LO that a caller's own system sent, written anew; None when it is none or suspicious.

    It is XML of a stranger: too long, too deep, with a DOCTYPE (entities) or no presence document: not kept.
    """
    if len(text) > MAX_CLAIMED or "<!" in text or "\0" in text:
        return None
    parser = XMLParser()  # noqa: S314 - short, and without a DOCTYPE there are no entities to expand
    try:
        parser.feed(text.strip())
        presence: Element = parser.close()
    except (ParseError, ValueError):
        return None
    if presence.tag != f"{{{_PIDF}}}presence" or _depth(presence) > _MAX_DEPTH:
        return None
    if not all(name.isascii() for each in presence.iter() for name in (each.tag, *each.attrib)):
        return None
    return _document(presence)


def _depth(element: Element) -> int:
    level, below = [element], 0
    while level and below <= _MAX_DEPTH:
        level = [child for each in level for child in each]
        below += 1
    return below


def _plain(text: str) -> str:
    """One line without control characters and what XML 1.0 cannot hold."""
    return " ".join(_NOT_XML.sub(" ", text).split())


def _document(root: Element) -> str:
    written: str = tostring(root, encoding="us-ascii").decode("ascii")
    body = written.partition("?>")[2].lstrip("\n") if written.startswith("<?xml") else written
    return '<?xml version="1.0" encoding="UTF-8"?>' + body.translate(_SYNTAX)
