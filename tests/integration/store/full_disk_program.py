"""A file system that is really full, for a test. It runs in a mount name space of its own:

    unshare --mount [--map-root-user] python -m tests.integration.store.full_disk_program DIRECTORY URL

One of 1 MB is mounted on DIRECTORY and filled, then the program's parts write to it; then there is room
again. What became of it is the last line of standard output, as JSON. URL: of a database.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from structlog.testing import capture_logs

from cli.layout import write_private
from cli.logs import LogStream
from cli.run_intake import _empty
from cli.wiring.adapters import Records
from controller.emergency import Emergency
from controller.intake import Intake
from controller.meters import LegMeters
from controller.recorder import Recorder, ToRecord
from dialplan.recording import Consent
from freeswitch.json_cdr import parse
from freeswitch.recording_spool import RecordingSpool
from freeswitch.render import write
from freeswitch.spool import Spool, SpoolFile
from store.cdr_repository import CdrRepository
from store.database import make_engine
from store.emergency_records import AttemptFiles
from tests.unit.controller.test_emergency import World, call, sent, until_written
from tests.unit.dialplan.carriers import from_trunk

RECORD: Final = Path(__file__).resolve().parents[2] / "calls" / "out-answered" / "leg-a.cdr.json"
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_PAGE: Final = 4_096
MOUNT: Final = ("mount", "-t", "tmpfs", "-o", "size=1m", "none")
AT: Final = datetime(2026, 11, 22, 9, tzinfo=UTC)
TALK: Final = ToRecord("c1", "c1-agent", "kunde", "verkauf", "anna", 30)


class Clock:
    """Seconds that pass when they are told to: what rests is given up after many of them."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


