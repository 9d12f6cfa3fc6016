"""Recordings on their way from the switch to the store: a WAV file that FreeSWITCH writes, in clear for as
long as the call, and a note of ours beside it that says whose it is and what state it is in."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final

import structlog

from dialplan.recording import Consent, RecordingFacts, RecordingState
from freeswitch.errors import CommandRefused
from freeswitch.private_files import make_folder, replace_private
from freeswitch.resting import Resting

_log = structlog.get_logger(__name__)

#: FreeSWITCH writes every few seconds, silence too: what rests for so long nobody writes any more.
ABANDONED_S: Final = 60.0
#: What rests for so long should have been taken: the store has had twice the time.
LEFT: Final = timedelta(seconds=3 * ABANDONED_S)
#: A recording that was stopped may be written to a moment longer.
_SETTLED_S: Final = 1.0
PART_BYTES: Final = 1 << 20
_ID: Final = re.compile(r"[A-Za-z0-9-]{1,96}\Z", re.ASCII)
_HEADER_BYTES: Final = 128
#: Before it stands what the sound is (RIFF, WAVE, `fmt `).
_FIRST_DATA: Final = 36
#: Sizes in a WAV file have 32 bits: 74 hours at 8 kHz, 12 at the 48 kHz of Opus. Beyond it becomes RF64 (EBU
#: Tech 3306), which has them in a chunk `ds64` of its own behind the first 12 bytes.
_MOST_WAV_BYTES: Final = (1 << 32) - 1
_DS64: Final = struct.Struct("<4sIQQQI")


@dataclass(frozen=True, slots=True)
class Running:
    """A recording that is not in the store yet."""

    facts: RecordingFacts
    state: RecordingState
    path: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """A complete recording: what `parts` gives is a WAV file, in pieces of at most 1 MiB."""

    facts: RecordingFacts
    duration_ms: int
    path: Path

    def parts(self) -> Iterator[bytes]:
        """From the beginning, with a header that is right also when the switch died. Raises OSError."""
        with self.path.open("rb") as file:
            first = file.read(PART_BYTES - _DS64.size)
            yield _mended(first, self.path.stat().st_size)
            while part := file.read(PART_BYTES):
                yield part


class RecordingSpool:
    """Files in `directory`, for the account that FreeSWITCH runs as. `steady_s`: seconds by a clock that
    nobody sets.

    Methods raise OSError.
    """

    def __init__(self, directory: Path, steady_s: Callable[[], float] = monotonic) -> None:
        self._directory = directory
        self._resting = Resting(steady_s)

    def begin(self, facts: RecordingFacts) -> str:
        """Note whose recording comes; the absolute path to record to."""
        if not _ID.match(facts.id):
            raise CommandRefused(f"not a recording's id: {facts.id[:64]!r}")
        make_folder(self._directory, 0o700)
        self.note(facts, RecordingState.ON)
        return str(self._directory / f"{facts.id}.wav")

    def note(self, facts: RecordingFacts, state: RecordingState) -> None:
        """It is in this state now."""
        given = facts.consent
        consent = {"key": given.key, "at": given.at.isoformat(), "told": given.told}
        text = json.dumps(
            {**asdict(facts), "consent": consent, "started_at": facts.started_at.isoformat(), "state": state}
        )
        replace_private(self._directory / f"{facts.id}.json", text.encode())

    def of_call(self, call_id: str) -> list[Running]:
        """Recordings of the call that are not stopped, the oldest first."""
        return [
            each
            for each in self._noted()
            if each.facts.call_id == call_id and each.state is not RecordingState.STOPPED
        ]

    def ready(self) -> Iterator[Recorded]:
        """Complete recordings of any length, the oldest first. A note that cannot be read stays, and is
        logged."""
        self._resting.look()
        for each in self._noted():
            try:
                found = self._complete(each)
            except FileNotFoundError:
                continue  # another process has taken it away
            if found is not None:
                yield found

    def _complete(self, each: Running) -> Recorded | None:
        """None while it may still be written to. Raises OSError."""
        path = Path(each.path)
        there = path.is_file()
        watched = path if there else path.with_suffix(".json")
        rest_s = self._resting.seconds(watched, watched.stat())
        stopped = each.state is RecordingState.STOPPED
        if rest_s < (_SETTLED_S if stopped else ABANDONED_S):
            return None
        return Recorded(each.facts, _duration_ms(path) if there else 0, path)

    def left(self, now: datetime) -> list[Path]:
        """Sound that lies here in clear, though nobody has written to it for `LEFT`: nobody takes it. By the
        files' own times, so for people and alarms only: they are wrong for a while when a clock is set."""
        oldest_s = (now - LEFT).timestamp()
        try:
            # Unlike `glob` this fails where it may not look.
            sounds = [each for each in self._directory.iterdir() if each.suffix == ".wav"]
        except FileNotFoundError:
            return []
        return sorted(each for each in sounds if _changed_s(each) < oldest_s)

    def remove(self, facts: RecordingFacts) -> None:
        """It is in the store: forget it here. The sound goes first, it is not encrypted."""
        (self._directory / f"{facts.id}.wav").unlink(missing_ok=True)
        (self._directory / f"{facts.id}.json").unlink(missing_ok=True)

    def _noted(self) -> list[Running]:
        if not self._directory.is_dir():
            return []
        found = []
        for path in sorted(self._directory.glob("*.json"), key=lambda each: each.name):
            try:
                note = json.loads(path.read_text())
                state = RecordingState(note.pop("state"))
                found.append(Running(_facts(note), state, str(path.with_suffix(".wav"))))
            except FileNotFoundError:
                continue  # another process has taken it away
            except (ValueError, KeyError, TypeError) as error:
                _log.error("a recording's note cannot be read and stays", file=str(path), error=str(error))
        return sorted(found, key=lambda each: each.facts.started_at)


def _facts(note: dict[str, Any]) -> RecordingFacts:
    consent = note.pop("consent")
    return RecordingFacts(
        **{
            **note,
            "consent": Consent(
                str(consent["key"]), datetime.fromisoformat(consent["at"]), str(consent.get("told", ""))
            ),
            "started_at": datetime.fromisoformat(note["started_at"]),
        }
    )


def _duration_ms(path: Path) -> int:
    """By the file's size: the header of a file whose writer died does not tell."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    start = header.find(b"data")
    if header[:4] != b"RIFF" or start < _FIRST_DATA:
        return 0
    (bytes_per_s,) = struct.unpack_from("<I", header, 28)
    return int(max(0, path.stat().st_size - start - 8) * 1000 // bytes_per_s) if bytes_per_s else 0


def _changed_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return math.inf  # it was taken meanwhile


def _mended(first: bytes, size: int) -> bytes:
    """The beginning of a WAV file with the sizes that the file has."""
    start = first[:_HEADER_BYTES].find(b"data")
    if first[:4] != b"RIFF" or start < _FIRST_DATA:
        return first
    mended, sound = bytearray(first), size - start - 8
    whole = size - 8
    if whole <= _MOST_WAV_BYTES:
        struct.pack_into("<I", mended, 4, whole)
        struct.pack_into("<I", mended, start + 4, sound)
        return bytes(mended)
    struct.pack_into("<4sI", mended, 0, b"RF64", _MOST_WAV_BYTES)
    struct.pack_into("<I", mended, start + 4, _MOST_WAV_BYTES)
    (frame,) = struct.unpack_from("<H", first, 32)
    sizes = (whole + _DS64.size, sound, sound // max(1, frame))
    mended[12:12] = _DS64.pack(b"ds64", _DS64.size - 8, *sizes, 0)
    return bytes(mended)
