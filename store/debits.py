"""Files of direct debits: which claims wait for one, and the files as they went to the bank (E9)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, select, text, update

from rating.debits import LastDebit
from rating.money import CENT
from store import audit
from store.claim_errors import RunUnknown, RunUsed
from store.claim_tables import sepa_collection, sepa_run
from store.foreign_errors import database_errors
from store.ledger import Account, EntryKind, Posting, post
from store.settling import OPEN, OpenInvoice, Settlement, lock, open_invoices, patiently, write

#: Longest that files may be made of what waits.
_MAKING_S: Final = 300
#: Why a debit is not with the bank any more, where it was never sent.
WITHDRAWN: Final = "withdrawn"
#: Which debit of its invoice one is, by its id. Where a file was lost with a database some before it are not
#: known: the next one comes behind the last.
_ATTEMPT: Final = "substring(substr(c.end_to_end, length(c.number) + 1) FROM '^-([0-9]{1,4})$')::integer"
#: Invoices that announced a debit and are not paid, with the debits that were tried before.
_WAITING: Final = f"""
SELECT every.*, invoice.document::jsonb -> 'payment' ->> 'due_on' AS due_on,
    invoice.document::jsonb -> 'payment' ->> 'mandate' AS mandate,
    (SELECT greatest(count(*), max({_ATTEMPT})) FROM sepa_collection AS c WHERE c.number = every.number)
        AS attempts,
    (SELECT c.back_reason FROM sepa_collection AS c WHERE c.number = every.number
        ORDER BY c.due_on DESC, c.end_to_end DESC LIMIT 1) AS came_back
FROM ({OPEN}) AS every JOIN invoice USING (number)
WHERE open_cents > 0 AND invoice.document::jsonb -> 'payment' ->> 'means' = '59'
ORDER BY every.number
"""  # noqa: S608
#: Of invoices the last debit, one that is with the bank before all others.
_LAST: Final = """
SELECT invoice.number, coalesce(last.run, '') AS file, coalesce(last.with_bank, false) AS with_bank
FROM invoice LEFT JOIN LATERAL (
    SELECT c.run, c.credited_on IS NULL AND c.back_on IS NULL AS with_bank FROM sepa_collection AS c
    WHERE c.number = invoice.number ORDER BY with_bank DESC, c.due_on DESC, c.end_to_end DESC LIMIT 1
) AS last ON true
WHERE invoice.kind = 'invoice' AND invoice.number = ANY(:numbers)
"""
_USES: Final = """
SELECT mandate, min(due_on) AS first, max(due_on) AS last,
    (array_agg(iban ORDER BY due_on DESC, end_to_end DESC))[1] AS iban
