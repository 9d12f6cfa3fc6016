"""What is known about people goes on time, wherever it stands; what must stay, stays (F4)."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from cli.wiring.adapters import PrivacyWork
from privacy import kinds
from privacy.kinds import Kind
from store import privacy_erasing
from store.audit import AuditLog
from store.config_items import ItemKey
from store.errors import DatabaseDefect
from store.privacy_facts import plan_of
from tests.integration.store.billing import KANZLEI, PRAXIS, outgoing
from tests.integration.store.invoicing import ANNA, Office
from tests.integration.store.lived import (
    CALLED,
    LEFT,
    MISSED,
    OTHERS,
    execute,
    found,
    on_disk,
    run,
    take_in,
)
from tests.typed import good, parsed


def test_other_calls_go_after_seven_days_and_billed_ones_six_months_after_the_invoice(lived: Office) -> None:
    """F4, TDDDG §§ 9, 10: no number and no time of them is left anywhere; the booked amounts are."""
    engine = lived.engine
    sums = "SELECT customer_id, month, sum(ticks), count(*) FROM charge GROUP BY 1, 2 ORDER BY 1"
    with engine.connect() as connection:
        before = connection.execute(text(sums)).all()
    assert run(lived, date(2026, 11, 9)) == set(), "the seventh day"
    assert run(lived, date(2026, 11, 10)) == {"other-traffic"}
    assert found(engine, MISSED) == {}
    assert {"cdr.b_number", "cdr_raw.json_zlib", "charge.called"} <= found(engine, CALLED)[CALLED]
    assert run(lived, date(2027, 5, 30)) == set(), "the last day of six months"
    assert run(lived, date(2027, 5, 31)) == {"billed-traffic"}
    assert run(lived, date(2027, 5, 31)) == set(), "twice changes nothing"
    left = found(engine, CALLED, OTHERS)
    assert set().union(*left.values()) <= {"mailbox_message.caller", "customer_block.reason", "audit.details"}
    with engine.connect() as connection:
        assert connection.execute(text(sums)).all() == before
        assert connection.scalar(text("SELECT count(*) FROM cdr")) == 0
        assert connection.scalar(text("SELECT count(*) FROM charge WHERE called <> ''")) == 0
        assert connection.scalar(text("SELECT count(DISTINCT begins_ms) FROM charge")) == 1


def test_calls_that_no_invoice_ever_has_go_all_the_same(office: Office) -> None:
    """F4, TDDDG § 9(1): probes' own customer, or one that left before its invoice. Amounts stay as booked."""
    engine = office.engine
    take_in(engine, outgoing("probe", 0, 60, PRAXIS, CALLED), outgoing("billed", 5, 60, KANZLEI, OTHERS))
    good(office("rate", "run"))
    issue = ("invoice", "issue", "--month", "2026-11", "--on", "2026-12-01", *ANNA)
    good(office(*issue, "--customer", KANZLEI))
    office.remove(ItemKey("customer", PRAXIS), LEFT)
    with engine.connect() as connection:
        booked = connection.scalar(text("SELECT sum(ticks) FROM charge"))
    run(office, date(2027, 5, 30))
    assert {"cdr.b_number", "charge.called"} <= found(engine, CALLED)[CALLED], "the last day of six months"
    due = good(office("privacy", "plan", "--on", "2027-05-31"))
    assert "due   kunde-praxis: calls of 2026-11, never invoiced" in due
    assert "kunde-kanzlei" not in due
    assert run(office, date(2027, 5, 31)) == {"unbilled-traffic"}
    assert run(office, date(2027, 5, 31)) == set(), "twice changes nothing"
    assert found(engine, CALLED) == {}
    assert "cdr.b_number" in found(engine, OTHERS)[OTHERS], "an invoice that came late counts from itself"
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT sum(ticks) FROM charge")) == booked
        assert connection.scalar(text("SELECT count(*) FROM cdr WHERE customer_id = 'kunde-praxis'")) == 0
    assert "charge.customer_id" in found(engine, PRAXIS)[PRAXIS]
    run(office, date(2035, 1, 1))
    assert "charge.customer_id" not in found(engine, PRAXIS)[PRAXIS], "with the documents of its year"


