"""The configuration version in force in a file, so that a controller starts without the database.

    {"format": 1, "version": 7, "parts": 3}
    ["carrier", "carrier", "{…}"]
    ["customer", "kunde-bau", "{…}"]
    {"sha256": "…"}                             of all lines above

Written beside and renamed. Secrets in it are references, as in the database; the file is its owner's alone.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final

from cli.errors import CacheUnusable
from freeswitch.private_files import draft_of
from store.config_items import ConfigItem

_FORMAT: Final = 1
#: Parts written between two breaths.
_SLICE: Final = 100
_MAX_BYTES: Final = 1 << 30


def write_cache(
    path: Path, version: int, items: Collection[ConfigItem], breathe: Callable[[], None] = lambda: None
) -> None:
    """Replace the file. `breathe` is called after every few parts. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = draft_of(path)
    digest = hashlib.sha256()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for number, line in enumerate(_lines(version, items)):
                digest.update(line)
                file.write(line)
                if number % _SLICE == 0:
                    breathe()
            file.write(json.dumps({"sha256": digest.hexdigest()}).encode() + b"\n")
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)  # half a file would take the last of the room
        raise


def read_cache(path: Path) -> tuple[int, tuple[ConfigItem, ...]]:
    """Version and parts. Raises CacheUnusable when there is no whole file."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise CacheUnusable(f"{path} is larger than {_MAX_BYTES} bytes")
        with path.open("rb") as file:
            lines = file.read().splitlines(keepends=True)
    except OSError as error:
        raise CacheUnusable(f"{path}: {error.strerror or error}") from error
    try:
        head, end = json.loads(lines[0]), json.loads(lines[-1])
        body = lines[1:-1]
        whole = hashlib.sha256(b"".join(lines[:-1])).hexdigest() == end["sha256"]
        if not whole or head["format"] != _FORMAT or head["parts"] != len(body):
            raise CacheUnusable(f"{path} is damaged or of another program version; it is written anew")
        return int(head["version"]), tuple(ConfigItem.of(*json.loads(line)) for line in body)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise CacheUnusable(f"{path} is damaged; it is written anew") from error


def _lines(version: int, items: Collection[ConfigItem]) -> Iterable[bytes]:
    yield json.dumps({"format": _FORMAT, "version": version, "parts": len(items)}).encode() + b"\n"
    for item in items:
        yield json.dumps([*item.key, item.content], ensure_ascii=False).encode() + b"\n"
