"""What only a secret order keeps, an export does not tell (F6, TKG § 174(6))."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select, text

from cli.bootstrap import mailbox_messages, recording_archive
from cli.settings import settings_from
from dialplan.cdr import LegSide
from store.abuse_cases import AbuseCases
from store.config_items import ItemKey
from store.customer_export import exported_tables, rows_of_customer
from store.privacy_holds import PrivacyHolds
from store.row_graph import of_customer
from tests.integration.store.billing import KANZLEI, PRAXIS
from tests.integration.store.invoicing import Office
from tests.integration.store.lived import AT, CALLED, LEFT, MISSED, execute, missed, run, take_in

#: What tells of the order itself is tested in test_privacy_export.py; a deletion writes proof of itself.
_OTHERWISE = {"privacy_hold", "privacy_erasure", "audit"}
_EMERGENCY = (
    "INSERT INTO emergency_attempt (call_id, at, node, customer_id, dialled, written, outcome, reason_id,"
    " config_version, sent, pre_empted) VALUES ('{}', '{}', 'n', 'kunde-praxis', '112', '112', 'route', 'r',"
    " 1, '[]', '[]')"
)
_CASE = (
    "INSERT INTO abuse_case (customer_id, rule, action, opened_at, last_seen_at, sightings, sentence,"
    " call_ids, released_at, released_by, release_reason) VALUES ('kunde-praxis', '{}', 'warn', '2026-11-02',"
    " '2026-11-02', 1, 'short calls', '[]', {})"
)


def told(office: Office, at: datetime, customer: str = PRAXIS) -> dict[str, list[tuple[str, ...]]]:
    """What an export of a moment has."""
    return {
        each.name: sorted(tuple(row) for row in each.rows)
        for each in rows_of_customer(office.engine, customer, at)
        if each.name not in _OTHERWISE
    }


def there(office: Office) -> dict[str, int]:
    """How many rows about the customer there are."""
    with office.engine.connect() as connection:
        return {
            table.name: connection.scalar(
                select(func.count()).select_from(table).where(of_customer(table, PRAXIS))
            ) or 0
            for table in exported_tables()
        }  # fmt: skip


def everything_goes(office: Office, day: date, at: datetime) -> None:
    """The day's deletions, also those of what expires."""
    run(office, day)
    settings = settings_from(json.dumps(office.settings), "test")
    mailbox_messages(settings, "test").expire(at)
    recording_archive(settings, "test").expire(at)
    AbuseCases(office.engine).sweep(at)


def test_the_export_under_a_secret_order_is_what_would_be_left_without_it(lived: Office) -> None:
    """Row by row, on days on which each kind of data is over; of a former customer nothing at last."""
    execute(
        lived.engine,
        _EMERGENCY.format("e1", "2026-11-02"), _EMERGENCY.format("e2", "2027-09-01"),
        _CASE.format("short-calls", "'2026-11-03', 'anna', 'x'"), _CASE.format("scan", "NULL, NULL, NULL"),
    )  # fmt: skip
    holds = PrivacyHolds(lived.engine)
    hidden: dict[date, set[str]] = {}
    late, former = date(2035, 1, 1), date(2038, 1, 1)
    for day in (date(2026, 11, 30), date(2027, 9, 15), date(2028, 6, 15), late, former):
        if day == former:
            lived.remove(ItemKey("customer", PRAXIS), LEFT)
        at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
        number = holds.open(PRAXIS, "order", None, AT, "anna", "order 4 Gs 1/26", secret=True)
        everything_goes(lived, day, at)
        under_order, rows = told(lived, at), there(lived)
        hidden[day] = {name for name, shown in under_order.items() if len(shown) < rows[name]}
        holds.release(number, AT, "anna", "over")
        before = told(lived, at)
        everything_goes(lived, day, at)
        if day == former:
            run(lived, day)  # the books are looked at first, and the customer is in them until it is gone
        after = told(lived, at)
        if day == date(2027, 9, 15):
            assert after.pop("recording") != under_order.pop("recording") == [], "only that there was one"
            assert CALLED in str(before["charge"])
            assert under_order["charge"] != before["charge"], "without numbers"
        assert under_order == after, day
    assert hidden[date(2026, 11, 30)] == {"cdr", "cdr_raw"}, "the call that nobody answered"
    assert {"cdr", "cdr_raw", "emergency_attempt", "abuse_case"} <= hidden[date(2027, 9, 15)]
    assert {"mailbox_message", "recording", "recording_part"} <= hidden[date(2027, 9, 15)]
    assert "charge" not in hidden[date(2027, 9, 15)], "the booked amount stays"
    assert {"invoice", "invoice_line", "charge"} <= hidden[late]
    assert {"config_item", "number_event", "customer_block"} <= hidden[former]


def test_an_objection_keeps_what_the_export_tells_whatever_an_order_keeps(lived: Office) -> None:
    """TKG § 67: of calls that both keep the customer is told."""
    holds = PrivacyHolds(lived.engine)
    holds.open(PRAXIS, "order", None, AT, "anna", "order 4 Gs 1/26", secret=True)
    at = datetime(2027, 9, 15, 3, tzinfo=UTC)
    found = told(lived, at)
    assert CALLED not in str(found["cdr"] + found["charge"])
    holds.open(PRAXIS, "objection", date(2026, 11, 1), AT, "anna", "objection of 3 December")
    found = told(lived, at)
    assert CALLED in str(found["cdr"])
    assert CALLED in str(found["charge"])


def test_nobody_sees_by_the_calls_with_somebody_that_there_is_an_order_about_them(lived: Office) -> None:
    """A call is kept with both of its legs: the other customer's export would have a record of long ago."""
    mine = missed("between", 100, PRAXIS, MISSED)
    theirs = replace(mine, leg_id="between-b", side=LegSide.B, customer_id=KANZLEI, trunk_id="kanzlei-pbx")
    take_in(lived.engine, mine, theirs)
    holds = PrivacyHolds(lived.engine)
    holds.open(KANZLEI, "order", None, AT, "anna", "order 4 Gs 1/26", secret=True)
    at = datetime(2026, 11, 30, 3, tzinfo=UTC)
    run(lived, date(2026, 11, 30))
    with lived.engine.connect() as connection:
        count = text("SELECT count(*) FROM cdr WHERE leg_id LIKE 'between%'")
        assert connection.scalar(count) == 2
    assert "between" not in str(told(lived, at))
    assert "between" in str(told(lived, at - timedelta(days=25))), "as long as all are told of such calls"
    holds.open(PRAXIS, "order", None, AT, "anna", "another, of which the customer may know")
    assert "between" in str(told(lived, at))
