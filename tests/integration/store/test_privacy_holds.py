"""Objections and orders keep data beyond its time (F4)."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cli.bootstrap import mailbox_messages, recording_archive
from cli.settings import settings_from
from cli.wiring.mailbox_calls import MailboxArchive
from dialplan.mailbox import Mailbox
from freeswitch.heard_files import HeardFiles
from store.audit import AuditLog, Wanted
from store.config_items import ItemKey
from store.privacy_erasing import PrivacyErasing
from store.privacy_facts import plan_of
from store.privacy_holds import PrivacyHolds
from tests.integration.store.billing import KANZLEI, NOVEMBER, PRAXIS
from tests.integration.store.invoicing import ANNA, Office
from tests.integration.store.lived import (
    AT,
    CALLED,
    LEFT,
    MISSED,
    OTHERS,
    found,
    run,
)
from tests.typed import good, parsed


def test_an_objection_keeps_its_month_until_it_is_settled(lived: Office) -> None:
    """F4, TKG § 67: what proves a disputed bill stays; the other customer's goes."""
    why = ("--reason", "objection of 3 December", *ANNA)
    assert good(lived("privacy", "hold", "open", PRAXIS, "--month", "2026-11", *why)).startswith("Hold 1")
    assert run(lived, date(2027, 6, 1)) == {"billed-traffic"}
    assert set(found(lived.engine, CALLED, OTHERS, MISSED)) == {CALLED, MISSED}
    (kept,) = plan_of(lived.engine, date(2027, 6, 1)).kept
    assert (kept.customer_id, kept.why) == (PRAXIS, "hold 1 (objection): objection of 3 December")
    settled = ("--reason", "settled", *ANNA)
    good(lived("privacy", "hold", "release", 1, *settled))
    assert "no hold of this number is open" in lived("privacy", "hold", "release", 1, *settled).output
    assert run(lived, date(2027, 6, 2)) == {"billed-traffic"}
    left = set().union(*found(lived.engine, CALLED, MISSED).values())
    assert left <= {"customer_block.reason", "audit.details"}


def test_a_hold_that_is_opened_during_a_run_holds(lived: Office) -> None:
    """F4: `hold open` says that nothing goes from now on; a run of many months takes hours."""
    day = date(2027, 6, 1)
    planned = plan_of(lived.engine, day)
    assert {each.customer_id for each in planned.months} == {PRAXIS, KANZLEI}
    PrivacyHolds(lived.engine).open(PRAXIS, "objection", None, AT, "anna", "objection of today")
    PrivacyErasing(lived.engine).run(planned, datetime(2027, 6, 1, 3, tzinfo=UTC), "test")
    assert "cdr.b_number" in found(lived.engine, CALLED)[CALLED]
    assert found(lived.engine, OTHERS) == {}


def test_an_order_keeps_even_what_was_to_expire(lived: Office) -> None:
    """F4: recordings and messages too, until it is released."""
    holds = PrivacyHolds(lived.engine)
    number = holds.open(PRAXIS, "order", None, AT, "anna", "order 4 Gs 1/26")
    settings = settings_from(json.dumps(lived.settings), "test")
    late = AT + timedelta(days=4000)
    assert recording_archive(settings, "test").expire(late) == 0
    assert mailbox_messages(settings, "test").expire(late) == 0
    lived.remove(ItemKey("customer", PRAXIS), LEFT)
    run(lived, date(2036, 1, 1))
    assert found(lived.engine, CALLED)[CALLED] >= {"cdr.b_number", "charge.called"}
    holds.release(number, AT, "anna", "released by the court")
    assert recording_archive(settings, "test").expire(late) == 1
    assert mailbox_messages(settings, "test").expire(late) == 1


def test_nobody_deletes_by_hand_what_an_order_keeps(lived: Office, tmp_path: Path) -> None:
    """F4: the operator is told of the order, whoever is at the phone is not."""
    number = PrivacyHolds(lived.engine).open(PRAXIS, "order", None, AT, "anna", "order 4 Gs 1/26")
    why = ("--reason", "wish of the customer", *ANNA)
    for words in (("mailbox", "erase", "message"), ("record", "erase", "talk")):
        refused = lived(*words, *why)
        assert refused.exit_code == 1
        assert f"(hold {number})" in refused.output
        assert "[privacy-under-order]" in refused.output
    settings = settings_from(json.dumps(lived.settings), "test")
    messages = mailbox_messages(settings, "test")
    phone = MailboxArchive(messages, HeardFiles(tmp_path, "test"), lambda: NOVEMBER + timedelta(hours=1))
    box = Mailbox("box", PRAXIS)
    assert [each.id for each in phone.listed(box)] == ["message"]
    phone.erase("message", "mailbox call c1")
    assert phone.listed(box) == []
    (kept,) = messages.messages(PRAXIS)
    assert (kept.id, kept.expires_at) == ("message", NOVEMBER + timedelta(hours=1))
    assert messages.hear("message", AT, "anna") == b"RIFF message"
    assert messages.expire(AT) == 0
    (noted,) = AuditLog(lived.engine).latest(Wanted(action="mailbox.dismiss"))
    assert (noted.actor, noted.details["kept_by_hold"]) == ("mailbox call c1", number)
    good(lived("privacy", "hold", "release", number, *why))
    assert messages.expire(AT) == 1
    good(lived("record", "erase", "talk", *why))


def test_an_open_objection_to_an_invoice_is_a_hold(lived: Office) -> None:
    """F4, TDDDG § 10(2): as the billing clerk enters it; nobody has to think of a hold."""
    month = ("--month", "2026-11")
    number = {each["customer"]: each["number"] for each in parsed(lived("invoice", "list", *month, "--json"))}
    good(lived("invoice", "object", number[PRAXIS], "--reason", "was never called", *ANNA))
    run(lived, date(2027, 6, 1))
    assert set(found(lived.engine, CALLED, OTHERS)) == {CALLED}
    (kept,) = plan_of(lived.engine, date(2027, 6, 1)).kept
    assert kept.why == f"the objection to {number[PRAXIS]} is open"
    good(lived("invoice", "settle", 1, "--outcome", "rejected", "--reason", "checked", *ANNA))
    assert run(lived, date(2027, 6, 2)) == {"billed-traffic"}
    assert "cdr.b_number" not in found(lived.engine, CALLED).get(CALLED, set())
