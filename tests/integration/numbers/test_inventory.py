"""The inventory in PostgreSQL: it follows the configuration, keeps every transition, and finds numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, text

from numbering.e164 import E164
from numbering.life import FREE, Assignment, Event, Order, State
from store.audit import AuditLog
from store.errors import DatabaseTimeout, NumbersRefused
from store.foreign_errors import database_errors
from store.number_following import follow_version
from store.number_inventory import NumberInventory, NumberOrder
from store.number_records import NumberFilter
from store.number_transitions import lock_inventory
from tests.integration.numbers.numbers import (
    ACTOR,
    BAU,
    DAY,
    DRUCK,
    NOW,
    TENANT,
    block,
    follow,
    koeln,
    ranges,
    reserve,
)


def test_an_applied_version_assigns_and_takes_back_numbers(
    engine: Engine, inventory: NumberInventory
) -> None:
    """A6: every transition is dated, with actor; nothing is done for what did not change."""
    numbers = {koeln(index): BAU for index in range(3)}
    done = follow(engine, numbers)
    assert (done.numbers, done.events) == (3, {"assign": 3, "activate": 3})
    life = inventory.show(koeln(1))
    assert (life.state, life.customer_id, life.since, life.configured) == (
        State.ACTIVE,
        "kunde-bau",
        NOW,
        True,
    )
    less = {koeln(0): BAU}
    done = follow(engine, less, before=numbers, at=NOW + DAY)
    assert done.events == {"release": 2, "quarantine": 2}
    assert inventory.show(koeln(2)).until == NOW + 32 * DAY
    assert [
        (each.event, each.from_state, each.to_state, each.actor) for each in inventory.history(koeln(2))
    ] == [
        ("quarantine", "released", "quarantined", ACTOR),
        ("release", "active", "released", ACTOR),
        ("activate", "assigned", "active", ACTOR),
        ("assign", "free", "assigned", ACTOR),
    ]
    assert inventory.history(koeln(2))[-1].at == NOW


def test_a_version_that_asks_for_what_may_not_be_changes_nothing(
    engine: Engine, inventory: NumberInventory
) -> None:
    """A4, A6: all offending numbers are named, and the apply's transaction is undone."""
    follow(engine, {koeln(0): BAU, koeln(1): replace(BAU, tenant_id=TENANT)})
    other = replace(BAU, tenant_id=TENANT.replace("1", "9"))
    with pytest.raises(NumbersRefused) as caught:
        follow(engine, {koeln(0): DRUCK, koeln(1): other, koeln(5): BAU}, at=NOW + DAY)
    assert {number: error.rule for number, error in caught.value.refusals} == {
        koeln(0): "number.same-customer",
        koeln(1): "number.same-tenant",
    }
    assert "+492214710000" in str(caught.value)
    assert inventory.show(koeln(5)) == FREE


def test_a_rollback_brings_numbers_back_out_of_quarantine(engine: Engine, inventory: NumberInventory) -> None:
    """A6."""
    follow(engine, {koeln(0): BAU})
    follow(engine, {}, before=[koeln(0)], at=NOW + DAY)
    follow(engine, {koeln(0): BAU}, at=NOW + 2 * DAY)
    assert inventory.show(koeln(0)).state is State.ACTIVE


def test_all_particulars_survive_the_database(engine: Engine, inventory: NumberInventory) -> None:
    assignment = Assignment(
        "kunde-bau", NOW - DAY, "koeln", TENANT, date(2027, 3, 31), ported=True, active_until=NOW + 90 * DAY
    )
    number = E164("+4915228817386")
    follow(engine, {number: assignment})
    life = inventory.show(number)
    assert (
        life.site,
        life.tenant_id,
        life.contract_end,
        life.ported,
        life.active_from,
        life.active_until,
    ) == (
        "koeln",
        TENANT,
        date(2027, 3, 31),
        True,
        NOW - DAY,
        NOW + 90 * DAY,
    )
    assert follow(engine, {number: assignment}, at=NOW + DAY).numbers == 0
    assert inventory.history(number)[1].details["tenant_id"] == TENANT


