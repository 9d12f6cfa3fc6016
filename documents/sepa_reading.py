"""A file of direct debits read back: what went to the bank, where the database does not know it any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from lxml import etree

from documents.errors import DocumentUnreadable
from documents.sepa import MAX_COLLECTIONS, NAMESPACE, SCHEMA, Scheme, schema
from rating.invoice import total
from rating.money import Money

#: Of MAX_COLLECTIONS debits; a security limit.
MAX_BYTES: Final = 256 << 20
#: Longest name of a run.
_MAX_NAME: Final = 30


@dataclass(frozen=True, slots=True)
class SentDebit:
    """A debit as the bank has it. `batch`: the part of the file that it books as one sum; `iban`: debited."""

    end_to_end: str
    batch: str
    amount: Money
    mandate: str
    sequence: str
    iban: str


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of one scheme and day. `made_at`: German time, as it stands there; `iban`, `creditor_id`: of
    whoever collects."""

    name: str
    made_at: datetime
    scheme: Scheme
    due_on: date
    iban: str
    creditor_id: str
    debits: tuple[SentDebit, ...]


def read_debits(content: bytes) -> SentFile:
    """A file as `documents.sepa.direct_debits` makes it. Raise DocumentUnreadable for any other, for one that
    was cut off or whose sum is not that of its debits."""
    if len(content) > MAX_BYTES:
        raise DocumentUnreadable(f"larger than {MAX_BYTES >> 20} MiB")
    try:
        root = etree.fromstring(
            content, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
        )
    except etree.XMLSyntaxError as error:
        raise DocumentUnreadable(f"no XML: {error.msg}") from None
    rules = schema()
    if not rules.validate(root):
        raise DocumentUnreadable(f"no {SCHEMA}: {rules.error_log[0].message}")
    parts = list(_all(root, "PmtInf"))
    schemes = {_text(each, "PmtTpInf/LclInstrm/Cd") for each in parts}
    days = {_text(each, "ReqdColltnDt") for each in parts}
    ours = {(_text(each, "CdtrAcct/Id/IBAN"), _creditor_id(each)) for each in parts}
    if len(schemes) != 1 or len(days) != 1 or len(ours) != 1 or schemes - set(Scheme):
        raise DocumentUnreadable("it has debits of several days, schemes or creditors, as no file of ours")
    debits = tuple(_debit(part, each) for part in parts for each in _all(part, "DrctDbtTxInf"))
    head = next(_all(root, "GrpHdr"))
    _same_sum(head, debits)
    name = _text(head, "MsgId")
    if len(name) > _MAX_NAME:
        raise DocumentUnreadable(f"its name {name} is longer than {_MAX_NAME} characters, as none of ours")
    ((iban, creditor_id),) = ours
    made_at = datetime.fromisoformat(_text(head, "CreDtTm"))
    return SentFile(
        name, made_at, Scheme(schemes.pop()), date.fromisoformat(days.pop()), iban, creditor_id, debits
    )


def _same_sum(head: Any, debits: tuple[SentDebit, ...]) -> None:
    summed = total(each.amount for each in debits)
    told = (int(_text(head, "NbOfTxs")), Money.parse(f"{_text(head, 'CtrlSum')} EUR"))
    if told != (len(debits), summed) or len(debits) > MAX_COLLECTIONS:
        raise DocumentUnreadable(
            f"it says {told[0]} debits of {told[1]} and has {len(debits)} of {summed}: it was changed"
        )


def _debit(part: Any, one: Any) -> SentDebit:
    amount = one.find(f"{NAMESPACE}InstdAmt")
    if amount.get("Ccy") != "EUR":
        raise DocumentUnreadable(f"a debit in {amount.get('Ccy')}, as in no file of ours")
    return SentDebit(
        _text(one, "PmtId/EndToEndId"),
        _text(part, "PmtInfId"),
        Money.parse(f"{amount.text} EUR"),
        _text(one, "DrctDbtTx/MndtRltdInf/MndtId"),
        _text(part, "PmtTpInf/SeqTp"),
        _text(one, "DbtrAcct/Id/IBAN"),
    )


def _creditor_id(part: Any) -> str:
    place = "CdtrSchmeId/Id/PrvtId/Othr/Id"
    if part.find(_path(place)) is not None:
        return _text(part, place)
    return _text(next(_all(part, "DrctDbtTxInf")), f"DrctDbtTx/{place}")


def _all(place: Any, name: str) -> Any:
    return place.iter(f"{NAMESPACE}{name}")


def _path(path: str) -> str:
    return "/".join(f"{NAMESPACE}{each}" for each in path.split("/"))


def _text(place: Any, path: str) -> str:
    found = place.findtext(_path(path))
    if not found:
        raise DocumentUnreadable(f"{path} is missing, as in no file of ours")
    return str(found)
