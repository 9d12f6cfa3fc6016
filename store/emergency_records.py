"""Emergency attempts as JSON: in local files until the database has them, and in its column of what was
sent."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from dialplan.emergency.attempt import EmergencyAttempt, SentLeg
from numbering.e164 import E164

_SUFFIX: Final = ".attempt.json"
#: Files looked at in one go.
MAX_PENDING: Final = 500
_MAX_FILE: Final = 1 << 20


def plain(attempt: EmergencyAttempt) -> dict[str, Any]:
    """The attempt as JSON values."""
    return {**asdict(attempt), "at": attempt.at.astimezone(UTC).isoformat()}


def attempt_from(values: Mapping[str, Any]) -> EmergencyAttempt:
    """What `plain` made. Raises KeyError, TypeError or ValueError for anything else."""
    known = dict(values)
    known["at"] = datetime.fromisoformat(known["at"])
    known["number"] = E164(known["number"]) if known["number"] else None
    known["sent"] = tuple(sent_from(each) for each in known["sent"])
    known["pre_empted"] = tuple(known["pre_empted"])
    return EmergencyAttempt(**known)


def sent_from(values: Mapping[str, Any]) -> SentLeg:
    """One leg of `plain`."""
    return SentLeg(
        values["trunk_id"],
        values["request_uri"],
        tuple((name, value) for name, value in values["headers"]),
        tuple(values["bodies"]),
    )


class AttemptFiles:
    """controller.emergency.AttemptSpool: one file for each attempt in a directory of the owner's alone.

    Several controllers may share the directory: the database takes the same attempt once. Raises OSError.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def write(self, attempt: EmergencyAttempt) -> None:
        """On disk when this returns; nothing is left there when it fails."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self._directory / f".{_name(attempt.call_id)}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(plain(attempt), file, ensure_ascii=True)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._directory / _name(attempt.call_id))
        except OSError:
            fresh.unlink(missing_ok=True)
            raise

    def pending(self) -> Sequence[EmergencyAttempt]:
        """The attempts in files, at most `MAX_PENDING`; unreadable files are left where they are."""
        found = []
        for path in sorted(self._directory.glob(f"[!.]*{_SUFFIX}"))[:MAX_PENDING]:
            try:
                if path.stat().st_size <= _MAX_FILE:
                    found.append(attempt_from(json.loads(path.read_text(encoding="utf-8"))))
            except (FileNotFoundError, KeyError, TypeError, ValueError, AttributeError):
                continue
        return found

    def remove(self, call_id: str) -> None:
        """The database has it."""
        (self._directory / _name(call_id)).unlink(missing_ok=True)

    def count(self) -> int:
        """How many wait, readable or not."""
        return sum(1 for _ in self._directory.glob(f"[!.]*{_SUFFIX}"))


def _name(call_id: str) -> str:
    """A call's id is the switch's word, but never a path."""
    return sha256(call_id.encode(errors="replace")).hexdigest()[:40] + _SUFFIX
