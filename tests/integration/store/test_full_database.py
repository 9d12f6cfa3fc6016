"""PostgreSQL whose disk is full (SQLSTATE 53100): records stay in the spool, attempts to reach 110 and 112 in
files, and both go in by themselves when there is room again (issue 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from cli.run_intake import _empty
from cli.wiring.adapters import Attempts, Records
from controller.errors import StoreAway
from controller.intake import Intake
from controller.meters import LegMeters
from dialplan.cdr import LegRecord
from freeswitch.spool import Spool, SpoolFile
from store.cdr_repository import CdrRepository
from store.emergency_attempts import EmergencyAttempts
from store.errors import DatabaseFull
from store.room import require_room
from tests.integration.store.legs import STARTED, leg
from tests.integration.store.test_emergency_attempts import ATTEMPT, DAY

Full = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def full_disk(engine: Engine) -> Full:
    """Refuses new rows with the server's own words and code for a file that cannot grow."""

    @contextmanager
    def full() -> Iterator[None]:
        with engine.begin() as connection:
            connection.execute(
                text(
                    "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
                    "'could not extend file \"base/5/16384\": No space left on device' "
                    "USING ERRCODE = '53100'; END $$"
                )
            )
            for table in ("cdr", "cdr_quarantine", "emergency_attempt"):
                connection.execute(
                    text(
                        f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH STATEMENT "
                        "EXECUTE FUNCTION no_room()"
                    )
                )
        try:
            yield
        finally:
            with engine.begin() as connection:
                connection.execute(text("DROP FUNCTION no_room() CASCADE"))

    return full


def read(content: bytes) -> LegRecord:
    return leg(leg_id=content.decode())


def an_intake(engine: Engine, directory: Path) -> Intake[SpoolFile]:
    return Intake(Spool(directory), Records(CdrRepository(engine)), read)


def test_records_wait_on_disk_and_are_taken_in_once_there_is_room(
    engine: Engine, tmp_path: Path, full_disk: Full
) -> None:
    for number in range(5):
        (tmp_path / f"{number}.cdr.json").write_text(f"leg-{number}")
    meters, intake = LegMeters(lambda: STARTED), an_intake(engine, tmp_path)
    with full_disk():
        _empty(intake, meters, lambda _: meters.errors["database-full"] >= 3)
        with pytest.raises(StoreAway) as refused:
            intake.round()
        assert isinstance(refused.value.__cause__, DatabaseFull)
        assert "No space left" in str(refused.value)
        assert len(list(tmp_path.glob("*.cdr.json"))) == 5
    _empty(intake, meters, lambda _: True)
    assert list(tmp_path.glob("*.cdr.json")) == []
    assert [CdrRepository(engine).show(f"leg-{number}")[0].leg.leg_id for number in range(5)] == [
        f"leg-{number}" for number in range(5)
    ]
    assert meters.errors == {"database-full": 3, "spool": 0}


def test_an_attempt_to_reach_112_is_refused_as_away_and_kept_later(engine: Engine, full_disk: Full) -> None:
    attempts = Attempts(EmergencyAttempts(engine))
    with full_disk(), pytest.raises(StoreAway):
        attempts.insert([ATTEMPT])
    attempts.insert([ATTEMPT])
    assert [each.attempt for each in EmergencyAttempts(engine).report(*DAY)] == [ATTEMPT]


def test_the_doctor_finds_out_whether_there_is_room_and_leaves_nothing_behind(engine: Engine) -> None:
    require_room(engine)
    with engine.begin() as connection:
        before = connection.execute(text("SELECT count(*) FROM pg_class")).scalar_one()
    require_room(engine)
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM pg_class")).scalar_one() == before
        connection.execute(
            text(
                "CREATE FUNCTION no_growth() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
                "RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE EVENT TRIGGER no_growth ON ddl_command_start WHEN TAG IN ('CREATE TABLE AS') "
                "EXECUTE FUNCTION no_growth()"
            )
        )
    with pytest.raises(DatabaseFull, match="No space left"):
        require_room(engine)