class Disk:
    """The file system: full, but for so many pages."""

    def __init__(self, root: Path) -> None:
        subprocess.run([*MOUNT, str(root)], check=True, timeout=10)
        self._filler = root / "filler"

    @contextmanager
    def full(self, pages: int = 0) -> Iterator[None]:
        """With room for so many pages, until the end of it."""
        descriptor = os.open(self._filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for size in (16 * _PAGE, _PAGE, 64, 1):
            with suppress(OSError):
                while os.write(descriptor, bytes(size)) > 0:
                    pass
        os.ftruncate(descriptor, os.fstat(descriptor).st_size // _PAGE * _PAGE - pages * _PAGE)
        os.close(descriptor)
        try:
            yield
        finally:
            self._filler.unlink()


def in_place(path: Path, content: bytes) -> bool:
    """As FreeSWITCH writes, in place; whether all of it found room."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while content:
            content = content[os.write(descriptor, content) :]
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def a_record(number: int) -> bytes:
    """A record of the switch, of another call each."""
    text = RECORD.read_text()
    return _UUID.sub(lambda found: str(uuid.uuid5(uuid.UUID(found[0]), str(number))), text).encode()


def records(disk: Disk, root: Path, url: str) -> dict[str, Any]:
    """Records until the disk is full, and an intake that empties the spool meanwhile."""
    directory = root / "cdr"
    directory.mkdir()
    made = [a_record(number) for number in range(4)]
    pages = -(-len(made[0]) // _PAGE)
    engine = make_engine(url)
    clock = Clock()
    spool = Spool(directory, clock)
    intake: Intake[SpoolFile] = Intake(spool, Records(CdrRepository(engine)), parse)
    meters = LegMeters(lambda: AT)

    def empty(_seconds: float) -> bool:
        clock.now_s += 6
        return not list(directory.glob("*.cdr.json")) or clock.now_s > 600

    with capture_logs() as logs, disk.full(3 * pages + 1):
        whole = [in_place(directory / f"{n}.cdr.json", each) for n, each in enumerate(made)]
        _empty(intake, meters, empty)
        left = [each.name for each in directory.glob("*.cdr.json")]
    again = in_place(directory / "again.cdr.json", made[3])
    _empty(intake, meters, empty)
    engine.dispose()
    cut = spool.read_aside("3.cdr.json")
    return {
        "whole": [*whole, again],
        "left": [*left, *(each.name for each in directory.glob("*.cdr.json"))],
        "legs": [parse(each).leg_id for each in made],
        "cut": None if cut is None else made[3].startswith(cut) and 0 < len(cut) < len(made[3]),
        "errors": [each["event"] for each in logs if each["log_level"] == "error"],
    }


class Node:
    """FreeSWITCH's part of a recording: it writes in place and says nothing when there is no room."""

    def __init__(self) -> None:
        self.recorded: list[str] = []

    def answer(self, _call: str) -> str:
        return Consent("1", AT).text(TALK.customer_id)

    def note_answer(self, _call: str, _text: str) -> None:
        raise AssertionError("nobody asks")

    def record(self, _leg: str, path: str) -> None:
        header = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0"
        in_place(Path(path), header + bytes(4 * _PAGE))
        self.recorded.append(path)

    def stop(self, _leg: str, _path: str) -> None: ...
    def pause(self, _leg: str, _path: str) -> None: ...
    def resume(self, _leg: str, _path: str) -> None: ...


def recordings(disk: Disk, root: Path) -> dict[str, Any]:
    """Conversations that find no room, that find some, and that find all."""
    directory, node = root / "recordings", Node()
    clock = Clock()
    spool = RecordingSpool(directory, clock)
    recorder = Recorder(node, spool, lambda: AT)
    with capture_logs() as logs, disk.full():
        recorder.begin(TALK)
        without = [each.name for each in directory.iterdir()], len(node.recorded)
    with capture_logs() as cut_logs:
        with disk.full(2):
            recorder.begin(TALK)
            recorder.ended(TALK.call_id)
            drafts = [each.name for each in directory.iterdir() if each.name.startswith(".")]
        list(spool.ready())
        clock.now_s += 100
        (kept,) = spool.ready()
        sound = b"".join(kept.parts())
        spool.remove(kept.facts)
    recorder.begin(TALK)
    return {
        "without_room": without,
        "said": [each["event"] for each in logs],
        "drafts": drafts,
        "said_when_cut": [each["event"] for each in cut_logs],
        "kept_bytes": len(sound),
        "header_says": int.from_bytes(sound[40:44], "little"),
        "afterwards": len(spool.of_call(TALK.call_id)),
    }


def state(disk: Disk, root: Path) -> dict[str, Any]:
    """The node's configuration, the program's own files, attempts to reach 112 with the database away too."""
    directory = root / "state"
    directory.mkdir()
    write(directory, "<old/>")
    write_private(directory / "settings.json", "{}")
    world = World(store_away=True)
    files = AttemptFiles(directory / "emergency")
    emergency = Emergency(world, world.release, sent, files, world)
    emergency.start()
    refused = []
    with capture_logs() as logs:
        with disk.full():
            for attempt in (
                lambda: write(directory, "<new/>" * 2_000),
                lambda: write_private(directory / "settings.json", "x" * 9_000),
            ):
                try:
                    attempt()
                except OSError as error:
                    refused.append(error.strerror)
            for name in ("a", "b"):
                call(emergency, replace(from_trunk("112"), call_id=name))
            until_written(emergency)
            waiting = emergency.in_memory, files.count()
            there = sorted(str(each.relative_to(directory)) for each in directory.rglob("*"))
        call(emergency, replace(from_trunk("110"), call_id="c"))
        until_written(emergency)
    kept = emergency.in_memory, files.count()
    emergency.stop(1.0)
    old = (directory / "freeswitch.xml").read_text(), (directory / "settings.json").read_text()
    write(directory, "<new/>")
    return {
        "refused": refused,
        "there": there,
        "old": old,
        "new": (directory / "freeswitch.xml").read_text(),
        "waiting": waiting,
        "kept": kept,
        "said": [each["event"] for each in logs if each["log_level"] == "error"],
    }


def log(disk: Disk, root: Path) -> dict[str, Any]:
    """Lines of a service."""
    path = root / "service.log"
    with path.open("ab") as file:
        stream = LogStream(file.fileno())
        with disk.full():
            for number in range(500):
                stream.write(b'{"event": "call decided", "call": %d}\n' % number)
        stream.write(b'{"event": "back"}\n')
    lines = path.read_bytes().splitlines()
    return {"lines": len(lines), "last": [json.loads(each) for each in lines[-2:]]}


def main() -> None:
    root, url = Path(sys.argv[1]), sys.argv[2]
    disk = Disk(root)
    found = {
        "records": records(disk, root, url),
        "recordings": recordings(disk, root),
        "state": state(disk, root),
        "log": log(disk, root),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
