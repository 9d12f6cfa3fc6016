"""Messages in clear while they are heard (C3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from freeswitch.errors import CommandRefused
from freeswitch.heard_files import HeardFiles


def test_a_message_is_there_while_it_is_heard_and_gone_then(tmp_path: Path) -> None:
    files = HeardFiles(tmp_path / "messages", "127.0.0.1-8021")
    with files.opened(b"sound") as path:
        assert Path(path).read_bytes() == b"sound"
        assert Path(path).stat().st_mode & 0o007 == 0
    assert list((tmp_path / "messages").iterdir()) == []


def test_a_caller_who_hangs_up_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), HeardFiles(tmp_path, "a").opened(b"sound"):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_killed_controller_s_files_are_removed_at_its_start_and_no_other_s(
    tmp_path: Path,
) -> None:
    (tmp_path / ".heard_a_1.wav").touch()
    (tmp_path / ".heard_a2_1.wav").touch()
    (tmp_path / "call.wav").touch()
    assert HeardFiles(tmp_path, "a").sweep() == 1
    assert {each.name for each in tmp_path.iterdir()} == {".heard_a2_1.wav", "call.wav"}
    assert HeardFiles(tmp_path / "none", "a").sweep() == 0


def test_a_controller_s_name_is_no_place_for_patterns(tmp_path: Path) -> None:
    with pytest.raises(CommandRefused):
        HeardFiles(tmp_path, "*")
