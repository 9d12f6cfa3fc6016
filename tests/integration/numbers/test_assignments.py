"""From the customers' files to the inventory: what an apply tells it (A4-A6)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from numbering.life import State
from provisioning.canonical import item_of
from provisioning.number_assignments import assigned_ranges, number_changes
from provisioning.schema import CustomerEntry
from store.errors import NumbersRefused
from store.number_following import refusals_of
from store.number_inventory import NumberInventory
from tests.integration.numbers.numbers import ACTOR, DAY, NOW, TENANT, follow_ranges, koeln, reserve

CONTRACT = {"product": "teams", "price_model": "basis", "start": "2026-11-01"}


def customer(*numbers: dict[str, Any], id_: str = "kunde-bau", **more: Any) -> CustomerEntry:
    tree = {"id": id_, "name": "Beispiel", "main_number": koeln(0), "numbers": list(numbers), **more}
    return CustomerEntry.model_validate(tree)


def span(first: int, last: int, **more: Any) -> dict[str, Any]:
    return {"first": koeln(first), "last": koeln(last), "trunks": ["t"], **more}


def digits(index: int) -> int:
    return int(koeln(index).digits)


def test_numbers_begin_and_end_with_the_contract_unless_they_say_otherwise() -> None:
    """A5, A6: dates are German days."""
    entry = customer(
        span(0, 2), span(5, 5, activated="2026-12-01"), contract={**CONTRACT, "end": "2027-03-31"}
    )
    first, later = assigned_ranges([entry])
    assert (first.first, first.last) == (digits(0), digits(2))
    assert first.assignment is not None
    assert first.assignment.active_from == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert first.assignment.active_until == datetime(2027, 3, 31, 22, tzinfo=UTC)
    assert first.assignment.contract_end == date(2027, 3, 31)
    assert later.assignment is not None
    assert later.assignment.active_from == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_a_number_that_only_a_phone_has_is_the_customers_too() -> None:
    phone = {"id": "p", "number": koeln(7), "secret": {"lab": "x"}}
    entry = customer(span(0, 2), phones=[phone])
    assert [each.first for each in assigned_ranges([entry])] == [digits(0), digits(7)]


def test_neighbours_that_say_the_same_are_one_range() -> None:
    entry = customer(span(0, 2), {"list": [koeln(4), koeln(3)], "trunks": ["t"]}, span(5, 6, ported_in=True))
    assert [each[:2] for each in assigned_ranges([entry])] == [
        (digits(0), digits(4)),
        (digits(5), digits(6)),
    ]


def test_only_numbers_that_change_are_told() -> None:
    old = customer(span(0, 9))
    new = customer(span(0, 7), span(20, 20), span(9, 9, tenant_id=TENANT, consent="2026-11-01"))
    gone, linked, came = number_changes([old], [new])
    assert (gone.first, gone.assignment) == (digits(8), None)
    assert (linked.first, linked.assignment and linked.assignment.tenant_id) == (digits(9), TENANT)
    assert came[:2] == (digits(20), digits(20))
    assert number_changes([old], [old]) == ()


def test_of_a_stored_customer_that_cannot_be_read_any_more_the_numbers_are_known() -> None:
    """A6: an older program wrote it; numbers that it had and nobody has now are taken back."""
    content = item_of(customer(span(0, 9), phones=[])).content
    (left,) = number_changes([], [customer(span(0, 4))], [content])[1:]
    assert (left.first, left.last, left.assignment) == (digits(5), digits(9), None)


def test_the_inventory_follows_the_customers_files(engine: Engine, inventory: NumberInventory) -> None:
    """A6: from the file to the state of life and back out of it."""
    old = customer(span(0, 9), contract=CONTRACT)
    new = customer(span(0, 4), contract=CONTRACT)
    assert follow_ranges(engine, number_changes([], [old])).events == {"assign": 10, "activate": 10}
    assert follow_ranges(engine, number_changes([old], [new]), NOW + DAY).numbers == 5
    assert inventory.show(koeln(4)).state is State.ACTIVE
    assert inventory.show(koeln(5)).state is State.QUARANTINED
    assert [each.event for each in inventory.history(koeln(5))] == [
        "quarantine", "release", "activate", "assign"
    ]  # fmt: skip


def test_numbers_in_sets_and_numbers_one_by_one_become_the_same(
    engine: Engine, inventory: NumberInventory
) -> None:
    """A6: of a range some numbers were reserved before; a refusal in it undoes all of it."""
    contract = {**CONTRACT, "start": "2026-12-24"}
    inventory.carry_out_one(reserve(koeln(3)), NOW, ACTOR)
    ranges = number_changes([], [customer(span(0, 9), contract=contract)])
    assert follow_ranges(engine, ranges).numbers == 10
    lives = {inventory.show(koeln(index)) for index in range(10)}
    assert [(each.state, each.configured, each.until) for each in lives] == [(State.ASSIGNED, True, None)]
    inventory.carry_out_one(reserve(koeln(15), "kunde-druck"), NOW, ACTOR)
    more = number_changes([], [customer(span(10, 19), contract=contract)])
    with engine.connect() as connection:
        ((number, _),) = refusals_of(connection, more, NOW)
    assert number == koeln(15)
    with pytest.raises(NumbersRefused, match="kept for customer kunde-druck"):
        follow_ranges(engine, more)
    assert inventory.show(koeln(10)).state is State.FREE
