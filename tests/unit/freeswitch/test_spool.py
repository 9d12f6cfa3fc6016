"""The directory between mod_json_cdr and the intake."""

from __future__ import annotations

import os
from pathlib import Path

from freeswitch.json_cdr import MAX_BYTES
from freeswitch.spool import Spool


def test_record_files_are_offered_and_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a_1.cdr.json").write_bytes(b"{}")
    (tmp_path / "b.txt").write_bytes(b"{}")
    os.utime(tmp_path / "a_1.cdr.json", (100, 100))
    (file,) = Spool(tmp_path).pending(10)
    assert (file.path.name, file.content, file.written_at_s) == ("a_1.cdr.json", b"{}", 100)


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
