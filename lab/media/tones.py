"""Tones in FreeSWITCH's tone_stream notation, the subset that the lab needs.

`[tone_stream://][v=DB;]%(on_ms,off_ms,hz[,hz...])[;%(...)]...[;loops=N]` with N >= 1, or -1 for ever.
Frequencies are rounded to whole hertz, so that one second of every tone repeats exactly.
"""

import math
import re
from array import array
from dataclasses import dataclass
from functools import lru_cache

from lab.media.errors import ToneSyntaxError
from lab.media.g711 import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples

MAX_SPEC_CHARS = 1024
MAX_SEGMENTS = 32
MAX_SEGMENT_MS = 600_000
MAX_FREQUENCIES = 4
DEFAULT_LEVEL_DB = -7.0
"""FreeSWITCH's default level of a tone against full scale."""

_SEGMENT = re.compile(r"%\(\s*(\d{1,6})\s*,\s*(\d{1,6})\s*((?:,\s*\d{1,5}(?:\.\d{1,6})?\s*)*)\)")


@dataclass(frozen=True, slots=True)
class ToneSegment:
    """`frequencies_hz` together for `on_ms`, then silence for `off_ms`."""

    on_ms: int
    off_ms: int
    frequencies_hz: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ToneSpec:
    """Segments in order, the whole repeated `loops` times (-1: for ever)."""

    segments: tuple[ToneSegment, ...]
    loops: int
    level_db: float


def tone(frequency_hz: int, on_ms: int = 1000, off_ms: int = 0, loops: int = -1) -> str:
    """The tone_stream text of one steady or beating tone."""
    return f"%({on_ms},{off_ms},{frequency_hz});loops={loops}"


def parse_tone(text: str) -> ToneSpec:
    """Read a tone_stream text; raises ToneSyntaxError with the place."""
    if len(text) > MAX_SPEC_CHARS:
        raise ToneSyntaxError(f"tone of {len(text)} characters; use at most {MAX_SPEC_CHARS}")
    segments: list[ToneSegment] = []
    loops, level_db = 1, DEFAULT_LEVEL_DB
    for part in filter(None, text.removeprefix("tone_stream://").split(";")):
        if part.startswith("%"):
            segments.append(_segment(part, text))
        elif part.startswith("loops="):
            loops = int(_number(part, text, r"-1|[1-9]\d{0,5}"))
        elif part.startswith("v="):
            level_db = float(_number(part, text, r"-\d{1,2}(?:\.\d+)?|0"))
        else:
            raise ToneSyntaxError(f"tone {text!r}: {part!r} is not known; use %(on,off,hz), loops=N, v=-DB")
    if not 0 < len(segments) <= MAX_SEGMENTS:
        raise ToneSyntaxError(
            f"tone {text!r}: {len(segments)} segments; write 1..{MAX_SEGMENTS} of %(on,off,hz)"
        )
    if not any(segment.on_ms + segment.off_ms for segment in segments):
        raise ToneSyntaxError(f"tone {text!r} lasts 0 ms; give it a length")
    return ToneSpec(tuple(segments), loops, level_db)


def _number(part: str, text: str, pattern: str) -> str:
    name, _, value = part.partition("=")
    if not re.fullmatch(pattern, value):
        raise ToneSyntaxError(f"tone {text!r}: {name} cannot be {value!r}")
    return value


def _segment(part: str, text: str) -> ToneSegment:
    match = _SEGMENT.fullmatch(part)
    if match is None:
        raise ToneSyntaxError(f"tone {text!r}: {part!r} is not %(on_ms,off_ms,hz[,hz])")
    frequencies = tuple(round(float(hz)) for hz in match[3].split(",") if hz.strip())
    on_ms, off_ms = int(match[1]), int(match[2])
    if len(frequencies) > MAX_FREQUENCIES or any(not 20 <= hz < SAMPLE_RATE_HZ // 2 for hz in frequencies):
        raise ToneSyntaxError(f"tone {text!r}: give at most {MAX_FREQUENCIES} frequencies of 20..3999 Hz")
    if max(on_ms, off_ms) > MAX_SEGMENT_MS:
        raise ToneSyntaxError(f"tone {text!r}: a segment lasts at most {MAX_SEGMENT_MS} ms")
    return ToneSegment(on_ms, off_ms, frequencies)


@lru_cache(maxsize=64)
def one_second(frequencies_hz: tuple[int, ...], level_db: float) -> Samples:
    """8000 samples of the frequencies together, plus one frame so that slices need not wrap."""
    peak = 32767 * 10 ** (level_db / 20) / max(len(frequencies_hz), 1)
    steps = [2 * math.pi * hz / SAMPLE_RATE_HZ for hz in frequencies_hz]
    second = array(
        "h", (round(sum(peak * math.sin(step * n) for step in steps)) for n in range(SAMPLE_RATE_HZ))
    )
    return second + second[:FRAME_SAMPLES]
