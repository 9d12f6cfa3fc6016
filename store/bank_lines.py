"""The bank's lines as they are kept: each once, with what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert

from rating.bank import Back, BankLine
from rating.bank_twins import Twin, twin_of
from store.claim_errors import BankLineUnknown
from store.claim_tables import MAX_PURPOSE, bank_line
from store.settling import cents_of, euro


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line as it is kept. `state`: open (a person looks), settled, or left; `why` says more."""

    line: BankLine
    file: str
    imported_at: datetime
    state: str
    why: str


def keep_line(connection: Connection, file: str, line: BankLine, actor: str) -> bool:
    """Keep it, open; whether it is new."""
    back = line.back
    row: dict[str, Any] = {
        "key": line.key,
        "file": file[:200],
        "actor": actor,
        "booked_on": line.booked_on,
        "cents": cents_of(line.amount),
        "party": line.party,
        "iban": line.iban,
        "purpose": line.purpose,
        "end_to_end": line.end_to_end,
        "mandate": line.mandate,
        "batch": line.batch,
        "back_reason": back.reason if back else None,
        "collected_cents": cents_of(back.collected) if back and back.collected else None,
        "charges_cents": cents_of(back.charges) if back else None,
        "state": "open",
        "why": "",
        "form": line.form,
    }
    done = connection.execute(insert(bank_line).values(row).on_conflict_do_nothing())
    return done.rowcount == 1


def is_kept(connection: Connection, key: str) -> bool:
    """Whether this very line was told before."""
    return connection.scalar(select(bank_line.c.key).where(bank_line.c.key == key)) is not None


def told_before(connection: Connection, line: BankLine, used: set[str]) -> Twin | None:
    """The same amount in another form, told before; each stands for one line of a file."""
    here = (bank_line.c.booked_on == line.booked_on) & (bank_line.c.cents == cents_of(line.amount))
    other = bank_line.c.form.not_in(["", line.form])
    query = select(bank_line).where(here, other, bank_line.c.key.not_in(used)).order_by(bank_line.c.key)
    found = twin_of(line, [line_of(row).line for row in connection.execute(query).mappings()])
    if found is not None and found.sure:
        used.add(found.key)
    return found


def mark_line(connection: Connection, key: str, state: str, why: str) -> None:
    """What became of it (StoredLine)."""
    values = {"state": state, "why": why[:MAX_PURPOSE]}
    connection.execute(update(bank_line).where(bank_line.c.key == key).values(values))


def stored_line(connection: Connection, key: str) -> StoredLine:
    """The line of this key. Raises BankLineUnknown."""
    row = connection.execute(select(bank_line).where(bank_line.c.key == key)).mappings().one_or_none()
    if row is None:
        raise BankLineUnknown(
            f"line {key[:60]}", "the bank told no such line", "See `fernamt sepa unmatched`"
        )
    return line_of(row)


def line_of(row: Any) -> StoredLine:
    """A row of `bank_line`."""
    back = None
    if row["back_reason"] is not None:
        collected = row["collected_cents"]
        back = Back(
            row["back_reason"],
            None if collected is None else euro(collected),
            euro(row["charges_cents"] or 0),
        )
    line = BankLine(
        row["key"], row["booked_on"], euro(row["cents"]), row["party"], row["iban"], row["purpose"],
        row["end_to_end"], row["mandate"], row["batch"], back, row["form"],
    )  # fmt: skip
    return StoredLine(line, row["file"], row["imported_at"], row["state"], row["why"])
