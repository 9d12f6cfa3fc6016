"""The book in PostgreSQL through days of chance: faults, kills, customers that come and go (A4)."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from cli.wiring.operator_connect import LetGo
from controller.teams_sync import TeamsSync
from numbering.e164 import E164
from numbering.life import Assignment, State
from store.errors import NumbersRefused
from store.number_inventory import NumberInventory
from store.teams_book import TeamsBook
from teams.operator_connect import OperatorConnect
from teams.tokens import Tokens
from tests.integration.numbers.numbers import DAY, NOW, follow, koeln
from tests.lab.operator_connect import CLIENT_ID, SCOPE, SECRET, Fault, Simulator, Tenant

TENANTS = {
    f"kunde-{name}": f"00000000-0000-4000-8000-0000000000{index:02d}"
    for index, name in enumerate(("bau", "druck"))
}
NUMBERS = [koeln(index) for index in range(200, 206)]


class Killed(Exception):
    """The program ended here."""


class Days:
    """Time that goes on, a program that may die at any look at the clock, and what may happen."""

    def __init__(self, engine: Engine, chance: random.Random) -> None:
        self.engine, self.chance = engine, chance
        self.moment = NOW
        self.kill_in: int | None = None
        self.microsoft = Simulator()
        self.microsoft.tenants = {id_: Tenant() for id_ in TENANTS.values()}
        self.book = TeamsBook(engine)
        self.inventory = NumberInventory(engine)

    def now(self) -> datetime:
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in < 0:
                self.kill_in = None
                raise Killed
        return self.moment

    def work(self) -> None:
        self.kill_in = self.chance.choice((None, None, self.chance.randrange(12)))
        self.round(full=self.chance.random() < 0.5)
        self.kill_in = None

    def round(self, *, full: bool) -> None:
        clock = lambda: self.moment.timestamp()  # noqa: E731
        client = OperatorConnect(
            self.microsoft, Tokens(self.microsoft, "/token", CLIENT_ID, lambda: SECRET, SCOPE, clock), "p"
        )
        new_id = lambda: str(UUID(int=self.chance.getrandbits(128)))  # noqa: E731
        let_go = LetGo(self.engine, "anna")
        sync = TeamsSync(client, self.book, let_go, self.now, self.chance.random, new_id, "anna")
        try:
            sync.round(full=full)
        except Killed:
            return

    def assign(self) -> None:
        customer = self.chance.choice([*TENANTS])
        value = Assignment(customer, self.moment - DAY, tenant_id=TENANTS[customer])
        try:
            follow(self.engine, {self.chance.choice(NUMBERS): value}, at=self.moment)
        except NumbersRefused:
            return

    def take(self) -> None:
        follow(self.engine, {}, before=[self.chance.choice(NUMBERS)], at=self.moment)

    def disturb(self) -> None:
        self.microsoft.faults.extend(
            self.chance.choices([Fault.NONE, *Fault], k=self.chance.randrange(1, 10))
        )

    def use(self) -> None:
        tenant = self.chance.choice([*self.microsoft.tenants.values()])
        for number in tenant.numbers:
            tenant.numbers[number] = self.chance.choice(("", "user"))

    def consent(self) -> None:
        tenant = self.chance.choice([*self.microsoft.tenants.values()])
        tenant.consent = self.chance.choice(("signed", "signed", "terminated"))

    def sweep(self) -> None:
        self.moment += 40 * DAY
        self.inventory.sweep(self.moment, "anna")

    def step(self) -> None:
        self.moment += timedelta(seconds=self.chance.choice((1, 10, 1_000, 7_200)))
        some: list[Callable[[], None]] = [
            *[self.work] * 5, *[self.assign] * 2, self.take, self.disturb, self.use, self.consent, self.sweep,
        ]  # fmt: skip
        self.chance.choice(some)()

    def rest(self) -> None:
        """No more faults: all comes to its end."""
        self.microsoft.faults.clear()
        self.microsoft.finish()
        for tenant in self.microsoft.tenants.values():
            tenant.consent = "signed"
            tenant.numbers = dict.fromkeys(tenant.numbers, "")
        for _ in range(12):
            self.moment += timedelta(hours=2)
            self.round(full=True)


@pytest.mark.parametrize("seed", range(3))
def test_after_days_of_chance_inventory_book_and_microsoft_agree(engine: Engine, seed: int) -> None:
    """A4: each number is where its customer is, and no number was ever at two tenants in one life."""
    days = Days(engine, random.Random(seed))
    for _ in range(60):
        days.step()
    days.rest()
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT tenant_id, number FROM teams_number WHERE place = 'uploaded'"))
        booked = {(row.tenant_id, row.number) for row in rows}
        open_orders = connection.scalar(text("SELECT count(*) FROM teams_order WHERE ended_at IS NULL"))
    there = {(id_, number) for id_, tenant in days.microsoft.tenants.items() for number in tenant.numbers}
    lives = {number: days.inventory.show(number) for number in NUMBERS}
    wanted = {(life.tenant_id, number) for number, life in lives.items() if life.state is State.ACTIVE}
    assert there == booked == wanted
    assert open_orders == 0
    assert not any(life.state is State.RELEASED for life in lives.values())
    assert_one_tenant_in_each_life(engine, days.microsoft.changes)


def assert_one_tenant_in_each_life(engine: Engine, changes: list[tuple[str, str, str]]) -> None:
    """Between two tenants of a number lies the end of a life."""
    for number in NUMBERS:
        tenants = [tenant for kind, tenant, each in changes if each == number and kind == "upload"]
        moves = sum(before != after for before, after in pairwise(tenants))
        ends = [event for event in NumberInventory(engine).history(E164(number)) if event.to_state == "free"]
        assert moves <= len(ends)
