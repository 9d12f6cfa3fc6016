"""Memory and processor time of processes and servers' children: a look into /proc every half second."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_EVERY_S: Final = 0.5
_TICK: Final = os.sysconf("SC_CLK_TCK")


class Watch:
    """From `with` on. Memory is the proportional set size: what processes share is counted once."""

    def __init__(self, servers: list[int]) -> None:
        self._servers = servers
        self._programs: list[int] = []
        self._ticks: dict[int, int] = {}
        self._at_start: dict[str, float] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look_again, daemon=True)
        self.most_mb = 0

    def __enter__(self) -> Self:
        self._at_start = {"servers": self._server_s()}
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join(timeout=10)

    def follow(self, pids: list[int]) -> None:
        """Watch these too, besides the servers."""
        self._programs = [*self._programs, *pids]

    def cpu_s(self) -> dict[str, float]:
        """Seconds so far of the programs and of the servers. Of a program that ended: at the last look."""
        return {
            "programs": round(sum(self._ticks.values()) / _TICK, 1),
            "servers": round(self._server_s() - self._at_start["servers"], 1),
        }

    def _look_again(self) -> None:
        while not self._end.wait(_EVERY_S):
            family = self._family()
            memory = sum(_pss_kb(pid) for pid in (*family, *self._programs))
            self.most_mb = max(self.most_mb, memory >> 10)
            for pid in self._programs:
                fields = _stat(pid)
                if fields:
                    self._ticks[pid] = int(fields[11]) + int(fields[12])

    def _family(self) -> list[int]:
        """The servers and their children."""
        found = list(self._servers)
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                fields = _stat(int(entry.name))
                if fields and int(fields[1]) in self._servers:
                    found.append(int(entry.name))
        return found

    def _server_s(self) -> float:
        """With those of their children that have ended."""
        ticks = 0
        for pid in self._family():
            fields = _stat(pid)
            if fields:
                ticks += sum(int(each) for each in fields[11 : 15 if pid in self._servers else 13])
        return ticks / _TICK


def _stat(pid: int) -> list[str]:
    """The fields behind the name (proc(5)): state, parent, ...; none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
