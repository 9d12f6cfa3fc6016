"""A leg's audio: relay to the bridged leg, playing, listening taps. Built on lab.media."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from lab.media.audio import Source, mix
from lab.media.clock import shared_ticker
from lab.media.errors import DigitsRefusedError
from lab.media.g711 import Codec, Samples, transcode
from lab.media.rtp import RtpSession

log = logging.getLogger(__name__)

MAX_TAPS: Final = 16
#: Frames of somebody who speaks into a call that wait to be mixed in: what is older is too late.
MAX_MURMUR_FRAMES: Final = 5
RELAYED_DIGIT_MS: Final = 160


class Tap(Protocol):
    """Listens to a leg: what its peer says (heard) and what is said to it (said)."""

    def heard(self, payload: bytes, payload_type: int) -> None: ...

    def said(self, payload: bytes, payload_type: int) -> None: ...


class LegMedia:
    """The RTP session of one leg and what is connected to it."""

    def __init__(self, rtp: RtpSession, on_digit: Callable[[str], None]) -> None:
        self.rtp = rtp
        self.peer: LegMedia | None = None
        self.taps: list[Tap] = []
        #: What others say into this leg, mixed into what it hears.
        self.murmurs: list[deque[Samples]] = []
        self.frames_in = 0
        self.bytes_in = 0
        self.digits_in = 0
        self.held = False
        self._on_digit = on_digit
        self._players: list[Player] = []
        self._tasks: set[asyncio.Task[None]] = set()
        rtp.on_frame = self._frame
        rtp.on_dtmf = self._digit

    @property
    def codec(self) -> Codec:
        return Codec(self.rtp.payload_type)

    @property
    def playing(self) -> bool:
        return bool(self._players)

    def play(self, source: Source, on_end: Callable[[], None]) -> Player:
        """Send `source`'s frames instead of the peer's until it ends or is stopped; the newest one is heard,
        those before wait for its end."""
        self._players.append(Player(self, source, on_end))
        return self._players[-1]

    def heard(self, player: Player) -> bool:
        """Whether it is this one's turn."""
        return self._players[-1] is player

    def send(self, payload: bytes, payload_type: int) -> None:
        """Say one frame, transcoded to what the peer negotiated, with what others say into this leg."""
        if said := [frames.popleft() for frames in self.murmurs if frames]:
            mixed = mix([Codec(payload_type).decode(payload), *said])
            self.rtp.send_frame(self.codec.encode(mixed))
        else:
            self.rtp.send_frame(transcode(payload, payload_type, self.rtp.payload_type))
        for tap in self.taps:
            tap.said(payload, payload_type)

    def send_digits(self, digits: str, duration_ms: int = RELAYED_DIGIT_MS) -> None:
        """Send telephone-events in the background; a peer that takes none gets none."""
        task = asyncio.get_running_loop().create_task(self._send_digits(digits, duration_ms))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        for player in list(self._players):
            player.stop()
        if self.peer is not None and self.peer.peer is self:
            self.peer.peer = None
        self.peer = None
        self.taps.clear()
        for task in self._tasks:
            task.cancel()
        self.rtp.close()

    def player_ended(self, player: Player) -> None:
        if player in self._players:
            self._players.remove(player)

    async def _send_digits(self, digits: str, duration_ms: int) -> None:
        try:
            await self.rtp.send_dtmf(digits, duration_ms)
        except DigitsRefusedError as refused:
            log.info("digits not sent: %s", refused)

    def _frame(self, payload: bytes, payload_type: int) -> None:
        self.frames_in += 1
        self.bytes_in += len(payload)
        peer = self.peer
        if peer is not None and not peer.playing:
            peer.send(payload, payload_type)
        for tap in self.taps:
            tap.heard(payload, payload_type)

    def _digit(self, digit: str) -> None:
        self.digits_in += 1
        if self.peer is not None:
            self.peer.send_digits(digit)
        self._on_digit(digit)


class Player:
    """Plays one source into a leg, a frame per tick."""

    def __init__(self, media: LegMedia, source: Source, on_end: Callable[[], None]) -> None:
        self._media = media
        self._source = source
        self._on_end = on_end
        self.active = True
        self.frames = 0
        shared_ticker().add(self._tick)

    def stop(self) -> None:
        if self.active:
            self.active = False
            shared_ticker().remove(self._tick)
            self._media.player_ended(self)
            self._on_end()

    def _tick(self) -> None:
        if not self._media.heard(self):
            return
        frame: Samples | None = self._source.read()
        if frame is None:
            self.stop()
            return
        self.frames += 1
        codec = self._media.codec
        self._media.send(codec.encode(frame), codec.payload_type)


def connect(first: LegMedia, second: LegMedia) -> None:
    """Relay audio and digits both ways."""
    first.peer, second.peer = second, first


def disconnect(first: LegMedia | None, second: LegMedia | None) -> None:
    """End the relay, if it still is between these two."""
    for here, there in ((first, second), (second, first)):
        if here is not None and here.peer is there:
            here.peer = None