FROM sepa_collection WHERE back_on IS NULL GROUP BY mandate
"""


@dataclass(frozen=True, slots=True)
class WaitingClaim:
    """An unpaid invoice that announced a debit. `came_back`: why the last debit of it did, if it did."""

    invoice: OpenInvoice
    due_on: date
    mandate: str
    attempts: int
    came_back: str


@dataclass(frozen=True, slots=True)
class MandateUse:
    """Days of the first and last debit by a mandate that did not come back; the account of the last one."""

    first: date
    last: date
    iban: str = ""


@dataclass(frozen=True, slots=True)
class Debit:
    """A debit in a file. `batch`: the part of the file that the bank books as one sum."""

    end_to_end: str
    batch: str
    number: str
    customer_id: str
    cents: int
    mandate: str
    sequence: str
    iban: str


@dataclass(frozen=True, slots=True)
class Run:
    """A file for the bank with its debits."""

    name: str
    scheme: str
    due_on: date
    document: bytes
    debits: tuple[Debit, ...]


@dataclass(frozen=True, slots=True)
class RunState:
    """A file as it stands: cents and number of its debits, and of those credited and come back."""

    name: str
    scheme: str
    due_on: date
    made_at: datetime
    actor: str
    withdrawn_at: datetime | None
    debits: int
    cents: int
    credited: int
    back: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """What an export chooses from: claims, uses of mandates by reference, and names that are taken."""

    claims: tuple[WaitingClaim, ...]
    uses: Mapping[str, MandateUse]
    taken: frozenset[str]


class Debits:
    """All methods raise DatabaseError's and BillingError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def waiting(self) -> Waiting:
        """What could be debited now."""
        with database_errors("reading the claims to debit"), self._engine.connect() as connection:
            patiently(connection)
            return _waiting(connection)

    def uses(self) -> Mapping[str, MandateUse]:
        """Of each mandate that was used."""
        with database_errors("reading the mandates' use"), self._engine.connect() as connection:
            return _uses(connection)

    def last_debits(self, numbers: Collection[str]) -> Mapping[str, LastDebit]:
        """Of those of these invoices that there are."""
        with database_errors("reading the last debits"), self._engine.connect() as connection:
            patiently(connection)
            rows = connection.execute(text(_LAST), {"numbers": list(numbers)})
            return {row.number: LastDebit(row.file, row.with_bank) for row in rows}

    def export(
        self, choose: Callable[[Waiting], Sequence[Run]], made_at: datetime, *, actor: str
    ) -> Sequence[Run]:
        """Let `choose` make files of what waits, and keep and book them, all or none.

        Nobody else chooses meanwhile, and the database refuses more debits than are open: no claim is
        collected twice. What `choose` raises changes nothing.
        """
        with database_errors("exporting debits"), self._engine.begin() as connection:
            connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{_MAKING_S}s'"))
            lock(connection)
            runs = choose(_waiting(connection))
            for run in runs:
                _keep(connection, run, made_at, actor)
            return runs

    def adopt(
        self, name: str, document: bytes, read: Callable[[Waiting], Run], made_at: datetime, *, actor: str
    ) -> bool:
        """Keep and book a file that the bank has and this database does not know, as `read` understands it,
        all or nothing; False: it was known, nothing changed. What `read` raises changes nothing.

        Raises RunUsed when another file of this name is known.
        """
        place = f"adopting the file {name[:40]}"
        with database_errors(place), self._engine.begin() as connection:
            connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{_MAKING_S}s'"))
            lock(connection)
            known = connection.scalar(select(sepa_run.c.document).where(sepa_run.c.name == name))
            if known is not None and bytes(known) != document:
                why = "another file of this name is known: the bank took one of them"
                raise RunUsed(place, why, "Compare it with that of `fernamt sepa again`")
            if known is None:
                _keep(connection, read(_waiting(connection)), made_at, actor, "sepa.adopt")
        return known is None

    def runs(self, limit: int = 100) -> tuple[RunState, ...]:
        """The newest files first."""
        with database_errors("reading the files of debits"), self._engine.connect() as connection:
            rows = connection.execute(
                text(f"{_STATES} ORDER BY made_at DESC, name LIMIT :most"), {"most": limit}
            )
            return tuple(RunState(*row) for row in rows)

    def document(self, name: str) -> bytes:
        """The file as it was made. Raises RunUnknown."""
        query = select(sepa_run.c.document).where(sepa_run.c.name == name)
        with database_errors(f"reading the file {name[:40]}"), self._engine.connect() as connection:
            found = connection.scalar(query)
        if found is None:
            raise RunUnknown(f"file {name[:40]}", "there is none", "See `fernamt sepa runs`")
        return bytes(found)

    def debits(self, name: str) -> tuple[Debit, ...]:
        """The debits of a file, by invoice."""
        columns = [sepa_collection.c[each] for each in Debit.__dataclass_fields__]
        query = select(*columns).where(sepa_collection.c.run == name).order_by(sepa_collection.c.number)
        with database_errors(f"reading the file {name[:40]}"), self._engine.connect() as connection:
            return tuple(Debit(*row) for row in connection.execute(query))

    def withdraw(self, name: str, at: datetime, on: date, *, actor: str, reason: str) -> int:
        """Open the claims of a file again that the bank never got; the number of its debits.

        Raises RunUnknown, and RunUsed when the bank credited or returned something of it.
        """
        place = f"withdrawing the file {name[:40]}"
        with database_errors(place), self._engine.begin() as connection:
            lock(connection)
            state = connection.execute(text(f"{_STATES_OF} "), {"name": name}).one_or_none()
            if state is None:
                raise RunUnknown(place, "there is none", "See `fernamt sepa runs`")
            found = RunState(*state)
            if found.withdrawn_at or found.credited or found.back:
                raise RunUsed(
                    place, "it was withdrawn before, or the bank booked it", "See `fernamt sepa runs`"
                )
            rows = _debits(connection, name)
            known = open_invoices(connection, [each.number for each in rows])
            book(connection, rows, known, EntryKind.WITHDRAWAL, name, on)
            here = sepa_collection.c.run == name
            connection.execute(update(sepa_collection).where(here).values(back_on=on, back_reason=WITHDRAWN))
            connection.execute(update(sepa_run).where(sepa_run.c.name == name).values(withdrawn_at=at))
            _audit(connection, "sepa.withdraw", actor, name, {"debits": len(rows), "reason": reason})
            return len(rows)


