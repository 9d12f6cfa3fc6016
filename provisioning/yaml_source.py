"""YAML files to one marked tree: any number of files and directories, merged by key.

Reading goes on after a problem where it can, so one run shows all of them. Limits: 16 MiB a file,
256 MiB and 20,000 files in all, and those of `yaml_builder`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from provisioning.errors import Finding, KeyPath, Problems, Severity, cut
from provisioning.tree import MarkedDict, MarkedList, Place, Places, Value, located, pack, unpack
from provisioning.yaml_builder import Budget, TreeBuilder
from provisioning.yaml_text import UnreadableError, decode, tabs

MAX_FILE_BYTES: Final = 16 * 1024 * 1024
MAX_SET_BYTES: Final = 256 * 1024 * 1024
MAX_FILES: Final = 20_000

#: libyaml's parser where PyYAML was built with it (about ten times as fast), else the one in Python.
LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Source:
    """The merged tree, where its parts stand, and whether every file could be read to its end."""

    tree: MarkedDict
    places: Places
    files: tuple[str, ...]
    complete: bool


def read_paths(paths: Sequence[Path], problems: Problems) -> Source:
    """Read files and directories (`*.yaml` in them, sorted; not below). Problems go to the collector."""
    found = list(files_of(paths, problems).values())
    if len(found) > MAX_FILES:
        _report(problems, "", Finding("config.too-many-files", (), "too many files", allowed=f"{MAX_FILES}"))
        found = found[:MAX_FILES]
    return read_documents(contents_of(found, problems), problems)


def read_documents(
    documents: Iterable[tuple[str, bytes | None]], problems: Problems, loader: Any = LOADER
) -> Source:
    """Parse named documents and merge them. None stands for a file that could not be read."""
    files: list[str] = []
    roots: list[MarkedDict] = []
    budget = Budget()
    complete = True
    for number, (name, data) in enumerate(documents):
        files.append(name)
        if data is None:
            complete = False
            continue
        reader = _Document(name, number, problems)
        root = reader.read(data, budget, loader)
        complete = complete and reader.complete
        if root is not None:
            roots.append(root)
    if not files:
        allowed = "one *.yaml file or a directory that holds one"
        _report(problems, "", Finding("config.no-files", (), "there is nothing to read", allowed=allowed))
        files.append("")
        complete = False
    places = Places(MarkedDict(0), files)
    tree = roots[0] if len(roots) == 1 else _merged(roots, (), places, problems)
    return Source(tree, Places(tree, files), tuple(files), complete)


class _Document:
    """One file on its way from bytes to a tree."""

    def __init__(self, name: str, number: int, problems: Problems) -> None:
        self._name = name
        self._number = number
        self._problems = problems
        self.complete = True

    def read(self, data: bytes, budget: Budget, loader: Any) -> MarkedDict | None:
        try:
            text = decode(data, self._number)
            for finding, mark in tabs(text, self._number):
                self._report(finding, mark)
                self.complete = False
            if not self.complete:
                return None
            value = TreeBuilder(self._number, self._report, budget).build(self._events(text, loader))
        except UnreadableError as error:
            self._report(error.finding, error.mark)
            self.complete = False
            return None
        if value is None or isinstance(value, MarkedDict):
            return value
        finding = Finding("config.wrong-type", (), "the file is not a mapping", allowed="keys at the top")
        self._report(finding, pack(self._number, 0, 0))
        self.complete = False
        return None

    def _report(self, finding: Finding, mark: int) -> None:
        _, line, column = unpack(mark)
        self._problems.add(located(finding, Place(self._name, line, column)))

    def _events(self, text: str, loader: Any) -> Iterator[yaml.Event]:
        """The parser's events; its errors become `UnreadableError` with their place."""
        try:
            parser = loader(text)
            try:
                while parser.check_event():
                    yield parser.get_event()
            finally:
                parser.dispose()
        except yaml.YAMLError as error:
            raise UnreadableError(*self._syntax(error)) from None
        except (ValueError, OverflowError):  # the parser in Python: "\UFFFFFFFF"
            finding = Finding("config.syntax", (), "an escape sequence that is no character")
            raise UnreadableError(finding, pack(self._number, 0, 0)) from None

    def _syntax(self, error: yaml.YAMLError) -> tuple[Finding, int]:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        parts = [str(getattr(error, name, None) or "") for name in ("context", "problem")]
        message = ", ".join(part for part in parts if part) or "not YAML"
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        finding = Finding("config.syntax", (), f"not YAML: {message[:200]}", allowed="YAML 1.2")
        return finding, pack(self._number, line, column)


