"""What one tenant's question gets is that tenant's trouble: the others go on (A4)."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from controller.teams_doubts import MANY_SILENT
from controller.teams_sync import RoundDone, TeamsSync
from numbering.tenancy_orders import LONGEST_PAUSE_S
from numbering.tenancy_seen import CallSeen
from teams.errors import NoAnswer
from teams.operator_connect import OperatorConnect
from teams.tokens import Tokens
from teams.transport import Request, Response
from tests.lab.operator_connect import CLIENT_ID, SCOPE, SECRET, Simulator, Tenant
from tests.unit.teams.memory import NUMBERS, Inventory, MemoryBook

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
TENANTS = [f"00000000-0000-4000-8000-00000000000{index}" for index in range(6)]


def silence(_: Request) -> Response:
    raise NoAnswer("operators.example: no answer in 20 s")


def forbidden(_: Request) -> Response:
    return Response(403, {}, b'{"error": {"code": "NobodyKnowsThisCode", "message": "Beispiel"}}')


def broken(_: Request) -> Response:
    return Response(500, {}, b"")


def gone(_: Request) -> Response:
    return Response(404, {}, b'{"error": {"code": "TenantUnknown", "message": "Beispiel"}}')


class Wire:
    """To the stand-in, but for tenants that are ill."""

    def __init__(self, microsoft: Simulator) -> None:
        self.microsoft = microsoft
        self.ill: dict[str, Callable[[Request], Response]] = {}
        self.lists: list[str] = []

    def send(self, request: Request) -> Response:
        tenant = next((each for each in TENANTS if f"/tenants/{each}/" in request.path), "")
        if request.method == "GET" and tenant:
            self.lists.append(tenant)
        if tenant in self.ill:
            return self.ill[tenant](request)
        return self.microsoft.send(request)


class World:
    """A number for each of some tenants; the first number is the first tenant's."""

    def __init__(self, tenants: int = 3) -> None:
        self.moment = NOW
        self.microsoft = Simulator(page=100, polls=0)
        self.microsoft.tenants = {id_: Tenant() for id_ in TENANTS[:tenants]}
        self.wire = Wire(self.microsoft)
        self.inventory = Inventory()
        self.book = MemoryBook(self.inventory)
        for index in range(tenants):
            self.inventory.assign(NUMBERS[index], f"kunde-{index}", TENANTS[index])
        seconds = lambda: self.moment.timestamp()  # noqa: E731
        tokens = Tokens(self.wire, "/token", CLIENT_ID, lambda: SECRET, SCOPE, seconds)
        ids = (f"order-{number}" for number in itertools.count(1))
        self.sync = TeamsSync(
            OperatorConnect(self.wire, tokens, "profile-1"), self.book, self.inventory, lambda: self.moment,
            lambda: 1.0, lambda: next(ids), "anna",
        )  # fmt: skip

    def round(self, *, full: bool = False, after_s: float = 30, tenant: str | None = None) -> RoundDone:
        self.moment += timedelta(seconds=after_s)
        self.wire.lists.clear()
        return self.sync.round(full=full, tenant_id=tenant)

    def there(self) -> list[bool]:
        return [bool(each.numbers) for each in self.microsoft.tenants.values()]


@pytest.mark.parametrize("illness", [silence, forbidden, broken, gone])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_all_others_are_uploaded_and_reported_and_the_full_round_is_done(
    illness: Callable[[Request], Response], place: int
) -> None:
    world = World()
    world.wire.ill[TENANTS[place]] = illness
    world.book.unreported["call-1"] = CallSeen("call-1", True, NOW, 60)
    if place == 0:  # the memory's reports are the first tenant's
        world.book.unreported.clear()
    done = world.round(full=True)
    assert not done.cut, "no further full round before the next hour"
    world.round()
    assert world.there() == [index != place for index in range(3)]
    assert world.microsoft.told == dict.fromkeys(world.book.unreported, 1)
    assert set(world.book.trouble) == {TENANTS[place]}


