"""YAML as plain values that remember where they were written.

Mappings and lists keep the marks of what they hold in one array of integers, so a million scalars cost
eight bytes each for their place and stay ordinary `str`, `int`, `bool`, `Decimal` or None.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final, NamedTuple

from provisioning.errors import ConfigProblem, Finding, KeyPath, Severity, path_text
from provisioning.nearest import nearest_name

_COUNTED: Final = re.compile(r"\bcustomers\[([0-9]{1,9})\]")
_LINE_BITS: Final = 24
_LOW: Final = (1 << _LINE_BITS) - 1
#: Most files that a mark can tell apart.
MAX_FILES: Final = 1 << 16


class Place(NamedTuple):
    """Where something is written; line and column count from 1."""

    file: str
    line: int
    column: int


def pack(file: int, line: int, column: int) -> int:
    """A mark: file number, line and column (both from 0, below 2**24 as no file has 16 MiB lines)."""
    return (file << (2 * _LINE_BITS)) | (min(line, _LOW) << _LINE_BITS) | min(column, _LOW)


def unpack(mark: int) -> tuple[int, int, int]:
    """File number from 0, line and column from 1."""
    return mark >> (2 * _LINE_BITS), ((mark >> _LINE_BITS) & _LOW) + 1, (mark & _LOW) + 1


class PlainInt(int):
    """A whole number written in another way than Python's; `text` is how it stands in the file (`0221`)."""

    text: str

    @classmethod
    def of(cls, text: str) -> PlainInt:
        """The number of these at most 18 digits."""
        number = cls(text)
        number.text = text
        return number


class MarkedList(list["Value"]):
    """A YAML sequence; `marks[i]` is where item i begins."""

    __slots__ = ("mark", "marks")

    def __init__(self, mark: int) -> None:
        super().__init__()
        self.mark = mark
        self.marks = array("Q")

    def put(self, value: Value, mark: int) -> None:
        """Append an item that begins at this mark."""
        self.append(value)
        self.marks.append(mark)


class MarkedDict(dict[str, "Value"]):
    """A YAML mapping; `marks` holds key and value marks by turns, in the order of the keys."""

    __slots__ = ("mark", "marks")

    def __init__(self, mark: int) -> None:
        super().__init__()
        self.mark = mark
        self.marks = array("Q")

    def put(self, key: str, key_mark: int, value: Value, mark: int) -> None:
        """Add a key that is not there yet."""
        self[key] = value
        self.marks.append(key_mark)
        self.marks.append(mark)

    def marks_of(self, key: str) -> tuple[int, int]:
        """The marks of a key and of its value. Walks the keys: for messages, not for the fast path."""
        index = next(number for number, each in enumerate(self) if each == key)
        return self.marks[2 * index], self.marks[2 * index + 1]


Value = MarkedDict | MarkedList | str | int | bool | Decimal | None


class Places:
    """Finds the place of a path in the files that a configuration was read from."""

    def __init__(self, tree: MarkedDict, files: Sequence[str], counts: Sequence[int] | None = None) -> None:
        self._tree = tree
        self._files = tuple(files)
        self._counts = counts

    def counting(self, counts: Sequence[int]) -> Places:
        """The same for a part of the files: its customer `i` is told as customer `counts[i]`."""
        return Places(self._tree, self._files, counts)

    def of_mark(self, mark: int) -> Place:
        """The place of a mark."""
        file, line, column = unpack(mark)
        return Place(self._files[file], line, column)

    def at(self, path: KeyPath, *, key: bool = False) -> Place:
        """Where the value (or its key) at this path is; of the nearest one around it when it is missing."""
        node: Value = self._tree
        mark = self._tree.mark
        for depth, step in enumerate(path):
            if isinstance(node, MarkedDict) and isinstance(step, str) and step in node:
                key_mark, value_mark = node.marks_of(step)
                mark = key_mark if key and depth == len(path) - 1 else value_mark
                node = node[step]
            elif isinstance(node, MarkedList) and isinstance(step, int) and 0 <= step < len(node):
                mark = node.marks[step]
                node = node[step]
            else:
                break
        return self.of_mark(mark)

    def files_beside(self, key: str) -> frozenset[str]:
        """Files in which something stands at the top that is not below this key."""
        found: set[int] = set()
        for name, value in self._tree.items():
            if name != key:
                found.update(unpack(mark)[0] for mark in (*self._tree.marks_of(name), *_marks(value)))
        return frozenset(self._files[number] for number in found)

    def problem(self, finding: Finding) -> ConfigProblem:
        """The finding with its place."""
        other = None
        if finding.other is not None:
            other = self.at(finding.other)
        problem = located(finding, self.at(finding.path, key=finding.at_key), other)
        return self.counted(problem) if self._counts is not None else problem

    def counted(self, problem: ConfigProblem) -> ConfigProblem:
        """The problem with its customers counted as in all files."""
        counts = self._counts or ()

        def count(match: re.Match[str]) -> str:
            index = int(match.group(1))
            return f"customers[{counts[index] if index < len(counts) else index}]"

        path, message = (_COUNTED.sub(count, text) for text in (problem.path, problem.message))
        return replace(problem, path=path, message=message)


def _marks(value: Value) -> Iterator[int]:
    if isinstance(value, MarkedDict | MarkedList):
        yield from value.marks
        for each in value.values() if isinstance(value, MarkedDict) else value:
            yield from _marks(each)


class NoPlaces:
    """For a configuration that has no text behind it: problems name the path only."""

    def problem(self, finding: Finding) -> ConfigProblem:
        """The finding without a place."""
        return located(finding, Place("", 0, 0))


def located(finding: Finding, place: Place, other: Place | None = None) -> ConfigProblem:
    """The problem of a finding at a known place; `other` is the place of `finding.other`."""
    message = finding.message
    if finding.other is not None:
        at = f" at {other.file}:{other.line}:{other.column}" if other is not None else ""
        message += f" (the other one: {path_text(finding.other)}{at})"
    nearest = None
    if finding.choices and finding.severity is Severity.ERROR:
        nearest = nearest_name(_wanted(finding), finding.choices)
    return ConfigProblem(
        *place,
        path=path_text(finding.path),
        id=finding.id,
        message=message,
        found=finding.found,
        allowed=finding.allowed,
        nearest=nearest,
        severity=finding.severity,
    )


def _wanted(finding: Finding) -> str:
    """The name that was written: the key itself, or the text of the value."""
    if finding.at_key:
        return str(finding.path[-1])
    return (finding.found or "").strip("'\"")
