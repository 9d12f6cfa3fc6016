"""The folder of an embedded server: secrets closed, port remembered, log bounded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.embedded.accounts import Account
from store.embedded.home import LOG_LIMIT_BYTES, ServerHome, os_errors
from store.errors import ServerStartFailed, StateDirectoryFull

OURSELVES = Account("ourselves", os.geteuid(), os.getegid(), changes_user=False)


@pytest.fixture
def home(tmp_path: Path) -> ServerHome:
    home = ServerHome(tmp_path / "state", "postgres")
    home.prepare(OURSELVES)
    return home


def test_a_password_is_made_once_and_closed_to_others(home: ServerHome) -> None:
    password = home.password()
    assert len(password) >= 40
    assert home.password() == ServerHome(home.state_dir, "postgres").password() == password
    assert (home.path / "password").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("spoilt", ["", "x", "0", "65536", "-1", "²"])
def test_a_spoilt_port_is_forgotten(home: ServerHome, spoilt: str) -> None:
    home.remember_port(5433)
    assert home.remembered_port() == 5433
    (home.path / "port").write_text(spoilt, encoding="utf-8")
    assert home.remembered_port() is None


def test_the_log_is_bounded(home: ServerHome) -> None:
    for _ in range(3):
        home.log.write_bytes(b"x" * (LOG_LIMIT_BYTES + 1))
        home.release()
        home.prepare(OURSELVES)
    assert sorted(path.name for path in home.path.glob("log*")) == ["log.1"]


def test_of_a_long_log_only_the_end_is_read(home: ServerHome) -> None:
    home.log.write_bytes(b"x" * 1_000_000 + b"\xff the end")
    assert home.log_since(0).endswith("� the end")
    assert len(home.log_since(0)) <= 8192
    assert home.log_since(home.log_size() - 3) == "end"


def test_a_full_disk_and_other_refusals_of_the_system_name_the_place() -> None:
    with pytest.raises(StateDirectoryFull, match=r"^/state: the disk is full"), os_errors("/state"):
        raise OSError(28, "No space left on device")
    with pytest.raises(ServerStartFailed, match=r"/state: Not a directory \(/state/x\)"), os_errors("/state"):
        raise OSError(20, "Not a directory", "/state/x")
