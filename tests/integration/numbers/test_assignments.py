"""From the customers' files to the inventory: what an apply tells it (A4-A6)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from numbering.life import State
from provisioning.number_assignments import assignments, number_changes
from provisioning.schema import CustomerEntry
from store.number_inventory import NumberInventory
from tests.integration.numbers.numbers import DAY, NOW, TENANT, follow, koeln

CONTRACT = {"product": "teams", "price_model": "basis", "start": "2026-11-01"}


def customer(*numbers: dict[str, Any], id_: str = "kunde-bau", **more: Any) -> CustomerEntry:
    tree = {"id": id_, "name": "Beispiel", "main_number": koeln(0), "numbers": list(numbers), **more}
    return CustomerEntry.model_validate(tree)


def span(first: int, last: int, **more: Any) -> dict[str, Any]:
    return {"first": koeln(first), "last": koeln(last), "trunks": ["t"], **more}


def test_numbers_begin_and_end_with_the_contract_unless_they_say_otherwise() -> None:
    """A5, A6: dates are German days."""
    entry = customer(
        span(0, 2), span(5, 5, activated="2026-12-01"), contract={**CONTRACT, "end": "2027-03-31"}
    )
    found = assignments([entry], NOW)
    assert len(found) == 4
    assert found[koeln(1)] is found[koeln(2)]
    assert found[koeln(1)].active_from == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert found[koeln(1)].active_until == datetime(2027, 3, 31, 22, tzinfo=UTC)
    assert found[koeln(1)].contract_end == date(2027, 3, 31)
    assert found[koeln(5)].active_from == datetime(2026, 11, 30, 23, tzinfo=UTC)


def test_only_numbers_that_change_are_told() -> None:
    old = customer(span(0, 9))
    new = customer(span(0, 8), span(20, 20), span(9, 9, tenant_id=TENANT, consent="2026-11-01"))
    before, now = number_changes([old], [new], NOW)
    assert (sorted(before), sorted(now)) == ([koeln(9)], [koeln(9), koeln(20)])
    assert now[koeln(9)].tenant_id == TENANT
    assert number_changes([old], [old], NOW) == ({}, {})


def test_of_two_entries_for_one_number_the_one_in_service_counts() -> None:
    """A6: a number may have had another customer before."""
    was = customer(span(1, 1, activated="2020-01-01", deactivated="2026-06-01"))
    has = customer(span(1, 1, activated="2026-10-01"), id_="kunde-druck")
    for order in ([was, has], [has, was]):
        assert assignments(order, NOW)[koeln(1)].customer_id == "kunde-druck"
    past = NOW - timedelta(days=365)
    assert assignments([was, has], past)[koeln(1)].customer_id == "kunde-bau"


def test_the_inventory_follows_the_customers_files(engine: Engine, inventory: NumberInventory) -> None:
    """A6: from the file to the state of life and back out of it."""
    old = customer(span(0, 9), contract=CONTRACT)
    new = customer(span(0, 4), contract=CONTRACT)
    before, now = number_changes([], [old], NOW)
    assert follow(engine, now, before).events == {"assign": 10, "activate": 10}
    before, now = number_changes([old], [new], NOW)
    assert follow(engine, now, before, NOW + DAY).numbers == 5
    assert inventory.show(koeln(4)).state is State.ACTIVE
    assert inventory.show(koeln(5)).state is State.QUARANTINED
