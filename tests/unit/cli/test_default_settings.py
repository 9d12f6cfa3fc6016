"""Which settings a command takes that is given none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cli.main import _MACHINE, _default


def test_those_in_this_folder_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fernamt.yaml").touch()
    assert _default() == Path("fernamt.yaml")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take another account's place")
def test_an_account_that_may_not_look_into_this_folder_has_none_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`runuser -u fernamt -- fernamt ...` in root's home, as the guide has it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fernamt.yaml").touch()
    tmp_path.chmod(0o700)
    os.seteuid(64_201)
    try:
        assert _default() == (_MACHINE if _MACHINE.exists() else None)
    finally:
        os.seteuid(0)
