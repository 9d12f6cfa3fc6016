"""Where a call stands in its plan, as a value and as text for the channel's variables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from numbering.e164 import E164

#: Characters kept of the path: what came first is cut.
MAX_PATH: Final = 900

_POSITION: Final = re.compile(
    r"(?P<node>[a-z0-9._-]{1,64})/(?P<entered>[0-9]{1,4})/(?P<asked>[0-9]{1,4})\Z", re.ASCII
)
_KEYS: Final = re.compile(r"[0-9*#]{1,4}\Z", re.ASCII)
_MOMENT: Final = re.compile(r"[0-9]{1,15}\Z", re.ASCII)
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{2,14}\Z", re.ASCII)
_PATH: Final = re.compile(r"[a-zA-Z0-9._,=*#:%…-]{0,1000}\Z")


class Happened(StrEnum):
    """What the plan is told when it goes on."""

    ARRIVED = "arrived"
    KEYS = "keys"
    SILENCE = "silence"
    NOT_REACHED = "not-reached"
    #: Nobody was reached, and the last one tried was busy, or let it ring.
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    RECORDED = "recorded"
    #: The queue does not take the call, or has sent it away.
    OVERFLOWED = "overflowed"
    HEARD = "heard"
    #: The caller said where to be called back: `keys` are that number.
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Given:
    """Something that happened; `keys` are 0-9, * and # for KEYS, a number that may be called for NUMBER."""

    what: Happened
    keys: str = ""


ARRIVED: Final = Given(Happened.ARRIVED)
SILENCE: Final = Given(Happened.SILENCE)
NOT_REACHED: Final = Given(Happened.NOT_REACHED)
BUSY: Final = Given(Happened.BUSY)
RECORDED: Final = Given(Happened.RECORDED)
OVERFLOWED: Final = Given(Happened.OVERFLOWED)
HEARD: Final = Given(Happened.HEARD)


@dataclass(frozen=True, slots=True)
class Position:
    """The call waits at `node`, the `entered`th node it came to; a menu there was played `asked` times.

    `path` is what people read: the nodes in order, with what decided behind "=".
    """

    node: str
    entered: int = 1
    asked: int = 0
    path: str = ""

    def text(self) -> str:
        """Node and counts, without the path: `menu/3/1`."""
        return f"{self.node}/{self.entered}/{self.asked}"


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on with the plan of `number`, one of ours: where the call stood, and what happened since.

    `queued_ms`: the caller's place in time (ms since 1970) when the call stood in a queue before. A node that
    the plan does not have begins it anew, with what the call has behind it counted.
    """

    number: E164
    position: Position
    given: Given
    queued_ms: int | None = None


def read_resume(
    number: str, position: str, path: str, given: str, keys: str = "", queued: str = ""
) -> Resume | None:
    """The call's own variables back, or None when they are not what we write.

    `keys`: pressed in a queue, or for a controller that died meanwhile, so that the caller need not press
    them again. `queued`: the caller's place in time.
    """
    found = _POSITION.match(position)
    if found is None or not _NUMBER.match(number) or not _PATH.match(path) or given not in set(Happened):
        return None
    at = Position(found["node"], int(found["entered"]), int(found["asked"]), path)
    queued_ms = int(queued) if _MOMENT.match(queued) else None
    if given == Happened.ARRIVED and _KEYS.match(keys):
        return Resume(E164(number), at, Given(Happened.KEYS, keys), queued_ms)
    return Resume(E164(number), at, Given(Happened(given)), queued_ms)


def extended(path: str, step: str) -> str:
    """The path with one more step, its beginning cut when it gets too long."""
    longer = f"{path},{step}" if path else step
    return longer if len(longer) <= MAX_PATH else "…" + longer[len(longer) - MAX_PATH + 1 :]
