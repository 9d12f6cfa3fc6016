"""eavesdrop: a supervisor hears both sides of a call, and is heard where the channel says so."""

from __future__ import annotations

from collections import deque

from lab.errors import ApplicationFailedError
from lab.media.audio import mix
from lab.media.clock import shared_ticker
from lab.media.g711 import Codec, Samples
from lab.switch.apps.answering import leg_of
from lab.switch.apps.playing import media_of
from lab.switch.channel import Channel
from lab.switch.config.settings import is_true
from lab.switch.media import MAX_MURMUR_FRAMES, MAX_TAPS, LegMedia


class Ear:
    """A tap that mixes both directions of one leg into another, a frame per tick."""

    def __init__(self, supervisor: LegMedia, watched: LegMedia) -> None:
        self._supervisor = supervisor
        self._watched = watched
        self._frames: dict[str, tuple[bytes, int]] = {}
        watched.taps.append(self)
        shared_ticker().add(self._tick)

    def heard(self, payload: bytes, payload_type: int) -> None:
        self._frames["heard"] = payload, payload_type

    def said(self, payload: bytes, payload_type: int) -> None:
        self._frames["said"] = payload, payload_type

    def stop(self) -> None:
        shared_ticker().remove(self._tick)
        if self in self._watched.taps:
            self._watched.taps.remove(self)

    def _tick(self) -> None:
        if self._frames:
            mixed = mix([Codec(kind).decode(payload) for payload, kind in self._frames.values()])
            self._frames.clear()
            codec = self._supervisor.codec
            self._supervisor.send(codec.encode(mixed), codec.payload_type)


class Mouth:
    """A tap that lets what the supervisor says be mixed into what another leg hears."""

    def __init__(self, supervisor: LegMedia, hearer: LegMedia) -> None:
        self._supervisor = supervisor
        self._hearer = hearer
        self._frames: deque[Samples] = deque(maxlen=MAX_MURMUR_FRAMES)
        supervisor.taps.append(self)
        hearer.murmurs.append(self._frames)

    def heard(self, payload: bytes, payload_type: int) -> None:
        self._frames.append(Codec(payload_type).decode(payload))

    def said(self, payload: bytes, payload_type: int) -> None:
        """What the supervisor hears is not said on."""

    def stop(self) -> None:
        if self in self._supervisor.taps:
            self._supervisor.taps.remove(self)
        # By identity: two that are empty are equal.
        self._hearer.murmurs[:] = [each for each in self._hearer.murmurs if each is not self._frames]


def _mouths(channel: Channel, supervisor: LegMedia, watched: LegMedia) -> list[Mouth]:
    """Into what the watched leg says (its peer hears it) and into what it hears."""
    mouths = []
    if is_true(channel.get("eavesdrop_whisper_aleg")) and watched.peer is not None:
        mouths.append(Mouth(supervisor, watched.peer))
    if is_true(channel.get("eavesdrop_whisper_bleg")):
        mouths.append(Mouth(supervisor, watched))
    return mouths


async def eavesdrop(channel: Channel, data: str) -> None:
    """Listen to the channel with this UUID until it ends."""
    target = channel.switch.channels.get(data.strip())
    if target is None or target is channel:
        raise ApplicationFailedError(f"eavesdrop {data[:60]!r}: no such channel; give a running call's UUID")
    await leg_of(channel).answer()
    media = await media_of(channel)
    watched = leg_of(target).media
    if watched is None or len(watched.taps) >= MAX_TAPS:
        raise ApplicationFailedError(f"eavesdrop {data[:60]!r}: that channel has no audio to hear")
    ear = Ear(media, watched)
    mouths = _mouths(channel, media, watched)
    target.watchers.add(channel.signal)
    channel.broken = False
    try:
        await channel.until(lambda: not target.up or channel.broken)
    finally:
        channel.broken = False
        target.watchers.discard(channel.signal)
        ear.stop()
        for mouth in mouths:
            mouth.stop()
