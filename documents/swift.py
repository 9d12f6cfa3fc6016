"""MT940 as German banks write it: field 86 with the subfields of the Deutsche Kreditwirtschaft.

The reason of a return stands there as a number (subfield 34). The table has those on which the banks'
documents agree; any other number, and any bank that writes none, gives a reason that a person examines.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import mt940 as library

from documents.bank_texts import MAX_PURPOSE, euro, named, plain, reference
from documents.errors import DocumentUnreadable
from rating.bank import NO_CHARGES, Back, BankLine, Statement
from rating.errors import RatingError
from rating.money import Money

#: Business transaction codes (GVC) of returned SEPA direct debits: B2B and core.
_RETURNED: Final = frozenset({"108", "109"})
#: Numbers of reasons and their ISO 20022 codes.
REASONS: Final = {
    "901": "AC01",
    "902": "AC04",
    "903": "AC06",
    "904": "AG01",
    "906": "AM04",
    "909": "MD01",
    "910": "MD02",
    "912": "MD06",
    "913": "MD07",
}


def mt940(content: bytes) -> Statement:
    """Raise DocumentUnreadable for another file, a wrong field, or balances that do not fit the lines."""
    try:
        statements = library.parse_statements(
            io.BytesIO(content), encoding="utf-8", options=library.Options.all()
        )
    except (RuntimeError, ValueError, ArithmeticError, KeyError) as error:
        raise DocumentUnreadable(f"no MT940 as banks write it: {str(error)[:200]}") from error
    if not statements:
        raise DocumentUnreadable("neither camt nor MT940: it begins with no :20:")
    accounts = sorted({plain(str(each.data.get("account_identification") or "")) for each in statements})
    if len(accounts) > 1:
        raise DocumentUnreadable(f"of several accounts ({', '.join(accounts)}). Have one file for each")
    lines: list[BankLine] = []
    problems: list[str] = []
    for number, statement in enumerate(statements, 1):
        found = list(_lines(statement, number, problems))
        _check_balances(statement.data, number, sum((each.amount for each in found), NO_CHARGES), problems)
        lines += found
    return Statement(accounts[0], named(accounts[0], lines, "mt940"), tuple(problems))


def _lines(statement: Any, number: int, problems: list[str]) -> Iterator[BankLine]:
    for index, each in enumerate(statement.transactions, 1):
        if not each.data.get("status"):
            continue  # a :86: of the whole statement
        try:
            yield _line(each.data)
        except (ValueError, RatingError) as error:
            problems.append(f"statement {number}, line {index}: {error}")


def _line(data: Mapping[str, Any]) -> BankLine:
    code = str(data.get("transaction_code") or "")
    amount = _euro(data["amount"])
    end_to_end = reference(data.get("end_to_end_reference")).replace(" ", "")
    references = str(data.get("customer_reference") or "").split("\n")
    day = data.get("entry_date") or data["date"]
    purpose = data.get("purpose") or data.get("transaction_details")
    more = data.get("additional_purpose")
    return BankLine(
        key="",
        booked_on=date(day.year, day.month, day.day),
        amount=amount,
        party=plain(data.get("applicant_name")),
        iban=reference(data.get("applicant_iban") or data.get("gvc_applicant_iban")).replace(" ", ""),
        purpose=plain(f"{purpose or ''}{more or ''}", MAX_PURPOSE),
        end_to_end=end_to_end,
        mandate=reference(data.get("additional_position_reference")),
        batch=reference(references[-1]) if amount.ticks > 0 and not end_to_end else "",
        back=_back(data) if code in _RETURNED and amount.ticks < 0 else None,
    )


def _back(data: Mapping[str, Any]) -> Back:
    reason = str(data.get("return_debit_notes") or "").strip()
    collected, charges = data.get("original_amount"), data.get("compensation_amount")
    return Back(
        REASONS.get(reason, plain(reason)[:35]),
        _swift(collected) if collected else None,
        _swift(charges) if charges else NO_CHARGES,
    )


def _swift(text: str) -> Money:
    """`183,05`, as subfields of field 86 have it."""
    return euro(text.strip().replace(",", "."), "EUR")


def _euro(amount: Any) -> Money:
    text = f"{amount.amount:f}"
    found = euro(text.removeprefix("-"), str(amount.currency or ""))
    return -found if text.startswith("-") else found


def _check_balances(data: Mapping[str, Any], number: int, booked: Money, problems: list[str]) -> None:
    before = data.get("final_opening_balance") or data.get("intermediate_opening_balance")
    after = data.get("final_closing_balance") or data.get("intermediate_closing_balance")
    if problems or before is None or after is None:
        return
    try:
        fits = _euro(before.amount) + booked == _euro(after.amount)
    except ValueError as error:
        raise DocumentUnreadable(f"statement {number}: a balance is none: {error}") from error
    if not fits:
        raise DocumentUnreadable(
            f"statement {number}: the balance was {before.amount} and is {after.amount}, but its lines sum "
            f"to {booked}. Fetch the file again: something of it is missing"
        )
