"""Child processes: started, watched for readiness, measured by /proc, stopped by their id."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.calls.errors import ChildFailed

_TICK_MS: Final = 1000 / os.sysconf("SC_CLK_TCK")
_PAGE_KIB: Final = os.sysconf("SC_PAGE_SIZE") // 1024
READY: Final = b"ready\n"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used: CPU time of all its threads since it began, memory and files now."""

    cpu_ms: float
    rss_kib: int
    files: int


class Child:
    """A direct child. Its output goes to `log`, except standard output when `announces` is set: then the
    first line there must be "ready"."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        folder: Path,
        *,
        announces: bool = False,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        with self._log.open("ab") as log:
            out = subprocess.PIPE if announces else log
            self._process = subprocess.Popen(
                list(argv),
                cwd=cwd or folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                env=environment,
            )

    def __repr__(self) -> str:
        return f"<{self.name}, process {self._process.pid}>"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    def await_ready(self, timeout_s: float) -> None:
        """Wait for its line "ready". Raises ChildFailed with the end of its log."""
        stream = self._process.stdout
        assert stream is not None, "only for a child that announces"
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            if not selector.select(timeout_s):
                raise self.failure(f"was not ready after {timeout_s:.0f} s")
        said = os.read(stream.fileno(), 200)
        if said != READY:
            raise self.failure(f"said {said!r} instead of being ready")

    def failure(self, what: str) -> ChildFailed:
        """An error that says what happened and shows the last lines of the log."""
        lines = self._log.read_text(errors="replace").splitlines()[-5:]
        return ChildFailed(f"{self.name} {what}; end of its log: {' | '.join(lines) or 'nothing'}")

    def usage(self) -> Usage:
        """CPU, memory and open files. Raises ChildFailed when it has ended."""
        try:
            folder = Path(f"/proc/{self._process.pid}")
            # The command's name stands in brackets and may contain anything.
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
            pages = int((folder / "statm").read_text().split()[1])
            files = len(list((folder / "fd").iterdir()))
        except (OSError, IndexError, ValueError) as error:
            raise self.failure("has ended") from error
        # proc(5): utime and stime are fields 14 and 15, counted from 1; the first two are cut off here.
        ticks = int(fields[11]) + int(fields[12])
        return Usage(ticks * _TICK_MS, pages * _PAGE_KIB, files)

    def wait(self, timeout_s: float) -> int | None:
        """Its exit status, or None when it still runs after `timeout_s`."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self, *, grace_s: float = 10.0) -> None:
        """SIGTERM, and SIGKILL when it has not ended after `grace_s`."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
            if self.wait(grace_s) is None:
                self._process.kill()
                self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def on_cores(cores: Set[int] | None) -> Iterator[None]:
    """What is started in this block runs on these cores; None: on those of this process."""
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def settled(children: Sequence[Child], *, timeout_s: float = 5.0) -> None:
    """Wait until the processes have come to rest: under 5 % of a core for a quarter of a second."""
    quiet_ms, pause_s = 12.5, 0.25
    deadline = time.monotonic() + timeout_s
    before = sum(child.usage().cpu_ms for child in children)
    while time.monotonic() < deadline:
        time.sleep(pause_s)
        now = sum(child.usage().cpu_ms for child in children)
        if now - before < quiet_ms:
            return
        before = now
