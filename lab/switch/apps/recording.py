"""Recording: a leg alone (record) or both sides of it while the call goes on (record_session)."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

from lab.errors import ApplicationFailedError
from lab.media.audio import Recorder
from lab.media.clock import shared_ticker
from lab.media.g711 import Codec, Samples
from lab.switch.apps.playing import media_of
from lab.switch.channel import Channel
from lab.switch.config.settings import is_true, whole
from lab.switch.dialstring import separate
from lab.switch.media import MAX_TAPS, LegMedia

log = logging.getLogger(__name__)

DEFAULT_LIMIT_S: Final = 3600


class Recording:
    """A tap that writes a file, one frame per tick; `both` sides or only what the leg's peer says."""

    def __init__(self, channel: Channel, media: LegMedia, path: Path, *, both: bool, stereo: bool) -> None:
        self.path = path
        self.active = True
        #: Silence is written in place of what is said.
        self.masked = False
        self._channel = channel
        self._media = media
        self._both = both
        self._recorder = Recorder(path, stereo=stereo)
        self._heard: tuple[bytes, int] | None = None
        self._said: tuple[bytes, int] | None = None
        media.taps.append(self)
        shared_ticker().add(self._tick)
        channel.fire("RECORD_START", ("Record-File-Path", str(path)))

    @property
    def duration_ms(self) -> int:
        return self._recorder.duration_ms

    def heard(self, payload: bytes, payload_type: int) -> None:
        self._heard = payload, payload_type

    def said(self, payload: bytes, payload_type: int) -> None:
        if self._both:
            self._said = payload, payload_type

    def stop(self) -> None:
        if not self.active:
            return
        self.active = False
        shared_ticker().remove(self._tick)
        if self in self._media.taps:
            self._media.taps.remove(self)
        self._recorder.close()
        channel = self._channel
        channel.set("record_ms", str(self.duration_ms))
        channel.set("record_seconds", str(self.duration_ms // 1000))
        channel.set("record_samples", str(self.duration_ms * 8))
        channel.recordings.pop(str(self.path), None)
        channel.fire(
            "RECORD_STOP", ("Record-File-Path", str(self.path)), ("Record-Completion-Cause", "success")
        )

    def _tick(self) -> None:
        if self.masked:
            self._heard = self._said = None
        self._recorder.write(_samples(self._heard), _samples(self._said))
        self._heard = self._said = None


def _samples(frame: tuple[bytes, int] | None) -> Samples | None:
    return Codec(frame[1]).decode(frame[0]) if frame else None


def start_recording(channel: Channel, media: LegMedia, text: str, *, both: bool) -> Recording:
    """Raises ApplicationFailedError for too many taps, SoundFileError for a file that cannot be made."""
    if len(media.taps) >= MAX_TAPS:
        raise ApplicationFailedError(f"record {text[:80]}: {MAX_TAPS} recordings run already")
    path = Path(text)
    if path.suffix.lower() != ".wav" or not path.is_absolute():
        raise ApplicationFailedError(f"record {text[:80]!r}: the lab writes absolute paths that end in .wav")
    stereo = both and is_true(channel.get("RECORD_STEREO"))
    recording = Recording(channel, media, path, both=both, stereo=stereo)
    channel.recordings[text] = recording
    return recording


async def record(channel: Channel, data: str) -> None:
    """`PATH [LIMIT_S …]`: until the limit, a terminator (playback_terminators) or a break."""
    words = separate(data, " ")
    if not words:
        raise ApplicationFailedError("record without a path; give PATH [SECONDS]")
    media = await media_of(channel)
    limit_s = whole(words[1], 0) if len(words) > 1 else 0
    stops = channel.get("playback_terminators") or "*"
    channel.broken = False
    recording = start_recording(channel, media, words[0], both=False)
    try:
        await channel.until(
            lambda: channel.broken or bool(channel.digits and channel.digits[0] in stops),
            limit_s or DEFAULT_LIMIT_S,
        )
    finally:
        channel.broken = False
        recording.stop()
    if channel.digits and channel.digits[0] in stops:
        channel.set("playback_terminator_used", channel.digits.popleft())


async def record_session(channel: Channel, data: str) -> None:
    """`PATH[+SECONDS]`: both sides, in the background until stopped or hung up."""
    path, _, limit = data.strip().partition("+")
    media = await media_of(channel)
    recording = start_recording(channel, media, path.strip(), both=True)
    if limit:
        asyncio.get_running_loop().call_later(whole(limit, DEFAULT_LIMIT_S), recording.stop)


async def stop_record_session(channel: Channel, data: str) -> None:
    """The named recording, or `all`."""
    name = data.strip()
    for path, recording in list(channel.recordings.items()):
        if name in (path, "all"):
            recording.stop()
