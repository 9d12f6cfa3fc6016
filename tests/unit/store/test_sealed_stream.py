"""Long content that rests encrypted in parts: nothing of it can be changed, left out or exchanged (C4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, repeat

import pytest

from store.errors import RecordRefused
from store.sealed import new_key, read_key
from store.sealed_stream import seal_stream, unseal_stream

KEY = read_key(new_key())
PARTS = (b"RIFF", b"what anna said", b"what the caller said", b"end")
BOUND = "recording r-1 of kunde"


def sealed(bound_to: str = BOUND) -> list[bytes]:
    return list(seal_stream(KEY, PARTS, bound_to))


def opened(parts: list[bytes], bound_to: str = BOUND, key: bytes = KEY) -> tuple[bytes, ...]:
    return tuple(unseal_stream(key, parts, bound_to))


def test_what_is_opened_is_what_was_sealed_and_never_sealed_alike() -> None:
    first, second = sealed(), sealed()
    assert opened(first) == opened(second) == PARTS
    assert not set(first) & set(second)
    assert [len(each) for each in first] == [len(each) + 33 for each in PARTS]
    assert not any(plain in part for plain, part in zip(PARTS, first, strict=True))


def test_of_nothing_there_is_one_empty_part() -> None:
    parts = list(seal_stream(KEY, (), BOUND))
    assert opened(parts) == (b"",)
    with pytest.raises(RecordRefused):
        opened([])


@pytest.mark.parametrize(
    "broken",
    [
        lambda parts: parts[:-1],
        lambda parts: parts[1:],
        lambda parts: [parts[0], *parts[2:]],
        lambda parts: [parts[1], parts[0], *parts[2:]],
        lambda parts: [*parts[:2], *parts[1:]],
        lambda parts: [*parts, parts[-1]],
        lambda parts: [*parts[:-1], parts[-1][:-1]],
        lambda parts: [*parts[:-1], parts[-1][:20]],
        lambda parts: [*parts[:-1], parts[-1][:-1] + bytes([parts[-1][-1] ^ 1])],
        lambda parts: [parts[0], sealed()[1], *parts[2:]],
        lambda parts: [b"\x01" + parts[0][1:], *parts[1:]],
        lambda parts: [*parts[:-1], *sealed("recording r-2 of kunde")[-1:]],
    ],
    ids=[
        "cut off",
        "without its begin",
        "one left out",
        "exchanged",
        "one twice",
        "the last one twice",
        "a byte less",
        "no tag",
        "a bit",
        "of another sealing",
        "of another version",
        "of another recording",
    ],
)
def test_parts_that_are_not_as_they_were_are_refused(broken: Callable[[list[bytes]], list[bytes]]) -> None:
    with pytest.raises(RecordRefused, match="cannot be decrypted"):
        opened(broken(sealed()))


def test_another_key_and_another_customer_open_nothing() -> None:
    """Guarantee 8."""
    with pytest.raises(RecordRefused):
        opened(sealed(), key=read_key(new_key()))
    with pytest.raises(RecordRefused):
        opened(sealed(), bound_to="recording r-1 of other")


def test_whatever_the_length_two_parts_are_in_memory() -> None:
    """A conversation of two days is sealed with the memory of one of a minute."""
    asked = 0

    def parts() -> Iterator[bytes]:
        nonlocal asked
        for each in repeat(b"sound", 100_000):
            asked += 1
            yield each

    given = 0
    stream = unseal_stream(KEY, seal_stream(KEY, parts(), BOUND), BOUND)
    for given, part in enumerate(islice(stream, 3_000), start=1):
        assert part == b"sound"
        assert asked - given <= 2
    assert given == 3_000
