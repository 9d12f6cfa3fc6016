"""All about a customer in one ZIP, and nothing of anybody else (F6)."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from cli.bootstrap import mailbox_messages
from cli.carriers import privacy_export
from cli.settings import settings_from
from privacy.kinds import ABOUT_NOBODY
from store.audit import AuditLog
from store.customer_sounds import recording_ids
from store.every_table import every_table
from store.row_graph import of_customer
from tests.integration.store.billing import KANZLEI, PRAXIS, outgoing
from tests.integration.store.invoicing import ANNA, NOW, Office
from tests.integration.store.lived import (
    CALLED,
    OTHERS,
    execute,
    received,
    take_in,
)
from tests.typed import good, parsed

ORDER = "4 Gs 1/26"


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


def exported(office: Office, target: Path) -> tuple[dict[str, str], str]:
    """The files of a new export by name, and what the operator was told beside it."""
    done = office("privacy", "export", PRAXIS, "--to", target, *ANNA)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(target) as archive:
        files = {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}
    return files, done.stderr


def test_the_export_tells_nothing_of_an_order_that_is_secret_until_it_is_released(
    lived: Office, tmp_path: Path
) -> None:
    """TKG § 174(6), F6: not the order, not who entered it, not what is there only because of it."""
    good(lived("privacy", "hold", "open", PRAXIS, "--order", "--secret", "--reason", ORDER, *ANNA))
    assert "1  kunde-praxis  order (secret) since" in good(lived("privacy", "hold", "list"))
    messages = mailbox_messages(settings_from(json.dumps(lived.settings), "test"), "test")
    messages.dismiss("message", NOW - timedelta(hours=1), "mailbox call c1", "deleted by phone")
    messages.hear("message", NOW, "carla, who answers the authority")

    files, told = exported(lived, tmp_path / "secret.zip")
    assert "kunde-praxis is under a secret order (hold 1)" in told
    assert [name for name, content in files.items() if ORDER in content or "privacy.hold" in content] == []
    assert files["privacy_hold.csv"].count("\n") == 1, "the heading"
    assert "mailbox/message.wav" not in files
    assert files["mailbox_message.csv"].count("\n") == 1
    assert "mailbox.dismiss" not in files["audit.csv"]
    assert "carla" not in files["audit.csv"], "who heard what only the order keeps"
    assert "recordings/talk.wav" in files, "its time is not over: it would be there without the order"
    assert "customer.block" in files["audit.csv"], "all else is told as ever"

    released = good(lived("privacy", "hold", "release", 1, "--reason", "the court has told him", *ANNA))
    assert "It was secret: exports tell the customer of it from now on." in released
    files, told = exported(lived, tmp_path / "released.zip")
    assert told == ""
    assert ORDER in files["privacy_hold.csv"]
    assert "privacy.hold" in files["audit.csv"]
    assert "privacy.release" in files["audit.csv"]


def test_an_order_that_is_not_secret_is_told(lived: Office, tmp_path: Path) -> None:
    good(lived("privacy", "hold", "open", PRAXIS, "--order", "--reason", ORDER, *ANNA))
    good(lived("privacy", "hold", "open", KANZLEI, "--order", "--secret", "--reason", "another", *ANNA))
    files, told = exported(lived, tmp_path / "open.zip")
    assert told == ""
    assert ORDER in files["privacy_hold.csv"]
    assert ORDER in files["audit.csv"]
    assert {
        each["customer"]: each["secret"] for each in parsed(lived("privacy", "hold", "list", "--json"))
    } == {
        PRAXIS: False,
        KANZLEI: True,
    }


def test_an_order_that_became_secret_late_or_was_extended_is_told_by_no_trace(
    lived: Office, tmp_path: Path
) -> None:
    """TKG § 174(6): whether an order is secret never changes, so another one follows it. The released one,
    its entries in the audit, and those about what it kept tell of it as well."""
    why = ("--reason", ORDER, *ANNA)
    good(lived("privacy", "hold", "open", PRAXIS, "--reason", "objection of 3 December", *ANNA))
    good(lived("privacy", "hold", "open", PRAXIS, "--order", *why))
    messages = mailbox_messages(settings_from(json.dumps(lived.settings), "test"), "test")
    messages.dismiss("message", NOW - timedelta(hours=1), "mailbox call c1", "deleted by phone")
    good(lived("privacy", "hold", "open", PRAXIS, "--order", "--secret", *why))
    good(lived("privacy", "hold", "release", 2, *why))
    for told_of in ("hold 3", "hold 4"):
        files, told = exported(lived, tmp_path / f"{told_of}.zip")
        assert f"({told_of})" in told
        assert [name for name, content in files.items() if ORDER in content] == []
        assert "objection of 3 December" in files["privacy_hold.csv"]
        assert files["audit.csv"].count("privacy.hold") == 1, "the objection's"
        assert "privacy.release" not in files["audit.csv"]
        assert "mailbox.dismiss" not in files["audit.csv"]
        if told_of == "hold 3":
            good(lived("privacy", "hold", "open", PRAXIS, "--order", "--secret", *why))
            extended = good(lived("privacy", "hold", "release", 3, *why))
            assert "Exports tell of no order as long as hold 4 is open" in extended
    good(lived("privacy", "hold", "release", 4, *why))
    files, told = exported(lived, tmp_path / "told.zip")
    assert files["privacy_hold.csv"].count(ORDER) == 6, "three orders, each with two reasons"
    assert "mailbox.dismiss" in files["audit.csv"]


def test_only_an_order_is_secret_and_it_stays_so(lived: Office) -> None:
    """The command and the database refuse the rest."""
    refused = lived("privacy", "hold", "open", PRAXIS, "--secret", "--reason", ORDER, *ANNA)
    assert (refused.exit_code, "only an order can be secret" in refused.output) == (2, True)
    good(lived("privacy", "hold", "open", PRAXIS, "--order", "--secret", "--reason", ORDER, *ANNA))
    with pytest.raises(DBAPIError, match="a hold is only released, never changed"):
        execute(lived.engine, "UPDATE privacy_hold SET secret = false")
    with pytest.raises(DBAPIError, match="privacy_hold_only_orders_are_secret"):
        execute(
            lived.engine,
            "INSERT INTO privacy_hold (customer_id, kind, opened_at, actor, reason, secret)"
            " VALUES ('kunde-praxis', 'objection', now(), 'anna', 'no order', true)",
        )


def test_a_hold_may_be_entered_late_and_an_export_is_of_now(lived: Office, tmp_path: Path) -> None:
    """The audit has the time of the entry. An export's time is proof (GDPR Art. 12(3)): nobody says it."""
    late = ("--at", "2026-11-20T08:00", "--reason", "letter of 20 November", *ANNA)
    good(lived("privacy", "hold", "open", PRAXIS, *late))
    (one,) = parsed(lived("privacy", "hold", "list", "--json"))
    assert one["opened_at"] == "2026-11-20T07:00:00.000Z"
    ahead = ("--at", "2027-01-01", "--reason", "tomorrow's letter", *ANNA)
    assert lived("privacy", "hold", "open", PRAXIS, *ahead).exit_code == 2
    target = tmp_path / "praxis.zip"
    assert lived("privacy", "export", PRAXIS, "--to", target, "--at", "2026-11-01").exit_code == 2
    good(lived("privacy", "export", PRAXIS, "--to", target, *ANNA))
    with zipfile.ZipFile(target) as archive:
        assert json.loads(archive.read("contents.json"))["made_at"] == "2026-12-01T12:00:00.000Z"
