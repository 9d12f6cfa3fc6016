"""camt.053 (statements) and camt.054 (notices) of ISO 20022: booked amounts, one line each.

A sum of several is taken apart where the bank tells each of them; a file of ours that it booked as one sum
stays one line and names the file. What is not booked yet is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from lxml import etree

from documents.bank_texts import MAX_PURPOSE, euro, named, plain, reference
from documents.errors import DocumentUnreadable
from rating.bank import NO_CHARGES, Back, BankLine, Statement
from rating.errors import RatingError
from rating.money import Money

_ROOT: Final = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:camt\.05[34]\.001\.[0-9]{2}\}Document")
_BOOKED: Final = "BOOK"


def camt(content: bytes) -> Statement:
    """Raise DocumentUnreadable for another file, and for a statement whose balances do not fit its lines."""
    try:
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        raise DocumentUnreadable(f"no XML: {error}") from error
    if not _ROOT.fullmatch(root.tag):
        raise DocumentUnreadable(f"{str(root.tag)[:80]} is no camt.053 or camt.054 of the bank")
    parts = [*root.iter("{*}Stmt"), *root.iter("{*}Ntfctn")]
    accounts = sorted({reference(_text(each, "Acct/Id/IBAN")) for each in parts})
    if len(accounts) > 1:
        raise DocumentUnreadable(f"of several accounts ({', '.join(accounts)}). Have one file for each")
    lines: list[BankLine] = []
    problems: list[str] = []
    for part in parts:
        wrong = len(problems)
        found = list(_entries(part, problems))
        if wrong == len(problems):
            _check_balances(part, sum((each.amount for each in found), NO_CHARGES))
        lines += found
    account = accounts[0] if accounts else ""
    return Statement(account, named(account, lines, "camt"), tuple(problems))


def _entries(part: Any, problems: list[str]) -> Iterator[BankLine]:
    for entry in part.findall("{*}Ntry"):
        if (_text(entry, "Sts/Cd") or _text(entry, "Sts") or _BOOKED) != _BOOKED:
            continue
        try:
            yield from list(_lines(entry))
        except (ValueError, RatingError) as error:
            problems.append(f"line {entry.sourceline}: {error}")


def _lines(entry: Any) -> Iterator[BankLine]:
    booked = next(filter(None, (_text(entry, f"BookgDt/{kind}") for kind in ("Dt", "DtTm"))), "")
    booked_on = date.fromisoformat(booked[:10])
    sign = -1 if _needed(entry, "CdtDbtInd") == "DBIT" else 1
    whole = _amount(entry, "Amt")
    key = reference(_text(entry, "AcctSvcrRef"))
    details = list(entry.iter("{*}TxDtls"))
    batch = reference(_text(entry, "NtryDtls/Btch/PmtInfId") or _text(entry, "NtryDtls/Btch/MsgId"))
    if (batch and sign > 0) or not details:
        purpose = plain(_text(entry, "AddtlNtryInf"), MAX_PURPOSE)
        yield BankLine(key, booked_on, _signed(whole, sign), purpose=purpose, batch=batch)
        return
    amounts = [whole] if len(details) == 1 else [_own_amount(each) for each in details]
    if sum(amounts, NO_CHARGES) != whole:
        raise ValueError(f"its {len(details)} parts do not sum to {whole}")
    for index, (each, amount) in enumerate(zip(details, amounts, strict=True), 1):
        own = f"{key}/{index}" if key and len(details) > 1 else key
        yield _detail(each, own, booked_on, amount, sign)


def _detail(details: Any, key: str, booked_on: date, amount: Money, sign: int) -> BankLine:
    """One amount with all that is told of it; the party is who pays us, or whom the money went back to."""
    side = "Dbtr" if sign > 0 or details.find(_path("RtrInf")) is not None else "Cdtr"
    party = _text(details, f"RltdPties/{side}/Nm") or _text(details, f"RltdPties/{side}/Pty/Nm")
    texts = [each.text or "" for each in details.findall("{*}RmtInf/{*}Ustrd")]
    texts += [each.text or "" for each in details.findall("{*}RmtInf/{*}Strd/{*}CdtrRefInf/{*}Ref")]
    end_to_end = reference(_text(details, "Refs/EndToEndId"))
    return BankLine(
        key=reference(_text(details, "Refs/AcctSvcrRef")) or key,
        booked_on=booked_on,
        amount=_signed(amount, sign),
        party=plain(party),
        iban=reference(_text(details, f"RltdPties/{side}Acct/Id/IBAN")),
        purpose=plain(" ".join(texts), MAX_PURPOSE),
        end_to_end=end_to_end,
        mandate=reference(_text(details, "Refs/MndtId")),
        batch="" if end_to_end else reference(_text(details, "Refs/PmtInfId")),
        back=_back(details) if sign < 0 else None,
    )


def _back(details: Any) -> Back | None:
    if details.find(_path("RtrInf")) is None:
        return None
    reason = _text(details, "RtrInf/Rsn/Cd") or _text(details, "RtrInf/Rsn/Prtry") or ""
    paths = [each for each in ("AmtDtls/InstdAmt/Amt", "AmtDtls/TxAmt/Amt") if _has(details, each)]
    collected = _amount(details, paths[0]) if paths else None
    return Back(plain(reason)[:35], collected, sum(_charges(details), NO_CHARGES))


def _charges(details: Any) -> Iterator[Money]:
    for each in details.findall("{*}Chrgs/{*}Rcrd"):
        if _text(each, "CdtDbtInd") != "CRDT":
            yield _amount(each, "Amt")


def _check_balances(part: Any, booked: Money) -> None:
    """A statement that was cut off is seen by its balances; notices have none."""
    found: dict[str, Money] = {}
    for each in part.findall("{*}Bal"):
        sign = -1 if _text(each, "CdtDbtInd") == "DBIT" else 1
        found[_text(each, "Tp/CdOrPrtry/Cd") or ""] = _signed(_amount(each, "Amt"), sign)
    before, after = found.get("OPBD") or found.get("PRCD"), found.get("CLBD")
    if before is not None and after is not None and before + booked != after:
        raise DocumentUnreadable(
            f"line {part.sourceline}: the balance was {before} and is {after}, but the lines sum to "
            f"{booked}. Fetch the file again: something of it is missing"
        )


def _own_amount(details: Any) -> Money:
    return _amount(details, "Amt" if _has(details, "Amt") else "AmtDtls/TxAmt/Amt")


def _signed(amount: Money, sign: int) -> Money:
    return amount if sign > 0 else -amount


def _amount(element: Any, path: str) -> Money:
    found = element.find(_path(path))
    if found is None:
        raise ValueError(f"{path} is missing")
    return euro((found.text or "").strip(), found.get("Ccy") or "")


def _has(element: Any, path: str) -> bool:
    return element.find(_path(path)) is not None


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
