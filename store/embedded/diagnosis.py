"""What a server's last words mean, and what to do: one table for both servers."""

from __future__ import annotations

import re

from store.errors import (
    DataDamaged,
    DataVersionMismatch,
    EmbeddedServerError,
    PortTaken,
    ServerStartFailed,
    StateDirectoryClosed,
    StateDirectoryFull,
)

#: (pattern in the log, error, what happened, next step); the first that matches counts.
_TABLE: tuple[tuple[re.Pattern[str], type[EmbeddedServerError], str, str], ...] = (
    (
        re.compile(r"No space left on device|Disk quota exceeded"),
        StateDirectoryFull,
        "the disk is full",
        "Free some space and start again",
    ),
    (
        re.compile(r"Address already in use|could not create any TCP/IP sockets"),
        PortTaken,
        "another program listens on its port",
        "Stop that program, or start again for another port",
    ),
    (
        re.compile(r"database files are incompatible with server|Can't handle RDB format version"),
        DataVersionMismatch,
        "its data was written by another version of the server",
        "Install the version that wrote it, or export with that version and import with this one",
    ),
    (
        re.compile(r"Bad file format reading the append only file|PANIC:|invalid checkpoint record"),
        DataDamaged,
        "it cannot read its own data files",
        "Restore the state directory from a backup; do not delete it: it may be recoverable",
    ),
    (
        re.compile(r"[Pp]ermission denied"),
        StateDirectoryClosed,
        "its account may not read or write a file it needs",
        "Give the folder back to that account, or choose another state directory",
    ),
)


def diagnose(place: str, log: str, log_path: str) -> EmbeddedServerError:
    """The error that the end of a server's log stands for; `log` is at most a few KB."""
    for pattern, error, what, next_step in _TABLE:
        if pattern.search(log):
            return error(place, what, f"{next_step} (log: {log_path})")
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    said = f": {lines[-1][:300]}" if lines else " and said nothing"
    return ServerStartFailed(place, f"the server did not get ready{said}", f"Read {log_path}")


def still_held(log: str) -> bool:
    """Whether a start failed only because parts of the last run had not ended yet."""
    return "is still in use" in log or "lock file" in log
