"""Recordings between the switch and the store: whose they are, when they are complete (C4)."""

from __future__ import annotations

import io
import os
import struct
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dialplan.recording import Consent, RecordingFacts, RecordingState
from freeswitch.errors import CommandRefused
from freeswitch.recording_spool import ABANDONED_S, LEFT, PART_BYTES, RecordingSpool

AT = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FACTS = RecordingFacts("r-1", "c1", "kunde", "verkauf", "anna", Consent("1", AT), AT, 30)


class Clock:
    """Seconds by a clock that nobody sets."""

    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


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
    assert list(spool.ready()) == []
    clock.now_s += ABANDONED_S - 1
    assert list(spool.ready()) == []


def test_a_stopped_recording_is_complete_in_parts_and_then_forgotten(
    spool: RecordingSpool, clock: Clock, tmp_path: Path
) -> None:
    sound(spool.begin(FACTS), seconds=100)
    spool.note(FACTS, RecordingState.STOPPED)
    assert spool.of_call("c1") == []
    assert list(spool.ready()) == []
    clock.now_s += 2
    (complete,) = spool.ready()
    assert (complete.facts, complete.duration_ms) == (FACTS, 100_000)
    parts = [len(each) for each in complete.parts()]
    assert (sum(parts), max(parts) <= PART_BYTES) == (1_600_044, True)
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
    assert list(spool.ready()) == []
    clock.now_s += ABANDONED_S
    (complete,) = spool.ready()
    assert complete.duration_ms == 2_000
    with wave.open(io.BytesIO(b"".join(complete.parts()))) as file:
        assert file.getnframes() == 16_000


@pytest.mark.parametrize("hours", [5, 30])
def test_a_conversation_of_any_length_is_complete_and_comes_in_small_parts(
    spool: RecordingSpool, clock: Clock, hours: int
) -> None:
    """C4: it stayed in clear from 240 MB on, which an agent whose phone speaks Opus reached in 43 minutes."""
    path = Path(spool.begin(FACTS))
    sound(str(path))
    size = 44 + hours * 3_600 * 16_000
    os.truncate(path, size)  # sparse
    spool.note(FACTS, RecordingState.STOPPED)
    assert list(spool.ready()) == []
    clock.now_s += 2
    (complete,) = spool.ready()
    assert complete.duration_ms == hours * 3_600_000
    first = next(iter(complete.parts()))
    assert len(first) <= PART_BYTES
    assert struct.unpack_from("<I", first, 4) == (size - 8,)
    assert first[36:40] == b"data"
    assert struct.unpack_from("<I", first, 40) == (size - 44,)


def test_beyond_the_largest_wav_file_it_is_heard_as_rf64(spool: RecordingSpool, clock: Clock) -> None:
    """EBU Tech 3306: 75 hours at 8 kHz, 13 with Opus."""
    path = Path(spool.begin(FACTS))
    sound(str(path))
    size = 44 + 75 * 3_600 * 16_000
    os.truncate(path, size)
    spool.note(FACTS, RecordingState.STOPPED)
    assert list(spool.ready()) == []
    clock.now_s += 2
    (complete,) = spool.ready()
    first = next(iter(complete.parts()))
    assert len(first) <= PART_BYTES
    assert struct.unpack_from("<4sI4s4sI", first) == (b"RF64", 0xFFFFFFFF, b"WAVE", b"ds64", 28)
    assert struct.unpack_from("<QQQI", first, 20) == (size + 36 - 8, size - 44, (size - 44) // 2, 0)
    assert first[48:52] == b"fmt "
    assert struct.unpack_from("<4sI", first, 72) == (b"data", 0xFFFFFFFF)


def test_sound_that_nobody_takes_is_told_of(spool: RecordingSpool, tmp_path: Path) -> None:
    """C4: never silently in clear; also sound of which no note says whose it is."""
    now = datetime.now(UTC)
    assert RecordingSpool(tmp_path / "not there yet").left(now) == []
    sound(spool.begin(FACTS))
    sound(str(tmp_path / "stray.wav"))
    assert spool.left(now) == []
    assert [each.name for each in spool.left(now + LEFT + timedelta(seconds=9))] == ["r-1.wav", "stray.wav"]


def test_a_note_that_cannot_be_read_holds_nothing_else_up(
    spool: RecordingSpool, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "broken.json").write_text("{")
    sound(spool.begin(FACTS))
    spool.note(FACTS, RecordingState.STOPPED)
    assert list(spool.ready()) == []
    clock.now_s += 2
    assert [each.facts.id for each in spool.ready()] == ["r-1"]


def test_no_file_is_named_by_anything_but_a_plain_id(spool: RecordingSpool) -> None:
    strange = RecordingFacts("../x", "c1", "kunde", "verkauf", "anna", Consent("1", AT), AT, 30)
    with pytest.raises(CommandRefused):
        spool.begin(strange)


@pytest.mark.parametrize("step_s", [-3_600, 3_600])
def test_a_clock_that_is_set_cuts_no_conversation(
    spool: RecordingSpool, clock: Clock, tmp_path: Path, step_s: int
) -> None:
    """Issue 7: by the clock that was set nobody has written for an hour. FreeSWITCH goes on writing."""
    path = spool.begin(FACTS)
    for seconds in range(1, 5):
        sound(path, seconds)
        for each in tmp_path.iterdir():
            then = each.stat().st_mtime - step_s
            os.utime(each, (then, then))
        assert list(spool.ready()) == []
        clock.now_s += ABANDONED_S - 1
        assert list(spool.ready()) == []
    clock.now_s += 1
    assert [each.facts.id for each in spool.ready()] == ["r-1"]


def test_a_program_that_has_just_started_gives_up_nothing(
    spool: RecordingSpool, clock: Clock, tmp_path: Path
) -> None:
    sound(spool.begin(FACTS))
    clock.now_s += ABANDONED_S
    assert list(RecordingSpool(tmp_path, clock).ready()) == []
