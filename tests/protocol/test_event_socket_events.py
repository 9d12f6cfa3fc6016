"""Headers and events: decoded late, first wins, nothing raises that is not ours."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freeswitch.channel import channel_data_of
from freeswitch.errors import LimitExceeded, ProtocolError, UnexpectedReply
from freeswitch.events import event_of
from freeswitch.headers import Headers
from freeswitch.protocol import Message


def plain(body: bytes) -> Message:
    return Message(b"Content-Type: text/event-plain", body)


def test_values_are_decoded_and_an_undefined_one_is_none():
    headers = Headers(b"A: Gr%C3%BC%C3%9Fe%0Ax\nB: _undef_\nC:x:y\nD: ", encoded=True)
    assert dict(headers) == {"A": "Grüße\nx", "B": None, "C": "x:y", "D": ""}
    assert "B" in headers
    assert headers.get("B") is None
    assert "Z" not in headers
    with pytest.raises(KeyError):
        headers["Z"]


def test_replies_are_not_percent_decoded():
    assert Headers(b"Reply-Text: 100%25", encoded=False)["Reply-Text"] == "100%25"


def test_of_duplicate_headers_the_first_counts_and_all_are_shown():
    headers = Headers(b"A: 1\nB: 2\nA: 3", encoded=True)
    assert headers["A"] == "1"
    assert headers.all("A") == ("1", "3")
    assert list(headers) == ["A", "B"]


def test_bytes_that_are_not_utf8_become_replacement_characters_and_stay_readable_raw():
    headers = Headers(b"A: x\xff%FEy\n\xfe: z", encoded=True)
    assert headers["A"] == "x\ufffd\ufffdy"
    assert headers.raw("A") == b"x\xff%FEy"
    assert list(headers) == ["A"]


def test_the_first_header_is_found_without_an_index():
    headers = Headers(b"Event-Name: CHANNEL_ANSWER\nEvent-Name: FORGED", encoded=True)
    assert headers.first("Event-Name") == "CHANNEL_ANSWER"
    assert headers._index is None
    assert headers.first("Other") is None


def test_an_event_with_more_headers_than_allowed_is_refused():
    with pytest.raises(LimitExceeded, match="more than 2000 headers"):
        event_of(plain(b"A: a header of usual length, in all 64 KiB\n" * 2002 + b"\n"))
    with pytest.raises(LimitExceeded, match="longer than 1048576 bytes"):
        event_of(plain(b"A: " + b"x" * 1024 * 1024))


def test_a_job_result_is_the_events_own_body():
    event = event_of(plain(b"Event-Name: BACKGROUND_JOB\nContent-Length: 4\n\n+OK\nrest"))
    assert (event.name, event.body, event.uuid, event.subclass) == ("BACKGROUND_JOB", b"+OK\n", None, None)


def test_a_custom_event_names_its_subclass_and_its_variables():
    event = event_of(plain(b"Event-Name: CUSTOM\nEvent-Subclass: sofia%3A%3Aregister\nvariable_a: b%20c\n\n"))
    assert event.subclass == "sofia::register"
    assert event.variable("a") == "b c"
    assert event.get("Missing") is None


def test_an_event_may_lack_its_end_and_its_name():
    assert event_of(plain(b"A: 1")).headers["A"] == "1"
    assert event_of(plain(b"")).name == ""


def test_json_events_read_like_plain_ones():
    text = (
        '{"Event-Name":"CUSTOM","A":"%41","A":"later","N":5,"U":"_undef_","L":["x","y"],"_body":"b\\u00fc"}'
    )
    event = event_of(Message(b"Content-Type: text/event-json", text.encode()))
    assert (event.name, event.body.decode()) == ("CUSTOM", "bü")
    assert dict(event.headers) == {
        "Event-Name": "CUSTOM",
        "A": "%41",
        "N": "5",
        "U": None,
        "L": "ARRAY::x|:y",
    }


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":' * 100_000,
        json.dumps({str(n): "" for n in range(2001)}).encode(),
        b"1" * 5000,
        b"null",
    ],
)
def test_bad_json_is_our_error(body):
    with pytest.raises(ProtocolError):
        event_of(Message(b"Content-Type: text/event-json", body))


def test_a_lone_surrogate_in_json_can_be_written_later():
    event = event_of(Message(b"Content-Type: text/event-json", b'{"Event-Name":"X","A":"\\ud800"}'))
    assert event.headers["A"].encode() == b"?"


def test_other_messages_are_no_events():
    with pytest.raises(ProtocolError, match="not an event"):
        event_of(Message(b"Content-Type: log/data", b""))


@given(st.binary(max_size=300), st.booleans())
def test_arbitrary_event_bodies_raise_nothing_but_our_error(body, as_json):
    kind = b"json" if as_json else b"plain"
    try:
        event = event_of(Message(b"Content-Type: text/event-" + kind, body))
        for name, value in event.headers.items():
            name.encode(), (value or "").encode()
    except ProtocolError:
        pass


@given(st.text())
def test_any_value_survives_encoding_and_decoding(value):
    encoded = "".join(f"%{byte:02X}" for byte in value.encode("utf-8", "replace"))
    headers = Headers(f"A: {encoded}\nB: 1".encode(), encoded=True)
    assert headers["A"] == value.encode("utf-8", "replace").decode()
    assert headers["B"] == "1"


def test_channel_data_are_the_decoded_answer_to_connect():
    block = b"Event-Name: CHANNEL_DATA\nUnique-ID: c-1\nvariable_n: a%0Ab\nContent-Type: command/reply"
    channel = channel_data_of(Message(block))
    assert (channel.uuid, channel.variable("n"), channel.is_synchronous) == ("c-1", "a\nb", True)
    with pytest.raises(UnexpectedReply, match="Unique-ID"):
        channel_data_of(Message(b"Content-Type: command/reply\nReply-Text: -ERR"))
    with pytest.raises(UnexpectedReply, match="answered connect"):
        channel_data_of(Message(b"Content-Type: api/response"))


@given(
    st.lists(
        st.sampled_from([b"A: 1", b"B: %0AA: 2", b"A: 3", b"BA: 4", b"no colon", b"", b"C:"]), max_size=8
    )
)
def test_a_header_found_without_an_index_is_the_one_of_the_index(lines: list[bytes]) -> None:
    """The first one counts, and nothing behind the blank line, where another party's words may stand."""
    block = b"\n".join(lines)
    for name in ("A", "B", "C", "D"):
        assert Headers(block, encoded=True).peek(name) == Headers(block, encoded=True).get(name)
