"""Files read again only where they changed since they were checked together.

What is read: files that changed, files that describe the carrier, files of customers that are in force with
another content, and files of customers that claim something (a number, a name, an address) which one of these
claims too. The others are right as they were, and right beside what was read. As soon as anything is wrong,
everything is read, so that problems are told as always.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from provisioning.canonical import item_of
from provisioning.checks.numbers import MAX_NUMBERS
from provisioning.claims import extended_by
from provisioning.errors import ConfigInvalid, ConfigProblem, Problems
from provisioning.file_memory import FileContent, FileMemory, KnownFile, numbers_in
from provisioning.load import CheckedConfig, load, load_documents
from provisioning.schema import CustomerEntry
from provisioning.yaml_source import MAX_FILES, contents_of, files_of
from store.config_items import CUSTOMER, ItemKey

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """A checked configuration, or that part of one which was read: `unchanged` are the digests of customers
    that were not. `warnings` of `checked` are those of all files."""

    checked: CheckedConfig
    unchanged: Mapping[ItemKey, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Files:
    """The files on disk: real path -> name in messages, content, digest."""

    names: dict[str, str]
    contents: dict[str, bytes]
    digests: dict[str, bytes]


def load_changed(paths: Sequence[Path], memory: Path, in_force: Mapping[ItemKey, bytes]) -> LoadedConfig:
    """As `provisioning.load.load`, and as quick as few files changed. `in_force`: digests of the parts of the
    version in force; customers whose digest is another one are among what is read.

    `memory` is a file of ours (`FileMemory`). Raises ConfigInvalid.
    """
    files = _read(paths)
    if files is not None:
        try:
            with FileMemory.opened(memory) as known:
                found = _changed(files, known, in_force)
                if found is not None:
                    return found
        except (sqlite3.Error, OSError) as error:
            _log.warning("checked files are not remembered", file=str(memory), why=str(error))
    return LoadedConfig(_whole(paths, files, memory))


def _read(paths: Sequence[Path]) -> _Files | None:
    problems = Problems()
    found = files_of(paths, problems)
    if len(found) > MAX_FILES:
        return None
    files = _Files({}, {}, {})
    contents = contents_of(list(found.values()), problems)
    for real, (name, content) in zip(found, contents, strict=False):
        if content is None:
            return None
        files.names[real], files.contents[real] = name, content
        files.digests[real] = hashlib.sha256(content).digest()
    return None if problems.errors or problems.warnings or len(files.names) < len(found) else files


def _changed(files: _Files, memory: FileMemory, in_force: Mapping[ItemKey, bytes]) -> LoadedConfig | None:
    known = memory.files()
    same = {name for name, digest in files.digests.items() if name in known and known[name].sha256 == digest}
    shared = {name for name, file in known.items() if file.shared}
    if not shared or not shared <= same:
        return None
    digests: dict[str, dict[ItemKey, bytes]] = {}
    for file, id_, sha256 in memory.customers():
        digests.setdefault(file, {})[ItemKey(CUSTOMER, id_)] = sha256
    applied = {
        name
        for name in same
        if all(in_force.get(key) == sha256 for key, sha256 in digests.get(name, {}).items())
    }
    wanted = (files.names.keys() - applied) | shared
    first = _loaded(files, wanted)
    if first is None:
        return None
    moved = [each for name in wanted - same for each in first.by_file.get(files.names[name], ())]
    extended = [numbers for customer in moved for numbers in extended_by(customer)]
    beside = (memory.touching(moved, extended) & same) - wanted
    last = _loaded(files, wanted | beside) if beside else first
    if last is None:
        return None
    last = _counted(files, last, {name: len(digests.get(name, ())) for name in same - wanted - beside})
    untouched = same - wanted - beside
    return _put_together(files, memory, known, last, wanted - same, untouched, digests)


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the files, checked; customers by the file they stand in, and files with other things."""

    checked: CheckedConfig
    by_file: dict[str, list[CustomerEntry]]
    shared: frozenset[str]


