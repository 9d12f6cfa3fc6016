"""The directory that mod_json_cdr writes to: files in, files taken away once they are safe elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from freeswitch.json_cdr import MAX_BYTES
from freeswitch.plan_variables import PIN

_SUFFIX: Final = ".cdr.json"
#: Of a caller who hung up in the moment in which a PIN was taken: nobody needs it, so nobody keeps it.
_PIN_VALUE: Final = re.compile(rf'("{PIN}(?:_invalid)?"\s*:\s*)"[^"]*"'.encode())


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One leg's record on disk: its path, its bytes (at most `MAX_BYTES` + 1), when it was last written."""

    path: Path
    content: bytes
    written_at_s: float


class Spool:
    """mod_json_cdr's `log-dir`.

    FreeSWITCH writes a file in place, so one that is just being written may be read half. The reader tells
    by its age: a record that makes no sense is only given up when it has not changed for a while.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def directory(self) -> Path:
        """Where the files lie."""
        return self._directory

    def pending(self, limit: int) -> Iterator[SpoolFile]:
        """Up to `limit` files, in no order. A file that vanishes meanwhile was taken by another intake."""
        for path in islice(self._directory.glob(f"*{_SUFFIX}"), limit):
            try:
                written_at_s = path.stat().st_mtime
                yield SpoolFile(path, _content(path), written_at_s)
            except FileNotFoundError:
                continue

    def remove(self, file: SpoolFile) -> None:
        """Forget a file whose record is stored. Removing twice is no error."""
        file.path.unlink(missing_ok=True)

    def set_aside(self, file: SpoolFile) -> None:
        """Move what is no record out of the way, whole, into `quarantine` below the spool."""
        place = self._directory / "quarantine"
        place.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            file.path.replace(place / file.path.name)


def _content(path: Path) -> bytes:
    """The file's bytes; none for what cannot be read as a file (a folder, no permission)."""
    try:
        with path.open("rb") as file:
            return _PIN_VALUE.sub(rb'\1""', file.read(MAX_BYTES + 1))
    except (IsADirectoryError, PermissionError):
        return b""
