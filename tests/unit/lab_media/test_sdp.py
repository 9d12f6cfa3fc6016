"""Offers and answers of G.711 audio (RFC 3264)."""

import pytest

from lab.media.errors import SdpRejectedError
from lab.media.g711 import Codec
from lab.media.sdp import build_answer, build_offer, parse_audio

HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"


def test_an_offer_names_both_laws_and_digits() -> None:
    offered = parse_audio(build_offer("127.0.0.1", 4000))
    assert (offered.host, offered.port, offered.codecs) == ("127.0.0.1", 4000, (Codec.PCMA, Codec.PCMU))
    assert (offered.dtmf_payload_type, offered.direction) == (101, "sendrecv")


def test_an_offer_can_leave_out_digits_and_hold_the_peer() -> None:
    offered = parse_audio(build_offer("127.0.0.1", 4000, (Codec.PCMU,), None, "sendonly"))
    assert (offered.codecs, offered.dtmf_payload_type, offered.direction) == ((Codec.PCMU,), None, "sendonly")


def test_the_answer_takes_the_offerers_first_law_and_its_number_for_digits() -> None:
    offer = HEAD + "m=audio 4000 RTP/AVP 9 0 8 96\r\na=rtpmap:96 telephone-event/8000\r\n"
    answer, agreed = build_answer(offer, "127.0.0.1", 5000)
    assert (agreed.port, agreed.codec, agreed.dtmf_payload_type) == (4000, Codec.PCMU, 96)
    answered = parse_audio(answer)
    assert (answered.port, answered.codecs, answered.dtmf_payload_type) == (5000, (Codec.PCMU,), 96)


def test_other_streams_are_refused_in_place() -> None:
    offer = HEAD + "m=video 6000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 8\r\n"
    answer, _ = build_answer(offer, "127.0.0.1", 5000)
    assert "m=video 0 " in answer
    assert answer.index("m=video") < answer.index("m=audio 5000")


def test_a_held_offer_is_answered_the_other_way_round() -> None:
    offer = HEAD + "m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n"
    answer, agreed = build_answer(offer, "127.0.0.1", 5000)
    assert agreed.direction == "sendonly"
    assert parse_audio(answer).direction == "recvonly"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        HEAD,
        HEAD + "m=audio x RTP/AVP 8\r\n",
        HEAD + "m=audio 99999 RTP/AVP 8\r\n",
        HEAD + "m=audio 4000 RTP/AVP 18 9\r\n",
        HEAD + "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMA/16000\r\n",
        HEAD + "m=audio 4000 RTP/AVP 8\r\na=rtpmap:x y\r\n",
        HEAD.replace("c=IN IP4 127.0.0.1\r\n", "") + "m=audio 4000 RTP/AVP 8\r\n",
        HEAD + "a=x\r\n" * 5000 + "m=audio 4000 RTP/AVP 8\r\n",
    ],
)
def test_a_description_without_usable_audio_is_refused(text: str) -> None:
    with pytest.raises(SdpRejectedError):
        build_answer(text, "127.0.0.1", 5000)
