"""What the bank says becomes settlements and entries in the ledger, each amount exactly once (E9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Engine, exists, select, update
from sqlalchemy.dialects.postgresql import insert

from rating.bank import NO_CHARGES, BankLine, Fault
from rating.bank_matching import (
    CameBack,
    Credited,
    Known,
    Owed,
    Paid,
    Presented,
    Unclear,
    match,
    numbers_in,
)
from rating.money import Money
from store import audit
from store.bank_lines import StoredLine, is_kept, keep_line, line_of, mark_line, stored_line, told_before
from store.claim_errors import BankLineUnfit
from store.claim_tables import MAX_PURPOSE, bank_line, return_fee, sepa_collection, settlement
from store.foreign_errors import database_errors
from store.ledger import Account, EntryKind, Posting, post
from store.settling import OpenInvoice, Settlement, cents_of, euro, lock, open_invoices, unpaid_of, write

#: Lines of one reading.
MAX_LINES: Final = 10_000
_TOLD_TWICE: Final = "the bank told this amount of this day in another form"
_MAY_BE: Final = f"{_TOLD_TWICE} ({{}}). If it is the same, leave it; if not, assign it"
_COLLECTION: Final = tuple(
    sepa_collection.c[name]
    for name in ("end_to_end", "number", "customer_id", "cents", "credited_on", "back_on")
)
_UNBOOKED: Final = (
    exists()
    .where(settlement.c.end_to_end == sepa_collection.c.end_to_end, settlement.c.kind == "withdrawn")
    .label("unbooked")
)


@dataclass(slots=True)
class Imported:
    """What an import did. `known`: lines that were told before; `fees`: for debits that came back."""

    known: int = 0
    credited: list[BankLine] = field(default_factory=list)
    paid: list[BankLine] = field(default_factory=list)
    came_back: list[tuple[BankLine, CameBack]] = field(default_factory=list)
    unclear: list[tuple[BankLine, str]] = field(default_factory=list)
    fees: list[tuple[str, Money]] = field(default_factory=list)


class BankBook:
    """All methods raise DatabaseError's and BillingError's children. `fee`: the least that a debit costs that
    came back by the customer's fault; what the banks took is more where it is more (TC 11.5)."""

    def __init__(self, engine: Engine, fee: Money) -> None:
        self._engine = engine
        self._fee = fee

    def import_lines(
        self, file: str, lines: Sequence[BankLine], payers: Mapping[str, str], *, actor: str
    ) -> Imported:
        """Keep lines that are new, and settle what fits; all or none, with an entry in the audit.

        `payers`: customers by the IBAN that they gave us. A line that was told before changes nothing, in
        whichever form; one that may have been told in another form waits for a person.
        """
        done = Imported()
        with database_errors(f"importing {file}"), self._engine.begin() as connection:
            lock(connection)
            used: set[str] = set()
            for line in sorted(lines, key=lambda each: each.booked_on):
                twin = None if is_kept(connection, line.key) else told_before(connection, line, used)
                if (twin is not None and twin.sure) or not keep_line(connection, file, line, actor):
                    done.known += 1
                elif twin is not None:
                    sentence = _MAY_BE.format(twin.key)
                    mark_line(connection, line.key, "open", sentence)
                    done.unclear.append((line, sentence))
                else:
                    self._settle(connection, line, payers, done)
            self._again(connection, done, frozenset(each.key for each, _ in done.unclear))
            details = {
                "lines": len(lines), "known": done.known, "unclear": len(done.unclear),
                "came_back": len(done.came_back),
            }  # fmt: skip
            audit.record(
                connection, actor=actor, action="sepa.import", object_kind="sepa", object_id=file[:200],
                details=details,
            )  # fmt: skip
        return done

    def settle_again(self, *, actor: str) -> Imported:
        """Settle lines about debits that a person would have to look at, where they fit now: a file that they
        are about was adopted since. What customers paid stays for a person."""
        done = Imported()
        with database_errors("settling what was open"), self._engine.begin() as connection:
            lock(connection)
            self._again(connection, done, frozenset())
            if found := [*done.credited, *(line for line, _ in done.came_back)]:
                audit.record(
                    connection, actor=actor, action="sepa.settle", object_kind="sepa", object_id="open lines",
                    details={"lines": [line.key for line in found[:100]], "count": len(found)},
                )  # fmt: skip
        return done

    def _again(self, connection: Connection, done: Imported, but: frozenset[str]) -> None:
        open_debits = sepa_collection.c.credited_on.is_(None)
        about = (
            bank_line.c.batch.in_(select(sepa_collection.c.batch).where(open_debits))
            | bank_line.c.batch.in_(select(sepa_collection.c.run).where(open_debits))
            | bank_line.c.end_to_end.in_(select(sepa_collection.c.end_to_end))
        )
        query = select(bank_line).where(bank_line.c.state == "open", about)
        query = query.order_by(bank_line.c.booked_on, bank_line.c.key).limit(MAX_LINES)
        for found in [line_of(row) for row in connection.execute(query).mappings()]:
            if found.line.key in but or found.why.startswith(_TOLD_TWICE):
                continue
            if isinstance(match(found.line, _known(connection, found.line, {})), Credited | CameBack):
                self._settle(connection, found.line, {}, done)

    def _settle(
        self, connection: Connection, line: BankLine, payers: Mapping[str, str], done: Imported
    ) -> None:
        outcome = match(line, _known(connection, line, payers))
        match outcome:
            case Credited(debits):
                _credit(connection, line, debits)
                done.credited.append(line)
            case CameBack():
                _return(connection, line, outcome)
                done.came_back.append((line, outcome))
                if outcome.fault is Fault.CUSTOMER:
                    why = f"Rücklastschrift {outcome.reason}"
                    done.fees.append(
                        (
                            outcome.debit.end_to_end,
                            self._raise(connection, line, outcome.debit.end_to_end, why),
                        )
                    )
            case Paid(parts):
                _pay(connection, line, parts)
                done.paid.append(line)
            case Unclear(sentence):
                mark_line(connection, line.key, "open", sentence)
                done.unclear.append((line, sentence))
                return
        mark_line(connection, line.key, "settled", "")

    def _raise(self, connection: Connection, line: BankLine, end_to_end: str, reason: str) -> Money:
        """A fee for a debit that came back; once for each."""
        debit = connection.execute(
            select(sepa_collection).where(sepa_collection.c.end_to_end == end_to_end)
        ).one()
        charges = cents_of(-line.amount) - debit.cents
        cents = max(cents_of(self._fee), charges)
        row = {
            "end_to_end": end_to_end, "number": debit.number, "customer_id": debit.customer_id,
            "cents": cents, "raised_on": line.booked_on, "reason": reason[:MAX_PURPOSE],
        }  # fmt: skip
        connection.execute(insert(return_fee).values(row).on_conflict_do_nothing())
        return euro(cents)

    def raise_fee(self, key: str, *, actor: str, reason: str) -> Money:
        """The customer is at fault after all: a person examined the return. Raises BankLineUnknown, and
        BankLineUnfit for a line that is no return of ours, or that has its fee."""
        place = f"fee for the line {key[:60]}"
        with database_errors(place), self._engine.begin() as connection:
            lock(connection)
            found = stored_line(connection, key)
            end_to_end = found.line.end_to_end
            there = select(return_fee.c.end_to_end).where(return_fee.c.end_to_end == end_to_end)
            if found.line.back is None or found.state != "settled" or connection.scalar(there):
                raise BankLineUnfit(
                    place, "it is no debit of ours that came back, or it has its fee",
                    "See `fernamt sepa fees` and `fernamt sepa unmatched`",
                )  # fmt: skip
            fee = self._raise(connection, found.line, end_to_end, reason)
            _audit(connection, "sepa.fee", actor, key, {"fee": str(fee), "reason": reason})
            return fee

    def assign(self, key: str, parts: Mapping[str, Money], *, actor: str, reason: str) -> None:
        """A person says which invoices an open line pays, each with how much. More than is open of an invoice
        becomes a credit of the customer. Raises BankLineUnknown, BankLineUnfit, InvoiceUnknown."""
        place = f"line {key[:60]}"
        with database_errors(place), self._engine.begin() as connection:
            lock(connection)
            found = stored_line(connection, key)
            known = open_invoices(connection, list(parts))
            missing = sorted(parts.keys() - known.keys())
            if missing:
                raise BankLineUnfit(
                    place, f"there is no invoice {', '.join(missing)}", "See `fernamt customer open`"
                )
            whole = sum((each for each in parts.values()), NO_CHARGES)
            if found.state == "settled" or found.line.back is not None or whole != found.line.amount:
                raise BankLineUnfit(
                    place,
                    f"it is {found.state} over {found.line.amount}, the invoices get {whole}",
                    "Give each invoice its part: --invoice R2026-000001=10.00; together the line's amount",
                )
            _pay(
                connection,
                found.line,
                tuple((known[number].owed, amount) for number, amount in parts.items()),
            )
            mark_line(connection, key, "settled", reason)
            details = {"parts": {number: str(amount) for number, amount in parts.items()}, "reason": reason}
            _audit(connection, "sepa.assign", actor, key, details)

    def leave(self, key: str, *, actor: str, reason: str) -> None:
        """A line is not about invoices: it is not shown any more. Raises BankLineUnknown, BankLineUnfit."""
        with database_errors(f"line {key[:60]}"), self._engine.begin() as connection:
            lock(connection)
            found = stored_line(connection, key)
            if found.state != "open":
                raise BankLineUnfit(f"line {key[:60]}", f"it is {found.state}", "Nothing is to do")
            mark_line(connection, key, "left", reason)
            _audit(connection, "sepa.leave", actor, key, {"reason": reason})

    def open_lines(self, limit: int = MAX_LINES) -> tuple[StoredLine, ...]:
        """What a person must look at, oldest first."""
        query = select(bank_line).where(bank_line.c.state == "open")
        query = query.order_by(bank_line.c.booked_on, bank_line.c.key).limit(limit)
        with database_errors("reading the bank's lines"), self._engine.connect() as connection:
            return tuple(line_of(row) for row in connection.execute(query).mappings())


