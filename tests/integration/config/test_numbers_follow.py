"""An applied version and the number inventory are one (A4, A6)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from cli.bootstrap import engine
from cli.settings import load_settings
from cli.wiring.carrier import version_at_start
from numbering.e164 import E164
from numbering.life import Event, Order, State
from store.config_versions import ConfigStore
from store.number_inventory import NumberInventory, NumberOrder
from tests.integration.config.conftest import Operator

FREE = E164("+492214710205")
TENANTS = ("11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555")


@pytest.fixture
def database(operator: Operator) -> Engine:
    return engine(load_settings(operator.directory / "fernamt.json"), "fernamt test")


def states(database: Engine) -> dict[str, int]:
    with database.connect() as connection:
        rows = connection.execute(text("SELECT state, count(*) FROM number_state GROUP BY state"))
        return {row[0]: row[1] for row in rows}


def grow(operator: Operator, last: int = 209) -> None:
    operator.change("kunde-bau.yaml", '"0221 4710-199"', f'"0221 4710-{last}"')


def test_numbers_come_and_go_with_the_versions(applied: Operator, database: Engine) -> None:
    """A6: each transition with who and when; back to version 1 is back in quarantine."""
    inventory = NumberInventory(database)
    before = states(database)
    assert before["active"] > 100
    grow(applied)
    done = applied.config("apply", "--yes", "--author", "bert")
    assert done.exit_code == 0, done.output
    assert states(database) == {**before, "active": before["active"] + 10}
    assert [(each.event, each.actor) for each in inventory.history(FREE)] == [
        ("activate", "bert"),
        ("assign", "bert"),
    ]
    assert applied.config("rollback", "1", "--yes").exit_code == 0
    assert states(database) == {**before, "quarantined": 10}


def test_a_number_that_is_kept_for_another_is_refused_by_plan_and_apply(
    applied: Operator, database: Engine
) -> None:
    now = datetime.now(UTC)
    order = Order(Event.RESERVE, customer_id="kunde-praxis", until=now + timedelta(days=9))
    NumberInventory(database).carry_out_one(NumberOrder(FREE, order), now, "anna")
    grow(applied)
    for command in (["plan"], ["apply", "--yes"]):
        refused = applied.config(*command)
        assert refused.exit_code == 1
        assert "kunde-bau.yaml:" in refused.output
        assert f"{FREE}: the number is kept for customer kunde-praxis (reserved until" in refused.output
        assert "[number.same-customer]" in refused.output
    assert ConfigStore(database).current() == 1
    plan = json.loads(applied.config("plan", "--json").stdout)
    assert not plan["allowed"]
    assert NumberInventory(database).show(E164("+492214710204")).state is State.FREE


def test_a_number_goes_to_no_second_tenant_by_way_of_a_version_without_it(
    applied: Operator, database: Engine
) -> None:
    """A4: out in one version, back with another tenant in a later one."""

    def numbers(tenant: str) -> str:
        entry = f'{{number: "{FREE}", trunks: [bau-1], tenant_id: "{tenant}", consent: 2026-11-01}}'
        return f"    numbers:\n      - {entry}\n"

    first, second = (numbers(tenant) for tenant in TENANTS)
    applied.change("kunde-bau.yaml", "    numbers:\n", first)
    done = applied.config("apply", "--yes")
    assert done.exit_code == 0, done.output
    applied.change("kunde-bau.yaml", first, "    numbers:\n")
    assert applied.config("apply", "--yes").exit_code == 0
    assert NumberInventory(database).show(FREE).state is State.RELEASED
    applied.change("kunde-bau.yaml", "    numbers:\n", second)
    for command in (["plan"], ["apply", "--yes"]):
        refused = applied.config(*command)
        assert refused.exit_code == 1
        assert f"{FREE}: the number is linked to tenant {TENANTS[0]}" in refused.output
        assert "[number.same-tenant]" in refused.output
    assert ConfigStore(database).current() == 3
    applied.change("kunde-bau.yaml", second, first)
    assert applied.config("apply", "--yes").exit_code == 0


def test_versions_of_before_the_inventory_are_caught_up_with(applied: Operator, database: Engine) -> None:
    """A6: at the next start, or at the next apply."""
    before = states(database)
    settings = load_settings(applied.directory / "fernamt.json")
    for catch_up in ("start", "apply"):
        with database.begin() as connection:
            connection.execute(text("UPDATE number_state SET configured = false, state = 'quarantined',"
                                    " since = now(), until = now() + interval '60 days'"))  # fmt: skip
            connection.execute(text("DELETE FROM number_state"))
        if catch_up == "start":
            version_at_start(settings, database)
        else:
            grow(applied)
            assert applied.config("apply", "--yes").exit_code == 0
            before["active"] += 10
        assert states(database) == before


def test_released_numbers_rest_as_long_as_the_carrier_says(applied: Operator, database: Engine) -> None:
    """A6: a month is what the law asks (TKG § 59(6)); by a version without them, or by hand."""
    applied.change("carrier.yaml", "number_quarantine_days: 31", "number_quarantine_days: 90")
    grow(applied)
    assert applied.config("apply", "--yes").exit_code == 0
    applied.change("kunde-bau.yaml", '"0221 4710-209"', '"0221 4710-199"')
    assert applied.config("apply", "--yes").exit_code == 0
    ported = E164("+494066969123")
    for words in (("port-in", ported, "--customer", "kunde-bau"), ("release", ported)):
        done = applied("number", *words, "--actor", "anna")
        assert done.exit_code == 0, done.output
    for number in (FREE, ported):
        life = NumberInventory(database).show(number)
        assert life.state is State.QUARANTINED
        assert life.until is not None
        assert life.until > datetime.now(UTC) + timedelta(days=89)
