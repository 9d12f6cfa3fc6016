"""What waits at the bank's side of the books, for `fernamt doctor` (E9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Engine, text

from store.foreign_errors import database_errors

#: Most files that are told.
_MOST: Final = 20
_LINES: Final = text("SELECT count(*), min(booked_on) FROM bank_line WHERE state = 'open'")
_RUNS: Final = text("""
    SELECT name, due_on FROM sepa_run AS run WHERE withdrawn_at IS NULL AND EXISTS (
        SELECT FROM sepa_collection WHERE run = run.name AND credited_on IS NULL AND back_on IS NULL
    ) ORDER BY due_on, name LIMIT :most
""")


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A file of debits of which the bank credited not all."""

    name: str
    due_on: date


@dataclass(frozen=True, slots=True)
class BankStanding:
    """Lines that fit no claim, the day of the oldest; and files that are with the bank, the oldest first."""

    unmatched: int
    oldest: date | None
    runs: tuple[OpenRun, ...]


class BankState:
    """Raises DatabaseError's children."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def now(self) -> BankStanding:
        """As it stands."""
        with database_errors("reading what waits for the bank"), self._engine.connect() as connection:
            unmatched, oldest = connection.execute(_LINES).one()
            runs = tuple(OpenRun(*row) for row in connection.execute(_RUNS, {"most": _MOST}))
        return BankStanding(int(unmatched), oldest, runs)
