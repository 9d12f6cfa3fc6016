"""A customer with a mandate whose November is invoiced, and what clerks and the bank do about it (E9-E11)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine

from rating.money import Money
from store.ledger import Ledger
from tests.integration.store.billing import MOBILE, outgoing, take_in
from tests.integration.store.billing_program import ANNA, Program, billing_program

BAU: Final = "kunde-bau"
NUMBER: Final = "R2026-000001"
CENT: Final = Decimal("0.01")
DECEMBER_1: Final = datetime(2026, 12, 1, 12, tzinfo=UTC)


def november_invoiced(
    directory: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Program:
    """It is the first of December."""
    program = november_rated(directory, database_url, redis_url, engine, monkeypatch)
    issue(program, "2026-11", "2026-11-30")
    return program


def november_rated(
    directory: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Program:
    """The same before anything is invoiced."""
    program = billing_program(directory, database_url, redis_url, engine, monkeypatch, DECEMBER_1)
    take_in(engine, outgoing("one", 0, 61, BAU, "+436641234567"), outgoing("two", 5, 60, BAU, MOBILE))
    program.good("rate", "run")
    return program


def issue(run: Program, month: str, on: str) -> dict[str, str]:
    done = run.json("invoice", "issue", "--customer", BAU, "--month", month, "--on", on, *ANNA)
    found: dict[str, str] = done["issued"][0]
    return found


def gross(run: Program, number: str = NUMBER) -> Money:
    return Money(Decimal(run.json("invoice", "show", number)["gross"]["amount"]).quantize(CENT))


def ledger(engine: Engine) -> dict[str, Decimal]:
    """Balances that are not nothing; the whole sums to nothing."""
    balances = Ledger(engine).balances()
    assert sum(balances.values()) == 0
    return {
        account: Money.of_ticks(ticks, "EUR").amount
        for (account, _), ticks in balances.items()
        if ticks and account in {"receivable", "in_collection", "bank", "bank_charges"}
    }


def export(
    run: Program, out: Path, due: str = "2026-12-07", *more: str
) -> dict[str, list[dict[str, object]]]:
    done: dict[str, list[dict[str, object]]] = run.json(
        "sepa", "export", "--due", due, "--out", out, *more, *ANNA
    )
    return done
