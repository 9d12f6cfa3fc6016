"""Parser events of one document to a marked tree, without recursion and with a limit on everything.

Written for untrusted text: no tag makes an object, aliases share the value and are charged with its full
size, so ten lines that would unfold to a billion values are refused while reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from sys import intern
from typing import Final, NoReturn

import yaml

from provisioning.errors import Finding, cut
from provisioning.tree import MarkedDict, MarkedList, PlainInt, Value, pack, unpack
from provisioning.yaml_text import UnreadableError, hidden_character

#: Values of all files together, with what aliases stand for counted each time.
MAX_NODES: Final = 10_000_000
#: Mappings and lists of all files together; each takes as much memory as a dozen texts.
MAX_COLLECTIONS: Final = 2_500_000
#: Values that aliases and merge keys may add by themselves.
MAX_ALIASED: Final = 1_000_000
#: Mappings and lists within each other.
MAX_DEPTH: Final = 40
#: Characters of one value or key.
MAX_SCALAR: Final = 16_384
#: Keys of one mapping.
MAX_KEYS: Final = 10_000
#: Problems of one file after which the rest of it is not read.
MAX_FAULTS: Final = 1_000
_MAX_INT_DIGITS: Final = 18

_PLAIN: Final = re.compile(
    r"(?P<int>[-+]?[0-9]+)|(?P<decimal>[-+]?[0-9]{1,18}\.[0-9]{1,18})|(?P<null>~|null|Null|NULL|)"
    r"|(?P<true>true|True|TRUE)|(?P<false>false|False|FALSE)",
    re.ASCII,
)
_MAY_BE_TYPED: Final = frozenset("0123456789+-~nNtTfF")
_TEXT_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})

Report = Callable[[Finding, int], None]


@dataclass(slots=True)
class Budget:
    """What is left of the limits for the whole set of files."""

    nodes: int = MAX_NODES
    collections: int = MAX_COLLECTIONS
    aliased: int = MAX_ALIASED


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not come yet. `size` counts the values in it, aliases unfolded."""

    value: MarkedDict | MarkedList
    anchor: str | None
    size: int = 1
    key: str | None = None
    key_mark: int = 0
    refused_key: bool = False
    merges: list[tuple[MarkedDict, int]] = field(default_factory=list)


