"""The audio of one robot's call: sends without a pause from the first SDP on, listens, proves what it heard.

It never stops sending while the call is up: FreeSWITCH leaves legs without RTP behind (field notes).
"""

import secrets
from collections import deque
from pathlib import Path
from typing import Self

from lab.media.audio import SILENT_FRAME, FileSource, Recorder, Source, ToneSource
from lab.media.clock import shared_ticker
from lab.media.detect import ToneDetector, ToneHeard
from lab.media.errors import SdpRejectedError
from lab.media.g711 import Codec, Samples
from lab.media.rtp import RtpSession
from lab.media.rtp_receiver import RtpStats
from lab.media.sdp import AudioEndpoint, build_answer, build_offer, parse_audio

MAX_HEARD_FRAMES = 10
MAX_DIGITS_KEPT = 1000


def make_source(play: str) -> Source:
    """A tone_stream text or the path of a WAV file as a source; raises the media engine's errors."""
    if play.startswith(("tone_stream://", "%", "v=")):
        return ToneSource(play)
    return FileSource(Path(play))


class Voice:
    """Created for each call with `open`; `offer`/`answer`/`accept` speak SDP, `stop` ends it all."""

    def __init__(self, rtp: RtpSession, codecs: tuple[Codec, ...], silent: bool, stated_ip: str) -> None:
        self._rtp = rtp
        self._stated_ip = stated_ip
        self._codecs = codecs
        self._codec = codecs[0]
        self._session_id = str(secrets.randbits(31))
        self._source: Source | None = None
        self._recorder: Recorder | None = None
        self._heard: deque[Samples] = deque(maxlen=MAX_HEARD_FRAMES)
        self._detector = ToneDetector()
        self._digits = ""
        self._silent = silent
        self._sending = False
        self._running = False
        rtp.on_frame = self._on_frame
        rtp.on_dtmf = self._on_digit

    @classmethod
    async def open(
        cls, local_ip: str, codecs: tuple[Codec, ...], silent: bool = False, stated_ip: str | None = None
    ) -> Self:
        """`silent`: never send a packet, as a phone behind a broken firewall. `stated_ip`: what the SDP says
        instead of `local_ip`."""
        return cls(await RtpSession.open(local_ip), codecs, silent, stated_ip or local_ip)

    @property
    def codec(self) -> str:
        """Its name, once both have agreed on it; before, the preferred one."""
        return self._codec.name

    @property
    def digits(self) -> str:
        return self._digits

    @property
    def tones(self) -> tuple[ToneHeard, ...]:
        return self._detector.tones

    @property
    def stats(self) -> RtpStats:
        return self._rtp.stats

    def offer(self, direction: str = "sendrecv") -> str:
        """Our offer, the same each time; `sendonly` puts the peer on hold."""
        return build_offer(
            self._stated_ip, self._rtp.port, self._codecs, direction=direction, session_id=self._session_id
        )

    def answer(self, offer: str) -> str:
        """Our answer to a first or a later offer; audio flows from now on. Raises SdpRejectedError."""
        answer, agreed = build_answer(
            offer, self._stated_ip, self._rtp.port, self._codecs, session_id=self._session_id
        )
        self._connect(agreed)
        return answer

    def accept(self, answer: str) -> None:
        """Take the peer's answer; audio flows from now on. Raises SdpRejectedError."""
        self._connect(parse_audio(answer))

    def play(self, play: str | None) -> None:
        """Play from the start, instead of what is playing; None: silence."""
        self._source = make_source(play) if play is not None else None

    def record(self, path: str) -> None:
        """Write both directions, mixed, to a WAV file from now until `stop`."""
        recorder = Recorder(Path(path))
        if self._recorder is not None:
            self._recorder.close()
        self._recorder = recorder

    async def send_dtmf(self, digits: str, duration_ms: int) -> None:
        await self._rtp.send_dtmf(digits, duration_ms)

    def finish(self) -> None:
        """The call is over: play and listen no more, complete the recording, but keep sending silence."""
        self._source = None
        self._rtp.on_frame = self._rtp.on_dtmf = None
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def stop(self) -> None:
        """Stop sending and free the port; figures stay readable. Stopping twice is harmless."""
        self.finish()
        if self._running:
            shared_ticker().remove(self._tick)
            self._running = False
        self._rtp.close()

    def _connect(self, peer: AudioEndpoint) -> None:
        common = [codec for codec in peer.codecs if codec in self._codecs]
        if not common:
            raise SdpRejectedError(f"peer's codecs {[codec.name for codec in peer.codecs]} are none of ours")
        self._codec = common[0]
        self._rtp.set_remote(peer.host, peer.port, self._codec.payload_type, peer.dtmf_payload_type)
        self._sending = not self._silent and peer.direction in ("sendrecv", "recvonly")
        if not self._running:
            self._running = True
            shared_ticker().add(self._tick)

    def _tick(self) -> None:
        frame = self._source.read() if self._source is not None else None
        if frame is None:
            self._source = None
        if self._sending:
            self._rtp.send_frame(self._codec.silence if frame is None else self._codec.encode(frame))
        if self._recorder is not None:
            self._recorder.write(self._heard.popleft() if self._heard else None, frame)

    def _on_frame(self, payload: bytes, payload_type: int) -> None:
        silent = payload.count(payload[0]) == len(payload)
        samples = SILENT_FRAME if silent else Codec(payload_type).decode(payload)
        self._detector.feed(samples)
        if self._recorder is not None:
            self._heard.append(samples)

    def _on_digit(self, digit: str) -> None:
        if len(self._digits) < MAX_DIGITS_KEPT:
            self._digits += digit