def _merged(roots: Sequence[MarkedDict], path: KeyPath, places: Places, problems: Problems) -> MarkedDict:
    """One mapping of several: lists are put together, mappings merged, all else may come once only."""
    merged = MarkedDict(roots[0].mark if roots else 0)
    parts: dict[str, list[tuple[Value, int, int]]] = {}
    for root in roots:
        for index, (key, value) in enumerate(root.items()):
            parts.setdefault(key, []).append((value, root.marks[2 * index], root.marks[2 * index + 1]))
    for key, values in parts.items():
        value, key_mark, mark = values[0]
        if len(values) > 1:
            value = _joined(key, values, path, places, problems)
        merged.put(key, key_mark, value, mark)
    return merged


def _joined(
    key: str, values: Sequence[tuple[Value, int, int]], path: KeyPath, places: Places, problems: Problems
) -> Value:
    mappings = [value for value, _, _ in values if isinstance(value, MarkedDict)]
    if len(mappings) == len(values):
        return _merged(mappings, (*path, key), places, problems)
    lists = [value for value, _, _ in values if isinstance(value, MarkedList)]
    if len(lists) == len(values):
        joined = MarkedList(lists[0].mark)
        for each in lists:
            joined.extend(each)
            joined.marks.extend(each.marks)
        return joined
    first = places.of_mark(values[0][1])
    for _, key_mark, _ in values[1:]:
        finding = Finding(
            "config.duplicate-key",
            (*path, key),
            f"the key stands here a second time, first in {first.file}:{first.line}:{first.column}",
            found=repr(cut(key)),
            allowed="each key once; only lists and mappings may be spread over files",
        )
        problems.add(located(finding, places.of_mark(key_mark)))
    return values[0][0]


def files_of(paths: Sequence[Path], problems: Problems) -> dict[str, Path]:
    """The files to read by their real paths, in the order given; a directory's sorted by name."""
    found: dict[str, Path] = {}
    for path in paths:
        try:
            files = sorted(_directory(path, problems)) if path.is_dir() else [path]
        except (OSError, ValueError) as error:
            _unreadable(problems, path, error)
            continue
        for file in files:
            found.setdefault(os.path.realpath(file), file)
    return found


def _directory(path: Path, problems: Problems) -> Iterator[Path]:
    for entry in path.iterdir():
        if entry.suffix == ".yaml" and not entry.name.startswith("."):
            yield entry
        elif entry.suffix == ".yml":
            finding = Finding(
                "config.file-ignored",
                (),
                "the file is not read",
                allowed="names that end in .yaml",
                severity=Severity.WARNING,
            )
            _report(problems, str(entry), finding)


def contents_of(files: Sequence[Path], problems: Problems) -> Iterator[tuple[str, bytes | None]]:
    """Name as messages show it, and content within the limits, of each; None where it cannot be read."""
    left = MAX_SET_BYTES
    for file in files:
        try:
            data = _read(file)
        except (OSError, ValueError) as error:
            _unreadable(problems, file, error)
            yield _name(str(file)), None
            continue
        left -= len(data)
        if len(data) > MAX_FILE_BYTES:
            finding = Finding("config.file-too-large", (), "the file is too large", allowed="16 MiB")
            _report(problems, str(file), finding)
            yield _name(str(file)), None
        elif left < 0:
            finding = Finding(
                "config.set-too-large", (), "the files are too large together", allowed="256 MiB"
            )
            _report(problems, str(file), finding)
            yield _name(str(file)), None
            return
        else:
            yield _name(str(file)), data


def _read(file: Path) -> bytes:
    """At most one byte more than allowed. Only regular files: a pipe or device would never end."""
    if not stat.S_ISREG(file.stat().st_mode):
        raise ValueError("not a regular file")
    with file.open("rb") as stream:
        return stream.read(MAX_FILE_BYTES + 1)


def _unreadable(problems: Problems, file: Path, error: Exception) -> None:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    _report(problems, str(file), Finding("config.file-unreadable", (), f"the file cannot be read: {reason}"))


def _report(problems: Problems, file: str, finding: Finding) -> None:
    problems.add(located(finding, Place(_name(file), 0, 0)))


def _name(file: str) -> str:
    """The file's name as messages show it: one line, printable."""
    return file if file.isprintable() else file.encode("unicode_escape", "replace").decode("ascii")