@pytest.mark.parametrize("illness", [silence, forbidden, broken, gone])
def test_the_ill_one_is_asked_by_itself_at_its_own_time_until_it_is_well(
    illness: Callable[[Request], Response],
) -> None:
    world = World()
    world.wire.ill[TENANTS[1]] = illness
    world.round(full=True)
    gaps, last = [], world.moment
    for _ in range(1_000):
        world.round()
        assert world.wire.lists in ([], [TENANTS[1]]), "nobody else's list is read for it"
        if world.wire.lists:
            gaps.append((world.moment - last).total_seconds())
            last = world.moment
    assert gaps == sorted(gaps)
    assert max(gaps[1:]) <= (3_630 if illness is gone else LONGEST_PAUSE_S + 30)
    assert gaps[-1] >= LONGEST_PAUSE_S
    trouble = world.book.trouble[TENANTS[1]]
    assert (trouble.since, trouble.tries) == (NOW + timedelta(seconds=30), len(gaps) + 1)
    assert trouble.why
    del world.wire.ill[TENANTS[1]]
    for _ in range(250):
        world.round()
    assert world.book.trouble == {}
    assert world.there() == [True, True, True]


def test_a_full_round_leaves_those_in_trouble_to_their_time_but_not_when_one_is_named() -> None:
    world = World()
    world.wire.ill[TENANTS[1]] = gone
    world.round(full=True)
    world.round(full=True)
    assert world.wire.lists == [TENANTS[0], TENANTS[2]]
    world.round(full=True, tenant=TENANTS[1])
    assert world.wire.lists == [TENANTS[1]]


def test_many_silent_tenants_in_a_row_end_the_round_and_the_next_full_one_goes_beyond_them() -> None:
    world = World(6)
    world.wire.ill = dict.fromkeys(TENANTS[:5], silence)
    done = world.round(full=True)
    assert world.wire.lists == TENANTS[:MANY_SILENT], "no hour is spent on waiting for each of a thousand"
    assert done.cut
    assert done.away is not None
    assert done.away.everything
    for _ in range(3):
        done = world.round(full=True, after_s=1)
        if not done.cut:
            break
    assert not done.cut
    for _ in range(3):
        world.round()
    assert world.there() == [False] * 5 + [True]


def test_a_rate_limit_is_about_everybody_at_once() -> None:
    world = World()
    world.wire.ill[TENANTS[0]] = lambda _: Response(429, {"retry-after": "7"}, b"")
    done = world.round(full=True)
    assert done.cut
    assert done.away is not None
    assert (done.away.everything, done.away.retry_after_s) == (True, 7)
    assert world.book.trouble == {}


def test_orders_of_a_silent_tenant_wait_and_those_of_the_others_are_sent() -> None:
    world = World()
    for index in (3, 4):
        world.inventory.assign(NUMBERS[index], "kunde-0", TENANTS[0])
    world.round(full=True)
    world.round()
    assert world.there() == [True, True, True]
    for index in range(3):
        world.inventory.take(NUMBERS[index])
    world.wire.ill[TENANTS[0]] = silence
    done = world.round()
    assert done.released == 0
    assert done.away is None or not done.away.everything
    world.round()
    assert world.there() == [True, False, False]
    late = [each for each in world.book.orders.values() if each.open]
    assert {each.tenant_id for each in late} == {TENANTS[0]}
    assert all(each.attempts and each.why for each in late)


def test_trouble_ends_with_the_tenants_numbers() -> None:
    world = World()
    world.wire.ill[TENANTS[1]] = gone
    world.round(full=True)
    world.inventory.wanted.pop(NUMBERS[1])
    world.book.numbers.pop(NUMBERS[1], None)
    world.book.consents.pop(TENANTS[1])
    world.round(after_s=4_000)
    assert world.book.trouble == {}
