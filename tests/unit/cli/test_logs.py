"""What a service writes to its log: one JSON object a line, whatever callers send."""

from __future__ import annotations

import json
import os
import resource
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.logs import LogStream, json_line


@pytest.mark.parametrize(
    "words",
    ["Grüße", "\ud800", "a\nb", "\u2028", 2**80, datetime(2026, 3, 2, tzinfo=UTC), ("out.carrier",), b"\xff"],
)
def test_every_value_makes_one_readable_line(words: object) -> None:
    """Half a surrogate pair and huge numbers are refused by the fast encoder; it is written."""
    line = json_line({"event": "call decided", "words": words}, repr)
    assert b"\n" not in line
    assert json.loads(line)["event"] == "call decided"


def test_a_full_disk_costs_lines_and_no_more(tmp_path: Path) -> None:
    """/dev/full (full(4)) takes nothing; a limit to the size of a file cuts a line in the middle."""
    with Path("/dev/full").open("wb") as full:
        assert LogStream(full.fileno()).write(b"{}\n") == 3
    place = tmp_path / "service.log"
    with place.open("wb") as file:
        stream = LogStream(file.fileno())
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (30, before[1]))
        try:
            for number in range(5):
                stream.write(json_line({"event": "call decided", "call": number}, str) + b"\n")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)
        stream.write(b'{"event": "back"}\n')
    lines = place.read_bytes().split(b"\n")
    lost = json.loads(lines[-3])
    assert (lost["event"], lost["count"]) == ("log lines were lost", 5)
    assert json.loads(lines[-2]) == {"event": "back"}


def test_a_reader_that_is_gone_ends_no_service() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assert LogStream(writing).write(b"{}\n") == 3
    os.close(writing)
