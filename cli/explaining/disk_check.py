"""Check of `fernamt doctor` on disks: each file system that the programs of this machine write to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from cli.explaining.findings import Finding, State, outside_the_lab
from cli.settings import Settings
from cli.wiring.disk import Room, rooms
from store.embedded.home import NEEDED_FREE_BYTES

#: Less than both is a disk that fills.
_LOW_BYTES: Final = 2_000_000_000
_LOW_SHARE: Final = 0.1
#: Less than this and NEEDED_FREE_BYTES is a full one: a disk in memory for messages may have no more in all.
_FULL_SHARE: Final = 0.05
#: A record is a file of its own.
_NEEDED_FILES: Final = 5_000
_STEP: Final = "Make room there: docs/operation.md, A full disk"
_ORDER: Final = (State.FAULT, State.WARNING, State.OK)


def disk(settings: Settings) -> Finding:
    """A disk that is low is a warning (none in a lab), one that is full a fault."""
    found = disk_finding(rooms(settings))
    return outside_the_lab(settings, found) if found.state is State.WARNING else found


def disk_finding(found: Sequence[Room]) -> Finding:
    """The worst first, each file system once, with all that lies on it."""
    by_device = groupby(sorted(found, key=lambda each: each.device), key=lambda each: each.device)
    told = [(_state(each[0]), _said(each)) for each in (list(group) for _, group in by_device)]
    told.sort(key=lambda each: _ORDER.index(each[0]))
    state = told[0][0]
    seen = "; ".join(said for _, said in told)
    return Finding("disk", state, seen, _STEP if state is not State.OK else "")


def _state(room: Room) -> State:
    if room.free_bytes < min(NEEDED_FREE_BYTES, room.size_bytes * _FULL_SHARE) or (
        room.free_files is not None and room.free_files < _NEEDED_FILES
    ):
        return State.FAULT
    if room.free_bytes < min(_LOW_BYTES, room.size_bytes * _LOW_SHARE):
        return State.WARNING
    return State.OK


def _said(group: Sequence[Room]) -> str:
    first = group[0]
    files = ""
    if first.free_files is not None and first.free_files < _NEEDED_FILES:
        files = f", room for {first.free_files} files"
    places = ", ".join(each.place for each in group)
    return f"{places}: {first.free_bytes // 1_000_000:,} MB free{files} at {first.path}"
