"""Messages between the switch and the store (C3)."""

from __future__ import annotations

import os
import wave
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialplan.mailbox import MessageFacts
from freeswitch.errors import CommandRefused
from freeswitch.message_spool import ABANDONED_S, MessageSpool

FACTS = MessageFacts(
    "5f0c-1",
    "kunde",
    "box",
    "+4915228817386",
    "+493023125307",
    datetime(2026, 11, 22, tzinfo=UTC),
    30,
    ("a@b.c",),
)


def recorded(path: str, ms: int = 1000) -> None:
    """What FreeSWITCH would write."""
    with wave.open(path, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16 * ms))


def spool(tmp_path: Path) -> MessageSpool:
    return MessageSpool(tmp_path / "messages")


def test_a_finished_recording_is_ready_and_gone_when_removed(tmp_path: Path) -> None:
    messages = spool(tmp_path)
    recorded(messages.begin(FACTS))
    assert list(messages.ready()) == []
    messages.finish(FACTS)
    (found,) = messages.ready()
    assert (found.facts, found.duration_ms) == (FACTS, 1000)
    assert found.sound.startswith(b"RIFF")
    messages.remove(FACTS)
    assert list((tmp_path / "messages").iterdir()) == []


def test_what_a_dead_controller_left_is_taken_when_it_rested_for_long(tmp_path: Path) -> None:
    steady = [50.0]
    messages = MessageSpool(tmp_path / "messages", lambda: steady[0])
    recorded(messages.begin(FACTS))
    assert list(messages.ready()) == []
    steady[0] += ABANDONED_S - 1
    assert list(messages.ready()) == []
    steady[0] += 1
    assert len(list(messages.ready())) == 1


@pytest.mark.parametrize("step_s", [-86_400, 86_400])
def test_a_clock_that_is_set_ends_no_message_that_is_being_left(tmp_path: Path, step_s: int) -> None:
    """Issue 7: by the clock that was set the message is a day old, or comes tomorrow."""
    messages = spool(tmp_path)
    recorded(messages.begin(FACTS))
    for each in (tmp_path / "messages").iterdir():
        then = each.stat().st_mtime - step_s
        os.utime(each, (then, then))
    assert list(messages.ready()) == []
    messages.finish(FACTS)
    assert len(list(messages.ready())) == 1


def test_a_caller_who_said_nothing_leaves_an_empty_message(tmp_path: Path) -> None:
    messages = spool(tmp_path)
    messages.begin(FACTS)
    messages.finish(FACTS)
    (found,) = messages.ready()
    assert (found.sound, found.duration_ms) == (b"", 0)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"done": true, "at": "x"}'])
def test_a_note_that_cannot_be_read_stays_and_does_not_keep_the_others(tmp_path: Path, content: str) -> None:
    messages = spool(tmp_path)
    recorded(messages.begin(FACTS))
    messages.finish(FACTS)
    (tmp_path / "messages" / "a.json").write_text(content)
    assert [each.facts for each in messages.ready()] == [FACTS]
    assert (tmp_path / "messages" / "a.json").exists()


def test_notes_are_their_owners_alone_and_ids_stay_in_the_directory(tmp_path: Path) -> None:
    messages = spool(tmp_path)
    messages.begin(FACTS)
    assert (tmp_path / "messages" / "5f0c-1.json").stat().st_mode & 0o077 == 0
    with pytest.raises(CommandRefused):
        messages.begin(replace(FACTS, id="../evil"))
