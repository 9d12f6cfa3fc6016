"""Archives unpacked, also by a Python that has no filters for them yet: before 3.11.4, as Debian 12's."""

from __future__ import annotations

import tarfile
from pathlib import Path


def unpack(archive: tarfile.TarFile, directory: Path) -> None:
    """All of it, and below the directory alone."""
    if hasattr(tarfile, "data_filter"):
        archive.extractall(directory, filter="data")
        return
    for member in archive.getmembers():
        path = Path(member.name)
        assert member.isfile() or member.isdir()
        assert not path.is_absolute()
        assert ".." not in path.parts
        archive.extract(member, directory)
