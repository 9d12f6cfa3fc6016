"""The life of a connection that is kept up for ever: its states as a table, and the wait between attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from types import MappingProxyType
from typing import Final


class State(Enum):
    """Where the connection is in its life."""

    IDLE = auto()
    CONNECTING = auto()
    UP = auto()
    WAITING = auto()
    STOPPED = auto()


class Step(Enum):
    """What happened to the connection."""

    STARTED = auto()
    ACCEPTED = auto()
    FAILED = auto()
    LOST = auto()
    DUE = auto()
    STOP = auto()


#: (state, what happened) -> next state. What is missing here cannot happen and raises KeyError.
TRANSITIONS: Final[Mapping[tuple[State, Step], State]] = MappingProxyType(
    {
        (State.IDLE, Step.STARTED): State.CONNECTING,
        (State.CONNECTING, Step.ACCEPTED): State.UP,
        (State.CONNECTING, Step.FAILED): State.WAITING,
        (State.UP, Step.LOST): State.WAITING,
        (State.WAITING, Step.DUE): State.CONNECTING,
        **{(state, Step.STOP): State.STOPPED for state in State},
    }
)


@dataclass(frozen=True, slots=True)
class Backoff:
    """The wait before attempt n (0, 1, …): random between half and all of `first_s` doubled n times, at most
    `most_s`. The first attempt after a loss comes quickly, a thousand controllers do not come together."""

    first_s: float = 0.1
    most_s: float = 5.0

    def wait_s(self, attempt: int, random: Random) -> float:
        """Seconds before attempt `attempt`."""
        full = min(self.most_s, self.first_s * 2.0 ** min(attempt, 32))
        return full * random.uniform(0.5, 1.0)
