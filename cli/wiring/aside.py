"""Work with the disk beside the loop that decides calls: a disk that stands for seconds holds up no call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from gevent.hub import get_hub

from dialplan.emergency.attempt import EmergencyAttempt
from store.emergency_records import AttemptFiles

T = TypeVar("T")


def aside(work: Callable[..., T], *arguments: object) -> T:
    """What `work` gives or raises, done by a thread of the system; only the greenlet that asks waits."""
    done: T = get_hub().threadpool.apply(work, arguments)
    return done


class AttemptsAside:
    """controller.emergency.AttemptSpool on files. Raises OSError."""

    def __init__(self, files: AttemptFiles) -> None:
        self._files = files

    def write(self, attempt: EmergencyAttempt) -> None:
        aside(self._files.write, attempt)

    def pending(self) -> Sequence[EmergencyAttempt]:
        return aside(self._files.pending)

    def remove(self, call_id: str) -> None:
        aside(self._files.remove, call_id)
