"""A file system that is really full: a clear alarm, nothing lost when room comes back, the process lives
(issue 7, docs/operation.md, "A full disk")."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from store.cdr_repository import CdrRepository
from store.database import make_engine
from tests.servers import Databases

ROOT = Path(__file__).resolve().parents[3]
_MOUNTS = ["mount", "-t", "tmpfs", "-o", "size=1m", "none"]


def own_mounts(directory: Path) -> list[str]:
    """The command that gives a program mounts of its own, where one is allowed."""
    for words in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        if os.geteuid() != 0 and "--map-root-user" not in words:
            continue
        try:
            done = subprocess.run(
                [*words, *_MOUNTS, str(directory)], capture_output=True, timeout=10, check=False
            )
        except OSError:
            break
        if done.returncode == 0:
            return words
    pytest.skip("neither root nor a user name space may mount a small file system on this machine")


@pytest.fixture(scope="module")
def database(databases: Databases) -> Iterator[tuple[Engine, str]]:
    with databases.migrated() as url:
        engine = make_engine(url)
        yield engine, url
        engine.dispose()


@pytest.fixture(scope="module")
def found(database: tuple[Engine, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What full_disk_program.py saw."""
    directory = tmp_path_factory.mktemp("full")
    program = [sys.executable, "-m", "tests.integration.store.full_disk_program", str(directory), database[1]]
    done = subprocess.run(
        [*own_mounts(directory), *program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert list(directory.iterdir()) == [], "the mount was the program's own"
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def test_records_are_taken_in_and_one_that_was_cut_is_kept_and_told(
    found: dict[str, Any], database: tuple[Engine, str]
) -> None:
    """json_cdr files on a full spool: what is whole becomes records at once and makes room by that."""
    seen, engine = found["records"], database[0]
    assert seen["whole"] == [True, True, True, False, True]
    assert seen["left"] == [], "the spool is empty, also while the disk is full"
    for leg_id in seen["legs"]:
        assert [each.leg.leg_id for each in CdrRepository(engine).show(leg_id)] == [leg_id]
    assert seen["errors"] == ["CDR quarantined"]
    assert seen["cut"], "what was written of it is kept as it is"
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT file_name FROM cdr_quarantine")).scalars().all()
    assert rows == ["3.cdr.json"]


def test_a_conversation_without_room_is_not_recorded_and_one_that_is_cut_is_kept_so_far(
    found: dict[str, Any],
) -> None:
    seen = found["recordings"]
    assert seen["without_room"] == [[], 0], "no consent on the disk, so nothing is recorded"
    assert seen["said"] == ["a conversation is not recorded"]
    assert seen["drafts"] == [], "halves of files do not take the last of the room"
    assert seen["said_when_cut"] == ["a recording may go on too long"]
    assert seen["kept_bytes"] == 4_096
    assert seen["header_says"] == 4_096 - 44
    assert seen["afterwards"] == 1, "the next conversation is recorded"


def test_the_nodes_configuration_stays_whole_and_attempts_to_reach_112_wait_in_memory(
    found: dict[str, Any],
) -> None:
    seen = found["state"]
    assert seen["refused"] == ["No space left on device"] * 2
    assert seen["there"] == ["emergency", "freeswitch.xml", "settings.json"], "nothing is left half"
    assert (seen["old"], seen["new"]) == (["<old/>", "{}"], "<new/>")
    assert seen["waiting"] == [2, 0]
    assert seen["kept"] == [0, 3], "all three are on the disk when there is room"
    assert seen["said"].count("emergency attempts have no file") == 1


def test_lines_of_the_log_are_lost_and_counted(found: dict[str, Any]) -> None:
    lost, back = found["log"]["last"]
    assert lost["event"] == "log lines were lost"
    assert lost["count"] > 300
    assert back == {"event": "back"}
    assert found["log"]["lines"] < 200
