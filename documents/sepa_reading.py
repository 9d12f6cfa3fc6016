"""A file of direct debits read back: what went to the bank, where the database does not know it any more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from documents.errors import DocumentUnreadable
from documents.sepa import MAX_COLLECTIONS, NAMESPACE, SCHEMA, Scheme, parse, schema
from rating.invoice import total
from rating.money import Money

#: Of MAX_COLLECTIONS debits; a security limit.
MAX_BYTES: Final = 256 << 20
#: As `fernamt sepa export` names them; it becomes a file's name.
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,29})", re.ASCII)
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,2})?", re.ASCII)


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
    root = parse(content)
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
    if not _NAME.fullmatch(name):
        raise DocumentUnreadable(f"its name {name!r} is not one that `fernamt sepa export` makes")
    ((iban, creditor_id),) = ours
    made_at, due_on = _moment(_text(head, "CreDtTm")), _moment(f"{days.pop()}T00:00:00").date()
    return SentFile(name, made_at, Scheme(schemes.pop()), due_on, iban, creditor_id, debits)


def _moment(written: str) -> datetime:
    """XML allows more than ISO 8601 as we read it: zones behind days, an hour 24."""
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise DocumentUnreadable(f"{written} is no day or time as in a file of ours") from None


def _euro(written: str) -> Money:
    """XML allows +10.00, blanks around it and more decimals."""
    if not _AMOUNT.fullmatch(written):
        raise DocumentUnreadable(f"{written!r} is no amount as in a file of ours")
    return Money.parse(f"{written} EUR")


def _same_sum(head: Any, debits: tuple[SentDebit, ...]) -> None:
    summed = total(each.amount for each in debits)
    told = (int(_text(head, "NbOfTxs")), _euro(_text(head, "CtrlSum")))
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
        _euro(amount.text),
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
