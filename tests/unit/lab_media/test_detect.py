"""Proof of audio."""

import random
from array import array

from lab.media.audio import SILENT_FRAME, ToneSource, mix
from lab.media.detect import ToneDetector, energy_share
from lab.media.g711 import Codec, Samples
from lab.media.tones import tone


def feed(detector: ToneDetector, text: str, frames: int, codec: Codec = Codec.PCMA) -> None:
    source = ToneSource(text)
    for _ in range(frames):
        detector.feed(codec.decode(codec.encode(source.read() or SILENT_FRAME)))


def noise(seed: int) -> Samples:
    chance = random.Random(seed)
    return array("h", (chance.randint(-8000, 8000) for _ in range(160)))


def test_every_usual_tone_is_told_within_two_hertz_through_either_law() -> None:
    for frequency_hz in (350, 400, 425, 440, 600, 950, 1400, 1800, 2100):
        for codec in Codec:
            detector = ToneDetector()
            feed(detector, tone(frequency_hz), 20, codec)
            (heard,) = detector.tones
            assert abs(heard.frequency_hz - frequency_hz) <= 2
            assert heard.duration_ms == 400


def test_a_tone_too_short_is_not_heard() -> None:
    detector = ToneDetector()
    feed(detector, "%(120,0,440)", 20)
    assert not detector.heard(440, min_ms=200)
    assert detector.heard(440, min_ms=120)


def test_another_frequency_is_not_heard() -> None:
    detector = ToneDetector()
    feed(detector, tone(440), 20)
    assert not detector.heard(480)
    assert not detector.heard(400)


def test_two_tones_in_a_row_are_two_tones() -> None:
    detector = ToneDetector()
    feed(detector, "%(300,200,425);%(400,0,1800)", 45)
    assert [round(heard.frequency_hz, -1) for heard in detector.tones] == [420, 1800]


def test_a_lost_frame_does_not_cut_a_tone() -> None:
    detector = ToneDetector()
    feed(detector, tone(440), 10)
    detector.feed(SILENT_FRAME)
    feed(detector, tone(440), 10)
    assert detector.heard(440, min_ms=400)


def test_silence_and_noise_are_no_tones() -> None:
    detector = ToneDetector()
    for seed in range(100):
        detector.feed(noise(seed))
        detector.feed(SILENT_FRAME)
    assert detector.tones == ()


def test_a_tone_under_faint_noise_is_still_heard() -> None:
    detector = ToneDetector()
    source = ToneSource(tone(440))
    for seed in range(20):
        quiet = array("h", (sample // 20 for sample in noise(seed)))
        detector.feed(mix((source.read() or SILENT_FRAME, quiet)))
    assert detector.heard(440)


def test_the_energy_of_two_tones_is_shared() -> None:
    frame = ToneSource("%(1000,0,400,800)").read() or SILENT_FRAME
    assert 0.4 < energy_share(frame, 400) < 0.6
    assert energy_share(frame, 1600) < 0.05
    assert energy_share(SILENT_FRAME, 400) == 0.0
