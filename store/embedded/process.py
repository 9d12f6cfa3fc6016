"""A server program as our direct child, and how it is known again after we were killed.

Works the same with and without gevent: children are made by `posix_spawn` (no code of ours between fork
and exec) and watched by polling with `time.sleep`, which gevent makes cooperative.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from store.embedded.accounts import Account

_LAUNCHER = Path(__file__).with_name("launch.py")
_POLL_S = 0.02
#: What a server needs to know of ours: nothing but where programs are.
MINIMAL_ENVIRONMENT: Final[Mapping[str, str]] = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for ever: its pid and the clock tick it started at, so that a reused pid is another one."""

    pid: int
    started_ticks: int


def identify(pid: int) -> ProcessId | None:
    """The live process that has this pid now; None for none and for a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else ProcessId(pid, int(fields[19]))


def is_running(process: ProcessId) -> bool:
    """Whether it still runs; reaps it when it is our child and has ended."""
    # Refused: not our child, or reaped already (gevent's loop reaps every child). Then /proc knows.
    with suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    return identify(process.pid) == process


def spawn(
    command: list[str],
    *,
    account: Account,
    directory: Path,
    log: Path,
    death_signal: int,
    environment: Mapping[str, str] = MINIMAL_ENVIRONMENT,
) -> ProcessId:
    """Start `command` in `directory` as `account`, output appended to `log`, ended by `death_signal` with us.

    The kernel ties a child to the thread that made it, so only the main thread's children get the signal;
    others are found and ended by the next start. 0 asks for none.
    """
    tied = death_signal if threading.get_native_id() == os.getpid() else 0
    uid, gid = (account.uid, account.gid) if account.changes_user else (-1, -1)
    words = (uid, gid, os.getpid(), tied, directory)
    arguments = [sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, words), *command]
    log_flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        sys.executable,
        arguments,
        dict(environment),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), log_flags, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsigmask=[],
    )
    return identify(pid) or ProcessId(pid, -1)


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Poll until `condition` holds; False when it did not within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def run_to_end(command: list[str], *, account: Account, directory: Path, log: Path, timeout_s: float) -> bool:
    """Run a program that ends by itself; killed after `timeout_s`. Whether it ended in time (see its log)."""
    process = spawn(command, account=account, directory=directory, log=log, death_signal=signal.SIGKILL)
    if wait_until(lambda: not is_running(process), timeout_s):
        return True
    end([process], [(signal.SIGKILL, 5.0)])
    return False


def servers_in(directory: Path, programs: frozenset[str]) -> list[ProcessId]:
    """Processes of these programs whose working directory is `directory`: what an earlier run left behind.

    That is the proof that a process is ours: PostgreSQL and Redis make their data directory their working
    directory, and no two servers can share one. A pid file alone proves nothing once pids are reused.
    """
    found: list[ProcessId] = []
    home = os.path.realpath(directory)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            program = (entry / "exe").readlink().name.removesuffix(" (deleted)")
            here = str((entry / "cwd").readlink()) == home
        except OSError:
            continue  # gone meanwhile, or another user's and so not ours
        process = identify(int(entry.name)) if here and program in programs else None
        if process is not None:
            found.append(process)
    return found


def end(processes: Iterable[ProcessId], steps: Sequence[tuple[int, float]]) -> bool:
    """Send each signal in turn, waiting its seconds, until all have ended. Whether they have."""
    left = list(processes)
    for number, patience_s in steps:
        for process in left:
            send(process, number)
        wait_until(lambda: not _running(left), patience_s)  # noqa: B023 - called in here only
        left = _running(left)
    return not left


def _running(processes: list[ProcessId]) -> list[ProcessId]:
    return [process for process in processes if is_running(process)]


def send(process: ProcessId, number: int) -> None:
    """Signal exactly this process; nothing when it has ended."""
    if identify(process.pid) != process:
        return
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return
