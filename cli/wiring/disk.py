"""How much room there is where the programs of this machine write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.bootstrap import message_dir
from cli.settings import Settings


@dataclass(frozen=True, slots=True)
class Room:
    """Of the file system below `path`, for us; `free_files` is None where it sets no limit."""

    place: str
    path: Path
    device: int
    free_bytes: int
    size_bytes: int
    free_files: int | None


def rooms(settings: Settings) -> list[Room]:
    """Where records, state, messages and recordings, and an embedded database lie. Raises OSError."""
    return [_room(place, path) for place, path in _places(settings)]


def _places(settings: Settings) -> Iterator[tuple[str, Path]]:
    yield "records", settings.node.cdr_dir
    yield "state", settings.state_dir
    yield "messages", message_dir(settings)
    yield "logs", settings.state_dir / "log"
    if settings.database is None:
        yield "database", settings.state_dir / "postgres"


def _room(place: str, path: Path) -> Room:
    """What is not there yet will be where its parent is."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    found = os.statvfs(path)
    return Room(
        place,
        path,
        path.stat().st_dev,
        found.f_bavail * found.f_frsize,
        found.f_blocks * found.f_frsize,
        found.f_favail if found.f_files else None,
    )
