"""G.711 tables (ITU-T G.711)."""

from array import array

import pytest

from lab.media.g711 import (
    Codec,
    alaw_to_ulaw,
    decode_alaw,
    decode_ulaw,
    encode_alaw,
    encode_ulaw,
    transcode,
    ulaw_to_alaw,
)

EVERY_CODE = bytes(range(256))


def test_known_codes_have_the_values_of_the_standard() -> None:
    assert decode_alaw(b"\xd5\x55\xaa\x2a").tolist() == [8, -8, 32256, -32256]
    assert decode_ulaw(b"\xff\x7f\x80\x00").tolist() == [0, 0, 32124, -32124]


def test_every_alaw_code_survives_decoding_and_encoding() -> None:
    assert encode_alaw(decode_alaw(EVERY_CODE)) == EVERY_CODE


def test_every_ulaw_code_but_the_second_zero_survives_decoding_and_encoding() -> None:
    survivors = encode_ulaw(decode_ulaw(EVERY_CODE))
    assert [code for code in range(256) if survivors[code] != code] == [0x7F]
    assert survivors[0x7F] == 0xFF


@pytest.mark.parametrize("codec", list(Codec))
def test_quantisation_never_costs_more_than_three_percent_and_a_step(codec: Codec) -> None:
    samples = array("h", range(-32000, 32001, 7))
    for sample, heard in zip(samples, codec.decode(codec.encode(samples)), strict=True):
        assert abs(sample - heard) <= max(abs(sample) * 0.035, 16)


def test_the_extremes_of_16_bit_are_limited_not_wrapped() -> None:
    assert decode_alaw(encode_alaw(array("h", [-32768, 32767]))).tolist() == [-32256, 32256]
    assert decode_ulaw(encode_ulaw(array("h", [-32768, 32767]))).tolist() == [-32124, 32124]


def test_transcoding_is_the_same_as_decoding_and_encoding() -> None:
    assert alaw_to_ulaw(EVERY_CODE) == encode_ulaw(decode_alaw(EVERY_CODE))
    assert ulaw_to_alaw(EVERY_CODE) == encode_alaw(decode_ulaw(EVERY_CODE))
    assert transcode(EVERY_CODE, 8, 0) == alaw_to_ulaw(EVERY_CODE)
    assert transcode(EVERY_CODE, 0, 0) is EVERY_CODE


@pytest.mark.parametrize("codec", list(Codec))
def test_silence_is_one_quiet_frame(codec: Codec) -> None:
    assert len(codec.silence) == 160
    assert max(abs(sample) for sample in codec.decode(codec.silence)) <= 8
