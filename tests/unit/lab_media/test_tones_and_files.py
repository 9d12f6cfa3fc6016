"""Sources, recordings and mixing."""

import wave
from array import array
from pathlib import Path

import pytest

from lab.media.audio import FileSource, Recorder, SilenceSource, Source, ToneSource, mix
from lab.media.detect import ToneDetector
from lab.media.errors import SoundFileError, ToneSyntaxError
from lab.media.g711 import Samples
from lab.media.tones import tone

FRAMES_LIMIT = 1000


def play(source: Source, frames: int = FRAMES_LIMIT) -> Samples:
    played: Samples = array("h")
    for _ in range(frames):
        frame = source.read()
        if frame is None:
            break
        assert len(frame) == 160
        played.extend(frame)
    return played


def loud(samples: Samples) -> bool:
    return max(map(abs, samples)) > 1000


def write_wav(path: Path, samples: Samples, rate_hz: int, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(rate_hz)
        sound.writeframes(samples.tobytes())
    return path


def test_a_tone_has_its_cadence() -> None:
    played = play(ToneSource("tone_stream://%(100,60,425);loops=2"))
    assert len(played) == 2 * 160 * 8
    assert [loud(played[start : start + 160]) for start in range(0, len(played), 160)] == (
        [True] * 5 + [False] * 3
    ) * 2


def test_segments_play_one_after_the_other() -> None:
    played = play(ToneSource("%(40,0,950);%(40,0,1400);%(40,20,1800)"))
    assert len(played) == 160 * 7
    assert not loud(played[-160:])


def test_an_endless_tone_goes_on() -> None:
    assert len(play(ToneSource("%(480,480,425);loops=-1"), 200)) == 200 * 160


def test_a_tone_stays_in_phase_over_the_seconds() -> None:
    detector = ToneDetector()
    source = ToneSource(tone(433))
    for _ in range(120):
        frame = source.read()
        assert frame is not None
        detector.feed(frame)
    assert [(heard.frequency_hz, heard.duration_ms) for heard in detector.tones] == [(433, 2400)]


def test_the_level_is_taken_from_the_text() -> None:
    assert max(play(ToneSource("v=-20;%(100,0,400)"))) == pytest.approx(3277, abs=40)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "0 segments"),
        ("%(100,0", "not %"),
        ("%(100,0,5000)", "20..3999"),
        ("%(0,0,440)", "lasts 0 ms"),
        ("%(100,0,440);loops=0", "loops"),
        ("%(100,0,440);volume=3", "'volume=3'"),
        ("%(100,0,1,2,3,4,5)", "at most 4"),
        ("%(1,1,440);" * 200, "2200 characters"),
    ],
)
def test_a_tone_that_is_none_is_refused_with_the_place(text: str, place: str) -> None:
    with pytest.raises(ToneSyntaxError, match=place):
        ToneSource(text)


def test_silence_ends_when_it_should() -> None:
    assert len(play(SilenceSource(50))) == 3 * 160
    assert len(play(SilenceSource(), 10)) == 1600


def test_a_file_plays_as_it_is_and_its_last_frame_is_filled_up(tmp_path: Path) -> None:
    samples: Samples = array("h", range(200))
    source = FileSource(write_wav(tmp_path / "a.wav", samples, 8000))
    assert source.duration_ms == 25
    assert play(source).tolist() == [*range(200), *[0] * 120]


@pytest.mark.parametrize("rate_hz", [11025, 16000, 44100, 48000])
def test_other_rates_and_stereo_keep_the_pitch(tmp_path: Path, rate_hz: int) -> None:
    second = play(ToneSource("%(1000,0,440)"))
    stretched = array("h", (second[place * 8000 // rate_hz] for place in range(rate_hz)))
    stereo = array("h", (sample for sample in stretched for _ in range(2)))
    source = FileSource(write_wav(tmp_path / "a.wav", stereo, rate_hz, channels=2))
    detector = ToneDetector()
    while (frame := source.read()) is not None:
        detector.feed(frame)
    assert detector.heard(440, min_ms=900)


def test_files_that_cannot_be_played_are_refused_with_their_path(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("this is no sound")
    (tmp_path / "empty.wav").write_bytes(b"")
    write_wav(tmp_path / "deep.wav", array("h", [0] * 6), 8000, width=3)
    for name in ("text.wav", "empty.wav", "deep.wav", "missing.wav"):
        with pytest.raises(SoundFileError, match=name):
            FileSource(tmp_path / name)


@pytest.mark.parametrize(("stereo", "channels"), [(False, 1), (True, 2)])
def test_a_recording_holds_both_directions(tmp_path: Path, stereo: bool, channels: int) -> None:
    path = tmp_path / "call.wav"
    with Recorder(path, stereo) as recorder:
        recorder.write(array("h", [1000] * 160), array("h", [200] * 160))
        recorder.write(None, array("h", [200] * 80))
        assert recorder.duration_ms == 40
    with wave.open(str(path), "rb") as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getnframes()) == (channels, 8000, 320)
        first = array("h", sound.readframes(1)).tolist()
    assert first == ([1000, 200] if stereo else [1200])


def test_a_recording_without_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SoundFileError, match="nowhere"):
        Recorder(tmp_path / "nowhere" / "call.wav")


def test_mixing_limits_instead_of_wrapping() -> None:
    mixed = mix((array("h", [30000, -30000, 5]), array("h", [30000, -30000, 6]), array("h", [1])))
    assert mixed[:3].tolist() == [32767, -32768, 11]
    assert len(mixed) == 160
