"""Messages on their way from the switch to the store: a WAV file that FreeSWITCH writes, and a file of ours
beside it that says whose it is, written before. What a dead controller left rests for long."""

from __future__ import annotations

import json
import re
import wave
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Final

import structlog

from dialplan.mailbox import MessageFacts
from freeswitch.errors import CommandRefused
from freeswitch.private_files import make_folder, replace_private
from freeswitch.resting import Resting

_log = structlog.get_logger(__name__)

#: Longest message and some: what rests for so long nobody writes any more.
ABANDONED_S: Final = 900.0
#: Ten minutes of 8 kHz WAV, with some room.
MAX_BYTES: Final = 11 << 20
_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A complete message. `sound` is a WAV file, b"" when nothing was recorded."""

    facts: MessageFacts
    sound: bytes
    duration_ms: int


class MessageSpool:
    """Files in `directory`, for the account that FreeSWITCH runs as. `steady_s`: seconds by a clock that
    nobody sets."""

    def __init__(self, directory: Path, steady_s: Callable[[], float] = monotonic) -> None:
        self._directory = directory
        self._resting = Resting(steady_s)

    def begin(self, facts: MessageFacts) -> str:
        """Note whose message comes; the absolute path to record to. Raises OSError."""
        if not _ID.match(facts.id):
            raise CommandRefused(f"not a call's id: {facts.id[:64]!r}")
        make_folder(self._directory, 0o700)
        self._write(facts, done=False)
        return str(self._directory / f"{facts.id}.wav")

    def finish(self, facts: MessageFacts) -> None:
        """The recording has ended. Raises OSError."""
        self._write(facts, done=True)

    def ready(self) -> Iterator[Spooled]:
        """Complete messages, the oldest first. A file that cannot be read stays, and is logged."""
        if not self._directory.is_dir():
            return
        self._resting.look()
        notes = sorted(self._directory.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in notes:
            try:
                note = json.loads(path.read_text())
                if not note.pop("done") and self._resting.seconds(path, path.stat()) < ABANDONED_S:
                    continue
                moment = datetime.fromisoformat(note.pop("at"))
                facts = MessageFacts(**{**note, "at": moment, "notify": tuple(note["notify"])})
                sound, duration_ms = _sound(path.with_suffix(".wav"))
            except (OSError, ValueError, KeyError, TypeError, wave.Error, EOFError) as error:
                _log.error(
                    "a message cannot be read and stays in the spool", file=str(path), error=str(error)
                )
                continue
            yield Spooled(facts, sound, duration_ms)

    def remove(self, facts: MessageFacts) -> None:
        """It is in the store: forget it here. The sound goes first, it is not encrypted."""
        (self._directory / f"{facts.id}.wav").unlink(missing_ok=True)
        (self._directory / f"{facts.id}.json").unlink(missing_ok=True)

    def _write(self, facts: MessageFacts, *, done: bool) -> None:
        text = json.dumps({**asdict(facts), "at": facts.at.isoformat(), "done": done})
        replace_private(self._directory / f"{facts.id}.json", text.encode())


def _sound(path: Path) -> tuple[bytes, int]:
    """The file and its length; nothing when nothing was recorded. Raises ValueError when it is too long."""
    if not path.exists() or path.stat().st_size == 0:
        return b"", 0
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path.name} is longer than {MAX_BYTES} bytes")
    with wave.open(str(path), "rb") as file:
        duration_ms = file.getnframes() * 1000 // file.getframerate()
    return path.read_bytes(), duration_ms
