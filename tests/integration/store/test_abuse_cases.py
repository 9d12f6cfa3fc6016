"""Cases of abuse in a real database: one for a customer and a rule, acted on once, released (B10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from cli.wiring.abuse_store import AbuseRecords
from dialplan.abuse.cases import AbuseRule, Action, Sighting, ThrottlePolicy
from dialplan.abuse.rules import DEFAULTS
from dialplan.cdr import HungUpBy
from dialplan.limits.agreed import Throttle
from store.abuse_cases import AbuseCases
from store.audit import AuditLog
from store.cdr_repository import CdrRepository
from store.config_items import CARRIER, CUSTOMER, ConfigItem
from store.config_versions import ConfigStore
from store.customer_blocks import BlockedReader, CustomerBlocks
from store.errors import AlreadyBlocked, CaseReleased, CaseUnknown, RecordRefused
from store.foreign_errors import database_errors
from store.privacy_erasing import PrivacyErasing
from tests.integration.store.legs import leg, with_raw

NOW = datetime(2026, 11, 18, 10, tzinfo=UTC)
SEEN = Sighting(AbuseRule.PING_CALLS, "30 of 30 calls given up", ("c1", "c2"))
POLICY = ThrottlePolicy(calls=1, seconds=10, minutes=60)
HOUR = timedelta(hours=1)


@pytest.fixture
def cases(engine: Engine) -> AbuseCases:
    """A database with the customer "bau"."""
    items = [ConfigItem.of(CARRIER, CARRIER, "{}"), ConfigItem.of(CUSTOMER, "bau", '{"name":"Beispiel Bau"}')]
    ConfigStore(engine).apply(0, items, [], author="test")
    return AbuseCases(engine)


def test_further_sightings_are_counted_in_the_open_case(cases: AbuseCases) -> None:
    assert cases.seen("bau", SEEN, Action.WARN, POLICY, NOW)
    again = Sighting(AbuseRule.PING_CALLS, "31 of 31", ("c3",))
    assert not cases.seen("bau", again, Action.WARN, POLICY, NOW + HOUR)
    assert cases.seen("other", SEEN, Action.WARN, POLICY, NOW)
    (case,) = cases.cases(customer_id="bau")
    assert (case.sightings, case.sentence, case.call_ids, case.opened_at, case.last_seen_at) == (
        2,
        "31 of 31",
        ("c3",),
        NOW,
        NOW + HOUR,
    )
    assert case.throttle is None
    assert cases.case(case.id) == case


def test_a_throttle_reaches_the_controllers_and_ends_by_itself(cases: AbuseCases, engine: Engine) -> None:
    reader = BlockedReader(engine)
    before = reader.read(NOW)
    cases.seen("bau", SEEN, Action.THROTTLE, POLICY, NOW)
    assert reader.changed(before, NOW)
    during = reader.read(NOW)
    assert during.throttled == {"bau": Throttle(1, 10_000)}
    assert during.valid_until == NOW + HOUR
    assert not reader.changed(during, NOW)
    assert reader.changed(during, NOW + HOUR)
    assert reader.read(NOW + HOUR).throttled == {}
    cases.seen("bau", SEEN, Action.THROTTLE, POLICY, NOW + HOUR)
    assert reader.read(NOW + HOUR).throttled == {"bau": Throttle(1, 10_000)}


def test_of_two_throttles_the_stricter_one_holds(cases: AbuseCases, engine: Engine) -> None:
    cases.seen("bau", SEEN, Action.THROTTLE, ThrottlePolicy(5, 10, 60), NOW)
    slower = Sighting(AbuseRule.DIALLER, "many", ())
    cases.seen("bau", slower, Action.THROTTLE, ThrottlePolicy(5, 30, 30), NOW)
    found = BlockedReader(engine).read(NOW)
    assert found.throttled == {"bau": Throttle(5, 30_000)}
    assert found.valid_until == NOW + HOUR / 2


def test_a_release_ends_the_throttle_and_stands_in_the_audit(cases: AbuseCases, engine: Engine) -> None:
    cases.seen("bau", SEEN, Action.THROTTLE, POLICY, NOW)
    (case,) = cases.cases()
    released = cases.release(case.id, NOW + HOUR / 2, "anna", "survey")
    assert (released.released_by, released.release_reason) == ("anna", "survey")
    assert BlockedReader(engine).read(NOW).throttled == {}
    assert cases.cases() == ()
    assert cases.cases(released=True) == (released,)
    assert cases.releases("bau") == {AbuseRule.PING_CALLS: NOW + HOUR / 2}
    opened, closed = AuditLog(engine).latest(object_kind="customer", object_id="bau")[::-1]
    assert (opened.actor, opened.action) == ("abuse rule ping-calls", "abuse.open")
    assert (closed.actor, closed.action, closed.details["reason"]) == ("anna", "abuse.release", "survey")
    assert cases.seen("bau", SEEN, Action.WARN, POLICY, NOW + HOUR)  # a new case
    with pytest.raises(CaseReleased):
        cases.release(case.id, NOW + HOUR, "anna", "again")


def test_a_block_is_the_rules_own_and_lifted_with_its_case(cases: AbuseCases, engine: Engine) -> None:
    """A7: 110 and 112 are reached all the same, see tests/unit/dialplan/test_blocks.py."""
    blocks = CustomerBlocks(engine)
    cases.seen("bau", SEEN, Action.BLOCK, POLICY, NOW)
    cases.seen("bau", SEEN, Action.BLOCK, POLICY, NOW + HOUR)
    (block,) = blocks.history("bau")
    assert (block.actor, block.reason) == ("abuse rule ping-calls", SEEN.sentence)
    assert BlockedReader(engine).read(NOW).customers == {"bau"}
    (case,) = cases.cases()
    cases.release(case.id, NOW + HOUR, "anna", "mistake")
    assert BlockedReader(engine).read(NOW + HOUR).customers == frozenset()


def test_an_operators_own_block_stays_when_a_case_is_released(cases: AbuseCases, engine: Engine) -> None:
    CustomerBlocks(engine).block("bau", NOW, "anna", "unpaid")
    cases.seen("bau", SEEN, Action.BLOCK, POLICY, NOW)
    (case,) = cases.cases()
    cases.release(case.id, NOW + HOUR, "berta", "mistake")
    assert BlockedReader(engine).read(NOW + HOUR).customers == {"bau"}
    with pytest.raises(AlreadyBlocked):
        CustomerBlocks(engine).block("bau", NOW + HOUR, "anna", "unpaid")


def test_a_customer_whom_an_operator_unblocked_is_not_blocked_again_for_the_same_case(
    cases: AbuseCases, engine: Engine
) -> None:
    cases.seen("bau", SEEN, Action.BLOCK, POLICY, NOW)
    CustomerBlocks(engine).unblock("bau", NOW + HOUR, "anna", "called them")
    cases.seen("bau", SEEN, Action.BLOCK, POLICY, NOW + HOUR)
    assert BlockedReader(engine).read(NOW + HOUR).customers == frozenset()


def test_what_cannot_be_released_says_why(cases: AbuseCases) -> None:
    cases.seen("bau", SEEN, Action.WARN, POLICY, NOW)
    (case,) = cases.cases()
    with pytest.raises(RecordRefused, match="reason"):
        cases.release(case.id, NOW, "anna", " ")
    with pytest.raises(CaseUnknown, match="no such case"):
        cases.release(case.id + 1, NOW, "anna", "x")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM abuse_case",
        "TRUNCATE abuse_case",
        "UPDATE abuse_case SET customer_id = 'other'",
        "UPDATE abuse_case SET throttle_calls = 1",
        "UPDATE abuse_case SET released_at = now()",
        "UPDATE abuse_case SET sightings = 0",
        "UPDATE abuse_case SET action = 'shout'",
        "UPDATE abuse_case SET last_seen_at = opened_at - interval '1 s'",
        "UPDATE abuse_case SET call_ids = '{}'",
        "INSERT INTO abuse_case"
        " (customer_id, rule, action, opened_at, last_seen_at, sightings, sentence, call_ids)"
        " SELECT customer_id, rule, action, opened_at, last_seen_at, 1, 'x', '[]' FROM abuse_case",
    ],
)
def test_the_database_refuses_what_must_never_be(cases: AbuseCases, engine: Engine, statement: str) -> None:
    cases.seen("bau", SEEN, Action.WARN, POLICY, NOW)
    with pytest.raises(RecordRefused), database_errors("test"), engine.begin() as connection:
        connection.execute(text(statement))


def test_a_released_case_is_final(cases: AbuseCases, engine: Engine) -> None:
    cases.seen("bau", SEEN, Action.WARN, POLICY, NOW)
    cases.release(cases.cases()[0].id, NOW, "anna", "x")
    with pytest.raises(RecordRefused), database_errors("test"), engine.begin() as connection:
        connection.execute(text("UPDATE abuse_case SET released_at = NULL"))


def test_calls_are_read_from_the_records_of_all_nodes(cases: AbuseCases, engine: Engine) -> None:
    records = [
        leg(
            leg_id="a1",
            customer_id="bau",
            direction="out",
            b_number="+494066969001",
            hung_up_by=HungUpBy.PEER,
        ),
        leg(leg_id="a2", customer_id="bau", direction="onnet", b_number="+492214710001", node="sw9"),
        leg(leg_id="a3", customer_id="bau", direction="out", b_number="+442079460000"),
        leg(leg_id="in", customer_id="bau", direction="in", b_number="+492214710001"),
        leg(leg_id="other", customer_id="other", direction="out", b_number="+494066969001"),
        leg(leg_id="slow", customer_id="bau", direction="out", b_number="+4940", reason_id="limit.throttled"),
    ]
    CdrRepository(engine).insert_legs([with_raw(one) for one in records])
    began = records[0].started_at
    store = AbuseRecords(engine)
    found = store.calls("bau", began - HOUR)
    assert {each.call_id for each in found} == {"a1", "a2", "a3"}
    assert next(each for each in found if each.call_id == "a1").by_caller
    assert store.calls("bau", began) == ()
    night = store.costly("bau", began - HOUR, began + HOUR)
    assert all(each == began for each in night)


def test_rules_are_the_customers_over_the_carriers_over_the_defaults(engine: Engine) -> None:
    carrier = (
        '{"abuse":{"rules":[{"rule":"ping-calls","count":7,"action":"block"}],"throttle":{"seconds":20}}}'
    )
    customer = '{"abuse_rules":[{"rule":"ping-calls","count":9},{"rule":"dialler","action":"off"}]}'
    items = [ConfigItem.of(CARRIER, CARRIER, carrier), ConfigItem.of(CUSTOMER, "bau", customer)]
    items.append(ConfigItem.of(CUSTOMER, "newer", '{"abuse_rules":[{"rule":"not-known-yet"}]}'))
    ConfigStore(engine).apply(0, items, [], author="test")
    store = AbuseRecords(engine)
    bau, other = store.rules("bau"), store.rules("other")
    assert (bau.thresholds[AbuseRule.PING_CALLS].count, other.thresholds[AbuseRule.PING_CALLS].count) == (
        9,
        7,
    )
    assert bau.thresholds[AbuseRule.PING_CALLS].action is Action.BLOCK
    assert bau.thresholds[AbuseRule.DIALLER].action is Action.OFF
    assert bau.throttle == ThrottlePolicy(1, 20, 60)
    assert store.rules("newer").thresholds == DEFAULTS


DAY = timedelta(days=1)


@pytest.mark.parametrize(("configured", "days"), [("{}", 180), ('{"abuse":{"retention_days":30}}', 30)])
def test_released_cases_are_deleted_when_their_time_is_over(
    cases: AbuseCases, engine: Engine, configured: str, days: int
) -> None:
    """F4: indications are kept as long as they are needed, what was done about them stands in the audit."""
    ConfigStore(engine).apply(1, [ConfigItem.of(CARRIER, CARRIER, configured)], [], author="test")
    for customer in ("bau", "other"):
        cases.seen(customer, SEEN, Action.WARN, POLICY, NOW)
    (old,) = cases.cases(customer_id="bau")
    cases.release(old.id, NOW + HOUR, "anna", "survey")
    assert cases.sweep(NOW + days * DAY) == 0
    assert cases.sweep(NOW + HOUR + days * DAY + HOUR) == 1
    assert [each.customer_id for each in cases.cases(released=True)] == ["other"], "an open case stays"
    (written,) = PrivacyErasing(engine).erasures()
    assert (written.kind, written.customer_id, written.rows) == ("abuse-cases", "bau", 1)
    actions = [each.action for each in AuditLog(engine).latest()]
    assert {"abuse.open", "abuse.release"} <= set(actions)
