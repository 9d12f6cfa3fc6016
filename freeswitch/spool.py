"""The directory that mod_json_cdr writes to: files in, files taken away once they are safe elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Final

from freeswitch.json_cdr import MAX_BYTES
from freeswitch.plan_variables import PIN
from freeswitch.resting import Resting

#: How the names of records end.
SUFFIX: Final = ".cdr.json"
#: Of a caller who hung up in the moment in which a PIN was taken: nobody needs it, so nobody keeps it.
_PIN_VALUE: Final = re.compile(rf'("{PIN}(?:_invalid)?"\s*:\s*)"[^"]*"'.encode())


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One leg's record on disk: its path, its bytes (at most `MAX_BYTES` + 1), what it was before reading."""

    path: Path
    content: bytes
    found: os.stat_result


class Spool:
    """mod_json_cdr's `log-dir`.

    FreeSWITCH writes a file in place, so one that is just being written may be read half. The reader tells
    by its rest: a record that makes no sense is only given up when it has not changed for a while. What
    cannot be read at all stays, and is in `unread`. `steady_s`: seconds by a clock that nobody sets.
    """

    def __init__(self, directory: Path, steady_s: Callable[[], float] = monotonic) -> None:
        self._directory = directory
        self._aside = directory / "quarantine"
        self._resting = Resting(steady_s)
        #: Files that the last look could not read (no right, a folder, a bad disk), each with why.
        self.unread: dict[Path, str] = {}

    @property
    def directory(self) -> Path:
        """Where the files lie."""
        return self._directory

    def pending(self, limit: int) -> Iterator[SpoolFile]:
        """Up to `limit` files, in no order. A file that vanishes meanwhile was taken by another intake."""
        self._resting.look()
        self.unread = {}
        left = limit
        for path in self._directory.glob(f"*{SUFFIX}"):
            if left <= 0:
                return
            try:
                found = path.stat()
                file = SpoolFile(path, _content(path), found)
            except FileNotFoundError:
                continue
            except OSError as error:
                self.unread[path] = error.strerror or str(error)
                continue
            left -= 1
            yield file

    def rested_s(self, file: SpoolFile) -> float:
        """For how many seconds a file of the last look has been as it is, as far as this program has seen."""
        return self._resting.seconds(file.path, file.found)

    def unreadable(self, most: int) -> dict[Path, str]:
        """Files among the first `most` that whoever asks may not open, each with why."""
        found = {}
        for path in islice(self._directory.glob(f"*{SUFFIX}"), most):
            try:
                path.open("rb").close()
            except FileNotFoundError:
                continue
            except OSError as error:
                found[path] = error.strerror or str(error)
        return found

    def remove(self, file: SpoolFile) -> None:
        """Forget a file whose record is stored. Removing twice is no error."""
        file.path.unlink(missing_ok=True)

    def set_aside(self, file: SpoolFile) -> None:
        """Move what is no record out of the way, whole, into `quarantine` below the spool."""
        self._aside.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            file.path.replace(self._aside / file.path.name)

    def names_aside(self) -> list[str]:
        """What was set aside and is here, in the order of names."""
        try:
            return sorted(each.name for each in os.scandir(self._aside) if each.is_file())
        except FileNotFoundError:
            return []

    def read_aside(self, name: str) -> bytes | None:
        """What was set aside under this name; None when it is not here."""
        try:
            return _content(self._aside / Path(name).name)
        except FileNotFoundError:
            return None

    def forget_aside(self, name: str) -> None:
        """Delete what was set aside under this name. Doing it twice is no error."""
        (self._aside / Path(name).name).unlink(missing_ok=True)


def _content(path: Path) -> bytes:
    """The file's bytes. Raises OSError."""
    with path.open("rb") as file:
        return _PIN_VALUE.sub(rb'\1""', file.read(MAX_BYTES + 1))
