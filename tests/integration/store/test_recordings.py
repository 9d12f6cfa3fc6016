"""Recorded conversations in PostgreSQL: sealed, heard with an entry, erased for good (C4, F4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from cli.wiring.recording_switch import KeptRecordings
from controller.errors import NotKept
from dialplan.recording import Consent, RecordingFacts
from store.audit import AuditLog
from store.errors import DatabaseError, RecordRefused
from store.privacy_erasing import PrivacyErasing
from store.recording_tables import recording, recording_part
from store.recordings import RecordingArchive
from store.sealed import new_key, read_key, seal
from store.tables import audit

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
KEY = read_key(new_key())
FACTS = RecordingFacts("r-1", "c1", "kunde", "verkauf", "anna", Consent("1", NOW), NOW, 30)
PARTS = (b"RIFF" + bytes(1_000_000), b"end")


@pytest.fixture
def archive(engine: Engine) -> Iterator[RecordingArchive]:
    yield RecordingArchive(engine, lambda: KEY)
    with engine.begin() as connection:
        connection.execute(recording_part.delete())
        connection.execute(recording.delete())


def test_a_spoken_consent_is_kept_as_one_and_has_no_key(archive: RecordingArchive) -> None:
    """C4: who heard it is who is recorded."""
    archive.add(replace(FACTS, consent=Consent("", NOW, "anna")), 4_000, PARTS)
    (found,) = archive.recordings("kunde", "c1")
    assert (found.consent_kind, found.consent_key, found.agent_id) == ("spoken", None, "anna")


def test_the_database_takes_no_consent_by_key_without_its_key(archive: RecordingArchive) -> None:
    with pytest.raises(DatabaseError):
        archive.add(replace(FACTS, consent=Consent("", NOW)), 4_000, PARTS)


def parts_left(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(recording_part)).scalar_one()


def test_a_recording_is_kept_once_sealed_with_the_callers_consent(
    engine: Engine, archive: RecordingArchive
) -> None:
    assert archive.add(FACTS, 4_000, PARTS)
    assert not archive.add(FACTS, 4_000, PARTS)
    (found,) = archive.recordings("kunde", "c1")
    assert (found.consent_kind, found.consent_key, found.consented_at) == ("key", "1", NOW)
    assert found.parts == 2
    assert archive.recordings("other") == ()
    with engine.connect() as connection:
        sealed = [bytes(each) for each in connection.execute(select(recording_part.c.sealed)).scalars()]
    assert len(sealed) == 2
    assert not any(b"RIFF" in each or bytes(64) in each for each in sealed)


def test_it_is_heard_with_the_key_and_an_entry_in_the_audit(
    engine: Engine, archive: RecordingArchive
) -> None:
    """TDDDG § 3."""
    archive.add(FACTS, 4_000, PARTS)
    assert tuple(archive.hear("r-1", "tester", "complaint")) == PARTS
    entry = AuditLog(engine).latest(object_kind="recording", object_id="r-1")[0]
    assert (entry.actor, entry.action, entry.details["reason"]) == ("tester", "record.play", "complaint")
    with pytest.raises(RecordRefused, match="cannot be decrypted"):
        list(RecordingArchive(engine, lambda: read_key(new_key())).hear("r-1", "tester", "curious"))


def test_what_was_cut_off_or_exchanged_in_the_database_is_refused(
    engine: Engine, archive: RecordingArchive
) -> None:
    """C4: a part that is gone is noticed, also where the recording's row says that there never was one."""
    parts = tuple(bytes([each]) * 1_000 for each in range(4))
    archive.add(FACTS, 4_000, parts)
    of = recording_part.c
    with engine.begin() as connection:
        connection.execute(recording_part.delete().where(of.number == 4))
    heard = []
    with pytest.raises(RecordRefused, match="part 4 of 4 is not there"):
        heard.extend(archive.hear("r-1", "tester", "complaint"))
    with engine.begin() as connection:
        connection.execute(update(recording).values(parts=3))
    with pytest.raises(RecordRefused, match="parts were changed, cut off or exchanged"):
        heard.extend(archive.hear("r-1", "tester", "complaint"))
    with engine.begin() as connection:
        connection.execute(recording_part.delete().where(of.number == 1))
        connection.execute(update(recording_part).where(of.number == 2).values(number=1))
    with pytest.raises(RecordRefused):
        list(archive.hear("r-1", "tester", "complaint"))


