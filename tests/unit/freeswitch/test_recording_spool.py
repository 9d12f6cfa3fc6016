"""Recordings between the switch and the store: whose they are, when they are complete (C4)."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialplan.recording import Consent, RecordingFacts, RecordingState
from freeswitch.errors import CommandRefused
from freeswitch.recording_spool import ABANDONED_S, RecordingSpool

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FACTS = RecordingFacts("r-1", "c1", "kunde", "verkauf", "anna", Consent("1", AT), AT, 30)


class Clock:
    """Seconds since 1970, later than every file of the test by `ahead_s`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ahead_s = 0.0

    def __call__(self) -> float:
        newest = max((each.stat().st_mtime for each in self.directory.iterdir()), default=0.0)
        return newest + self.ahead_s


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path)


@pytest.fixture
def spool(tmp_path: Path, clock: Clock) -> RecordingSpool:
    return RecordingSpool(tmp_path, clock)


def sound(path: str, seconds: int = 2) -> None:
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16_000 * seconds))


def test_a_recording_under_way_is_found_by_its_call_and_is_not_complete(
    spool: RecordingSpool, clock: Clock
) -> None:
    sound(spool.begin(FACTS))
    (running,) = spool.of_call("c1")
    assert (running.facts, running.state) == (FACTS, RecordingState.ON)
    assert spool.of_call("c2") == []
    clock.ahead_s = ABANDONED_S - 1
    assert list(spool.ready()) == []


def test_a_stopped_recording_is_complete_in_parts_and_then_forgotten(
    spool: RecordingSpool, clock: Clock, tmp_path: Path
) -> None:
    sound(spool.begin(FACTS), seconds=100)
    spool.note(FACTS, RecordingState.STOPPED)
    assert spool.of_call("c1") == []
    clock.ahead_s = 2
    (complete,) = spool.ready()
    assert (complete.facts, complete.duration_ms) == (FACTS, 100_000)
    assert [len(each) for each in complete.parts()] == [1 << 20, 1_600_044 - (1 << 20)]
    spool.remove(FACTS)
    assert list(tmp_path.iterdir()) == []


def test_what_a_switch_that_died_left_is_taken_with_a_header_that_is_right(
    spool: RecordingSpool, clock: Clock
) -> None:
    path = Path(spool.begin(FACTS))
    sound(str(path))
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = bytes(4)
    path.write_bytes(bytes(content))
    clock.ahead_s = ABANDONED_S + 1
    (complete,) = spool.ready()
    assert complete.duration_ms == 2_000
    with wave.open(io.BytesIO(b"".join(complete.parts()))) as file:
        assert file.getnframes() == 16_000


def test_a_note_that_cannot_be_read_holds_nothing_else_up(
    spool: RecordingSpool, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "broken.json").write_text("{")
    sound(spool.begin(FACTS))
    spool.note(FACTS, RecordingState.STOPPED)
    clock.ahead_s = 2
    assert [each.facts.id for each in spool.ready()] == ["r-1"]


def test_no_file_is_named_by_anything_but_a_plain_id(spool: RecordingSpool) -> None:
    strange = RecordingFacts("../x", "c1", "kunde", "verkauf", "anna", Consent("1", AT), AT, 30)
    with pytest.raises(CommandRefused):
        spool.begin(strange)