def _known(connection: Connection, line: BankLine, payers: Mapping[str, str]) -> Known:
    batch: tuple[Presented, ...] = ()
    if line.batch:
        here = (sepa_collection.c.batch == line.batch) | (sepa_collection.c.run == line.batch)
        batch = _presented(connection, here)
    debit = _presented(connection, sepa_collection.c.end_to_end == line.end_to_end) if line.end_to_end else ()
    named = open_invoices(connection, numbers_in(line))
    customer = payers.get(line.iban)
    return Known(
        batch,
        debit[0] if debit else None,
        tuple(each.owed for each in named.values()),
        tuple(each.owed for each in unpaid_of(connection, customer)) if customer else (),
    )


def _presented(connection: Connection, here: Any) -> tuple[Presented, ...]:
    rows = connection.execute(
        select(*_COLLECTION, _UNBOOKED).where(here).order_by(sepa_collection.c.end_to_end)
    )
    return tuple(
        Presented(row[0], row[1], row[2], euro(row[3]), row[4] is not None, row[5] is not None, row[6])
        for row in rows
    )


def _credit(connection: Connection, line: BankLine, debits: Sequence[Presented]) -> None:
    """The bank has the money of debits that were handed in."""
    names = [each.end_to_end for each in debits]
    here = sepa_collection.c.end_to_end.in_(names)
    connection.execute(update(sepa_collection).where(here).values(credited_on=line.booked_on))
    ticks = line.amount.ticks
    postings = (
        Posting(Account.BANK, None, None, "EUR", ticks),
        Posting(Account.IN_COLLECTION, None, None, "EUR", -ticks),
    )
    post(connection, EntryKind.PAYMENT, line.key, postings)


