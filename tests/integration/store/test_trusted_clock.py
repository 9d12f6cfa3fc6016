"""A clock that may be wrong deletes nothing, until somebody says which day it is (F4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from cli.explaining.clock_check import clock
from cli.explaining.findings import State
from cli.settings import settings_from
from cli.wiring.adapters import Messages, NumberSweep, PrivacyWork
from cli.wiring.recording_switch import KeptRecordings
from cli.wiring.trusted_clock import TrustedClock
from dialplan.mailbox import MessageFacts
from dialplan.recording import Consent, RecordingFacts
from numbering.german_time import GERMAN_TIME
from store.audit import AuditLog, write
from store.cdr_repository import CdrRepository
from store.daily_sweep import DailySweep
from store.mailbox_messages import MailboxMessages
from store.privacy_erasing import PrivacyErasing
from store.recordings import RecordingArchive
from store.sealed import KEY_BYTES
from store.work_days import clocks
from tests.integration.store.legs import leg, with_raw
from tests.typed import good, settings_file, settings_of, told, typed

DAY = timedelta(days=1)
YEARS = 4_000 * DAY


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> dict[str, Any]:
    return settings_of(tmp_path, database_url)


def german(moment: datetime) -> date:
    return moment.astimezone(GERMAN_TIME).date()


def worked(engine: Engine, *days: date) -> None:
    """The day's work was done on these days."""
    with engine.begin() as connection:
        for day in days:
            row = {"day": day, "at": datetime(day.year, day.month, day.day, 3, tzinfo=UTC)}
            connection.execute(
                text("INSERT INTO number_sweep (day, at, numbers, blocks_lifted) VALUES (:day, :at, 0, 0)"),
                row,
            )


def kept(engine: Engine) -> dict[str, int]:
    """Rows of tables with something that goes by its age."""
    with engine.connect() as connection:
        return {
            name: int(connection.scalar(text(f"SELECT count(*) FROM {name}")) or 0)  # noqa: S608
            for name in ("audit", "mailbox_message", "recording_part", "number_sweep")
        }


def test_a_clock_that_says_2037_for_a_minute_deletes_nothing_and_alarms_once(
    engine: Engine, now: datetime
) -> None:
    """Messages and recordings are due then, and so is the audit; none of it goes."""
    worked(engine, german(now))
    key = bytes(KEY_BYTES)
    said = MessageFacts("m-1", "kunde", "box", None, "+492214710100", now, 30, ())
    talked = RecordingFacts("r-1", "c-1", "kunde", "verkauf", "anna", Consent("1", now), now, 30)
    messages, archive = MailboxMessages(engine, lambda: key), RecordingArchive(engine, lambda: key)
    assert messages.add(said, b"RIFF", 2_000)
    assert archive.add(talked, 2_000, [b"RIFF"])
    write(engine, "anna", "config.apply", "config", "1", {})
    before = kept(engine)
    trusted, wrong = TrustedClock(engine), now + YEARS
    with capture_logs() as logs:
        assert not PrivacyWork(engine, lambda: wrong, trusted.trusts).work(german(wrong))
        assert not NumberSweep(DailySweep(engine), lambda: wrong, trusted.trusts).work(german(wrong))
        assert Messages(messages, trusted.trusts).expire(wrong) == 0
        assert KeptRecordings(archive, trusted.trusts).expire(wrong) == 0
    assert kept(engine) == before
    assert [(each["event"], each["log_level"]) for each in logs] == [
        ("the clock is doubted and nothing is deleted", "error")
    ]
    assert trusted.doubted
    assert PrivacyWork(engine, lambda: now, trusted.trusts).work(german(now))
    assert not trusted.doubted


def test_a_clock_that_is_set_in_the_middle_of_the_work_is_asked_again(engine: Engine, now: datetime) -> None:
    """The day is read, then the moment: between them the clock may be set."""
    trusts = TrustedClock(engine).trusts
    assert not NumberSweep(DailySweep(engine), lambda: now + YEARS, lambda _: True).work(german(now))
    assert kept(engine)["number_sweep"] == 0
    assert NumberSweep(DailySweep(engine), lambda: now, trusts).work(german(now))


def test_after_some_days_off_an_operator_says_which_day_it_is(
    engine: Engine, settings: dict[str, Any], now: datetime
) -> None:
    """The machine and its database say 2037 alike, or it was off over Christmas: only a person knows."""
    worked(engine, german(now) - 5 * DAY, german(now) + YEARS)
    fernamt, found = typed(settings), settings_from(settings_file(settings).read_text(), "test")
    assert not TrustedClock(engine).trusts(now)
    assert clock(found).state is State.FAULT
    assert f"fernamt privacy run --today {german(now)}" in clock(found).next_step
    refused = told(fernamt("privacy", "run"))
    assert "[program.clock-doubted]" in refused
    assert "was last done on" in refused
    assert "[program.clock-doubted]" in told(fernamt("privacy", "run", "--today", german(now) + DAY))
    assert "[program.clock-doubted]" in told(fernamt("number", "sweep"))
    assert "0 numbers would be moved" in good(fernamt("number", "sweep", "--dry-run"))
    assert not TrustedClock(engine).trusts(now)
    month_ago = now - 30 * DAY
    refused_call = {"started_at": month_ago, "ringing_at": None, "answered_at": None, "ended_at": month_ago}
    CdrRepository(engine).insert_legs([with_raw(leg(leg_id="old", billed_ms=0, **refused_call))])
    done = good(fernamt("privacy", "run", "--today", german(now), "--actor", "anna"))
    assert "The clock is believed again." in done
    (proof,) = PrivacyErasing(engine).erasures()
    assert (proof.kind, proof.actor) == ("other-traffic", "anna")
    assert now <= proof.at <= datetime.now(UTC)
    assert TrustedClock(engine).trusts(now)
    assert clock(found).state is State.OK
    found_clocks = clocks(engine, now)
    assert (found_clocks.last, found_clocks.ahead) == (german(now), None), "the mistake is forgotten"
    (entry,) = [each for each in AuditLog(engine).latest() if each.object_kind == "clock"]
    assert (entry.actor, entry.action, entry.object_id) == ("anna", "privacy.run", str(german(now)))


@pytest.mark.parametrize("words", [("run",), ("hold", "release", "1", "--reason", "settled")])
def test_nobody_says_when_something_was_deleted_or_released(tmp_path: Path, words: tuple[str, ...]) -> None:
    """GDPR Art. 5(2): it is the proof, and the time of the act."""
    done = typed(settings_of(tmp_path, "postgresql://127.0.0.1:1/none"))(
        "privacy", *words, "--at", "2020-01-01"
    )
    assert done.exit_code == 2
    assert "No such option" in done.output


def test_what_was_deleted_tells_the_day_as_well(engine: Engine, now: datetime) -> None:
    """A sweep that fails for days holds up no deletion."""
    worked(engine, german(now) - 9 * DAY)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO privacy_erasure (at, kind, rows, actor) VALUES (:at, 'audit', 1, 'test')"),
            {"at": now - DAY},
        )
    assert TrustedClock(engine).trusts(now)
    assert not TrustedClock(engine).trusts(now + timedelta(minutes=6)), "the database's clock says otherwise"
