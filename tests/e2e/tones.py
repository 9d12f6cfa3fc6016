"""Recordings that robots can tell apart."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path


def recording(path: Path, hertz: int, length_s: float = 0.5, then_hertz: int | None = None) -> None:
    """A WAV file with a tone, and another one for as long behind it, 8 kHz mono."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tones = [hertz] if then_hertz is None else [hertz, then_hertz]
    samples = range(int(length_s * 8000))
    frames = (int(8000 * math.sin(2 * math.pi * tone * n / 8000)) for tone in tones for n in samples)
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(array("h", frames).tobytes())
