"""What agents tell the contact centre by dialling from their phone (C1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from acd.events import StatusChosen, WrapUpEnded
from acd.names import AgentStatus
from acd.orders import ExtendWrapUp, Order

#: Code -> what it does, for people.
CODES: Final = {
    "*80": "log in",
    "*81": "log out",
    "*82": "a break",
    "*83": "back from the break",
    "*84": "end the wrap-up; with the first, second, … code of the queues: *841, *842, …",
    "*85": "a minute more of wrap-up",
    "*86": "pause the recording of the conversation, which is on hold meanwhile",
    "*87": "go on recording",
    "*88": "the caller said yes to being recorded: begin",
}
_STATUSES: Final = {
    "*80": AgentStatus.AVAILABLE,
    "*81": AgentStatus.LOGGED_OUT,
    "*82": AgentStatus.ON_BREAK,
    "*83": AgentStatus.AVAILABLE,
}
_WRAP_UP: Final = re.compile(r"\*84([1-9][0-9]?)?\Z", re.ASCII)
_EXTENSION_MS: Final = 60_000


def order_of(dialled: str, agent_id: str, codes: Sequence[str]) -> Order | None:
    """The order behind the code, None for what is none. `codes`: wrap-up codes in their order; one that is
    not there is given as it was dialled, so that the refusal names it."""
    status = _STATUSES.get(dialled)
    if status is not None:
        return StatusChosen(agent_id, status, "by phone")
    if dialled == "*85":
        return ExtendWrapUp(agent_id, _EXTENSION_MS)
    found = _WRAP_UP.match(dialled)
    if found is None:
        return None
    number = int(found[1]) if found[1] else 0
    if not number:
        return WrapUpEnded(agent_id)
    return WrapUpEnded(agent_id, codes[number - 1] if number <= len(codes) else found[1])
