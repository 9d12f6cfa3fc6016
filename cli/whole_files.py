"""Files that appear whole under their names, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


def write_whole(files: Iterable[tuple[Path, bytes]]) -> None:
    """Write all of them beside their places first, then give them their names. Raise OSError."""
    drafts: list[tuple[Path, Path]] = []
    try:
        for path, content in files:
            draft = _draft(path)
            drafts.append((draft, path))
            draft.write_bytes(content)
        for draft, path in drafts:
            draft.replace(path)
    finally:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)


@contextmanager
def written_whole(path: Path) -> Iterator[IO[str]]:
    """Text in UTF-8, line by line, line ends as they are written. Raise OSError."""
    draft = _draft(path)
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    """Beside its place, so that the last step is a renaming on one disk."""
    return path.with_name(f".{path.name}.{os.getpid()}")
