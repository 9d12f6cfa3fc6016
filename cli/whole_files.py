"""Files that appear whole under their names, or not at all, for their owner alone.

What is written here names customers, called numbers, accounts: others get it when the owner gives it to them.
"""

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
            with os.fdopen(_private(draft), "wb") as file:
                file.write(content)
        for draft, path in drafts:
            draft.replace(path)
    finally:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)


def write_new(files: Iterable[tuple[Path, bytes]]) -> None:
    """As `write_whole`, and nothing that is there is written over: raise FileExistsError. What has the same
    content already is left alone."""
    drafts: list[tuple[Path, Path]] = []
    try:
        for path, content in files:
            if path.is_file() and path.read_bytes() == content:
                continue
            draft = _draft(path)
            drafts.append((draft, path))
            with os.fdopen(_private(draft), "wb") as file:
                file.write(content)
        for draft, path in drafts:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # ours from here on
            draft.replace(path)
    finally:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)


def write_parts(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file of any length; when `parts` raises, there is none. Raise OSError."""
    draft = _draft(path)
    try:
        with os.fdopen(_private(draft), "wb") as file:
            for part in parts:
                file.write(part)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def written_whole(path: Path) -> Iterator[IO[str]]:
    """Text in UTF-8, line by line, line ends as they are written. Raise OSError."""
    draft = _draft(path)
    try:
        with os.fdopen(_private(draft), "w", encoding="utf-8", newline="") as file:
            yield file
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _private(draft: Path) -> int:
    draft.unlink(missing_ok=True)
    return os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _draft(path: Path) -> Path:
    """Beside its place, so that the last step is a renaming on one disk."""
    return path.with_name(f".{path.name}.{os.getpid()}")
