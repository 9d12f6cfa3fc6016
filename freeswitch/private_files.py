"""Files that their owner alone may read, replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path


def replace_private(path: Path, content: bytes, *, onto_disk: bool = False) -> None:
    """Written beside and renamed: a reader sees the old file or the new one, and without room the old one
    stays. `onto_disk`: it outlives the machine's end a moment later. Raises OSError."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if onto_disk:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)  # half a file would take the last of the room
        raise