def _loaded(files: _Files, wanted: set[str]) -> _Part | None:
    documents = [(name, files.contents[real]) for real, name in files.names.items() if real in wanted]
    try:
        return _part(load_documents(documents))
    except ConfigInvalid:
        return None  # the whole is read now, and tells of it


def _part(checked: CheckedConfig) -> _Part:
    by_file: dict[str, list[CustomerEntry]] = {}
    for index, customer in enumerate(checked.config.customers):
        by_file.setdefault(checked.places.at(("customers", index)).file, []).append(customer)
    return _Part(checked, by_file, checked.places.files_beside("customers"))


def _counted(files: _Files, part: _Part, untouched: Mapping[str, int]) -> _Part:
    """The part with its customers counted as in all files; `untouched`: how many stand in each other one."""
    counts: list[int] = []
    at = 0
    for real, name in files.names.items():
        here = len(part.by_file.get(name, ()))
        if real not in untouched:
            counts += range(at, at + here)
        at += untouched.get(real, here)
    places = part.checked.places.counting(counts)
    warnings = tuple(places.counted(each) for each in part.checked.warnings)
    return replace(part, checked=replace(part.checked, places=places, warnings=warnings))


def _put_together(
    files: _Files,
    memory: FileMemory,
    known: Mapping[str, KnownFile],
    part: _Part,
    fresh: set[str],
    untouched: set[str],
    digests: Mapping[str, Mapping[ItemKey, bytes]],
) -> LoadedConfig | None:
    kept = [(name, warning) for name in untouched for warning in known[name].warnings]
    again = [replace(warning, file=files.names[name]) for name, warning in kept]
    if _differs(files, known, part, fresh, untouched):
        return None
    total = sum(known[name].numbers for name in untouched) + numbers_in(part.checked.config.customers)
    if total > MAX_NUMBERS:
        return None
    gone = known.keys() - files.names.keys()
    memory.replace(gone, [_content(files, real, part) for real in fresh])
    warnings = tuple(sorted((*part.checked.warnings, *again), key=lambda each: each.order))
    whole = replace(part.checked, warnings=warnings, files=tuple(files.names.values()))
    return LoadedConfig(whole, {key: sha for name in untouched for key, sha in digests.get(name, {}).items()})


def _differs(
    files: _Files, known: Mapping[str, KnownFile], part: _Part, fresh: set[str], untouched: set[str]
) -> bool:
    """Whether a file that did not change has another warning beside fewer files than it had beside all."""
    for real in files.names.keys() - fresh - untouched:
        before = {(each.id, each.path.partition("]")[2], each.line) for each in known[real].warnings}
        now = {(each.id, each.path.partition("]")[2], each.line) for each in _warnings(files, real, part)}
        if before != now:
            return True
    return False


def _warnings(files: _Files, real: str, part: _Part) -> tuple[ConfigProblem, ...]:
    return tuple(each for each in part.checked.warnings if each.file == files.names[real])


def _content(files: _Files, real: str, part: _Part) -> FileContent:
    customers = part.by_file.get(files.names[real], [])
    shared = files.names[real] in part.shared
    known = KnownFile(files.digests[real], shared, numbers_in(customers), _warnings(files, real, part))
    return FileContent(real, known, tuple((each, item_of(each).sha256) for each in customers))


def _whole(paths: Sequence[Path], files: _Files | None, memory: Path) -> CheckedConfig:
    """Everything, from the very content that was looked at; remembered for the next time."""
    if files is None:
        return load(paths)
    checked = load_documents((name, files.contents[real]) for real, name in files.names.items())
    part = _part(checked)
    try:
        with FileMemory.opened(memory) as known:
            known.replace((), [_content(files, real, part) for real in files.names], all_new=True)
    except (sqlite3.Error, OSError) as error:
        _log.warning("checked files are not remembered", file=str(memory), why=str(error))
        with suppress(OSError):  # a damaged one is begun anew the next time
            memory.unlink()
    return checked
