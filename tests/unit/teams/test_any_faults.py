"""Whatever is lost, repeated, forgotten or refused on the way: in the end our book and Microsoft's agree, and
nothing was done twice (A4, issue 7 part 2)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.teams_sync import TeamsSync
from numbering.e164 import E164
from numbering.tenancy import Consent, Place
from numbering.tenancy_seen import CallSeen
from teams.operator_connect import OperatorConnect
from teams.tokens import Tokens
from tests.lab.operator_connect import CLIENT_ID, SCOPE, SECRET, Fault, Simulator, Tenant
from tests.unit.teams.memory import NUMBERS, TENANTS, Inventory, MemoryBook

START = datetime(2026, 11, 22, 10, tzinfo=UTC)


class Killed(Exception):
    """The program was killed at this place."""


class World:
    """Both sides, a clock, and a program that may be killed between any two steps of its own."""

    def __init__(self) -> None:
        self.moment = START
        self.microsoft = Simulator()
        self.microsoft.tenants = {id_: Tenant() for id_ in TENANTS}
        self.inventory = Inventory()
        self.book = MemoryBook(self.inventory)
        self.ids = (f"order-{number}" for number in itertools.count(1))
        self.calls = 0
        self.kill_in: int | None = None
        self.program = self._program()

    def _program(self) -> TeamsSync:
        """A fresh one, as after a restart: it knows nothing but what is in the book."""
        seconds = lambda: self.moment.timestamp()  # noqa: E731
        tokens = Tokens(self.microsoft, "/token", CLIENT_ID, lambda: SECRET, SCOPE, seconds)
        client = OperatorConnect(self.microsoft, tokens, "profile-1")
        return TeamsSync(
            client, self.book, self.inventory, self._now, lambda: 0.5, lambda: next(self.ids), "anna"
        )  # fmt: skip

    def _now(self) -> datetime:
        """The program looks at the clock in every step: there it dies."""
        if self.kill_in is not None:
            self.kill_in -= 1
            if self.kill_in < 0:
                self.kill_in = None
                raise Killed
        return self.moment

    def round(self, *, full: bool = False) -> None:
        try:
            self.program.round(full=full)
        except Killed:
            self.program = self._program()

    def quiet(self) -> None:
        """No more faults: everything that was begun comes to its end."""
        self.microsoft.faults.clear()
        self.kill_in = None
        self.microsoft.finish()
        for tenant in self.microsoft.tenants.values():
            tenant.numbers = dict.fromkeys(tenant.numbers, "")
        for _ in range(40):
            self.moment += timedelta(hours=2)
            self.program.round(full=True)
            if self.book.next_due() is None and self._agree():
                return
        raise AssertionError("it did not come to rest")

    def _agree(self) -> bool:
        return all(self.there(id_) == self.believed(id_) == self.wished(id_) for id_ in TENANTS)

    def there(self, tenant_id: str) -> set[str]:
        return {*self.microsoft.tenants[tenant_id].numbers}

    def believed(self, tenant_id: str) -> set[str]:
        return {
            each.number
            for each in self.book.numbers.values()
            if each.tenant_id == tenant_id and each.place is Place.UPLOADED
        }

    def wished(self, tenant_id: str) -> set[str]:
        """Numbers that are the customer's; without consent those that were there before it ended."""
        wanted = {number for number, (_, tenant) in self.inventory.wanted.items() if tenant == tenant_id}
        signed = self.microsoft.tenants[tenant_id].consent == Consent.SIGNED
        return wanted if signed else wanted & self.there(tenant_id)


Step = Callable[[World], None]
numbers, tenants = st.sampled_from(NUMBERS), st.integers(0, len(TENANTS) - 1)


def assign(number: E164, tenant: int) -> Step:
    return lambda world: world.inventory.assign(number, f"kunde-{tenant}", TENANTS[tenant]) and None


def take(number: E164) -> Step:
    return lambda world: world.inventory.take(number)


def consent(tenant: int, said: str) -> Step:
    return lambda world: setattr(world.microsoft.tenants[TENANTS[tenant]], "consent", said)


