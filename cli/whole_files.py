"""Files that appear whole under their names, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(files: Iterable[tuple[Path, bytes]]) -> None:
    """Write all of them beside their places first, then give them their names. Raise OSError."""
    drafts: list[tuple[Path, Path]] = []
    try:
        for path, content in files:
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            drafts.append((draft, path))
            draft.write_bytes(content)
        for draft, path in drafts:
            draft.replace(path)
    finally:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)
