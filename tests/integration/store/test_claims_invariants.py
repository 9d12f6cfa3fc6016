"""Whatever is issued, debited, returned, paid, credited and set off: the books agree (E9, E10)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from rating.invoice_bank_days import bank_day_from
from rating.money import CENT, Money
from store.claims import Claims
from store.debits import Debits
from store.ledger import Ledger
from tests.integration.store.bank_statements import camt, credited, paid, returned
from tests.integration.store.billing import outgoing, take_in
from tests.integration.store.billing_program import ANNA, Program, billing_program

CUSTOMERS = ("kunde-bau", "kunde-kanzlei")
START = datetime(2026, 12, 1, 12, tzinfo=UTC)


class Clerk:
    """Does one thing after the other by chance, as the time goes on."""

    def __init__(self, run: Program, engine: Engine, directory: Path, chance: random.Random) -> None:
        self.run, self.engine, self.directory, self.chance = run, engine, directory, chance
        self.moment = START
        self.months = {each: iter(f"2026-{month:02}" for month in range(6, 12)) for each in CUSTOMERS}
        self.files = 0

    def step(self) -> str:
        """The name of what was done."""
        self.moment += timedelta(days=self.chance.randint(0, 4))
        self.run.at(self.moment)
        todo = self.chance.choice(
            (self.issue, self.issue, self.export, self.export, self.credit, self.bank, self.bank, self.pay)
        )
        todo()
        return todo.__name__

    def issue(self) -> None:
        customer = self.chance.choice(CUSTOMERS)
        month = next(self.months[customer], None)
        if month is not None:
            self.run.good("invoice", "issue", "--customer", customer, "--month", month, *ANNA)

    def export(self) -> None:
        due = bank_day_from(self.moment.date() + timedelta(days=self.chance.randint(1, 9)))
        again = [each for number in self._numbers() for each in ("--again", number)]
        more = again if self.chance.random() < 0.5 else []
        self.run.good("sepa", "export", "--due", due, "--out", self.directory, *more, *ANNA)

    def credit(self) -> None:
        numbers = self._numbers()
        if numbers and self.chance.random() < 0.6:
            self.run("invoice", "credit", self.chance.choice(numbers), "--reason", "beispiel", *ANNA)

    def bank(self) -> None:
        """The bank credits files, or gives debits back."""
        entries = []
        for state in Debits(self.engine).runs():
            debits = Debits(self.engine).debits(state.name)
            if self.chance.random() < 0.5:
                amount = Money.of_ticks(sum(each.cents for each in debits) * CENT, "EUR")
                entries.append(credited(amount, debits[0].batch))
            for each in debits:
                if self.chance.random() < 0.3:
                    reason = self.chance.choice(("AM04", "MD06", "AM05"))
                    entries.append(
                        returned(Money.of_ticks(each.cents * CENT, "EUR"), each.end_to_end, reason)
                    )
        self._import(entries)

    def pay(self) -> None:
        for number in self._numbers()[:2]:
            amount = Decimal(self.chance.randint(1, 9_000)).scaleb(-2)
            self._import([paid(str(amount), number, str(self.moment.date()))])
        for line in self.run.json("sepa", "unmatched"):
            numbers = self._numbers()
            if numbers and line["reason"] is None and self.chance.random() < 0.5:
                amount = str(line["amount"]).removesuffix(" EUR")
                part = f"{self.chance.choice(numbers)}={amount}"
                self.run.good("sepa", "assign", line["line"], "--invoice", part, *ANNA)

    def _import(self, entries: list[str]) -> None:
        if entries:
            self.files += 1
            name = f"{self.files}.xml"
            self.run("sepa", "import", camt(self.directory, *entries, name=name), *ANNA)

    def _numbers(self) -> list[str]:
        with self.engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT number FROM invoice WHERE kind = 'invoice' ORDER BY 1")
            found = [str(number) for (number,) in rows]
        self.chance.shuffle(found)
        return found


@pytest.mark.parametrize("seed", [7, 10])
def test_open_items_are_the_ledgers_receivables_after_every_step(
    tmp_path: Path,
    database_url: str,
    redis_url: str,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
) -> None:
    """Guarantee 5: of each customer, to the cent; and the ledger sums to nothing."""
    run = billing_program(tmp_path, database_url, redis_url, engine, monkeypatch, START)
    take_in(engine, *(outgoing(f"{each}-1", 0, 90, each, "+436641234567") for each in CUSTOMERS))
    run.good("rate", "run")
    clerk = Clerk(run, engine, tmp_path, random.Random(seed))
    done = []
    for _ in range(35):
        done.append(clerk.step())
        assert sum(Ledger(engine).balances().values()) == 0
        claims = Claims(engine).open_claims()
        for customer in CUSTOMERS:
            items = sum(each.invoice.open_cents for each in claims if each.invoice.customer_id == customer)
            owed = Ledger(engine).balances(customer).get(("receivable", "EUR"), 0)
            assert items * CENT == owed, (customer, done)
    with engine.connect() as connection:
        kinds = set(connection.exec_driver_sql("SELECT kind FROM settlement").scalars())
    assert kinds == {"debit", "paid", "returned", "set_off"}, "it was worth the while"
