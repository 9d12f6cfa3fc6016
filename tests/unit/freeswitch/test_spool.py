"""The directory between mod_json_cdr and the intake."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from controller.intake import GIVE_UP_AFTER_S, Intake, Round
from freeswitch.json_cdr import MAX_BYTES
from freeswitch.spool import Spool
from tests.unit.controller.fakes import MemoryStore, parse


def test_record_files_are_offered_and_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a_1.cdr.json").write_bytes(b"{}")
    (tmp_path / "b.txt").write_bytes(b"{}")
    os.utime(tmp_path / "a_1.cdr.json", (100, 100))
    (file,) = Spool(tmp_path).pending(10)
    assert (file.path.name, file.content, file.found.st_mtime) == ("a_1.cdr.json", b"{}", 100)


def test_no_more_files_than_asked_for_are_held(tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.cdr.json").touch()
    assert len(list(Spool(tmp_path).pending(4))) == 4


def test_no_more_of_a_file_is_read_than_shows_that_it_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "a.cdr.json").write_bytes(b" " * (MAX_BYTES + 1000))
    (file,) = Spool(tmp_path).pending(10)
    assert len(file.content) == MAX_BYTES + 1


def test_a_file_taken_by_another_intake_meanwhile_is_passed_over(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.cdr.json").touch()
    pending = Spool(tmp_path).pending(10)
    first = next(pending)
    other = ({"a.cdr.json", "b.cdr.json"} - {first.path.name}).pop()
    (tmp_path / other).unlink()
    assert list(pending) == []


def test_removing_twice_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.cdr.json").touch()
    spool = Spool(tmp_path)
    (file,) = spool.pending(1)
    spool.remove(file)
    spool.remove(file)
    assert list(spool.pending(1)) == []


def test_a_pin_that_was_being_entered_is_read_from_no_record(tmp_path: Path) -> None:
    """C3: of a caller who hung up in that moment."""
    (tmp_path / "a.cdr.json").write_bytes(b'{"variables":{"fernamt_pin":"4711","fernamt_plan":"box"}}')
    (file,) = Spool(tmp_path).pending(10)
    assert file.content == b'{"variables":{"fernamt_pin":"","fernamt_plan":"box"}}'


@pytest.mark.parametrize("step_s", [-7_200, 7_200])
def test_a_clock_that_is_set_quarantines_nothing_that_is_being_written(tmp_path: Path, step_s: int) -> None:
    """Clock steps (issue 7): a file that is half written is given up when it was seen unchanged for a while,
    whatever its own time says."""
    steady, store, half = [50.0], MemoryStore(), tmp_path / "a.cdr.json"
    intake = Intake(Spool(tmp_path, lambda: steady[0]), store, parse)

    def written(content: bytes) -> None:
        half.write_bytes(content)
        then = half.stat().st_mtime - step_s
        os.utime(half, (then, then))

    written(b"{")
    assert intake.round() == Round(waiting=1), "by the clock that was set it is hours old"
    for content in (b"{ha", b"{half"):
        steady[0] += GIVE_UP_AFTER_S - 1
        written(content)
        assert intake.round() == Round(waiting=1), "it grew"
    steady[0] += GIVE_UP_AFTER_S - 1
    assert intake.round() == Round(waiting=1)
    written(b"leg-a")
    assert intake.round() == Round(new=1)
    assert not store.quarantined


def test_a_file_that_cannot_be_read_stays_and_holds_up_no_other(tmp_path: Path) -> None:
    """Nobody knows what is in it: no right to read (root may read all, so a loop of links stands for it), a
    folder, a bad sector."""
    (tmp_path / "loop.cdr.json").symlink_to(tmp_path / "loop.cdr.json")
    (tmp_path / "folder.cdr.json").mkdir()
    (tmp_path / "good.cdr.json").write_bytes(b"leg-a")
    store, spool = MemoryStore(), Spool(tmp_path)
    intake = Intake(spool, store, parse)
    assert intake.round() == Round(new=1, unread=2)
    assert intake.round() == Round(unread=2)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["folder.cdr.json", "loop.cdr.json"]
    assert not store.quarantined
    assert [(path.name, why) for path, why in sorted(spool.unreadable(10).items())] == [
        ("folder.cdr.json", "Is a directory"),
        ("loop.cdr.json", "Too many levels of symbolic links"),
    ]


def test_files_that_cannot_be_read_take_no_place_in_a_batch(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.cdr.json").mkdir()
    (tmp_path / "good.cdr.json").write_bytes(b"{}")
    assert [file.path.name for file in Spool(tmp_path).pending(1)] == ["good.cdr.json"]
