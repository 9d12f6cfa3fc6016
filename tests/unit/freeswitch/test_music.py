"""The music of a waiting caller goes on in the next queue where it was (C1)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from freeswitch.music import Length, length_of, music_goes_on
from freeswitch.queue_calls import FILES, queue_variables
from tests.e2e.tones import recording
from tests.unit.freeswitch.test_queue_marks import PLANS, WAIT

FILE = "/sounds/m.wav"


def heard(samples: str, **more: str) -> dict[str, str]:
    return {
        "variable_fernamt_music": FILES + "!".join([FILE] * 20),
        "variable_playback_last_offset_pos": samples,
        **more,
    }


@pytest.mark.parametrize(
    ("channel", "length", "begins"),
    [
        (heard("4000"), Length(16_000, 8_000), f"{FILE}@@4000"),
        # Repeated twice in the one playback.
        (heard("36000"), Length(16_000, 8_000), f"{FILE}@@4000"),
        # The switch counts at the call's rate, a file from its own samples on.
        (heard("4000"), Length(32_000, 16_000), f"{FILE}@@8000"),
        (heard("4000", variable_read_rate="16000"), Length(16_000, 8_000), f"{FILE}@@2000"),
        (heard("4000", variable_read_rate="0"), Length(16_000, 8_000), f"{FILE}@@4000"),
        (heard("-1"), Length(16_000, 8_000), f"{FILE}@@0"),
    ],
)
def test_a_recording_goes_on_from_the_sample_that_was_heard_last(
    channel: dict[str, str], length: Length, begins: str
) -> None:
    assert music_goes_on(channel.get, lambda path: length if path == FILE else None) == {
        "fernamt_music_on": begins
    }


@pytest.mark.parametrize("length", [None, Length(0, 8_000)])
def test_a_recording_of_another_machine_begins_anew(length: Length | None) -> None:
    channel = heard("4000")
    assert music_goes_on(channel.get, lambda _: length)["fernamt_music_on"] == FILES + "!".join([FILE] * 20)


def test_a_tone_is_the_same_at_every_moment() -> None:
    tone = {"variable_fernamt_music": "tone_stream://%(1,1,440);loops=-1"}
    assert music_goes_on(tone.get) == {"fernamt_music_on": "tone_stream://%(1,1,440);loops=-1"}


def test_the_length_stands_in_the_recordings_header(tmp_path: Path) -> None:
    recording(tmp_path / "m.wav", 440, 1.5)
    assert length_of(str(tmp_path / "m.wav")) == Length(12_000, 8_000)
    (tmp_path / "x.wav").write_bytes(b"RIFF")
    assert length_of(str(tmp_path / "x.wav")) is None
    assert length_of(str(tmp_path / "none.wav")) is None


def test_the_next_queues_own_music_is_not_begun() -> None:
    variables = queue_variables(replace(WAIT, kept=True, goes_on=True, early=True), "0", PLANS, None)
    assert variables["fernamt_do"] == "queue-on"
    assert "fernamt_music" not in variables
