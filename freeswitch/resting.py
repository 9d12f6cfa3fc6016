"""For how long files have not changed, by a clock that nobody sets: their own times are the wall clock's."""

from __future__ import annotations

from collections.abc import Callable
from os import stat_result
from pathlib import Path
from time import monotonic


class Resting:
    """Counts from the first look that found a file as it is, by size and time of its last change.

    A program that has just started knows no file, so it waits as long again. `steady_s`: seconds since any
    moment.
    """

    def __init__(self, steady_s: Callable[[], float] = monotonic) -> None:
        self._steady_s = steady_s
        self._before: dict[Path, tuple[tuple[int, int], float]] = {}
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}

    def look(self) -> None:
        """A new look at the directory begins: files that the last one did not ask for are forgotten."""
        self._before, self._seen = self._seen, {}

    def seconds(self, path: Path, found: stat_result) -> float:
        """For how long the file has been as it was found."""
        state, moment = (found.st_size, found.st_mtime_ns), self._steady_s()
        known = self._seen.get(path) or self._before.get(path)
        since = known[1] if known is not None and known[0] == state else moment
        self._seen[path] = state, since
        return moment - since
