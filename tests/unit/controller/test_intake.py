"""From the spool to the store: every leg once, whatever dies. Guarantee 4."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from controller.errors import StoreAway
from controller.intake import BATCH, GIVE_UP_AFTER_S, Intake, Round
from tests.unit.controller.fakes import MemoryFile, MemorySpool, MemoryStore, parse


@pytest.fixture
def spool() -> MemorySpool:
    return MemorySpool()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def intake(spool: MemorySpool, store: MemoryStore) -> Intake[MemoryFile]:
    return Intake(spool, store, parse)


def test_records_are_stored_and_their_files_taken_away(
    intake: Intake[MemoryFile], spool: MemorySpool, store: MemoryStore
) -> None:
    spool.put("a", b"leg-a")
    spool.put("b", b"leg-b")
    assert intake.round() == Round(new=2)
    assert set(store.legs) == {"leg-a", "leg-b"}
    assert not spool.files
    assert intake.round().idle


def test_a_crash_between_storing_and_taking_away_counts_nothing_twice(
    intake: Intake[MemoryFile], spool: MemorySpool, store: MemoryStore
) -> None:
    spool.put("a", b"leg-a")
    spool.remove_fails_once = True
    with pytest.raises(KeyboardInterrupt):
        intake.round()
    assert list(spool.files) == ["a"]
    assert intake.round() == Round(known=1)
    assert store.inserted == 1
    assert not spool.files


def test_the_same_leg_in_two_files_is_one_leg(
    intake: Intake[MemoryFile], spool: MemorySpool, store: MemoryStore
) -> None:
    spool.put("disk", b"leg-a")
    spool.put("posted", b"leg-a")
    assert intake.round() == Round(new=1, known=1)
    assert store.inserted == 1
    assert not spool.files


def test_somebody_who_wants_to_know_is_told_of_each_new_leg_once(
    spool: MemorySpool, store: MemoryStore
) -> None:
    """Emergency calls that no controller decided alarm by their record."""
    told: list[str] = []
    intake = Intake(spool, store, parse, lambda leg: told.append(leg.leg_id))
    for _ in range(2):
        spool.put("a", b"leg-a")
        intake.round()
    assert told == ["leg-a"]


def test_two_intakes_on_one_spool_store_each_leg_once(
    intake: Intake[MemoryFile], spool: MemorySpool, store: MemoryStore
) -> None:
    spool.put("a", b"leg-a")
    copy = MemorySpool(dict(spool.files))
    assert intake.round().new == 1
    assert Intake(copy, store, parse).round() == Round(known=1)
    assert store.inserted == 1


def test_a_file_being_written_waits_and_is_then_read(
    intake: Intake[MemoryFile], spool: MemorySpool, store: MemoryStore
) -> None:
    spool.put("a", b"{half")
    assert intake.round() == Round(waiting=1)
    spool.put("a", b"leg-a")
    assert intake.round() == Round(new=1)
    assert not store.quarantined


def test_a_file_that_stays_senseless_is_quarantined_after_a_while(
    intake: Intake[MemoryFile], spool: MemorySpool, store: MemoryStore
) -> None:
    spool.put("a", b"{half")
    assert intake.round() == Round(waiting=1)
    spool.now_s += GIVE_UP_AFTER_S - 0.5
    assert intake.round() == Round(waiting=1)
    spool.now_s += 0.5
    assert intake.round() == Round(quarantined=1)
    assert store.quarantined == [("a", "cdr.not-json", b"{half")]
    assert not spool.files
    assert set(spool.aside) == {"a"}


def test_a_refused_record_is_quarantined_and_holds_up_no_other(spool: MemorySpool) -> None:
    store = MemoryStore(refuses=frozenset({"leg-b"}))
    for name in "abc":
        spool.put(name, f"leg-{name}".encode())
    assert Intake(spool, store, parse).round() == Round(new=2, quarantined=1)
    assert set(store.legs) == {"leg-a", "leg-c"}
    assert store.quarantined == [("b", "cdr.refused", b"leg-b")]
    assert not spool.files


def test_while_the_store_is_away_every_file_stays(
    intake: Intake[MemoryFile], spool: MemorySpool, store: MemoryStore
) -> None:
    spool.put("a", b"leg-a")
    spool.put("bad", b"{", -100.0)
    store.away = True
    for _ in range(3):
        with pytest.raises(StoreAway):
            intake.round()
    assert set(spool.files) == {"a", "bad"}
    store.away = False
    assert intake.round() == Round(new=1, quarantined=1)


def test_a_round_takes_no_more_than_a_batch(
    intake: Intake[MemoryFile], spool: MemorySpool, store: MemoryStore
) -> None:
    for number in range(BATCH + 5):
        spool.put(str(number), f"leg-{number}".encode())
    assert intake.round().new == BATCH
    assert intake.round().new == 5
    assert intake.round().idle


def test_waiting_files_alone_are_time_to_rest() -> None:
    assert Round(waiting=3).idle
    assert not Round(quarantined=1).idle


def test_a_disk_that_lets_no_file_go_holds_nothing_up_and_counts_nothing_twice(
    intake: Intake[MemoryFile], spool: MemorySpool, store: MemoryStore
) -> None:
    """A full or read-only disk (issue 7): reading works, taking away and setting aside do not."""
    spool.read_only = True
    spool.put("a", b"leg-a")
    spool.put("bad", b"{", -100.0)
    assert intake.round() == Round(new=1, stuck=2)
    assert set(store.legs) == {"leg-a"}
    for number in range(BATCH):
        spool.put(f"later-{number}", f"leg-{number}".encode())
    assert intake.round().new == BATCH
    again = intake.round()
    assert (again.idle, again.stuck) == (True, BATCH + 2)
    assert store.inserted == BATCH + 1
    spool.read_only = False
    assert intake.round() == Round(known=BATCH + 1, quarantined=1)
    assert not spool.files
    assert set(spool.aside) == {"bad"}


def test_a_disk_that_lets_no_file_go_is_told_once(intake: Intake[MemoryFile], spool: MemorySpool) -> None:
    spool.read_only = True
    spool.put("a", b"leg-a")
    with capture_logs() as logs:
        for _ in range(3):
            intake.round()
    assert [each["event"] for each in logs] == ["records are stored and their files stay"]
    assert "No space left" in logs[0]["why"]


def test_what_cannot_be_read_stays_holds_nothing_up_and_is_told_once(
    intake: Intake[MemoryFile], spool: MemorySpool, store: MemoryStore
) -> None:
    """A file of another account, a bad sector: nobody knows what is in it, so nobody gives it up."""
    spool.unread = {Path("/spool/theirs"): "Permission denied"}
    spool.put("a", b"leg-a")
    with capture_logs() as logs:
        assert intake.round() == Round(new=1, unread=1)
        assert intake.round() == Round(unread=1)
        spool.unread[Path("/spool/another")] = "Input/output error"
        intake.round()
    assert [(each["event"], each["files"], each["why"]) for each in logs] == [
        ("records cannot be read and stay", 1, "Permission denied"),
        ("records cannot be read and stay", 2, "Input/output error"),
    ]
    assert not store.quarantined