def test_numbers_are_reserved_for_a_customer_and_come_free_again(inventory: NumberInventory) -> None:
    """A6."""
    inventory.carry_out_one(reserve(koeln(7)), NOW, ACTOR)
    with pytest.raises(NumbersRefused, match="kept for customer kunde-bau"):
        inventory.carry_out_one(reserve(koeln(7), "kunde-druck"), NOW, ACTOR)
    (swept,) = inventory.sweep(NOW + DAY, ACTOR)
    assert (swept.number, inventory.show(koeln(7))) == (koeln(7), FREE)
    assert inventory.history(koeln(7))[0].event == "reservation_over"


def test_only_numbers_of_our_blocks_are_reserved_and_others_ported_in(inventory: NumberInventory) -> None:
    """A2: number blocks belong to the carrier."""
    foreign = E164("+496990009123")
    with pytest.raises(NumbersRefused, match="in no block"):
        inventory.carry_out_one(reserve(foreign), NOW, ACTOR)
    came = NumberOrder(foreign, Order(Event.PORT_IN, customer_id="kunde-bau"))
    assert inventory.carry_out_one(came, NOW, ACTOR).steps[-1].after.ported
    with pytest.raises(NumbersRefused, match="block of ours"):
        inventory.carry_out_one(NumberOrder(koeln(1), came.order), NOW, ACTOR)


def test_of_many_orders_all_are_carried_out_or_none(inventory: NumberInventory) -> None:
    orders = [reserve(koeln(1)), block(koeln(2)), reserve(koeln(3))]
    refused = inventory.carry_out(orders, NOW, ACTOR)
    assert [bool(each.error) for each in refused] == [False, True, False]
    assert inventory.show(koeln(1)) == FREE
    assert inventory.history(koeln(1)) == ()
    kept = inventory.carry_out(orders, NOW, ACTOR, keep_going=True)
    assert [bool(each.error) for each in kept] == [False, True, False]
    assert inventory.show(koeln(3)).state is State.RESERVED


def test_a_dry_run_tells_the_same_and_changes_nothing(engine: Engine, inventory: NumberInventory) -> None:
    orders = [reserve(koeln(1)), reserve(koeln(1), "kunde-druck")]
    dry = inventory.carry_out(orders, NOW, ACTOR, dry_run=True)
    assert [each.error.rule if each.error else None for each in dry] == [None, "number.same-customer"]
    assert inventory.show(koeln(1)) == FREE
    assert AuditLog(engine).latest() == ()


def test_changes_by_operators_are_in_the_audit(engine: Engine, inventory: NumberInventory) -> None:
    """A6: with actor; one entry for each transaction."""
    inventory.carry_out([reserve(koeln(index)) for index in range(30)], NOW, ACTOR)
    (entry,) = AuditLog(engine).latest()
    assert (entry.actor, entry.action, entry.object_kind, entry.object_id) == (
        ACTOR,
        "number.change",
        "numbers",
        "30 numbers",
    )
    inventory.carry_out_one(reserve(koeln(99)), NOW, ACTOR)
    assert AuditLog(engine).latest(object_kind="number", object_id=koeln(99))[0].details["events"] == [
        "reserve"
    ]


