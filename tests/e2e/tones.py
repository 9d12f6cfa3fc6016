"""Recordings that robots can tell apart."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path


def recording(path: Path, hertz: int, length_s: float = 0.5) -> None:
    """A WAV file with a tone, 8 kHz mono."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = (int(8000 * math.sin(2 * math.pi * hertz * n / 8000)) for n in range(int(length_s * 8000)))
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(array("h", frames).tobytes())
