"""Where the music of a waiting caller stood when he left a queue for another one: it goes on there (C1).

FreeSWITCH says how many samples of the playback were heard, however often the recording was repeated in it,
and plays a file from a sample on (`FILE@@SAMPLE`; read: mod_dptools). How long a recording is stands in its
header; one that this controller cannot read, because the node is on another machine, begins anew.
"""

from __future__ import annotations

import wave
from collections.abc import Callable
from typing import Final, NamedTuple

from freeswitch.queue_calls import FILES, MUSIC, MUSIC_ON

#: What a telephone call has, where the switch says nothing else.
_RATE_HZ: Final = 8000


class Length(NamedTuple):
    """Of a recording, in its own samples."""

    samples: int
    rate_hz: int


def length_of(path: str) -> Length | None:
    """None for what is no WAV file that can be read here."""
    try:
        with wave.open(path, "rb") as sound:
            return Length(sound.getnframes(), sound.getframerate())
    except (OSError, EOFError, wave.Error):
        return None


def music_goes_on(
    get: Callable[[str], str | None], length: Callable[[str], Length | None] = length_of
) -> dict[str, str]:
    """What is heard first in the next queue; `get` gives the channel's data."""
    music = get(f"variable_{MUSIC}") or ""
    heard = _count(get("variable_playback_last_offset_pos"), 0)
    if not music.startswith(FILES):
        return {MUSIC_ON: music}
    path = music.removeprefix(FILES).partition("!")[0]
    known = length(path)
    if known is None or not known.samples:
        return {MUSIC_ON: music}
    rate_hz = _count(get("variable_read_rate"), _RATE_HZ) or _RATE_HZ
    return {MUSIC_ON: f"{path}@@{heard * known.rate_hz // rate_hz % known.samples}"}


def _count(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else otherwise
