"""The header block of a message or event, decoded only where somebody looks.

A block is split on "\\n" first and each value is percent-decoded afterwards, so that a `%0A` in a caller's
name stays inside its value. Looking up names costs one pass over the block, whatever is looked up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import repeat
from typing import Final, TypeVar, overload
from urllib.parse import unquote_to_bytes

#: FreeSWITCH writes this for an empty value.
UNDEFINED: Final = b"_undef_"

_T = TypeVar("_T")
_COLONS: Final = repeat(b":")


class Headers(Mapping[str, str | None]):
    """A mapping from exact header name to value; `_undef_` is None.

    `encoded`: values are percent-encoded (events and the answer to `connect`; other replies are not). Bytes
    that are not UTF-8 become U+FFFD; `raw` gives them untouched. Of duplicates the first counts, `all`
    gives every one. Lines without a colon, and names that are not UTF-8, are passed over. An empty line
    ends the block. Its size is the caller's to limit.
    """

    __slots__ = ("_block", "_encoded", "_index")

    def __init__(self, block: bytes, *, encoded: bool) -> None:
        self._block = block
        self._encoded = encoded
        self._index: dict[bytes, bytes] | None = None

    def __getitem__(self, name: str) -> str | None:
        value = self.raw(name)
        if value is None:
            raise KeyError(name)
        return self._text(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._readable())

    def __len__(self) -> int:
        return len(self._readable())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.raw(name) is not None

    def __repr__(self) -> str:
        return f"<Headers of {len(self._block)} bytes>"

    def raw(self, name: str) -> bytes | None:
        """The first value of this name as it was on the wire; None when the header is absent."""
        value = self._names().get(_key(name))
        return None if value is None else value.lstrip(b" ")

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str | _T) -> str | _T | None: ...
    def get(self, name: str, /, default: str | _T | None = None) -> str | _T | None:
        """The value; `default` when the header is absent, None when it is empty."""
        value = self._names().get(_key(name))
        return default if value is None else self._text(value)

    def first(self, name: str) -> str | None:
        """Like `get`, without reading the rest when `name` is the block's first header (`Event-Name` is)."""
        key = _key(name) + b":"
        if self._index is None and self._block.startswith(key):
            end = self._block.find(b"\n")
            value = self._block[len(key) : end if end >= 0 else None]
            return self._text(value)
        return self.get(name)

    def peek(self, name: str) -> str | None:
        """Like `get`, without an index: for a block of which only a few headers are looked at."""
        block, key = self._block, b"\n" + _key(name) + b":"
        start = block.find(key)
        # In its first line, after its end, or nowhere: rare, and the index knows.
        if self._index is None and start > 0 and not block.startswith((b"\n", key[1:])):
            end_of_block = b"\n\n" in block[: start + 1]
            if not end_of_block:
                start += len(key)
                end = block.find(b"\n", start)
                return self._text(block[start : end if end >= 0 else None])
        return self.get(name)

    def all(self, name: str) -> tuple[str | None, ...]:
        """Every value of this name in the order sent; empty when absent."""
        key = _key(name)
        return tuple(self._text(value) for found, value in self._pairs() if found == key)

    def _text(self, value: bytes) -> str | None:
        value = value.lstrip(b" ")
        if value == UNDEFINED:
            return None
        if self._encoded and b"%" in value:
            value = unquote_to_bytes(value)
        return value.decode("utf-8", "replace")

    def _readable(self) -> list[str]:
        """The names that are UTF-8: FreeSWITCH's own are ASCII, others could not be looked up."""
        return [text for name in self._names() if (text := name.decode("utf-8", "ignore")).encode() == name]

    def _names(self) -> dict[bytes, bytes]:
        if self._index is None:
            lines = self._lines()
            # The dearest statement of the call path: nothing is called per header that is not needed.
            index = {name: value for name, colon, value in map(bytes.partition, lines, _COLONS) if colon}
            if len(index) < len(lines):
                index = {}
                for name, value in self._pairs():
                    index.setdefault(name, value)
            self._index = index
        return self._index

    def _pairs(self) -> Iterator[tuple[bytes, bytes]]:
        for line in self._lines():
            name, colon, value = line.partition(b":")
            if colon:
                yield name, value

    def _lines(self) -> list[bytes]:
        lines = self._block.split(b"\n")
        # In a list of lines the first empty one is found four times as fast as b"\n\n" in the block.
        if b"" in lines:
            del lines[lines.index(b"") :]
        return lines


def _key(name: str) -> bytes:
    return name.encode("utf-8", "replace")
