"""`fernamt limit` and `fernamt abuse` as operators use them (B10, B11)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from dialplan.abuse.cases import AbuseRule, Action, Sighting, ThrottlePolicy
from dialplan.limits.agreed import Claim, Counter, Scope
from store.abuse_cases import AbuseCases
from store.database import make_engine
from store.limits import CallCounters
from store.redis_client import call_path_client
from store.spend import SpendCounters
from tests.integration.config.conftest import Operator
from tests.servers import redis_server


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture
def office(applied: Operator, redis_url: str) -> Operator:
    """The example is in force, and there is an empty Redis."""
    client = call_path_client(redis_url)
    client.flushdb()
    client.close()
    applied.write_settings(redis={"url": redis_url})
    return applied


@pytest.fixture
def database(office: Operator) -> Iterator[Engine]:
    engine = make_engine(office.tree["database"]["url"])
    yield engine
    engine.dispose()


def told(office: Operator, *arguments: str) -> Any:
    done = office(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.output)


def test_limits_are_shown_with_what_is_taken(office: Operator, redis_url: str) -> None:
    client = call_path_client(redis_url)
    calls = Claim(Counter.SIMULTANEOUS_CALLS, Scope.CUSTOMER, "kunde-bau", 60)
    london = Claim(Counter.SIMULTANEOUS_CALLS, Scope.COUNTRY, "kunde-bau/GB", 5)
    CallCounters(client, controller="c").take("c1", "node-1", [calls, london])
    SpendCounters(client).book("kunde-bau", datetime.now(UTC), 1_500_000)
    client.close()
    found = told(office, "limit", "show", "kunde-bau")
    assert found["profile"] == "bau"
    rows = {(each["counter"], each["owner"]): (each["now"], each["limit"]) for each in found["limits"]}
    assert rows[("simultaneous-calls", "kunde-bau")] == (1, 60)
    assert rows[("simultaneous-calls", "GB")] == (1, 5)
    assert rows[("calls-per-second", "kunde-bau")] == (0, 20)
    text = office("limit", "show", "kunde-bau").output
    assert "country GB" in text
    assert "simultaneous calls" in text


def test_a_carriers_profile_and_money_are_shown(office: Operator) -> None:
    office.change("kunde-bau.yaml", "limits: bau\n", "limits: small-office\n")
    done = office.config("apply", "--yes")
    assert done.exit_code == 0, done.output
    found = told(office, "limit", "show", "kunde-bau")["limits"]
    money = {each["counter"]: (each["limit"], each["unit"]) for each in found if each["unit"] != "calls"}
    assert money == {
        "spend-per-day": (50_000_000, "micro_euro"),
        "spend-per-month": (500_000_000, "micro_euro"),
    }
    assert "500.00 EUR" in office("limit", "show", "kunde-bau").output


def test_a_customer_without_limits_and_an_unknown_one_are_told_apart(office: Operator) -> None:
    assert "has no limits" in office("limit", "show", "kunde-praxis").output
    assert told(office, "limit", "show", "kunde-praxis")["limits"] == []
    unknown = office("limit", "show", "kunde-x")
    assert unknown.exit_code == 1
    assert "[customer-unknown]" in unknown.output


def test_cases_are_listed_shown_and_released(office: Operator, database: Engine) -> None:
    now = datetime.now(UTC) - timedelta(minutes=1)
    seen = Sighting(AbuseRule.DIALLER, "60 calls within 60 s, 2 answered", ("call-1", "call-2"))
    AbuseCases(database).seen("kunde-bau", seen, Action.THROTTLE, ThrottlePolicy(), now)
    (case,) = told(office, "abuse", "list", "--customer", "kunde-bau")
    assert (case["rule"], case["action"], case["throttle_calls"]) == ("dialler", "throttle", 1)
    number = str(case["case"])
    assert told(office, "abuse", "show", number)["call_ids"] == ["call-1", "call-2"]
    assert "fernamt cdr show call-2" in office("abuse", "show", number).output
    assert "1 calls in 10 s until" in office("abuse", "list").output
    assert told(office, "limit", "show", "kunde-bau")["limits"][0]["throttled"]

    without = office("abuse", "release", number)
    assert without.exit_code == 2
    done = office("abuse", "release", number, "--reason", "survey", "--actor", "anna")
    assert "Case 1 of kunde-bau (dialler) is released." in done.output
    again = office("abuse", "release", number, "--reason", "survey")
    assert "[abuse-case-released]" in again.output
    assert told(office, "abuse", "list") == []
    assert "No open case" in office("abuse", "list").output
    (released,) = told(office, "abuse", "list", "--all")
    assert (released["released_by"], released["release_reason"]) == ("anna", "survey")
    assert "by anna: survey" in office("abuse", "show", number).output
    assert "[abuse-case-unknown]" in office("abuse", "show", "99").output
