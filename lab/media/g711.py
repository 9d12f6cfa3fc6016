"""G.711 A-law and µ-law, table driven (ITU-T G.711; `audioop` left Python in 3.13).

Samples are `array('h')`: signed 16 bit, 8 kHz, mono. A frame is 160 samples, 20 ms, 160 bytes of G.711.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    Samples: TypeAlias = array[int]
else:
    Samples = array  # array became subscriptable at run time in Python 3.12 only

SAMPLE_RATE_HZ = 8000
FRAME_MS = 20
FRAME_SAMPLES = SAMPLE_RATE_HZ * FRAME_MS // 1000

_LOWEST, _HIGHEST = -32768, 32767


def _alaw_value(code: int) -> int:
    code ^= 0x55
    segment = (code & 0x70) >> 4
    magnitude = ((code & 0x0F) << 4) + 8
    if segment:
        magnitude = (magnitude + 0x100) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def _ulaw_value(code: int) -> int:
    code ^= 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return -magnitude if code & 0x80 else magnitude


_ALAW_VALUES: tuple[int, ...] = tuple(_alaw_value(code) for code in range(256))
_ULAW_VALUES: tuple[int, ...] = tuple(_ulaw_value(code) for code in range(256))


def _encode_table(values: tuple[int, ...]) -> bytes:
    """Code of the nearest decoded value for each 16 bit pattern; ties go to the greater value.

    Of the two µ-law codes for zero the later one (0xFF, the usual silence) wins.
    """
    code_of = {value: code for code, value in enumerate(values)}
    levels = sorted(code_of)
    table = bytearray(65536)
    for sample in range(_LOWEST, _HIGHEST + 1):
        above = min(bisect_left(levels, sample), len(levels) - 1)
        below = max(above - 1, 0)
        nearest = above if levels[above] - sample <= sample - levels[below] else below
        table[sample & 0xFFFF] = code_of[levels[nearest]]
    return bytes(table)


@cache
def _alaw_codes() -> bytes:
    return _encode_table(_ALAW_VALUES)


@cache
def _ulaw_codes() -> bytes:
    return _encode_table(_ULAW_VALUES)


def _decode(payload: bytes, values: tuple[int, ...]) -> Samples:
    return array("h", map(values.__getitem__, payload))


def _encode(samples: Samples, codes: bytes) -> bytes:
    return bytes(map(codes.__getitem__, array("H", samples.tobytes())))


def decode_alaw(payload: bytes) -> Samples:
    """Each A-law byte as one 16 bit sample."""
    return _decode(payload, _ALAW_VALUES)


def decode_ulaw(payload: bytes) -> Samples:
    """Each µ-law byte as one 16 bit sample."""
    return _decode(payload, _ULAW_VALUES)


def encode_alaw(samples: Samples) -> bytes:
    """Each 16 bit sample as one A-law byte."""
    return _encode(samples, _alaw_codes())


def encode_ulaw(samples: Samples) -> bytes:
    """Each 16 bit sample as one µ-law byte."""
    return _encode(samples, _ulaw_codes())


@cache
def _alaw_to_ulaw_table() -> bytes:
    return encode_ulaw(array("h", _ALAW_VALUES))


@cache
def _ulaw_to_alaw_table() -> bytes:
    return encode_alaw(array("h", _ULAW_VALUES))


def alaw_to_ulaw(payload: bytes) -> bytes:
    """Transcode without a detour over samples."""
    return payload.translate(_alaw_to_ulaw_table())


def ulaw_to_alaw(payload: bytes) -> bytes:
    """Transcode without a detour over samples."""
    return payload.translate(_ulaw_to_alaw_table())


class Codec(Enum):
    """The two G.711 laws; the value is the static RTP payload type (RFC 3551 section 6)."""

    PCMU = 0
    PCMA = 8

    @property
    def payload_type(self) -> int:
        return self.value

    @property
    def silence(self) -> bytes:
        """One frame of silence."""
        return (b"\xd5" if self is Codec.PCMA else b"\xff") * FRAME_SAMPLES

    def decode(self, payload: bytes) -> Samples:
        return decode_alaw(payload) if self is Codec.PCMA else decode_ulaw(payload)

    def encode(self, samples: Samples) -> bytes:
        return encode_alaw(samples) if self is Codec.PCMA else encode_ulaw(samples)


def transcode(payload: bytes, source: int, target: int) -> bytes:
    """Payload of payload type `source` as payload type `target`; both must be 0 or 8."""
    if source == target:
        return payload
    convert: Callable[[bytes], bytes] = alaw_to_ulaw if source == Codec.PCMA.value else ulaw_to_alaw
    return convert(payload)
