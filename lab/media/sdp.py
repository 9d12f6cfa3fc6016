"""Offers and answers for one G.711 audio stream with telephone-events, on aiosipua's SDP model (RFC 3264).

Why not aiosipua alone: it offers a single codec, answers telephone-event with its own number instead of
the offered one, and lets hostile input escape as ValueError from anywhere.
"""

import secrets
from dataclasses import dataclass

from aiosipua.sdp import (
    MediaDescription,
    SdpMessage,
    SdpNegotiationError,
    build_sdp,
    negotiate_sdp,
    parse_sdp,
    serialize_sdp,
)

from lab.media.errors import SdpRejectedError
from lab.media.g711 import FRAME_MS, Codec

MAX_SDP_CHARS = 16_384
DEFAULT_DTMF_PAYLOAD_TYPE = 101
CONTENT_TYPE = "application/sdp"


@dataclass(frozen=True, slots=True)
class AudioEndpoint:
    """Where the peer wants its audio and how.

    `port` 0 means no audio. `codecs` in the peer's order of preference, never empty. `direction` as the
    peer wrote it: sendrecv, sendonly, recvonly or inactive.
    """

    host: str
    port: int
    codecs: tuple[Codec, ...]
    dtmf_payload_type: int | None
    direction: str

    @property
    def codec(self) -> Codec:
        return self.codecs[0]


def parse_audio(text: str) -> AudioEndpoint:
    """The first audio stream of an offer or an answer; SdpRejectedError without G.711."""
    return _endpoint(_parse(text))


def build_offer(
    local_ip: str,
    port: int,
    codecs: tuple[Codec, ...] = (Codec.PCMA, Codec.PCMU),
    dtmf_payload_type: int | None = DEFAULT_DTMF_PAYLOAD_TYPE,
    direction: str = "sendrecv",
    session_id: str | None = None,
) -> str:
    """An offer of the codecs in this order; `dtmf_payload_type` None offers no telephone-event.

    `session_id` (digits) stays the same for all descriptions of one call; None takes a random one.
    """
    first, dtmf = codecs[0], dtmf_payload_type or 0
    offer = build_sdp(
        local_ip,
        port,
        first.payload_type,
        first.name,
        dtmf_payload_type=dtmf,
        ptime=FRAME_MS,
        session_id=session_id or _session_id(),
    )
    audio = _audio(offer)
    tail = audio.formats[1:]
    audio.formats[:] = [str(codec.payload_type) for codec in codecs] + tail
    audio.attributes["rtpmap"][:1] = [f"{codec.payload_type} {codec.name}/8000" for codec in codecs]
    audio.attributes.pop("sendrecv", None)
    audio.attributes[direction] = []
    return serialize_sdp(offer)


def build_answer(
    offer_text: str,
    local_ip: str,
    port: int,
    codecs: tuple[Codec, ...] = (Codec.PCMA, Codec.PCMU),
    session_id: str | None = None,
) -> tuple[str, AudioEndpoint]:
    """The answer, and the peer's side of what is now agreed (`codec` is the chosen one).

    The offerer's order of preference decides; streams other than the first audio are refused with port 0.
    Raises SdpRejectedError when nothing fits.
    """
    offer = _parse(offer_text)
    peer = _endpoint(offer)
    try:
        answer, chosen = negotiate_sdp(
            offer,
            local_ip,
            port,
            supported_codecs=[codec.payload_type for codec in codecs],
            dtmf_payload_type=peer.dtmf_payload_type or 0,
            ptime=FRAME_MS,
            session_id=session_id or _session_id(),
        )
    except (SdpNegotiationError, ValueError) as problem:
        raise SdpRejectedError(f"SDP offer: {problem}; offer PCMA or PCMU") from None
    agreed = AudioEndpoint(peer.host, peer.port, (Codec(chosen),), peer.dtmf_payload_type, peer.direction)
    return serialize_sdp(answer), agreed


def _session_id() -> str:
    return str(secrets.randbits(31))


def _parse(text: str) -> SdpMessage:
    if len(text) > MAX_SDP_CHARS:
        raise SdpRejectedError(f"SDP of {len(text)} characters; at most {MAX_SDP_CHARS} are read")
    try:
        return parse_sdp(text)
    except ValueError as problem:
        raise SdpRejectedError(f"SDP: {problem}; send a session description after RFC 4566") from None


def _audio(sdp: SdpMessage) -> MediaDescription:
    audio = sdp.audio
    if audio is None:
        raise SdpRejectedError("SDP without an m=audio line; offer audio")
    return audio


def _endpoint(sdp: SdpMessage) -> AudioEndpoint:
    audio = _audio(sdp)
    connection = audio.connection or sdp.connection
    if connection is None or not 0 <= audio.port <= 65535:
        raise SdpRejectedError("SDP audio without a usable c= address and port; send both")
    usable = tuple(
        Codec(codec.payload_type)
        for codec in audio.codecs
        if codec.payload_type in (0, 8) and codec.clock_rate == 8000
    )
    if not usable:
        raise SdpRejectedError(f"SDP audio formats {' '.join(audio.formats)!r}: offer PCMA (8) or PCMU (0)")
    events = [
        codec.payload_type for codec in audio.codecs if codec.encoding_name.lower() == "telephone-event"
    ]
    return AudioEndpoint(
        connection.address, audio.port, usable, events[0] if events else None, audio.direction
    )
