"""Returned direct debits from the bank's files: camt.054 and camt.053 of ISO 20022 (E9).

Only what is surely a return of ours is taken; everything else of the file is left alone, and a return that
cannot be read is told with its place while the others go on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from lxml import etree

from documents.errors import DocumentUnreadable
from rating.errors import RatingError
from rating.money import Money

MAX_BYTES: Final = 50 << 20
MAX_RETURNS: Final = 100_000
_ROOT: Final = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.05[34]\.001\.[0-9]{2}\}Document")
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?", re.ASCII)


class Fault(StrEnum):
    """Who pays for the return: the fee is the customer's only when it is the customer's fault (TC 11.5)."""

    CUSTOMER = "customer"
    OURS = "ours"
    #: Depends on whether the claim was right: a person looks.
    EXAMINE = "examine"


#: Reasons of returns (ISO 20022 external code set, SEPA core and B2B rule books) and whose fault they are.
FAULTS: Final = {
    "AC01": Fault.CUSTOMER,  # account number wrong
    "AC04": Fault.CUSTOMER,  # account closed
    "AC06": Fault.CUSTOMER,  # account blocked
    "AC13": Fault.OURS,  # B2B debit of a consumer's account
    "AG01": Fault.CUSTOMER,  # account may not be debited
    "AG02": Fault.OURS,  # wrong transaction code or sequence
    "AM04": Fault.CUSTOMER,  # insufficient funds
    "AM05": Fault.OURS,  # collected twice
    "BE05": Fault.OURS,  # creditor id not known
    "CNOR": Fault.OURS,  # creditor's bank not reachable
    "DNOR": Fault.EXAMINE,  # debtor's bank not reachable
    "FF01": Fault.OURS,  # wrong file format
    "FF05": Fault.OURS,  # wrong scheme
    "MD01": Fault.EXAMINE,  # no mandate, says the debtor
    "MD02": Fault.OURS,  # mandate data missing or wrong
    "MD06": Fault.EXAMINE,  # refund asked for within eight weeks
    "MD07": Fault.EXAMINE,  # debtor has died
    "MS02": Fault.EXAMINE,  # refused by the debtor
    "MS03": Fault.EXAMINE,  # bank gives no reason
    "RC01": Fault.OURS,  # BIC wrong
    "RR01": Fault.OURS,  # regulatory: account or identification of the debtor missing
    "RR02": Fault.OURS,  # regulatory: name or address of the debtor missing
    "RR03": Fault.OURS,  # regulatory: name or address of the creditor missing
    "RR04": Fault.EXAMINE,  # regulatory
    "SL01": Fault.CUSTOMER,  # debtor's bank was told not to pay us
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Return:
    """A debit that came back. `amount` is what had been collected, `charges` what the banks take for it.

    `bank_reference` is the same whenever the same return is told: with it nothing is booked twice.
    """

    invoice_number: str
    mandate: str
    amount: Money
    charges: Money
    reason: str
    fault: Fault
    booked_on: date
    bank_reference: str


@dataclass(frozen=True, slots=True)
class Returns:
    """What a file held; `problems`: returns that a person must look at, each with its place."""

    returns: tuple[Return, ...]
    problems: tuple[str, ...]


def returns_of(content: bytes) -> Returns:
    """Raise DocumentUnreadable for what is no camt.053 or camt.054."""
    if len(content) > MAX_BYTES:
        raise DocumentUnreadable(f"larger than {MAX_BYTES >> 20} MiB")
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise DocumentUnreadable(f"no XML: {error}") from error
    if not _ROOT.fullmatch(root.tag):
        raise DocumentUnreadable(f"{str(root.tag)[:80]} is no camt.053 or camt.054 of the bank")
    found: list[Return] = []
    problems: list[str] = []
    for entry in root.iter("{*}Ntry"):
        for details in entry.iter("{*}TxDtls"):
            reason = _text(details, "RtrInf/Rsn/Cd")
            if reason is None or _text(entry, "CdtDbtInd") != "DBIT":
                continue
            if len(found) == MAX_RETURNS:
                raise DocumentUnreadable(f"more than {MAX_RETURNS} returns")
            try:
                found.append(_return(entry, details, reason))
            except (ValueError, RatingError) as error:
                problems.append(f"line {details.sourceline}: {error}")
    return Returns(tuple(found), tuple(problems))


def _return(entry: Any, details: Any, reason: str) -> Return:
    number = _needed(details, "Refs/EndToEndId")
    if number == "NOTPROVIDED":
        raise ValueError("the return does not say which debit it is of (EndToEndId)")
    if reason not in FAULTS:
        raise ValueError(f"{number}: unknown reason {reason[:10]!r}")
    booked = next(filter(None, (_text(entry, f"BookgDt/{kind}") for kind in ("Dt", "DtTm"))), "")
    return Return(
        number,
        _text(details, "Refs/MndtId") or "",
        _amount(details, ("AmtDtls/InstdAmt/Amt", "AmtDtls/TxAmt/Amt", "Amt")),
        sum(_charges(details), Money(Decimal("0.00"))),
        reason,
        FAULTS[reason],
        date.fromisoformat(booked[:10]),
        _text(details, "Refs/AcctSvcrRef") or _needed(entry, "AcctSvcrRef"),
    )


def _charges(details: Any) -> Iterator[Money]:
    for each in details.findall("{*}Chrgs/{*}Rcrd"):
        if _text(each, "CdtDbtInd") != "CRDT":
            yield _amount(each, ("Amt",))


def _amount(element: Any, paths: tuple[str, ...]) -> Money:
    """The first of these amounts that is there."""
    for path in paths:
        found = element.find(_path(path))
        if found is not None:
            text = (found.text or "").strip()
            if found.get("Ccy") != "EUR" or not _AMOUNT.fullmatch(text):
                raise ValueError(f"{text[:20]!r} {found.get('Ccy')} is no amount in euro")
            return Money(Decimal(text))
    raise ValueError("the return has no amount")


def _path(path: str) -> str:
    return "/".join(f"{{*}}{each}" for each in path.split("/"))


def _text(element: Any, path: str) -> str | None:
    found: str | None = element.findtext(_path(path))
    return found.strip() if found and found.strip() else None


def _needed(element: Any, path: str) -> str:
    found = _text(element, path)
    if found is None:
        raise ValueError(f"{path} is missing")
    return found
