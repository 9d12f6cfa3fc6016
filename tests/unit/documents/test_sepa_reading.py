"""Files of debits read back: those that we make, and nothing that is only allowed by the schema (E9)."""

from __future__ import annotations

import re
from datetime import date

import pytest

from documents.errors import DocumentUnreadable
from documents.sepa import batches
from documents.sepa_reading import read_debits
from tests.unit.documents.test_sepa import FIRST, file

MADE = file(FIRST)
AMOUNT = r'(?<=<InstdAmt Ccy="EUR">)[^<]+'


def test_what_we_made_is_read() -> None:
    found = read_debits(MADE.encode())
    assert (found.name, found.due_on) == ("2026-11", FIRST.due_on)
    (debit,) = found.debits
    assert (debit.end_to_end, debit.amount) == (FIRST.end_to_end, FIRST.amount)
    assert batches(MADE.encode()) == {debit.end_to_end: debit.batch}


@pytest.mark.parametrize(
    ("pattern", "to", "why"),
    [
        (r"<Document", '<!DOCTYPE Document [<!ENTITY n "2026-11">]><Document', "it has a document type"),
        (r"(?<=<ReqdColltnDt>)[^<]+", "2026-12-07Z", "2026-12-07ZT00:00:00 is no day or time"),
        (r"(?<=<ReqdColltnDt>)[^<]+", "-2026-12-07", "is no day or time"),
        (r"(?<=<CreDtTm>)[^<]+", "-2026-12-01T12:00:00", "is no day or time"),
        (r"(?<=<MsgId>)[^<]+", "../../etc/x", "'../../etc/x' is not one"),
        (r"(?<=<MsgId>)[^<]+", "..", "'..' is not one"),
        (r"(?<=<MsgId>)[^<]+", "x" * 31, "is not one"),
        (AMOUNT, "+10.00", "'+10.00' is no amount"),
        (AMOUNT, " 10.00 ", "' 10.00 ' is no amount"),
        (AMOUNT, "10.001", "'10.001' is no amount"),
        (r"(?<=<CtrlSum>)[^<]+", "10.001", "'10.001' is no amount"),
    ],
)
def test_what_only_the_schema_allows_is_refused_with_its_place(pattern: str, to: str, why: str) -> None:
    changed, found = re.subn(pattern, to, MADE)
    assert found
    with pytest.raises(DocumentUnreadable, match=re.escape(why)):
        read_debits(changed.encode())


def test_midnight_by_its_other_name_is_that_of_the_next_day_or_refused() -> None:
    """XML's hour 24; Python learnt it late."""
    changed = re.sub(r"(?<=<CreDtTm>)[^<]+", "2026-12-01T24:00:00", MADE)
    try:
        found = read_debits(changed.encode()).made_at.date()
    except DocumentUnreadable:
        return
    assert found == date(2026, 12, 2)


def test_an_entity_is_refused_by_both_readers() -> None:
    bomb = re.sub("<Document", '<!DOCTYPE Document [<!ENTITY n "x">]><Document', MADE)
    bomb = re.sub(r"(?<=<MsgId>)[^<]+", "&n;", bomb)
    for read in (read_debits, batches):
        with pytest.raises(DocumentUnreadable, match="document type"):
            read(bomb.encode())
