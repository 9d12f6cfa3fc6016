"""The folder of one embedded server under the state directory: lock, password, port, log.

STATE/NAME/lock       held (flock) by the program that runs the server
STATE/NAME/password   0600, random, made once
STATE/NAME/port       TCP port on 127.0.0.1, remembered
STATE/NAME/log        what the server says; at most two files of LOG_LIMIT_BYTES and what one run adds
STATE/NAME/data/      the server's own, closed to everyone else
STATE/NAME/program/   copy of the server program, only where its account cannot read the original
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.embedded.accounts import Account, require_way_in
from store.errors import EmbeddedServerError, ServerStartFailed, StateDirectoryFull, StateDirectoryInUse

LOG_LIMIT_BYTES = 4_000_000
#: Less than this and the server would stop in the middle of its work.
NEEDED_FREE_BYTES = 200_000_000


class ServerHome:
    """One server's folder. Nothing is touched before `prepare`."""

    def __init__(self, state_dir: Path, name: str) -> None:
        self.state_dir = state_dir.absolute()
        self.path = self.state_dir / name
        self.data = self.path / "data"
        self.log = self.path / "log"
        self._lock_fd: int | None = None

    def prepare(self, account: Account) -> None:
        """Make the folder, let the account pass through it (and nobody read it), take the lock."""
        with os_errors(str(self.path)):
            self.state_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
            require_way_in(self.state_dir, account)
            self.path.mkdir(mode=0o711, exist_ok=True)
            if account.changes_user:
                for folder in (self.state_dir, self.path):
                    folder.chmod(folder.stat().st_mode | 0o011)
            self._require_space()
            self._take_lock()
            if self.log.exists() and self.log.stat().st_size > LOG_LIMIT_BYTES:
                self.log.replace(self.log.with_name("log.1"))

    def _require_space(self) -> None:
        free = shutil.disk_usage(self.path).free
        if free < NEEDED_FREE_BYTES:
            raise StateDirectoryFull(
                str(self.path),
                f"only {free // 1_000_000} MB of disk are free",
                f"Free at least {NEEDED_FREE_BYTES // 1_000_000} MB",
            )

    def _take_lock(self) -> None:
        """The lock ends with our process, however that ends."""
        if self._lock_fd is not None:
            return
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise StateDirectoryInUse(
                str(self.path),
                f"a running fernamt (process {holder}) uses it",
                "Stop that one first, or choose another state directory",
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._lock_fd = handle

    def release(self) -> None:
        """Give the lock back; the folder stays."""
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def password(self) -> str:
        """The server's password, made on first use: 32 random bytes in URL-safe letters."""
        path = self.path / "password"
        if not path.exists():
            self._write_once(path, secrets.token_urlsafe(32))
        return path.read_text(encoding="ascii").strip()

    def remembered_port(self) -> int | None:
        """The port of the last start; None before the first and when the file was spoilt."""
        try:
            text = (self.path / "port").read_bytes()[:7].decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None
        return int(text) if text.isdigit() and 0 < int(text) < 65536 else None

    def remember_port(self, port: int) -> None:
        self._write_once(self.path / "port", str(port))

    def log_size(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def log_since(self, offset: int) -> str:
        """The last 8 KB at most of what the server has said since the log was `offset` bytes long."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(offset, self.log_size() - 8192))
            return file.read(8192).decode("utf-8", "replace")

    def _write_once(self, path: Path, text: str) -> None:
        """Whole or not at all, readable by us only."""
        fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, text.encode("ascii"))
            os.fsync(handle)
        finally:
            os.close(handle)
        fresh.replace(path)


def port_is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port on 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def os_errors(place: str) -> Iterator[None]:
    """The operating system's refusals as ours."""
    try:
        yield
    except EmbeddedServerError:
        raise
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StateDirectoryFull(place, "the disk is full", "Free some space and start again") from error
        raise ServerStartFailed(
            place, f"{error.strerror or error} ({error.filename or 'no file'})", "Check folder and rights"
        ) from error
