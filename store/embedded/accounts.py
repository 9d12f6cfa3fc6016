"""Which unprivileged account the embedded servers run as, and whether it gets into a directory.

PostgreSQL refuses to run as root. When we are root the servers run as an account that is there anyway;
none is made, and no folder above the state directory is ever changed.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from store.errors import ServerProgramMissing, StateDirectoryClosed

#: In this order; both are on every Debian with PostgreSQL, `nobody` is on every Debian.
_CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """A system account. `changes_user`: we are root and the server is to run as somebody else."""

    name: str
    uid: int
    gid: int
    changes_user: bool


def own_account() -> Account:
    """The account that we run as."""
    return Account(f"user {os.geteuid()}", os.geteuid(), os.getegid(), changes_user=False)


def server_account() -> Account:
    """Our own account, or when that is root an unprivileged one that exists."""
    if os.geteuid() != 0:
        return own_account()
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, changes_user=True)
    raise ServerProgramMissing(
        "embedded servers",
        "PostgreSQL does not run as root and there is no account 'postgres' or 'nobody'",
        "Start fernamt as an ordinary user, or point it at servers by URL",
    )


def can_enter(directory: Path, account: Account) -> bool:
    """Whether the account may pass through this one directory (mode bits only)."""
    status = directory.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def can_reach(path: Path, account: Account) -> bool:
    """Whether the account may get to a file: every folder above it lets it pass."""
    return not account.changes_user or all(can_enter(folder, account) for folder in path.resolve().parents)


def require_way_in(state_dir: Path, account: Account) -> None:
    """Raise StateDirectoryClosed naming the folder above `state_dir` that shuts the account out."""
    if not account.changes_user:
        return
    for folder in reversed(state_dir.resolve().parents):
        if not can_enter(folder, account):
            raise StateDirectoryClosed(
                str(state_dir),
                f"we are root, so the server runs as '{account.name}', and {folder} is closed to it",
                "Choose a state directory outside of it, such as /var/lib/fernamt, "
                "or start fernamt as an ordinary user",
            )
