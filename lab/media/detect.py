"""Proof of audio: which tones were heard and for how long (Goertzel, one bin per question)."""

import math
import re
import sys
from dataclasses import dataclass
from itertools import pairwise

from lab.media.g711 import FRAME_MS, SAMPLE_RATE_HZ, Samples

SILENCE_PEAK = 200
"""Samples below this (-44 dB) are silence."""
PURE_SHARE = 0.75
"""A frame is a tone when this share of its energy sits at one frequency."""
SAME_TONE_HZ = 12
MAX_TONES = 64
MAX_WOBBLE = 0.15
"""The periods within one frame of a steady tone differ by less than this share of their mean."""
CHECK_EVERY = 10
"""Frames of a running tone between two full checks of its energy (the check costs more than all the rest)."""

_HIGH_BYTE = 1 if sys.byteorder == "little" else 0
_SIGNS = bytes(128) + b"-" * 128
_RISING = re.compile(rb"-(?=\x00)")


@dataclass(frozen=True, slots=True)
class ToneHeard:
    """One stretch of a steady tone; the frequency is the mean, rounded to 1 Hz."""

    frequency_hz: int
    duration_ms: int


def energy_share(samples: Samples, frequency_hz: float) -> float:
    """How much of the samples' energy is at `frequency_hz`: 1.0 a pure tone, about 0.0 none of it."""
    energy = sum(sample * sample for sample in samples)
    if not energy:
        return 0.0
    turn = 2 * math.pi * frequency_hz / SAMPLE_RATE_HZ
    factor = 2 * math.cos(turn)
    before = last = 0.0
    for sample in samples:
        before, last = last, sample + factor * last - before
    power = last * last + before * before - factor * last * before
    return 2 * power / (len(samples) * energy)


def steady_frequency(samples: Samples) -> float | None:
    """The frequency of one frame by its interpolated zero crossings; None for silence and unsteady sound.

    Cheap, and fooled by sound that merely repeats: `energy_share` proves that it is a tone.
    """
    if not samples or max(samples) < SILENCE_PEAK:
        return None
    signs = samples.tobytes()[_HIGH_BYTE::2].translate(_SIGNS)
    crossings = [
        place + samples[place] / (samples[place] - samples[place + 1])
        for place in (match.start() for match in _RISING.finditer(signs))
    ]
    if len(crossings) < 2:
        return None
    periods = [later - earlier for earlier, later in pairwise(crossings)]
    mean = (crossings[-1] - crossings[0]) / len(periods)
    if max(periods) - min(periods) > MAX_WOBBLE * mean:
        return None
    return SAMPLE_RATE_HZ / mean


class ToneDetector:
    """Fed with 20 ms frames, keeps the stretches of single tones heard (at most 64, then the shortest goes).

    A stretch survives two frames that do not fit (loss, a click). Tones made of several frequencies, as in
    American ringback, are not single tones and are not reported.
    """

    MAX_MISSES = 2

    def __init__(self, min_ms: int = 60) -> None:
        self._min_ms = min_ms
        self._ended: list[ToneHeard] = []
        self._frames = 0
        self._sum_hz = 0.0
        self._misses = 0

    def feed(self, samples: Samples) -> None:
        """Take one frame; call it for frames of silence too, they end a tone."""
        frequency = steady_frequency(samples)
        if (
            frequency is not None
            and self._frames % CHECK_EVERY == 0
            and energy_share(samples, frequency) < PURE_SHARE
        ):
            frequency = None
        if frequency is not None and self._continues(frequency):
            self._frames += 1
            self._sum_hz += frequency
            self._misses = 0
        elif self._frames:
            self._misses += 1
            if self._misses > self.MAX_MISSES:
                self._end_tone()

    @property
    def tones(self) -> tuple[ToneHeard, ...]:
        """Every tone of at least `min_ms` so far, in order, the running one included."""
        running = self._running()
        return (*self._ended, running) if running else tuple(self._ended)

    def heard(self, frequency_hz: float, min_ms: int = 200, tolerance_hz: float = SAME_TONE_HZ) -> bool:
        """Whether one uninterrupted stretch of about this frequency lasted `min_ms`."""
        return any(
            abs(tone.frequency_hz - frequency_hz) <= tolerance_hz and tone.duration_ms >= min_ms
            for tone in self.tones
        )

    def _continues(self, frequency: float) -> bool:
        return not self._frames or abs(frequency - self._sum_hz / self._frames) <= SAME_TONE_HZ

    def _running(self) -> ToneHeard | None:
        duration_ms = self._frames * FRAME_MS
        if duration_ms < self._min_ms:
            return None
        return ToneHeard(round(self._sum_hz / self._frames), duration_ms)

    def _end_tone(self) -> None:
        running = self._running()
        if running:
            self._ended.append(running)
            if len(self._ended) > MAX_TONES:
                self._ended.remove(min(self._ended, key=lambda tone: tone.duration_ms))
        self._frames = self._misses = 0
        self._sum_hz = 0.0