class TreeBuilder:
    """Builds the value of one file. Report goes on, `UnreadableError` ends the file."""

    def __init__(self, file: int, report: Report, budget: Budget) -> None:
        self._file = file
        self._tell = report
        self._faults = 0
        self._budget = budget
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Value, int]] = {}
        self._root: Value = None
        self._documents = 0

    def build(self, events: Iterable[yaml.Event]) -> Value:
        """The document's value; None for an empty file."""
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, yaml.MappingStartEvent):
                self._open(event, MarkedDict(self._mark(event)))
            elif isinstance(event, yaml.SequenceStartEvent):
                self._open(event, MarkedList(self._mark(event)))
            elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
                self._close()
            elif isinstance(event, yaml.AliasEvent):
                self._alias(event)
            elif isinstance(event, yaml.DocumentStartEvent):
                self._document(event)
        return self._root

    def _report(self, finding: Finding, mark: int) -> None:
        self._faults += 1
        if self._faults > MAX_FAULTS:
            raise UnreadableError(
                Finding(
                    "config.too-many-problems", (), "too many problems, the rest of the file is not read"
                ),
                mark,
            )
        self._tell(finding, mark)

    def _mark(self, event: yaml.Event) -> int:
        mark = event.start_mark
        assert mark is not None  # noqa: S101 - both parsers set it
        return pack(self._file, mark.line, mark.column)

    def _document(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            finding = Finding(
                "config.several-documents", (), "a second document begins here", allowed="one document a file"
            )
            raise UnreadableError(finding, self._mark(event))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        text: str = event.value
        mark = self._mark(event)
        self._spend(1, 0, mark)
        if len(text) > MAX_SCALAR:
            self._report(
                Finding("config.text-too-long", (), "a text is too long", allowed=f"{MAX_SCALAR} characters"),
                mark,
            )
            text = text[:1]
        if (hidden := hidden_character(text)) is not None:
            finding = Finding(
                "config.control-character",
                (),
                "a control character, line end or invisible character in a value",
                found=hidden,
                allowed="printable text on one line",
            )
            self._report(finding, mark)
        if event.tag is not None:
            self._check_tag(event.tag, mark)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and type(frame.value) is MarkedDict and frame.key is None:
            self._key(frame, text, mark)
            return
        plain = event.implicit[0] and event.tag is None
        value = self._plain(text, mark) if plain and (not text or text[0] in _MAY_BE_TYPED) else text
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        self._put(value, mark, 1)

    def _plain(self, text: str, mark: int) -> Value:
        """YAML 1.2's core values (no yes/no, octals, sexagesimals or dates, no binary floats)."""
        match = _PLAIN.fullmatch(text)
        if match is None:
            return text
        kind = match.lastgroup
        if kind == "int":
            if len(text) > _MAX_INT_DIGITS:
                finding = Finding(
                    "config.number-too-long",
                    (),
                    "a number is too long",
                    found=f"{len(text)} characters",
                    allowed=f"{_MAX_INT_DIGITS} digits, or text in quotes",
                )
                self._report(finding, mark)
                return None
            number = int(text)
            if str(number) == text:
                return number
            self._budget.collections -= 1  # as heavy as one
            return PlainInt.of(text)
        if kind == "decimal":
            return Decimal(text)
        return {"null": None, "true": True, "false": False}[kind or "null"]

    def _key(self, frame: _Open, text: str, mark: int) -> None:
        frame.key = key = intern(text)
        frame.key_mark = mark
        frame.refused_key = False
        if len(frame.value) >= MAX_KEYS:
            raise UnreadableError(
                Finding("config.too-many-keys", (), "a mapping is too long", allowed=f"{MAX_KEYS} keys"), mark
            )
        if key != "<<" and key in frame.value:
            assert isinstance(frame.value, MarkedDict)  # noqa: S101 - only mappings have keys
            _, line, column = unpack(frame.value.marks_of(key)[0])
            finding = Finding(
                "config.duplicate-key",
                (),
                f"the key stands here a second time, first in line {line}, column {column}",
                found=repr(cut(key)),
                allowed="each key once",
            )
            self._report(finding, mark)
            frame.refused_key = True

    def _open(self, event: yaml.CollectionStartEvent, value: MarkedDict | MarkedList) -> None:
        self._budget.collections -= 1
        self._spend(1, 0, value.mark)
        if event.tag is not None:
            self._check_tag(event.tag, value.mark)
        if len(self._stack) >= MAX_DEPTH:
            finding = Finding(
                "config.too-deep", (), "too many levels within each other", allowed=f"{MAX_DEPTH} levels"
            )
            raise UnreadableError(finding, value.mark)
        self._refuse_as_key(value.mark)
        self._stack.append(_Open(value, event.anchor))

    def _refuse_as_key(self, mark: int) -> None:
        frame = self._stack[-1] if self._stack else None
        if frame is not None and type(frame.value) is MarkedDict and frame.key is None:
            raise UnreadableError(
                Finding(
                    "config.key-not-text", (), "a key is a mapping, list or alias", allowed="text as key"
                ),
                mark,
            )

    def _close(self) -> None:
        frame = self._stack.pop()
        if frame.merges:
            self._merge(frame)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (frame.value, frame.size)
        self._put(frame.value, frame.value.mark, frame.size)

    def _alias(self, event: yaml.AliasEvent) -> None:
        mark = self._mark(event)
        name = str(event.anchor)
        self._refuse_as_key(mark)
        if any(frame.anchor == name for frame in self._stack):
            raise UnreadableError(
                Finding("config.alias-loop", (), "an alias within its own anchor", found=repr(cut(name))),
                mark,
            )
        if name not in self._anchors:
            finding = Finding(
                "config.unknown-anchor",
                (),
                "no anchor of this name stands before",
                found=repr(cut(name)),
                choices=tuple(self._anchors),
            )
            raise UnreadableError(finding, mark)
        value, size = self._anchors[name]
        self._spend(size, size, mark)
        self._put(value, mark, size)

    def _put(self, value: Value, mark: int, size: int) -> None:
        if not self._stack:
            self._root = value
            return
        frame = self._stack[-1]
        frame.size += size
        if isinstance(frame.value, MarkedList):
            frame.value.put(value, mark)
            return
        key, frame.key = frame.key, None
        if key is None or frame.refused_key:
            return
        if key == "<<":
            self._note_merge(frame, value, mark)
        else:
            frame.value.put(key, frame.key_mark, value, mark)

    def _note_merge(self, frame: _Open, value: Value, mark: int) -> None:
        sources = value if isinstance(value, MarkedList) else [value]
        for source in sources:
            if isinstance(source, MarkedDict):
                frame.merges.append((source, mark))
            else:
                self._report(
                    Finding(
                        "config.merge-key",
                        (),
                        "'<<' takes a mapping",
                        allowed="an alias, or a list of aliases",
                    ),
                    mark,
                )

    def _merge(self, frame: _Open) -> None:
        """Add the merged mappings' keys behind the own ones; what is there already wins."""
        target = frame.value
        assert isinstance(target, MarkedDict)  # noqa: S101 - only mappings note merges
        for source, mark in frame.merges:
            self._spend(len(source), len(source), mark)
            for index, (key, value) in enumerate(source.items()):
                if key not in target:
                    target.put(key, source.marks[2 * index], value, source.marks[2 * index + 1])

    def _check_tag(self, tag: str, mark: int) -> None:
        if tag not in _TEXT_TAGS:
            finding = Finding(
                "config.tag", (), "a YAML tag", found=repr(cut(_short_tag(tag))), allowed="no tags but !!str"
            )
            self._report(finding, mark)

    def _spend(self, nodes: int, aliased: int, mark: int) -> None:
        budget = self._budget
        budget.nodes -= nodes
        budget.aliased -= aliased
        if budget.nodes < 0 or budget.aliased < 0 or budget.collections < 0:
            self._refuse_size(mark)

    def _refuse_size(self, mark: int) -> NoReturn:
        finding = Finding(
            "config.too-many-values",
            (),
            "too many values in all files together, aliases unfolded",
            allowed=f"{MAX_NODES} values, {MAX_COLLECTIONS} mappings and lists, {MAX_ALIASED} by aliases",
        )
        raise UnreadableError(finding, mark)


def _short_tag(tag: str) -> str:
    prefix = "tag:yaml.org,2002:"
    return "!!" + tag.removeprefix(prefix) if tag.startswith(prefix) else tag
