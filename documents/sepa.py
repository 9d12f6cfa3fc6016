"""SEPA direct debits as a file for the bank: pain.008.001.08 by sepaxml, checked by its schema (E9).

The package puts random names and the time of day into its files; ours are named after the run, so that the
same run gives the same bytes and the bank refuses it a second time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Final
from xml.etree import ElementTree

from lxml import etree
from sepaxml import SepaDD

from documents.errors import CollectionRefused, DocumentUnreadable
from rating.debits import LAPSES_DAYS
from rating.invoice import Account
from rating.invoice_bank_days import NOTICE_DAYS, is_bank_day
from rating.money import CENT, Mode, Money, rounded, written

SCHEMA: Final = "pain.008.001.08"
MAX_COLLECTIONS: Final = 100_000
_MOST: Final = Money.parse("999999999.99 EUR")
NAMESPACE: Final = f"{{urn:iso:std:iso:20022:tech:xsd:{SCHEMA}}}"
_TEXT: Final = re.compile(r"[A-Za-z0-9+?/:().,' -]{1,35}", re.ASCII)
#: "Same mandate, new debtor account": the account of before is not told.
_SAME_MANDATE: Final = "SMNDA"
#: As banks write German letters in the character set of SEPA; the rest is done by the package.
_LETTERS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


class Scheme(StrEnum):
    """Which rule book; business to business has no refund right."""

    CORE = "CORE"
    B2B = "B2B"


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects."""

    account: Account
    creditor_id: str


@dataclass(frozen=True, slots=True)
class Collection:
    """One debit: the gross amount of an invoice, or what is left of it. `last_used`: the last debit by the
    mandate, None: the first.

    `attempt` is the end-to-end id, which comes back with a return; empty: the invoice's number.
    `account_changed`: the last debit by the mandate was of another account.
    """

    invoice_number: str
    amount: Money
    issued_on: date
    due_on: date
    mandate: str
    signed_on: date
    last_used: date | None
    scheme: Scheme
    debtor: Account
    attempt: str = ""
    account_changed: bool = False

    @property
    def end_to_end(self) -> str:
        """What the bank calls it."""
        return self.attempt or self.invoice_number

    @property
    def sequence(self) -> str:
        """FRST for a mandate's first debit, RCUR for all that follow."""
        return "FRST" if self.last_used is None else "RCUR"


def direct_debits(
    creditor: Creditor, collections: Sequence[Collection], run: str, made_at: datetime, scheme: Scheme
) -> bytes:
    """A file of one scheme; `run` names it for ever (1 to 30 characters). Raise CollectionRefused."""
    if not 1 <= len(collections) <= MAX_COLLECTIONS:
        raise CollectionRefused(f"{len(collections)} debits. A file has 1 to {MAX_COLLECTIONS}")
    if not _TEXT.fullmatch(run) or len(run) > 30:
        raise CollectionRefused(f"{run[:40]!r} names no run. Write 1 to 30 letters, digits and + - .")
    numbers = [each.invoice_number for each in collections]
    if len(set(numbers)) != len(numbers):
        raise CollectionRefused("an invoice is in it twice. It would be debited twice")
    for each in collections:
        problem = _problem(each, scheme)
        if problem:
            raise CollectionRefused(f"{each.invoice_number}: {problem}")
    config = {
        "name": creditor.account.holder.translate(_LETTERS),
        "IBAN": creditor.account.iban,
        "batch": True,
        "creditor_id": creditor.creditor_id,
        "currency": "EUR",
        "instrument": scheme.value,
    }
    if creditor.account.bic:
        config["BIC"] = creditor.account.bic
    with _namespaces_kept():
        made = SepaDD(config, schema=SCHEMA, clean=True)
        for each in sorted(collections, key=lambda one: (one.due_on, one.sequence, one.invoice_number)):
            made.add_payment(_payment(each))
        content = made.export(validate=False)
    changed = frozenset(each.end_to_end for each in collections if each.account_changed)
    return _named(content, run, made_at, changed)


def parse(content: bytes) -> Any:
    """A file as elements; raise DocumentUnreadable. No file of ours has a document type, which may
    name other files and define entities."""
    rules = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False)
    try:
        root = etree.fromstring(content, rules)
    except etree.XMLSyntaxError as error:
        raise DocumentUnreadable(f"no XML: {error.msg}") from None
    if root.getroottree().docinfo.doctype:
        raise DocumentUnreadable("it has a document type, as no file of ours")
    return root


def batches(content: bytes) -> dict[str, str]:
    """Of each debit of a file of ours the part (payment information id) that the bank books as one sum."""
    tree = parse(content)
    return {
        str(each.text): str(part.findtext(f"{NAMESPACE}PmtInfId"))
        for part in tree.iter(f"{NAMESPACE}PmtInf")
        for each in part.iter(f"{NAMESPACE}EndToEndId")
    }


