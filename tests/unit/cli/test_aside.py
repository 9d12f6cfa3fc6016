"""A disk that stands holds up the greenlet that writes, and no call."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import gevent
import pytest

from cli.wiring.aside import AttemptsAside, aside
from store.emergency_records import AttemptFiles


def test_others_go_on_while_a_disk_stands() -> None:
    stands, mended = threading.Event(), threading.Event()

    def written() -> str:
        stands.set()
        assert mended.wait(10)
        return "written"

    writer = gevent.spawn(aside, written)
    for _ in range(1000):
        gevent.sleep(0.001)
        if stands.is_set():
            break
    assert stands.is_set()
    assert not writer.ready()
    mended.set()
    assert writer.get(timeout=10) == "written"


def test_what_fails_beside_the_loop_fails_for_the_one_who_asked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    spool = AttemptsAside(AttemptFiles(tmp_path / "file"))
    with pytest.raises(NotADirectoryError):
        spool.remove("call")
    with pytest.raises(FileNotFoundError):
        aside(os.stat, tmp_path / "nothing")
