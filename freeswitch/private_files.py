"""Files and folders that their owner alone may use, files replaced as a whole.

One account runs FreeSWITCH and the programs beside it. What root makes in its place, at an installation or by
a command at a shell, belongs to the owner of the folder that it lies in: root's own they could not read.
"""

from __future__ import annotations

import os
from pathlib import Path
from secrets import token_hex


def replace_private(path: Path, content: bytes, *, onto_disk: bool = False) -> None:
    """Written beside and renamed: a reader sees the old file or the new one, and without room the old one
    stays. `onto_disk`: it outlives the machine's end a moment later. Raises OSError."""
    fresh = draft_of(path)
    # Never through a link that the folder's owner put there: root may be writing.
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _give_to_owner_of(path.parent, descriptor)
            file.write(content)
            if onto_disk:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)  # half a file would take the last of the room
        raise


def draft_of(path: Path) -> Path:
    """A name beside the file that nobody else has: programs in containers have the same process number."""
    return path.with_name(f".{path.name}.{os.getpid()}-{token_hex(4)}")


def make_folder(path: Path, mode: int = 0o777) -> None:
    """Make it and those above it, unless they are there; `mode` is the last one's. Raises OSError."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode, exist_ok=True)  # another program may have been quicker
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        _give_to_owner_of(path.parent, descriptor)
    finally:
        os.close(descriptor)


def _give_to_owner_of(folder: Path, descriptor: int) -> None:
    if os.geteuid() != 0:
        return
    owner = folder.stat()
    if owner.st_uid != 0:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
