"""Announcements as the switch plays them: tones, recordings, texts spoken once."""

from __future__ import annotations

from pathlib import Path

import pytest

from provisioning.schema import PromptEntry
from provisioning.sounds import ATTENTION, Sounds

HELLO = PromptEntry(id="hallo", text="Guten Tag.")
#: Writes what it was told into the file it was asked for, and counts how often.
SPEAKER = """#!/bin/sh
while [ "$1" != "-w" ]; do shift; done
cat > "$2"
echo x >> "$(dirname "$0")/count"
"""


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory with a stand-in for espeak-ng."""
    directory = tmp_path / "bin"
    directory.mkdir()
    program = directory / "espeak-ng"
    program.write_text(SPEAKER)
    program.chmod(0o755)
    return directory


def made(tmp_path: Path, programs: Path) -> Sounds:
    return Sounds({"PATH": f"{programs}:/usr/bin:/bin"}, tmp_path / "sounds")


def test_a_tone_is_played_as_it_is(tmp_path: Path) -> None:
    assert Sounds({}, tmp_path).sound(PromptEntry(id="t", tone="%(1,1,440)")) == "tone_stream://%(1,1,440)"


def test_a_text_is_spoken_once_for_all_configurations(tmp_path: Path, programs: Path) -> None:
    path = made(tmp_path, programs).sound(HELLO)
    assert Path(path).read_text() == "Guten Tag."
    assert made(tmp_path, programs).sound(HELLO.model_copy(update={"id": "auch"})) == path
    assert (programs / "count").read_text() == "x\n"
    other = made(tmp_path, programs).sound(PromptEntry(id="b", text="Auf Wiederhören."))
    assert other != path


def test_a_text_that_cannot_be_spoken_becomes_a_tone_and_is_told(tmp_path: Path, programs: Path) -> None:
    sounds = Sounds({"PATH": str(tmp_path)}, tmp_path)
    assert sounds.sound(HELLO) == ATTENTION
    assert sounds.problems == {"hallo": "the program espeak-ng is not installed, which speaks texts"}
    (programs / "espeak-ng").write_text("#!/bin/sh\nexit 3\n")
    failing = made(tmp_path, programs)
    assert failing.sound(HELLO) == ATTENTION
    assert failing.problems == {"hallo": "espeak-ng failed with status 3"}


def test_a_recording_is_found_or_told(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    sounds = Sounds({}, tmp_path)
    assert sounds.sound(PromptEntry(id="a", file="a.wav")) == str(tmp_path / "a.wav")
    assert sounds.sound(PromptEntry(id="b", file="b.wav")) == ATTENTION
    assert "there is no file" in sounds.problems["b"]