@contextmanager
def _namespaces_kept() -> Iterator[None]:
    """The package takes the empty prefix for itself in the whole process: other XML would look otherwise."""
    prefixes: dict[str, str] = vars(ElementTree)["_namespace_map"]
    before = dict(prefixes)
    try:
        yield
    finally:
        prefixes.clear()
        prefixes.update(before)


def _problem(one: Collection, scheme: Scheme) -> str | None:
    cents = rounded(one.amount.ticks, CENT, Mode.UP)
    if one.amount.currency != "EUR" or cents != one.amount.ticks or not 0 < cents <= _MOST.ticks:
        return f"{one.amount} cannot be debited. Allowed are 0.01 to {_MOST}"
    if one.scheme is not scheme:
        return f"the mandate is for {one.scheme.value}, the file for {scheme.value}"
    if one.due_on < one.issued_on + timedelta(days=NOTICE_DAYS):
        return f"due on {one.due_on}, less than {NOTICE_DAYS} days after the invoice of {one.issued_on} (E9)"
    if not is_bank_day(one.due_on):
        return f"{one.due_on} is no day on which banks settle (TARGET)"
    used = one.last_used or one.signed_on
    if one.signed_on > one.due_on or one.due_on > used + timedelta(days=LAPSES_DAYS):
        return f"the mandate {one.mandate}, last used or signed on {used}, is not valid on {one.due_on}"
    if not _TEXT.fullmatch(one.mandate) or not _TEXT.fullmatch(one.end_to_end):
        return "mandate reference and invoice number have 1 to 35 characters of the SEPA set"
    return None


def _payment(one: Collection) -> dict[str, object]:
    payment: dict[str, object] = {
        "name": one.debtor.holder.translate(_LETTERS),
        "IBAN": one.debtor.iban,
        "amount": int(written(one.amount.amount).replace(".", "")),
        "type": one.sequence,
        "collection_date": one.due_on,
        "mandate_id": one.mandate,
        "mandate_date": one.signed_on,
        "description": f"Rechnung {one.invoice_number} vom {one.issued_on:%d.%m.%Y}",
        "endtoend_id": one.end_to_end,
    }
    if one.debtor.bic:
        payment["BIC"] = one.debtor.bic
    return payment


def _named(content: bytes, run: str, made_at: datetime, changed: frozenset[str]) -> bytes:
    """The file with our names and time, and with the accounts that `changed`, by end-to-end id; raise
    CollectionRefused when it breaks the schema."""
    tree = etree.fromstring(content)
    tree.find(f".//{NAMESPACE}MsgId").text = run
    tree.find(f".//{NAMESPACE}CreDtTm").text = made_at.strftime("%Y-%m-%dT%H:%M:%S")
    for index, each in enumerate(tree.iter(f"{NAMESPACE}PmtInfId"), 1):
        each.text = f"{run}-{index}"
    for debit in tree.iter(f"{NAMESPACE}DrctDbtTxInf"):
        if debit.findtext(f".//{NAMESPACE}EndToEndId") in changed:
            _tell_changed_account(debit.find(f".//{NAMESPACE}MndtRltdInf"))
    rules = schema()
    if not rules.validate(tree):
        first = rules.error_log[0]
        raise CollectionRefused(f"the bank would refuse the file: {first.message}")
    found: bytes = etree.tostring(tree, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return found


def _tell_changed_account(mandate: Any) -> None:
    """The amendment of the SEPA rule book, AT-24: the same mandate, a new account of the debtor."""
    for name in ("AmdmntInd", "AmdmntInfDtls"):
        for each in mandate.findall(f"{NAMESPACE}{name}"):
            mandate.remove(each)
    place = mandate.index(mandate.find(f"{NAMESPACE}DtOfSgntr")) + 1
    details = etree.Element(f"{NAMESPACE}AmdmntInfDtls")
    inner = details
    for name in ("OrgnlDbtrAcct", "Id", "Othr", "Id"):
        inner = etree.SubElement(inner, f"{NAMESPACE}{name}")
    inner.text = _SAME_MANDATE
    indicator = etree.Element(f"{NAMESPACE}AmdmntInd")
    indicator.text = "true"
    mandate.insert(place, indicator)
    mandate.insert(place + 1, details)


@cache
def schema() -> etree.XMLSchema:
    """The schema of SCHEMA, as ISO 20022 has it."""
    with as_file(files("sepaxml") / "schemas") as directory:
        return etree.XMLSchema(file=str(directory / f"{SCHEMA}.xsd"))
