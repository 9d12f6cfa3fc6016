"""What `playback` and its like can play: tone_stream, silence_stream, WAV files, several joined by `!`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lab.media.audio import FileSource, SilenceSource, Source, ToneSource
from lab.media.errors import SoundFileError
from lab.media.g711 import Samples
from lab.switch.config.settings import whole

MAX_PARTS: Final = 64


class Chain:
    """Sources one after the other."""

    def __init__(self, sources: list[Source]) -> None:
        self._sources = sources

    def read(self) -> Samples | None:
        while self._sources:
            frame = self._sources[0].read()
            if frame is not None:
                return frame
            self._sources.pop(0)
        return None


def open_source(text: str, start: int = 0) -> Source:
    """The sound behind a playback argument, a file from this sample on. Raises SoundFileError or
    ToneSyntaxError with the reason."""
    if text.startswith("file_string://"):
        parts = text.removeprefix("file_string://").split("!")
        if len(parts) > MAX_PARTS:
            raise SoundFileError(f"file_string of {len(parts)} parts; at most {MAX_PARTS}")
        return Chain([open_source(part) for part in parts])
    if text.startswith("tone_stream://"):
        return ToneSource(text)
    if text.startswith("silence_stream://"):
        milliseconds = whole(text.removeprefix("silence_stream://").split(",")[0], 0)
        return SilenceSource(milliseconds if milliseconds >= 0 else None)
    if "://" in text:
        raise SoundFileError(f"{text[:60]!r}: the lab plays tone_stream, silence_stream and WAV files")
    return FileSource(Path(text), start)
