"""What is known about people goes on time, wherever it stands; what must stay, stays (F4, F6)."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from cli.bootstrap import mailbox_messages, recording_archive
from cli.carriers import privacy_export
from cli.settings import settings_from
from cli.wiring.adapters import PrivacyWork
from cli.wiring.mailbox_calls import MailboxArchive
from dialplan.cdr import LegRecord
from dialplan.mailbox import Mailbox, MessageFacts
from dialplan.recording import Consent, RecordingFacts
from freeswitch.heard_files import HeardFiles
from privacy import kinds
from privacy.kinds import ABOUT_NOBODY, Kind
from store import audit, privacy_erasing
from store.audit import AuditLog, Wanted
from store.cdr_records import LegWithRaw
from store.cdr_repository import CdrRepository
from store.config_items import ItemKey
from store.customer_sounds import recording_ids
from store.errors import DatabaseDefect
from store.every_table import every_table
from store.privacy_erasing import PrivacyErasing
from store.privacy_facts import plan_of
from store.privacy_holds import PrivacyHolds
from store.row_graph import of_customer
from tests.integration.store.billing import KANZLEI, MOBILE, NOVEMBER, PRAXIS, outgoing
from tests.integration.store.invoicing import ANNA, Office
from tests.typed import good, parsed

CALLED = "+493023125642"
OTHERS = "+493023125643"
MISSED = "+4930231250071"
LEFT = datetime(2026, 12, 31, 22, 30, tzinfo=UTC)
AT = datetime(2026, 12, 1, 12, tzinfo=UTC)


def missed(call: str, minute: float, customer: str, called: str) -> LegRecord:
    """A call that nobody answered."""
    rung = outgoing(call, minute, 1, customer, called)
    changes = {name: getattr(rung, name) for name in rung.__dataclass_fields__}
    return LegRecord(**{**changes, "answered_at": None, "billed_ms": 0, "cause": "NO_ANSWER", "q850": 19})


def received(call: str, network: str, presented: str | None) -> LegRecord:
    """A call to PRAXIS, of a caller whom the network knows better than the customer."""
    return replace(
        missed(call, 60, PRAXIS, "+496990009012"),
        direction="in",
        a_network=network,
        a_presented=presented,
    )


def take_in(engine: Engine, *legs: LegRecord) -> None:
    """With evidence that names both numbers, as the switch's does."""
    raw = [json.dumps({"from": each.a_network, "to": each.b_number}).encode() for each in legs]
    outcome = CdrRepository(engine).insert_legs(
        [LegWithRaw(leg, one) for leg, one in zip(legs, raw, strict=True)]
    )
    assert outcome.refused == ()


@pytest.fixture
def lived(office: Office) -> Office:
    """November of two customers, with an invoice each, a message, a recording, and changes in the audit."""
    take_in(
        office.engine,
        outgoing("paid", 0, 600, PRAXIS, CALLED), missed("missed", 30, PRAXIS, MISSED),
        outgoing("other", 40, 700, KANZLEI, OTHERS), missed("nobody", 90, KANZLEI, MISSED),
    )  # fmt: skip
    good(office("rate", "run"))
    good(office("invoice", "issue", "--month", "2026-11", "--all", "--on", "2026-11-30", *ANNA))
    good(office("customer", "block", PRAXIS, "--reason", f"{CALLED} complained", *ANNA))
    settings = settings_from(json.dumps(office.settings), "test")
    said = MessageFacts("message", PRAXIS, "box", MOBILE, "+492214710100", NOVEMBER, 300, ())
    assert mailbox_messages(settings, "test").add(said, b"RIFF message", 2_000)
    talked = RecordingFacts("talk", "paid", PRAXIS, "empfang", "anna", Consent("1", NOVEMBER), NOVEMBER, 300)
    assert recording_archive(settings, "test").add(talked, 4_000, [b"RIFF talk"])
    with office.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO number_event (number, at, event, from_state, to_state, customer_id, actor,"
                " reason, details) VALUES ('+492214710100', now(), 'assign', 'free', 'assigned',"
                """ :customer, 'anna', '=1+1', '{"site": "praxis"}')"""
            ),
            {"customer": PRAXIS},
        )
    of_both = {"changed": [PRAXIS, KANZLEI], "changed_count": 2}
    audit.write(office.engine, "anna", "config.apply", "configuration", "2", of_both)
    alone = {"changed": [PRAXIS], "changed_count": 1}
    audit.write(office.engine, "anna", "config.apply", "configuration", "3", alone)
    moved = {"events": ["assign"], "numbers": ["+492214710100", "+492214710101"]}
    audit.write(office.engine, "anna", "number.change", "numbers", "2 numbers", moved)
    return office


def run(office: Office, day: date) -> set[str]:
    """Delete as on a day; the kinds of which something went."""
    at = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    return {each.kind for each in PrivacyErasing(office.engine).run(plan_of(office.engine, day), at, "test")}


