"""Files of the state directory that nobody else may read."""

from __future__ import annotations

from pathlib import Path

from cli.layout import make_private, write_private


def test_a_key_that_two_programs_make_at_one_moment_is_the_first_ones(tmp_path: Path) -> None:
    """C3: messages sealed with a key that is replaced could never be heard."""
    path = tmp_path / "keys" / "mailbox.key"
    make_private(path, "first")
    make_private(path, "second")
    assert path.read_text() == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = write_private(tmp_path / "settings.json", "{}")
    path.chmod(0o644)
    write_private(path, "[]")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("[]", 0o600)
