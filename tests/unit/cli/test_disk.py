"""Disks that fill are named before and when they are full (issue 7)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from cli.explaining.disk_check import disk_finding
from cli.explaining.findings import State
from cli.settings import settings_from
from cli.wiring.disk import Room, rooms

GB = 10**9
RECORDS = Room("records", Path("/var/spool/fernamt/cdr"), 1, 50 * GB, 100 * GB, 10**6)
STATE = Room("state", Path("/var/lib/fernamt"), 2, 80 * GB, 100 * GB, None)


@pytest.mark.parametrize(
    ("room", "state"),
    [
        (RECORDS, State.OK),
        (replace(RECORDS, free_bytes=3 * GB), State.OK),
        (replace(RECORDS, free_bytes=3 * GB, size_bytes=1_000 * GB), State.OK),
        (replace(RECORDS, free_bytes=1 * GB), State.WARNING),
        (replace(RECORDS, free_bytes=1 * GB, size_bytes=4 * GB), State.OK),
        (replace(RECORDS, free_bytes=199_000_000, size_bytes=10 * GB), State.FAULT),
        (replace(RECORDS, free_bytes=127_000_000, size_bytes=128_000_000), State.OK),
        (replace(RECORDS, free_bytes=12_000_000, size_bytes=128_000_000), State.WARNING),
        (replace(RECORDS, free_bytes=6_000_000, size_bytes=128_000_000), State.FAULT),
        (replace(RECORDS, free_files=100), State.FAULT),
        (replace(RECORDS, free_files=None), State.OK),
    ],
)
def test_a_disk_is_judged_by_room_share_and_files(room: Room, state: State) -> None:
    """A disk in memory for messages has 128 MB altogether, and is not full for ever."""
    found = disk_finding([STATE, room])
    assert found.state is state
    assert bool(found.next_step) == (state is not State.OK)


def test_the_worst_disk_comes_first_and_each_disk_once() -> None:
    full = replace(RECORDS, free_bytes=1_000_000, free_files=7)
    found = disk_finding([STATE, replace(STATE, place="messages"), full])
    assert found.seen == (
        "records: 1 MB free, room for 7 files at /var/spool/fernamt/cdr; "
        "state, messages: 80,000 MB free at /var/lib/fernamt"
    )


def test_every_directory_that_matters_is_looked_at(tmp_path: Path) -> None:
    """One that is not there yet counts with its parent; a database elsewhere does not count here."""
    node = {
        "program": "lab",
        "event_socket_password": {"lab": "geheim"},
        "cdr_dir": str(tmp_path / "spool" / "cdr"),
    }
    tree = {"state_dir": str(tmp_path / "state"), "carrier": [str(tmp_path)], "node": node}
    found = rooms(settings_from(json.dumps(tree), "settings.yaml"))
    assert [each.place for each in found] == ["records", "state", "messages", "logs", "database"]
    assert {each.path for each in found} == {tmp_path}
    tree["database"] = {"url": "postgresql://fernamt@db.carrier.example/fernamt"}
    away = rooms(settings_from(json.dumps(tree), "settings.yaml"))
    assert "database" not in {each.place for each in away}
