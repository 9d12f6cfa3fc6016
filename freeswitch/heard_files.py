"""Messages in clear for as long as somebody listens to them: files that FreeSWITCH plays (C3).

Each has its owner in its name, the controller's own: at its start a controller removes what it left when it
was killed, and nothing of another one's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

from freeswitch.errors import CommandRefused
from freeswitch.private_files import make_folder

_OWNER: Final = re.compile(r"[A-Za-z0-9.-]{1,64}\Z", re.ASCII)


class HeardFiles:
    """Files in `directory`, for the account that FreeSWITCH runs as. `owner`: a name of the controller's, the
    same after it was started again, another one for every controller on the machine.

    Raises CommandRefused.
    """

    def __init__(self, directory: Path, owner: str) -> None:
        if not _OWNER.match(owner):
            raise CommandRefused(f"not a controller's name: {owner[:64]!r}")
        self._directory = directory
        self._prefix = f".heard_{owner}_"

    @contextmanager
    def opened(self, sound: bytes) -> Iterator[str]:
        """The absolute path of a WAV file; removed when the context is left. Raises OSError."""
        make_folder(self._directory, 0o700)
        path = self._directory / f"{self._prefix}{uuid4().hex}.wav"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(sound)
            yield str(path)
        finally:
            path.unlink(missing_ok=True)

    def sweep(self) -> int:
        """Remove what a controller of this name left behind; how many files. Raises OSError."""
        left = list(self._directory.glob(f"{self._prefix}*.wav")) if self._directory.is_dir() else []
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)
