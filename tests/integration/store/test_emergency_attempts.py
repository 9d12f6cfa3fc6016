"""Emergency attempts: in files until the database has them, there once, reported with what became of the
call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from dialplan.cdr import LegRecord, LegSide
from dialplan.emergency.attempt import EmergencyAttempt, SentLeg
from numbering.e164 import E164
from store.cdr_records import LegWithRaw
from store.cdr_repository import CdrRepository
from store.emergency_attempts import EmergencyAttempts
from store.emergency_records import AttemptFiles
from store.errors import DatabaseError
from tests.integration.store.legs import leg

AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DAY = (AT - timedelta(hours=1), AT + timedelta(hours=1))
ATTEMPT = EmergencyAttempt(
    call_id="call-1",
    at=AT,
    node="node-1",
    customer_id="kunde-bau",
    number=E164("+492214710100"),
    dialled="112",
    written="112555",
    outcome="route",
    reason_id="emergency.route",
    config_version=7,
    address="Musterweg 10 a, 50667 Köln",
    area_code="49CC1A",
    centre="Leitstelle",
    sent=(SentLeg("carrier-a", "sip:112@192.0.2.10:5060", (("From", "x"),), ("<presence/>",)),),
    pre_empted=("call-0",),
    claimed_location="<presence/>",
)


def at(moment: datetime, **facts: Any) -> LegRecord:
    """A leg of five seconds, answered after two."""
    times = {
        "started_at": moment,
        "ringing_at": None,
        "answered_at": moment + timedelta(seconds=2),
        "ended_at": moment + timedelta(seconds=5),
    }
    return leg(**times, **facts)


def test_an_attempt_is_kept_once_with_everything(engine: Engine) -> None:
    attempts = EmergencyAttempts(engine)
    attempts.insert([ATTEMPT])
    attempts.insert([ATTEMPT, replace(ATTEMPT, call_id="call-2", customer_id=None, number=None, sent=())])
    first, second = attempts.report(*DAY)
    assert first.attempt == ATTEMPT
    assert second.attempt == replace(ATTEMPT, call_id="call-2", customer_id=None, number=None, sent=())
    assert attempts.report(*DAY, "kunde-bau") == (first,)
    assert attempts.report(AT + timedelta(seconds=1), DAY[1]) == ()


def test_the_report_says_which_trunk_answered_and_when(engine: Engine, repository: CdrRepository) -> None:
    EmergencyAttempts(engine).insert([replace(ATTEMPT, call_id="call-a")])
    own = at(AT, leg_id="call-a")
    far = at(AT, leg_id="leg-b", side=LegSide.B, call_id="call-a", trunk_id="carrier-b")
    repository.insert_legs([LegWithRaw(own, b"{}"), LegWithRaw(far, b"{}")])
    (found,) = EmergencyAttempts(engine).report(*DAY)
    assert found.trunk_id == "carrier-b"
    assert found.answered_ms == 2_000
    assert found.talked_ms == far.billed_ms


def test_calls_that_no_controller_decided_are_reported_too(engine: Engine, repository: CdrRepository) -> None:
    """Guarantee 1: the static dialplan carried them; their records say so."""
    static = at(AT, leg_id="call-s", reason_id="static.emergency", b_number="112")
    repository.insert_legs([LegWithRaw(static, b"{}")])
    (found,) = EmergencyAttempts(engine).report(*DAY)
    assert (found.call_id, found.dialled, found.attempt) == ("call-s", "112", None)


def test_a_kept_attempt_is_never_changed(engine: Engine) -> None:
    EmergencyAttempts(engine).insert([ATTEMPT])
    with pytest.raises(DBAPIError), engine.begin() as connection:
        connection.execute(text("UPDATE emergency_attempt SET dialled = '110'"))


@pytest.mark.parametrize(
    "broken", [replace(ATTEMPT, dialled="115"), replace(ATTEMPT, outcome="lost"), replace(ATTEMPT, node="")]
)
def test_what_is_no_attempt_is_refused(engine: Engine, broken: EmergencyAttempt) -> None:
    with pytest.raises(DatabaseError):
        EmergencyAttempts(engine).insert([broken])


def test_files_hold_attempts_until_they_are_removed(tmp_path: Path) -> None:
    files = AttemptFiles(tmp_path / "emergency")
    assert files.pending() == []
    other = replace(ATTEMPT, call_id="../../etc/call", number=None)
    for each in (ATTEMPT, other, ATTEMPT):
        files.write(each)
    assert sorted(files.pending(), key=lambda each: each.call_id) == [other, ATTEMPT]
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path / "emergency"}
    assert (tmp_path / "emergency").stat().st_mode & 0o077 == 0
    (tmp_path / "emergency" / "broken.attempt.json").write_text("{")
    files.remove(ATTEMPT.call_id)
    files.remove(ATTEMPT.call_id)
    assert files.pending() == [other]
    assert files.count() == 2
