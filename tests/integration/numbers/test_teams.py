"""`fernamt teams` against the stand-in for Operator Connect, as operators type it (A4, A6)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from numbering.e164 import E164
from numbering.life import Assignment, State
from store.audit import AuditLog
from store.cdr_repository import CdrRepository
from store.config_items import CUSTOMER, ConfigItem
from store.config_versions import ConfigStore
from store.number_inventory import NumberInventory
from store.teams_book import TeamsBook
from tests.integration.numbers.numbers import DAY, NOW, TENANT, follow, koeln
from tests.integration.store.legs import leg, with_raw
from tests.lab.operator_connect import CLIENT_ID, SCOPE, SECRET, Fault, Simulator, Tenant
from tests.lab.operator_connect_server import served
from tests.typed import Run, good, parsed, settings_of, told, typed

AT_TENANT = Assignment("kunde-bau", NOW - DAY, tenant_id=TENANT)
NUMBERS = [koeln(index) for index in (100, 101, 102)]


@pytest.fixture
def microsoft() -> Iterator[tuple[Simulator, str]]:
    simulator = Simulator(polls=0)
    simulator.tenants[TENANT] = Tenant()
    with served(simulator) as url:
        yield simulator, url


@pytest.fixture
def simulator(microsoft: tuple[Simulator, str]) -> Simulator:
    return microsoft[0]


@pytest.fixture
def run(
    tmp_path: Path,
    database_url: str,
    engine: Engine,
    microsoft: tuple[Simulator, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """`fernamt` whose clock begins at NOW, with the stand-in for Microsoft in its settings."""
    began = time.monotonic()
    for module in ("cli.teams", "cli.wiring.operator_connect"):
        monkeypatch.setattr(f"{module}.now", lambda: NOW + timedelta(seconds=time.monotonic() - began))
    monkeypatch.setenv("OPERATOR_CONNECT_SECRET", SECRET)
    settings = settings_of(tmp_path, database_url) | {
        "operator_connect": {
            "url": microsoft[1],
            "token_url": f"{microsoft[1]}/token",
            "client_id": CLIENT_ID,
            "client_secret": {"env": "OPERATOR_CONNECT_SECRET"},
            "scope": SCOPE,
            "calling_profile": "profile-1",
            "requests_per_second": 1000,
        },
    }
    return typed(settings)


def test_numbers_go_to_their_tenant_and_back_into_quarantine(
    run: Run, engine: Engine, simulator: Simulator, inventory: NumberInventory
) -> None:
    """A4, A6, TC 17.8: from the configuration to Teams, and from Teams into quarantine, without a hand."""
    follow(engine, dict.fromkeys(NUMBERS, AT_TENANT))
    assert "3 to upload, 0 to release" not in good(
        run("teams", "sync", "--dry-run")
    )  # no consent was seen yet
    assert "3 uploaded" in good(run("teams", "sync", "--actor", "anna"))
    assert set(simulator.tenants[TENANT].numbers) == set(NUMBERS)
    (consent,) = parsed(run("teams", "consents", "--json"))
    assert (consent["tenant"], consent["customer"], consent["consent"]) == (TENANT, "kunde-bau", "signed")
    (tenant,) = parsed(run("teams", "status", "--json"))["tenants"]
    assert (tenant["wanted"], tenant["uploaded"], tenant["under_way"]) == (3, 3, 0)

    simulator.tenants[TENANT].numbers[NUMBERS[0]] = "user"
    follow(engine, {}, before=NUMBERS)
    after = parsed(run("teams", "sync", "--json"))
    assert (after["released"], after["refused"], after["deactivated"]) == (2, 1, 2)
    assert [inventory.show(each).state for each in NUMBERS] == [
        State.RELEASED,
        State.QUARANTINED,
        State.QUARANTINED,
    ]
    (held,) = parsed(run("teams", "status", "--json"))["held"]
    assert (held["number"], held["problem"]) == (NUMBERS[0], "still-assigned")
    assert "unassign" in good(run("teams", "status", "--numbers"))
    simulator.tenants[TENANT].numbers[NUMBERS[0]] = ""
    assert parsed(run("teams", "sync", "--json"))["released"] == 0
    assert parsed(run("teams", "sync", "--retry", "--json"))["released"] == 1
    assert inventory.show(NUMBERS[0]).state is State.QUARANTINED
    actions = [(each.actor, each.action) for each in AuditLog(engine).latest(object_kind="tenant")]
    assert ("anna", "teams.upload") in actions
    assert {action for _, action in actions} == {
        "teams.consent",
        "teams.upload",
        "teams.release",
        "teams.retry",
    }


def test_without_consent_numbers_wait_and_say_for_what(
    run: Run, engine: Engine, simulator: Simulator
) -> None:
    """A4"""
    simulator.tenants[TENANT].consent = "declined"
    follow(engine, dict.fromkeys(NUMBERS, AT_TENANT))
    assert "3 numbers wait" in good(run("teams", "sync"))
    assert simulator.operations == {}
    assert "consent is not signed" in good(run("teams", "status"))
    assert "declined" in good(run("teams", "consents"))
    simulator.tenants[TENANT].consent = "signed"
    assert "3 uploaded" in good(run("teams", "sync"))


def test_faults_are_waited_out_and_a_wrong_secret_is_told(
    run: Run, engine: Engine, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(engine, {NUMBERS[0]: AT_TENANT})
    simulator.faults.extend([Fault.NONE, Fault.NONE, Fault.NONE, Fault.ANSWER_LOST])
    assert "1 uploaded" in good(run("teams", "sync"))
    assert simulator.changes == [("upload", TENANT, NUMBERS[0])]
    monkeypatch.setenv("OPERATOR_CONNECT_SECRET", "falsch-geheim")
    output = told(run("teams", "sync"))
    assert "client_secret" in output
    assert "program.operator-connect-away" in output
    assert "falsch" not in output


def test_without_an_access_in_the_settings_the_command_says_where_to_write_it(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "fernamt.yaml"
    path.write_text(json.dumps({**json.loads(path.read_text()), "operator_connect": None}))
    assert "docs/teams.md" in told(run("teams", "sync"))
    assert "No tenant" in good(run("teams", "status"))


def test_the_database_refuses_a_second_tenant_whatever_a_program_does(
    run: Run, engine: Engine, inventory: NumberInventory
) -> None:
    """A4: until the number's life ended and it was released."""
    follow(engine, {NUMBERS[0]: AT_TENANT})
    good(run("teams", "sync"))
    move = text("UPDATE teams_number SET tenant_id = 'another', place = 'away' WHERE number = :number")
    away = text("UPDATE teams_number SET place = 'away' WHERE number = :number")

    def moved() -> str:
        try:
            with engine.begin() as connection:
                connection.execute(move, {"number": NUMBERS[0]})
        except Exception as error:  # noqa: BLE001 - looked at by the test
            return str(error)
        return ""

    assert "never moves" in moved()
    with engine.begin() as connection:
        connection.execute(away, {"number": NUMBERS[0]})
    assert "never moves" in moved()
    follow(engine, {}, before=[NUMBERS[0]])
    good(run("teams", "sync"))
    inventory.sweep(NOW + 40 * DAY, "anna")
    assert inventory.show(NUMBERS[0]).state is State.FREE
    assert moved() == ""