def test_sweeping_twice_does_nothing_the_second_time(engine: Engine, inventory: NumberInventory) -> None:
    """A5, A6: quarantine over, reservation over, activation and last day come by date."""
    follow(
        engine,
        {
            koeln(0): BAU,
            koeln(1): replace(BAU, active_from=NOW + 5 * DAY),
            koeln(2): replace(BAU, active_until=NOW + 5 * DAY),
            koeln(3): replace(BAU, tenant_id=TENANT, active_until=NOW + 5 * DAY),
        },
    )
    follow(engine, {}, before=[koeln(0)])
    inventory.carry_out_one(reserve(koeln(4)), NOW, ACTOR)
    later = NOW + 31 * DAY
    dry = inventory.sweep(later, ACTOR, dry_run=True)
    assert inventory.show(koeln(0)).state is State.QUARANTINED
    done = inventory.sweep(later, ACTOR)
    assert {each.number: each.steps for each in dry} == {each.number: each.steps for each in done}
    states = {index: inventory.show(koeln(index)).state for index in range(5)}
    assert states == {
        0: State.FREE,
        1: State.ACTIVE,
        2: State.QUARANTINED,
        3: State.RELEASED,
        4: State.FREE,
    }
    assert inventory.sweep(later, ACTOR) == ()


def test_two_orders_for_one_number_wait_for_each_other(engine: Engine, inventory: NumberInventory) -> None:
    """A free number has no row to lock: the inventory's own lock keeps two customers off one number."""
    with engine.begin() as connection:
        lock_inventory(connection)
        with engine.begin() as second:
            second.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(DatabaseTimeout), database_errors("second order"):
                follow_version(second, ranges({koeln(0): BAU}), NOW, ACTOR)
    follow(engine, {koeln(0): BAU})
    assert inventory.show(koeln(0)).customer_id == "kunde-bau"


@pytest.fixture
def stocked(engine: Engine, inventory: NumberInventory) -> NumberInventory:
    """Ten numbers of Köln for one customer, three of Berlin for another; one blocked, two of Solingen and
    Haan, whose area codes begin alike."""
    follow(engine, {koeln(index): BAU for index in range(10)})
    berlin = [E164(f"+493023125{index:03d}") for index in range(3)]
    follow(engine, dict.fromkeys([*berlin, E164("+4921247100"), E164("+4921294710")], DRUCK))
    inventory.carry_out_one(block(koeln(4)), NOW, ACTOR)
    return inventory


def found(source: NumberInventory, wanted: NumberFilter) -> list[str]:
    return [each.number for each in source.find(wanted).records]


def test_numbers_are_found_by_customer_state_area_code_and_block(stocked: NumberInventory) -> None:
    assert len(found(stocked, NumberFilter())) == 15
    assert len(found(stocked, NumberFilter(customer_id="kunde-druck"))) == 5
    assert found(stocked, NumberFilter(state=State.BLOCKED)) == [koeln(4)]
    assert found(stocked, NumberFilter(customer_id="kunde-druck", state=State.BLOCKED)) == []
    assert len(found(stocked, NumberFilter(area_code="30"))) == 3
    inside = NumberFilter(koeln(2), koeln(5), state=State.ACTIVE)
    assert found(stocked, inside) == [koeln(2), koeln(3), koeln(5)]


def test_an_area_code_that_begins_like_another_is_kept_apart(stocked: NumberInventory) -> None:
    """A2: 0212 is Solingen, 02129 is Haan."""
    assert found(stocked, NumberFilter(area_code="212")) == ["+4921247100"]
    assert found(stocked, NumberFilter(area_code="2129")) == ["+4921294710"]


def test_pages_follow_each_other_without_gap_or_repetition(stocked: NumberInventory) -> None:
    seen: list[str] = []
    after: E164 | None = None
    for _ in range(10):
        page = stocked.find(NumberFilter(), after=after, limit=4)
        seen += [each.number for each in page.records]
        after = page.after
        if after is None:
            break
    assert seen == found(stocked, NumberFilter())


def test_free_numbers_of_a_block_are_those_without_a_record(stocked: NumberInventory) -> None:
    """A6: numbers that nobody touched are free and have no row."""
    wanted = NumberFilter(koeln(8), koeln(14), state=State.FREE)
    page = stocked.find(wanted, limit=3)
    assert [each.number for each in page.records] == [koeln(10), koeln(11), koeln(12)]
    rest = stocked.find(wanted, after=page.after, limit=3)
    assert ([each.number for each in rest.records], rest.after) == ([koeln(13), koeln(14)], None)