def use(number: E164) -> Step:
    """An administrator assigns the number to a user."""

    def step(world: World) -> None:
        for tenant in world.microsoft.tenants.values():
            if number in tenant.numbers:
                tenant.numbers[number] = "user"

    return step


def call(count: int) -> Step:
    def step(world: World) -> None:
        for _ in range(count):
            world.calls += 1
            id_ = f"call-{world.calls}"
            world.book.unreported[id_] = CallSeen(id_, True, world.moment, 60)

    return step


def faults(some: list[Fault]) -> Step:
    return lambda world: world.microsoft.faults.extend(some)


def work(full: bool, after_s: int, kill_in: int | None) -> Step:
    def step(world: World) -> None:
        world.moment += timedelta(seconds=after_s)
        world.kill_in = kill_in
        world.round(full=full)

    return step


#: A peer that forgets may carry out what it forgot: then its list corrects our book, beside all orders.
REMEMBERING = [each for each in Fault if each not in (Fault.KEYS_FORGOTTEN, Fault.OPERATIONS_FORGOTTEN)]


def steps(kinds: list[Fault]) -> st.SearchStrategy[list[Step]]:
    """Work comes often, and faults late enough to hit orders, not only the first question of a round."""
    hits = st.lists(st.just(Fault.NONE) | st.sampled_from(kinds), min_size=1, max_size=12)
    working = st.builds(
        work, st.booleans(), st.sampled_from([1, 10, 1000, 7200]), st.none() | st.integers(0, 12)
    )
    return st.lists(
        st.one_of(
            working,
            working,
            st.builds(faults, hits),
            st.builds(assign, numbers, tenants),
            st.builds(take, numbers),
            st.builds(consent, tenants, st.sampled_from([*Consent])),
            st.builds(use, numbers),
            st.builds(call, st.integers(1, 3)),
        ),
        max_size=40,
    )


def after(todo: list[Step]) -> World:
    """Two tenants with numbers, all the steps, and then peace."""
    world = World()
    for index, number in enumerate(NUMBERS[:4]):
        world.inventory.assign(number, f"kunde-{index % 2}", TENANTS[index % 2])
    for step in todo:
        step(world)
    world.quiet()
    return world


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(steps([*Fault]))
def test_after_any_faults_both_books_agree(todo: list[Step]) -> None:
    """A4: also when Microsoft forgets our keys and carries a forgotten order out long after."""
    world = after(todo)
    for tenant_id in TENANTS:
        assert world.there(tenant_id) == world.believed(tenant_id) == world.wished(tenant_id)
    assert world.microsoft.told == dict.fromkeys(world.book.unreported, 1)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(steps(REMEMBERING))
def test_what_really_changed_is_what_our_orders_say_each_once(todo: list[Step]) -> None:
    """Nothing is done twice: the changes at Microsoft are those of our ended orders, one for one."""
    world = after(todo)
    assert by_number(world.microsoft.changes) == by_number(world.book.history)


def by_number(changes: list[tuple[str, str, str]]) -> dict[str, list[tuple[str, str]]]:
    """What happened to each number, in order; orders of different numbers may pass one another."""
    found: dict[str, list[tuple[str, str]]] = {}
    for kind, tenant_id, number in changes:
        found.setdefault(number, []).append((kind, tenant_id))
    return found


@pytest.mark.parametrize("fault", [*Fault])
def test_one_fault_at_every_place_of_an_upload_and_a_release(fault: Fault) -> None:
    """The fault hits each request of the way in turn."""
    for place in range(14):
        world = World()
        world.inventory.assign(NUMBERS[0], "kunde-0", TENANTS[0])
        world.microsoft.faults.extend([Fault.NONE] * place + [fault])
        for _ in range(8):
            world.moment += timedelta(seconds=20)
            world.round(full=True)
        world.inventory.take(NUMBERS[0])
        for _ in range(8):
            world.moment += timedelta(seconds=20)
            world.round(full=True)
        world.quiet()
        assert world.there(TENANTS[0]) == set(), place
        assert world.inventory.leaving == {}, place
        done = [(kind, number) for kind, _, number in world.microsoft.changes]
        assert done == [("upload", NUMBERS[0]), ("release", NUMBERS[0])], place