def test_recordings_of_the_version_before_are_heard_and_nothing_of_them_is_missing(
    engine: Engine, archive: RecordingArchive
) -> None:
    """Their parts were sealed one by one."""
    archive.add(FACTS, 4_000, PARTS)
    with engine.begin() as connection:
        for number, part in enumerate(PARTS, start=1):
            old = seal(KEY, part, f"part {number} of recording r-1 of kunde")
            mine = recording_part.c.number == number
            connection.execute(update(recording_part).where(mine).values(sealed=old))
    assert tuple(archive.hear("r-1", "tester", "complaint")) == PARTS
    with engine.begin() as connection:
        connection.execute(recording_part.delete().where(recording_part.c.number == 2))
    with pytest.raises(RecordRefused, match="part 2 of 2 is not there"):
        list(archive.hear("r-1", "tester", "complaint"))


def test_a_recording_that_breaks_off_while_it_is_read_is_not_kept_at_all(
    engine: Engine, archive: RecordingArchive
) -> None:
    def parts() -> Iterator[bytes]:
        yield PARTS[0]
        raise OSError("a bad disk")

    with pytest.raises(OSError, match="a bad disk"):
        archive.add(FACTS, 4_000, parts())
    assert archive.recordings() == ()
    assert parts_left(engine) == 0


def test_a_recording_that_the_database_refuses_is_told_apart_from_a_database_that_is_away(
    archive: RecordingArchive,
) -> None:
    """Twenty-five days: more milliseconds than the column takes."""
    kept = KeptRecordings(archive, lambda _: True)
    with pytest.raises(NotKept):
        kept.add(FACTS, 25 * 86_400_000, PARTS)
    assert kept.add(FACTS, 24 * 86_400_000, PARTS)


def test_what_is_erased_leaves_only_who_erased_it_and_why(engine: Engine, archive: RecordingArchive) -> None:
    archive.add(FACTS, 4_000, PARTS)
    archive.erase("r-1", NOW, "tester", "consent withdrawn")
    assert parts_left(engine) == 0
    (found,) = archive.recordings()
    assert (found.erased_at, found.erased_by, found.erased_why) == (NOW, "tester", "consent withdrawn")
    for again in (
        lambda: archive.erase("r-1", NOW, "tester", "again"),
        lambda: archive.hear("r-1", "tester", "again"),
    ):
        with pytest.raises(RecordRefused, match="erased by tester"):
            again()
    with engine.connect() as connection:
        actions = connection.execute(select(audit.c.action).where(audit.c.object_id == "r-1")).scalars()
        assert "record.erase" in set(actions)


def test_it_is_deleted_after_the_customers_days(engine: Engine, archive: RecordingArchive) -> None:
    """F4."""
    archive.add(FACTS, 4_000, PARTS)
    assert archive.expire(NOW + timedelta(days=30, seconds=-1)) == 0
    assert archive.expire(NOW + timedelta(days=30)) == 1
    assert archive.expire(NOW + timedelta(days=31)) == 0
    assert parts_left(engine) == 0
    (found,) = archive.recordings()
    assert (found.erased_by, found.erased_why) == ("retention", "kept long enough")
    (written,) = PrivacyErasing(engine).erasures()
    assert (written.kind, written.customer_id, written.rows) == ("recordings", "kunde", 1)


def test_there_is_no_recording_from_before_the_consent(archive: RecordingArchive) -> None:
    """DSK 2018."""
    early = RecordingFacts(
        "r-2", "c1", "kunde", "verkauf", "anna", Consent("1", NOW), NOW - timedelta(seconds=1), 30
    )
    with pytest.raises(RecordRefused):
        archive.add(early, 4_000, PARTS)


def test_an_unknown_recording_is_named_with_the_next_step(archive: RecordingArchive) -> None:
    with pytest.raises(RecordRefused, match="no such recording"):
        archive.hear("nope", "tester", "curious")
