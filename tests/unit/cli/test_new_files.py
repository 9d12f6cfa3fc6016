"""Files that are written once: nothing that is there is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.whole_files import write_new


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    sent, new = tmp_path / "sent.xml", tmp_path / "new.xml"
    sent.write_bytes(b"at the bank")
    with pytest.raises(FileExistsError) as refused:
        write_new([(new, b"new"), (sent, b"another")])
    assert Path(refused.value.filename) == sent
    assert sent.read_bytes() == b"at the bank"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new.xml", "sent.xml"], "and no draft"
    write_new([(new, b"new"), (sent, b"at the bank")])
    assert (new.read_bytes(), new.stat().st_mode & 0o777) == (b"new", 0o600)