def found(engine: Engine, *needles: str) -> dict[str, set[str]]:
    """Where any of these stands: table and column by needle, in texts, documents and packed bytes alike."""
    places: dict[str, set[str]] = {}
    with engine.connect() as connection:
        names = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        for name in names:
            for row in connection.execute(text(f"SELECT * FROM {name}")).mappings():  # noqa: S608
                for column, value in row.items():
                    words = _readable(value)
                    for needle in needles:
                        if re.search(rf"(?<![0-9A-Za-z-]){re.escape(needle)}(?![0-9A-Za-z-])", words):
                            places.setdefault(needle, set()).add(f"{name}.{column}")
    return places


def _readable(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        packed = bytes(value)
        try:
            return zlib.decompress(packed).decode("utf-8", "replace")
        except zlib.error:
            return packed.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False, default=str)


def on_disk(office: Office, *needles: str) -> list[Path]:
    files = [path for path in office.directory.rglob("*") if path.is_file()]
    return [path for path in files if any(each.encode() in path.read_bytes() for each in needles)]


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


def test_what_cannot_be_deleted_holds_up_nothing_else(lived: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run says so at its end, so that somebody looks."""

    def refused(*_: object) -> int:
        raise DatabaseDefect("records", "a defect of ours", "Please report this")

    monkeypatch.setitem(cast(dict[Kind, Any], privacy_erasing._BY_AGE), kinds.UNREADABLE, refused)
    with pytest.raises(DatabaseDefect, match="a defect of ours"):
        run(lived, date(2035, 1, 1))
    with lived.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM invoice")) == 0, "it comes after them"


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


def execute(engine: Engine, *statements: str) -> None:
    """In one transaction."""
    with engine.begin() as connection:
        for each in statements:
            connection.execute(text(each))


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


def test_the_export_has_every_row_of_every_table_about_the_customer(
    lived: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F6: complete, by a walk over all tables; nothing of anybody else. What expires meanwhile is named."""
    monkeypatch.setattr(privacy_export, "recording_ids", lambda *which: (*recording_ids(*which), "expired"))
    target = tmp_path / "praxis.zip"
    assert "written" in good(lived("privacy", "export", PRAXIS, "--to", target, *ANNA))
    assert target.stat().st_mode & 0o077 == 0
    assert "there already" in lived("privacy", "export", PRAXIS, "--to", target, *ANNA).output
    with zipfile.ZipFile(target) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    about = json.loads(files["contents.json"])
    with lived.engine.connect() as connection:
        for name, table in every_table().tables.items():
            if name in ABOUT_NOBODY:
                assert f"{name}.csv" not in files
                continue
            header, *rows = csv.reader(io.StringIO(files[f"{name}.csv"].decode()), delimiter=";")
            assert set(header) <= {each.name for each in table.c}
            there = len(connection.execute(select(table).where(of_customer(table, PRAXIS))).all())
            assert len(rows) == about["rows"][name]
            assert len(rows) == there or name == "audit", "what was heard for the export came after it"
    full = {name for name, count in about["rows"].items() if count}
    assert {"cdr", "cdr_raw", "charge", "config_item", "invoice", "invoice_line", "audit", "recording",
            "mailbox_message", "customer_block", "ledger_posting", "number_event"} <= full  # fmt: skip
    assert CALLED in files["cdr.csv"].decode()
    everything = b"".join(files.values())
    assert OTHERS.encode() not in everything
    assert KANZLEI.encode() not in everything
    assert files["mailbox/message.wav"] == b"RIFF message"
    assert files["recordings/talk.wav"] == b"RIFF talk"
    assert about["sounds"] == ["mailbox/message.wav", "recordings/talk.wav"]
    assert about["sounds_gone_meanwhile"] == ["recordings/expired.wav"]
    assert "'=1+1" in files["number_event.csv"].decode(), "no spreadsheet runs what somebody wrote"
    noted = [each for each in AuditLog(lived.engine).latest() if each.action.startswith("privacy.export")]
    assert [each.action.removeprefix("privacy.export") for each in reversed(noted)] == [
        "", ".done", "", ".failed",
    ], "the entry comes first"  # fmt: skip
    assert {(each.object_id, each.actor) for each in noted} == {(PRAXIS, "anna")}
    assert noted[-2].details["rows"] == sum(about["rows"].values())


def test_the_export_tells_no_number_that_its_caller_withheld(office: Office, tmp_path: Path) -> None:
    """TDDDG §§ 14, 15(1), GDPR Art. 15(4): the network knows it, the called customer must not."""
    withheld, network, shown = "+4930231250055", "+4930231250056", "+4930231250057"
    take_in(
        office.engine, outgoing("paid", 0, 600, PRAXIS, CALLED),
        received("hidden", withheld, None), received("other-shown", network, shown),
    )  # fmt: skip
    target = tmp_path / "praxis.zip"
    good(office("privacy", "export", PRAXIS, "--to", target, *ANNA))
    with zipfile.ZipFile(target) as archive:
        files = {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
    assert [name for name, content in files.items() if withheld in content or network in content] == []
    rows = {each["leg_id"]: each for each in csv.DictReader(io.StringIO(files["cdr.csv"]), delimiter=";")}
    assert (rows["hidden"]["a_network"], rows["other-shown"]["a_network"]) == ("", shown)
    assert rows["paid"]["a_network"] == "+492214710100", "the customer's own"
    assert "hidden" in files["cdr_raw.csv"]


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