def _return(connection: Connection, line: BankLine, outcome: CameBack) -> None:
    """The claim is open again; what the banks took is ours to pay, unless a fee goes to the customer."""
    debit = outcome.debit
    if debit.unbooked:
        _take_credit_back(connection, line, outcome)
        return
    here = sepa_collection.c.end_to_end == debit.end_to_end
    back = {"back_on": line.booked_on, "back_reason": outcome.reason}
    connection.execute(update(sepa_collection).where(here).values(back))
    invoice = open_invoices(connection, [debit.invoice_number])[debit.invoice_number]
    postings = (
        Posting(Account.RECEIVABLE, invoice.customer_id, invoice.month, "EUR", debit.amount.ticks),
        Posting(Account.BANK_CHARGES, None, None, "EUR", outcome.charges.ticks),
        Posting(Account.BANK, None, None, "EUR", line.amount.ticks),
    )
    entry = post(connection, EntryKind.RETURN, line.key, postings)
    settled = Settlement(
        invoice.number, "returned", -cents_of(debit.amount), line.booked_on, debit.end_to_end, line.key
    )
    write(connection, entry, [settled])


def _take_credit_back(connection: Connection, line: BankLine, outcome: CameBack) -> None:
    """The bank had rejected the debit, credited it with its file all the same, and now takes that back: the
    claim is open since the rejection."""
    debit = outcome.debit
    here = sepa_collection.c.end_to_end == debit.end_to_end
    connection.execute(update(sepa_collection).where(here).values(credited_on=None))
    postings = (
        Posting(Account.IN_COLLECTION, None, None, "EUR", debit.amount.ticks),
        Posting(Account.BANK_CHARGES, None, None, "EUR", outcome.charges.ticks),
        Posting(Account.BANK, None, None, "EUR", line.amount.ticks),
    )
    post(connection, EntryKind.RETURN, line.key, postings)


def _pay(connection: Connection, line: BankLine, parts: Sequence[tuple[Owed, Money]]) -> None:
    invoices = open_invoices(connection, [owed.invoice_number for owed, _ in parts])
    postings = [Posting(Account.BANK, None, None, "EUR", line.amount.ticks)]
    rows = []
    for owed, amount in parts:
        invoice: OpenInvoice = invoices[owed.invoice_number]
        postings.append(Posting(Account.RECEIVABLE, invoice.customer_id, invoice.month, "EUR", -amount.ticks))
        rows.append(Settlement(invoice.number, "paid", cents_of(amount), line.booked_on, bank_line=line.key))
    entry = post(connection, EntryKind.PAYMENT, line.key, postings)
    write(connection, entry, rows)


def _audit(connection: Connection, action: str, actor: str, key: str, details: Mapping[str, Any]) -> None:
    audit.record(
        connection, actor=actor, action=action, object_kind="sepa", object_id=key[:200], details=details
    )
