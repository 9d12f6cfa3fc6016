"""Bytes to messages: any cut, any bytes, every limit."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freeswitch.errors import LimitExceeded, ProtocolError
from freeswitch.protocol import Framer, Limits, Message

STREAM = (
    b"Content-Type: auth/request\n\n"
    b"Content-Type: command/reply\nReply-Text: +OK accepted\n\n"
    b"Content-Length: 49\nContent-Type: text/event-plain\n\n"
    b"Event-Name: HEARTBEAT\nEvent-Info: System%20Ready\n\n"
    b"Content-Type: api/response\nContent-Length: 12\n\nGr\xc3\xbc\xc3\x9fe\n\nab\n"
    b"\nEvent-Name: CHANNEL_DATA\nvariable_x: a%0Ab\nContent-Type: command/reply\n\n"
    b"Content-Type: text/disconnect-notice\nContent-Length: 0\n\n"
)
KINDS = [
    "auth/request",
    "command/reply",
    "text/event-plain",
    "api/response",
    "command/reply",
    "text/disconnect-notice",
]


def messages_of(chunks: Iterable[bytes], limits: Limits | None = None) -> list[Message]:
    framer = Framer(limits)
    found = [message for chunk in chunks for message in framer.receive_data(chunk)]
    framer.receive_eof()
    return found


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges)]


def test_a_stream_in_one_piece_gives_its_messages():
    found = messages_of([STREAM])
    assert [message.content_type for message in found] == KINDS
    assert found[3].body == b"Gr\xc3\xbc\xc3\x9fe\n\nab\n"


@pytest.mark.parametrize("place", range(len(STREAM) + 1))
def test_a_stream_cut_at_any_byte_gives_the_same_messages(place):
    assert messages_of([STREAM[:place], STREAM[place:]]) == messages_of([STREAM])


@given(st.lists(st.integers(0, 10_000), max_size=40))
def test_a_stream_cut_at_any_places_gives_the_same_messages(places):
    assert messages_of(cut(STREAM, places)) == messages_of([STREAM])


def test_a_stream_of_single_bytes_gives_the_same_messages():
    assert messages_of([bytes([byte]) for byte in STREAM]) == messages_of([STREAM])


header = st.sampled_from(["Content-Length", "Content-Type", "Event-Name", "variable_x", "", "Reply-Text"])
value = st.one_of(
    st.sampled_from(["0", "5", "-1", "99999999999", "1e3", "command/reply", "text/event-plain", "_undef_"]),
    st.text(max_size=20),
)
bytes_like_a_stream = st.lists(
    st.one_of(
        st.builds(lambda name, text: f"{name}: {text}\n".encode("utf-8", "replace"), header, value),
        st.just(b"\n"),
        st.binary(max_size=12),
    ),
    max_size=30,
).map(b"".join)

SMALL = Limits(header_line=40, headers=6, header_block=120, body=50)


def outcome(chunks: list[bytes], limits: Limits) -> tuple[list[Message], str]:
    found: list[Message] = []
    framer = Framer(limits)
    try:
        for chunk in chunks:
            found += framer.receive_data(chunk)
        framer.receive_eof()
    except ProtocolError as error:
        return found, error.id
    return found, ""


def test_what_came_before_an_error_is_delivered_before_it_is_raised():
    framer = Framer()
    messages = framer.receive_data(STREAM + b"Content-Length: much\n\n")
    assert [next(messages).content_type for _ in KINDS] == KINDS
    with pytest.raises(ProtocolError):
        next(messages)


@given(bytes_like_a_stream, st.lists(st.integers(0, 1000), max_size=8))
def test_arbitrary_bytes_raise_nothing_but_our_error_and_alike_at_any_cut(stream, places):
    whole = Framer(SMALL)
    found = []
    try:
        for message in whole.receive_data(stream):
            found.append(message)
            _ = dict(message.headers), dict(message.decoded_headers)
    except ProtocolError:
        with pytest.raises(ProtocolError):
            whole.receive_eof()
    pieces = Framer(SMALL)
    again = []
    try:
        for chunk in cut(stream, places):
            again.extend(pieces.receive_data(chunk))
    except ProtocolError:
        pass
    assert again[: len(found)] == found[: len(again)]


@given(st.binary(max_size=400), st.integers(1, 50))
def test_memory_stays_bounded_whatever_comes(stream, size):
    framer = Framer(SMALL)
    try:
        for start in range(0, len(stream), size):
            list(framer.receive_data(stream[start : start + size]))
            assert len(framer._buffer) <= SMALL.header_block + SMALL.body + size
    except ProtocolError:
        assert len(framer._buffer) == 0


def test_a_header_block_that_never_ends_is_refused_before_it_fills_the_memory():
    endless = itertools.repeat(b"x" * 65536, 100)
    with pytest.raises(LimitExceeded, match="a header block is longer than 1048576 bytes"):
        messages_of(endless)


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"A: " + b"x" * 38 + b"\n\n", "line is longer than 40"),
        (b"a:b\n" * 6 + b"\n", None),
        (b"a:b\n" * 7 + b"\n", "more than 6 lines"),
        ((b"a: " + b"x" * 30 + b"\n") * 4 + b"\n", "block is longer than 120"),
        (b"Content-Length: 51\n\n", "a body of 51 bytes is longer than 50"),
    ],
)
def test_every_limit_is_named_when_it_is_passed(stream, words):
    if words is None:
        assert len(messages_of([stream], SMALL)) == 1
        return
    with pytest.raises(LimitExceeded, match=words):
        messages_of([stream], SMALL)


def test_a_block_at_its_limit_passes_even_when_cut_inside_its_end():
    block = b"\n".join([b"a: " + b"x" * 27] * 3 + [b"b: " + b"y" * 24])
    assert len(block) == SMALL.header_block
    assert len(messages_of([block, b"\n", b"\n"], SMALL)) == 1


@pytest.mark.parametrize("length", [b"-1", b"1 2", b"0x10", b"", b"9" * 11, b"\xc2\xb2"])
def test_a_length_that_is_no_number_ends_the_stream(length):
    with pytest.raises(ProtocolError):
        messages_of([b"Content-Length: " + length + b"\n\n"])


@pytest.mark.parametrize("place", [1, 20, 60, 100, len(STREAM) - 1])
def test_a_truncated_stream_says_so_at_its_end(place):
    complete = {len(STREAM[:at]) for at in range(len(STREAM)) if STREAM[:at].endswith(b"\n\n")}
    assert place not in complete
    with pytest.raises(ProtocolError, match="inside a message"):
        messages_of([STREAM[:place]])


def test_after_an_error_the_framer_takes_nothing_more():
    framer = Framer()
    with pytest.raises(ProtocolError):
        list(framer.receive_data(b"Content-Length: much\n\n"))
    for _ in range(2):
        with pytest.raises(ProtocolError, match="not a number"):
            list(framer.receive_data(STREAM))


def test_lengths_count_bytes_not_characters():
    body = "Grüße aus Köln".encode()
    found = messages_of([b"Content-Type: api/response\nContent-Length: %d\n\n" % len(body) + body + STREAM])
    assert found[0].body == body
    assert [message.content_type for message in found[1:]] == KINDS


def test_a_length_inside_a_variable_read_with_getvar_delays_nobody():
    """FreeSWITCH writes getvar's value unencoded, so a caller's line break reaches the header block."""
    found = messages_of([b"Content-Type: command/reply\nReply-Text: x\nContent-Length: 9999\n\n", STREAM])
    assert len(found) == 1 + len(KINDS)
