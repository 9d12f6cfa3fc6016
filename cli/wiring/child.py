"""One program of ours or FreeSWITCH as a supervised child: started, watched, asked to end, ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from store.embedded.accounts import own_account
from store.embedded.process import ProcessId, end, is_running, spawn, wait_until
from store.errors import ServerStartFailed

_READY_S: Final = 30.0
#: A program that did not answer for this long while its process lives is frozen and is killed,
_FROZEN_S: Final = 3.0
#: unless it gets some of the processor, and not all that it wants: on a machine that has too much to do it is
#: slow, and starting it anew would cost more than it has.
_STARVED_S: Final = 20.0
_STARVED_SHARE: Final = (0.02, 0.7)
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PROBE_EVERY_S: Final = 1.0
_LOG_TAIL: Final = 600


class Child:
    """A program that serves until SIGTERM. `ready` says whether it does its work; `grace_s` is how long it
    may take to end before SIGKILL; `probe` whether it still answers. Its output goes to `log`. `nice` is its
    priority, where the account may give one. It dies with us."""

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        directory: Path,
        log: Path,
        ready: Callable[[], bool],
        grace_s: float = 10.0,
        probe: Callable[[], bool] | None = None,
        environment: Mapping[str, str] | None = None,
        nice: int = 0,
    ) -> None:
        self._name = name
        self._command = command
        self._directory = directory
        self._log = log
        self._ready = ready
        self._grace_s = grace_s
        self._probe = probe
        self._answered_at = self._probed_at = 0.0
        self._used_s = 0.0
        self._environment = dict(os.environ if environment is None else environment)
        self._nice = nice
        self._process: ProcessId | None = None

    @property
    def name(self) -> str:
        """For messages."""
        return self._name

    @property
    def pid(self) -> int | None:
        """The running process, or None."""
        return self._process.pid if self._process and is_running(self._process) else None

    def alive(self) -> bool:
        """Whether it runs and does its work; one that is frozen is killed here, so that callers who wait for
        it are let go."""
        if self._process is None or not is_running(self._process):
            return False
        if self._probe is None or time.monotonic() - self._probed_at < _PROBE_EVERY_S:
            return True
        if self._probe():
            self._answered_at = time.monotonic()
            self._used_s = used_s(self._process.pid)
        self._probed_at = time.monotonic()
        silent_s = self._probed_at - self._answered_at
        if silent_s < patience_s(silent_s, used_s(self._process.pid) - self._used_s):
            return True
        end([self._process], [(signal.SIGKILL, 5.0)])
        return False

    def start(self) -> str:
        """Start and wait until it is ready; "" as there is no URL. Raises ServerStartFailed."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        process = spawn(
            self._command,
            account=own_account(),
            directory=self._directory,
            log=self._log,
            death_signal=signal.SIGTERM,
            environment=self._environment,
        )
        self._process = process
        self._answered_at = self._probed_at = time.monotonic()
        if self._nice:
            # Who may not give priority goes on without.
            with suppress(PermissionError, ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, process.pid, self._nice)
        wait_until(lambda: not is_running(process) or self._ready(), _READY_S)
        if not is_running(process) or not self._ready():
            self.stop()
            raise ServerStartFailed(self._name, f"it did not get ready: {self._tail()}", f"See {self._log}")
        self._answered_at = self._probed_at = time.monotonic()
        self._used_s = used_s(process.pid)
        return ""

    def stop(self) -> None:
        """SIGTERM, then SIGKILL after the grace."""
        if self._process is not None:
            end([self._process], [(signal.SIGTERM, self._grace_s), (signal.SIGKILL, 5.0)])
            self._process = None

    def _tail(self) -> str:
        try:
            text = self._log.read_text(errors="replace")[-_LOG_TAIL:]
        except OSError:
            return "it left no log"
        return " | ".join(text.split("\n")[-6:]).strip(" |") or "it said nothing"


def patience_s(silent_s: float, used_s: float) -> float:
    """How long a program may be silent that used so many seconds of the processor meanwhile."""
    least, most = _STARVED_SHARE
    starved = silent_s > 0.0 and least < used_s / silent_s < most
    return _STARVED_S if starved else _FROZEN_S


def used_s(pid: int) -> float:
    """Processor time of a process so far, all threads (proc(5): utime and stime); 0 when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