_STATES_FROM: Final = """
SELECT run.name, run.scheme, run.due_on, run.made_at, run.actor, run.withdrawn_at, count(*),
    sum(c.cents)::bigint, count(c.credited_on), count(c.back_on) FILTER (WHERE run.withdrawn_at IS NULL)
FROM sepa_run AS run JOIN sepa_collection AS c ON c.run = run.name
"""
_STATES: Final = f"{_STATES_FROM} GROUP BY run.name"
_STATES_OF: Final = f"{_STATES_FROM} WHERE run.name = :name GROUP BY run.name"


def _waiting(connection: Connection) -> Waiting:
    claims = []
    for row in connection.execute(text(_WAITING)):
        *facts, due_on, mandate, attempts, came_back = row
        reason = "" if came_back in (None, WITHDRAWN) else came_back or "no reason given"
        claims.append(
            WaitingClaim(OpenInvoice(*facts), date.fromisoformat(due_on), mandate, int(attempts), reason)
        )
    taken = frozenset(connection.scalars(select(sepa_run.c.name)))
    return Waiting(tuple(claims), _uses(connection), taken)


def _uses(connection: Connection) -> dict[str, MandateUse]:
    return {row.mandate: MandateUse(row.first, row.last, row.iban) for row in connection.execute(text(_USES))}


def _debits(connection: Connection, name: str) -> list[Debit]:
    columns = [sepa_collection.c[each] for each in Debit.__dataclass_fields__]
    query = select(*columns).where(sepa_collection.c.run == name).order_by(sepa_collection.c.number)
    return [Debit(*row) for row in connection.execute(query)]


def _keep(
    connection: Connection, run: Run, made_at: datetime, actor: str, action: str = "sepa.export"
) -> None:
    head: dict[str, Any] = {
        "name": run.name,
        "scheme": run.scheme,
        "due_on": run.due_on,
        "made_at": made_at,
        "actor": actor,
        "document": run.document,
    }
    connection.execute(insert(sepa_run).values(head))
    rows = [
        {
            **{name: getattr(each, name) for name in Debit.__dataclass_fields__},
            "run": run.name,
            "due_on": run.due_on,
        }
        for each in run.debits
    ]
    connection.execute(insert(sepa_collection), rows)
    known = open_invoices(connection, [each.number for each in run.debits])
    book(connection, run.debits, known, EntryKind.COLLECTION, run.name, run.due_on)
    details = {
        "due_on": str(run.due_on),
        "debits": len(rows),
        "cents": sum(each.cents for each in run.debits),
    }
    _audit(connection, action, actor, run.name, details)


def book(
    connection: Connection, debits: Sequence[Debit], known: Mapping[str, OpenInvoice], kind: EntryKind,
    name: str, on: date,
) -> None:  # fmt: skip
    """Claims go to the bank (COLLECTION), or come back before it booked them (WITHDRAWAL)."""
    sign = 1 if kind is EntryKind.COLLECTION else -1
    postings = [
        Posting(
            Account.RECEIVABLE, each.customer_id, known[each.number].month, "EUR", -sign * each.cents * CENT
        )
        for each in debits
    ]
    whole = sum(each.cents for each in debits) * CENT
    entry = post(
        connection, kind, name, [*postings, Posting(Account.IN_COLLECTION, None, None, "EUR", sign * whole)]
    )
    word = "debit" if kind is EntryKind.COLLECTION else WITHDRAWN
    write(
        connection,
        entry,
        (Settlement(each.number, word, sign * each.cents, on, end_to_end=each.end_to_end) for each in debits),
    )


def _audit(connection: Connection, action: str, actor: str, name: str, details: Mapping[str, Any]) -> None:
    audit.record(connection, actor=actor, action=action, object_kind="sepa", object_id=name, details=details)