def test_calls_over_teams_trunks_are_told_once_each_and_without_numbers(
    run: Run, engine: Engine, simulator: Simulator
) -> None:
    customer = {"id": "kunde-bau", "teams_trunks": [{"id": "bau-teams", "tenant_id": TENANT}]}
    store = ConfigStore(engine)
    changed = ConfigItem.of(CUSTOMER, "kunde-bau", json.dumps(customer))
    store.apply(store.current(), [changed], [], author="anna")
    began = NOW - timedelta(hours=1)
    times = {
        "started_at": began,
        "ringing_at": None,
        "answered_at": began,
        "ended_at": began + timedelta(milliseconds=61_001),
        "billed_ms": 61_001,
    }
    over_teams = {**times, "customer_id": "kunde-bau", "trunk_id": "bau-teams"}
    legs = [leg(leg_id=f"leg-{index}", sip_call_id=f"call-{index}", **over_teams) for index in range(3)]
    unanswered = {"answered_at": None, "billed_ms": 0}
    legs += [
        leg(leg_id="leg-other", **{**times, "trunk_id": "bau-anlage"}),
        leg(leg_id="leg-unanswered", **{**over_teams, **unanswered}),
    ]
    CdrRepository(engine).insert_legs([with_raw(each) for each in legs])
    simulator.faults.extend([Fault.NONE, Fault.NONE, Fault.ANSWER_LOST])
    for _ in range(2):
        good(run("teams", "sync"))
    assert simulator.told == {"call-0": 1, "call-1": 1, "call-2": 1}
    (body,) = {each.body for each in simulator.requests if each.path.endswith("call-durations")}
    assert b'"durationSeconds":62' in body
    assert b"+49" not in body


def test_one_program_synchronises_at_a_time(run: Run, engine: Engine) -> None:
    book = TeamsBook(engine)
    with book.alone() as mine:
        assert mine
        assert "Another program" in good(run("teams", "sync"))
    with book.alone() as mine:
        assert mine


def test_a_thousand_numbers_and_more_go_in_several_orders(
    run: Run, engine: Engine, simulator: Simulator
) -> None:
    simulator.page = 500
    many = [*(koeln(index) for index in range(1_000)), E164("+493023125000")]
    follow(engine, dict.fromkeys(many, AT_TENANT))
    after = parsed(run("teams", "sync", "--json"))
    assert (after["uploaded"], after["planned"], len(simulator.operations)) == (1_001, 2, 2)


def test_a_tenant_that_is_gone_is_told_and_the_others_go_on(
    run: Run, engine: Engine, simulator: Simulator
) -> None:
    """One tenant without a list holds up nobody else's numbers, and has its own time to be asked again."""
    other = "11111111-2222-4333-8444-666666666666"
    follow(engine, {NUMBERS[0]: AT_TENANT})
    good(run("teams", "sync"))
    gone = simulator.tenants.pop(TENANT)
    simulator.tenants[other] = Tenant()
    follow(engine, {NUMBERS[1]: Assignment("kunde-druck", NOW - DAY, tenant_id=other)})
    refused = told(run("teams", "sync"))
    assert "1 uploaded" in refused
    assert f"tenant {TENANT} of kunde-bau: Microsoft does not list its numbers" in refused
    assert "does not list the numbers of 1 tenants" in refused
    assert set(simulator.tenants[other].numbers) == {NUMBERS[1]}
    assert "TenantUnknown" in good(run("teams", "status"))
    stood = {each["tenant_id"]: each for each in parsed(run("teams", "status", "--json"))["tenants"]}
    assert stood[TENANT]["trouble"].startswith("TenantUnknown")
    assert stood[TENANT]["trouble_since"] < stood[TENANT]["trouble_next_at"]
    assert (stood[other]["trouble"], stood[other]["trouble_since"]) == ("", None)
    asked = len(simulator.requests)
    assert TENANT in parsed(run("teams", "sync", "--json"))["unread"]
    assert not [each for each in simulator.requests[asked:] if TENANT in each.path], "not before its time"
    simulator.tenants[TENANT] = gone
    assert parsed(run("teams", "sync", "--retry", "--json"))["unread"] == {}
    assert "Microsoft does not list" not in good(run("teams", "status"))
