"""pain.002 of ISO 20022: what the bank did not take of a file of ours, before it booked anything (E9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree

from documents.bank_texts import MAX_LINES, plain, reference
from documents.errors import DocumentUnreadable
from rating.bank import Rejected

_ROOT: Final = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:pain\.002\.001\.[0-9]{2}\}Document")
_HEAD: Final = b"pain.002.001."
_REJECTED: Final = "RJCT"
_NO_REASON: Final = "MS03"


def is_status_report(content: bytes) -> bool:
    """Whether it is worth reading it as one: the name stands in the first element."""
    return _HEAD in content[:2_000]


def status_report(content: bytes) -> tuple[Rejected, ...]:
    """All rejections; none when the bank took the file whole. Raise DocumentUnreadable for another file."""
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise DocumentUnreadable(f"no XML: {error}") from error
    if not _ROOT.fullmatch(root.tag):
        raise DocumentUnreadable(f"{str(root.tag)[:80]} is no pain.002 of the bank")
    found = tuple(each for report in root.iter("{*}CstmrPmtStsRpt") for each in _rejections(report))
    if len(found) > MAX_LINES:
        raise DocumentUnreadable(f"more than {MAX_LINES} rejections")
    if not all(each.run for each in found):
        raise DocumentUnreadable("it does not say of which file it is (OrgnlMsgId)")
    return found


def _rejections(report: Any) -> Iterator[Rejected]:
    """The whole file, else whole parts, else single debits: the widest that was rejected."""
    run = reference(_text(report, "OrgnlGrpInfAndSts/OrgnlMsgId"))
    if _text(report, "OrgnlGrpInfAndSts/GrpSts") == _REJECTED:
        yield Rejected(run, "", "", _reason(report, "OrgnlGrpInfAndSts"))
        return
    for part in report.findall("{*}OrgnlPmtInfAndSts"):
        batch = reference(_text(part, "OrgnlPmtInfId"))
        debits = part.findall("{*}TxInfAndSts")
        if _text(part, "PmtInfSts") == _REJECTED and not debits:
            yield Rejected(run, batch, "", _reason(part))
        for debit in debits:
            if (_text(debit, "TxSts") or _text(part, "PmtInfSts")) == _REJECTED:
                yield Rejected(run, batch, reference(_text(debit, "OrgnlEndToEndId")), _reason(debit))


def _reason(element: Any, path: str = ".") -> str:
    """The code of ISO 20022; MS03 (no reason given) where there is none."""
    there = element if path == "." else element.find(f"{{*}}{path}")
    found = _text(there, "StsRsnInf/Rsn/Cd") or _text(there, "StsRsnInf/Rsn/Prtry")
    return plain(found)[:35] or _NO_REASON


def _text(element: Any, path: str) -> str:
    found: str | None = element.findtext("/".join(f"{{*}}{each}" for each in path.split("/")))
    return (found or "").strip()