def test_what_cannot_be_deleted_holds_up_nothing_else(lived: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run says so at its end, so that somebody looks."""

    def refused(*_: object) -> int:
        raise DatabaseDefect("records", "a defect of ours", "Please report this")

    monkeypatch.setitem(cast(dict[Kind, Any], privacy_erasing._BY_AGE), kinds.UNREADABLE, refused)
    with pytest.raises(DatabaseDefect, match="a defect of ours"):
        run(lived, date(2035, 1, 1))
    with lived.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM invoice")) == 0, "it comes after them"


def test_nothing_of_a_former_customer_is_left_anywhere(lived: Office) -> None:
    """F4, CC 13.2: proven by a search of every column of every table, and of the state directory."""
    engine = lived.engine
    with engine.connect() as connection:
        content = connection.scalar(
            text("SELECT content FROM config_item WHERE id = :id AND until_version IS NULL"), {"id": PRAXIS}
        )
        others = connection.scalars(
            text("SELECT content FROM config_item WHERE id <> :id AND until_version IS NULL"), {"id": PRAXIS}
        ).all()
    own = set(re.findall(r"\+49[0-9]{6,13}", content)) - set(re.findall(r"\+49[0-9]{6,13}", str(others)))
    numbers = sorted(own)
    assert numbers
    name = json.loads(content)["name"]
    personal = (*numbers, CALLED, MISSED, name)
    lived.remove(ItemKey("customer", PRAXIS), LEFT)
    assert "customer-data" not in run(lived, date(2027, 1, 31)), "the last day of the month"
    before = {each.id: each for each in AuditLog(engine).latest()}
    assert "customer-data" in run(lived, date(2027, 2, 1))
    kept = AuditLog(engine).latest()
    assert {"changed": [KANZLEI], "changed_count": 2} in [each.details for each in kept]
    assert {"changed": [], "changed_count": 1} in [each.details for each in kept]
    assert [(each.at, each.actor, each.object_id) for each in kept if each.id in before] == [
        (before[each.id].at, before[each.id].actor, before[each.id].object_id)
        for each in kept if each.id in before
    ]  # fmt: skip
    assert "customer.block" not in {each.action for each in kept}
    assert "audit.details" not in set().union(*found(engine, PRAXIS, *personal).values())
    left = {place.split(".")[0] for places in found(engine, *personal).values() for place in places}
    assert left <= {"cdr", "cdr_raw", "charge", "invoice"}, (
        "billed calls and documents have clocks of their own"
    )
    run(lived, date(2027, 6, 1))
    assert found(engine, *numbers, CALLED, MISSED) == {}
    assert set().union(*found(engine, name).values()) <= {"invoice.document"}
    assert "documents" not in run(lived, date(2034, 12, 31))
    assert "documents" in run(lived, date(2035, 1, 1)), "eight calendar years"
    assert found(engine, *personal) == {}
    run(lived, date(2037, 1, 2))
    by_id = {"privacy_erasure.customer_id", "tariff_file.content_zlib"}
    assert set().union(*found(engine, PRAXIS).values()) <= by_id, "price lists say whose they were, by the id"
    assert on_disk(lived, *personal) == []
    run(lived, date(2039, 1, 1))
    assert found(engine, *personal) == {}
    assert found(engine, PRAXIS) == {PRAXIS: {"tariff_file.content_zlib"}}
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT sum(ticks) FROM ledger_posting")) == 0


def test_a_document_stays_as_long_as_what_was_done_about_it(lived: Office) -> None:
    """AO § 147(3), (4): of an invoice of 2026 the debit of January 2027 is kept until the end of 2035."""
    with lived.engine.begin() as connection:
        number = connection.scalar(text("SELECT number FROM invoice WHERE customer_id = :id"), {"id": PRAXIS})
        connection.execute(
            text(
                "INSERT INTO sepa_run (name, scheme, due_on, made_at, actor, document)"
                " VALUES ('january', 'CORE', '2027-01-05', now(), 'anna', 'pain')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO sepa_collection"
                " (end_to_end, run, batch, number, customer_id, cents, mandate, sequence, due_on)"
                " VALUES ('e1', 'january', 'b1', :number, :id, 100, 'm1', 'FRST', '2027-01-05')"
            ),
            {"number": number, "id": PRAXIS},
        )
    run(lived, date(2035, 1, 1))
    of = "SELECT customer_id FROM {} ORDER BY 1"
    with lived.engine.connect() as connection:
        left = [connection.scalars(text(of.format(each))).all() for each in ("invoice", "sepa_collection")]
        assert left == [[PRAXIS], [PRAXIS]]
        assert set(connection.scalars(text(of.format("charge")))) == {PRAXIS}
    run(lived, date(2036, 1, 1))
    assert not {"invoice", "sepa_collection", "sepa_run", "charge"} & {
        place.partition(".")[0] for place in found(lived.engine, PRAXIS, "january").get(PRAXIS, set())
    }


def test_evidence_goes_in_no_other_way(lived: Office) -> None:
    """Guarantee 5, TKG § 63: only a transaction that writes the deletion down may delete, and no amount."""
    write = (
        "INSERT INTO privacy_erasure (at, kind, rows, actor) VALUES (now(), 'documents', 0, 'anna')",
        "UPDATE charge SET ticks = 0",
    )
    for statements in (
        ("DELETE FROM cdr_raw",),
        ("DELETE FROM audit",),
        ("UPDATE charge SET called = ''",),
        ("DELETE FROM charge",),
        write,
        (write[0], "TRUNCATE audit"),
        (write[0], "UPDATE audit SET actor = 'nobody'"),
        (write[0], "UPDATE cdr_raw SET json_zlib = ''"),
    ):
        with pytest.raises(DBAPIError, match=r"refused|amounts"):
            execute(lived.engine, *statements)


def test_an_operator_sees_what_is_due_and_what_was_deleted(lived: Office) -> None:
    """F4."""
    due = parsed(lived("privacy", "plan", "--on", "2027-06-15", "--json"))
    assert {each["customer"] for each in due["months"]} >= {PRAXIS, KANZLEI}
    assert (due["customers"], due["kept"], due["still_configured"]) == ([], [], [])
    assert "due   kunde-praxis: calls of 2026-11" in good(lived("privacy", "plan", "--on", "2027-06-15"))
    assert "Nothing was deleted yet" in good(lived("privacy", "report"))
    run(lived, date(2027, 6, 15))
    report = parsed(lived("privacy", "report", "--customer", PRAXIS, "--json"))
    assert [(each["kind"], each["month"]) for each in report] == [("billed-traffic", "2026-11")]
    assert "billed-traffic of kunde-praxis in 2026-11" in good(lived("privacy", "report"))
    assert "other-traffic" in {each["kind"] for each in parsed(lived("privacy", "kinds", "--json"))}
    assert "TDDDG" in good(lived("privacy", "kinds"))
    assert good(lived("privacy", "hold", "list")) == "No hold.\n"


def test_numbers_in_quarantine_and_ported_ones_outlive_their_customer(lived: Office) -> None:
    """TKG § 59(6): nothing of the customer goes before; a ported number stays, and says nothing of it."""
    state = (
        "INSERT INTO number_state (number, state, since, customer_id, ported, configured, until, reason)"
        " VALUES ('+492214710100', 'quarantined', '2026-12-31', 'kunde-praxis', false, false, '2027-02-10',"
        " ''), ('+492214710101', 'ported_out', '2026-12-31', 'kunde-praxis', false, false, NULL, 'Praxis')"
    )
    execute(lived.engine, state)
    lived.remove(ItemKey("customer", PRAXIS), LEFT)
    assert "customer-data" not in run(lived, date(2027, 2, 5))
    (kept,) = plan_of(lived.engine, date(2027, 2, 5)).kept
    assert kept.why == "1 of its numbers are not out of quarantine (TKG § 59(6))"
    execute(lived.engine, "DELETE FROM number_state WHERE state = 'quarantined' AND until < '2027-02-11'")
    assert "customer-data" in run(lived, date(2027, 2, 11))
    with lived.engine.connect() as connection:
        ported = connection.execute(text("SELECT number, customer_id, reason FROM number_state")).one()
    assert ported == ("+492214710101", "erased", "")


def test_the_day_is_done_by_one_of_several_intakes(lived: Office) -> None:
    """F4: the other one tries again; what fails half-way is not told as done."""
    work = PrivacyWork(lived.engine, lambda: datetime(2026, 11, 10, 3, tzinfo=UTC), lambda _: True)
    with lived.engine.begin() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": int.from_bytes(b"privacy")})
        assert not work.work(date(2026, 11, 10))
        assert found(lived.engine, MISSED)
    assert work.work(date(2026, 11, 10))
    assert found(lived.engine, MISSED) == {}
    (entry,) = [each for each in AuditLog(lived.engine).latest() if each.action == "privacy.run"]
    assert (entry.actor, entry.object_id) == ("daily deletion", "2026-11-10")
