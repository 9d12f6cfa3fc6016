"""Recording a conversation (C4): who agreed, what state it is in, what is known of it beside what was said.

All who are recorded agree before (§ 201 StGB; DSK 2018: an active act, a key that is pressed; an announcement
is not enough): the caller by a key of a menu, the agent once, in writing, in the configuration. A spoken yes
would need speech recognition, which there is none of.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

_AGREED: Final = re.compile(
    r"agreed/(?P<customer>[a-z0-9._-]{1,64})/(?P<key>[0-9*#]{1,4})/(?P<ms>[0-9]{1,15})\Z", re.ASCII
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: What the call's variable says before there is an answer, and when the answer was no.
ASKED: Final = "asked"
DECLINED: Final = "declined"


class RecordingState(StrEnum):
    """Of a call."""

    OFF = "off"
    ASKED = "asked"
    #: The caller agreed; nothing is recorded yet, nobody talks.
    AGREED = "agreed"
    ON = "on"
    PAUSED = "paused"
    STOPPED = "stopped"


class RecordingEvent(StrEnum):
    """What happens to it."""

    ASKED = "asked"
    AGREED = "agreed"
    DECLINED = "declined"
    JOINED = "joined"
    PAUSED = "paused"
    RESUMED = "resumed"
    STOPPED = "stopped"


_S, _E = RecordingState, RecordingEvent
#: What may follow; anything else is refused. Nothing leads from OFF or ASKED to ON.
TRANSITIONS: Final[Mapping[tuple[RecordingState, RecordingEvent], RecordingState]] = {
    (_S.OFF, _E.ASKED): _S.ASKED,
    (_S.ASKED, _E.ASKED): _S.ASKED,
    (_S.ASKED, _E.AGREED): _S.AGREED,
    (_S.ASKED, _E.DECLINED): _S.OFF,
    (_S.AGREED, _E.ASKED): _S.ASKED,
    (_S.AGREED, _E.JOINED): _S.ON,
    (_S.ON, _E.PAUSED): _S.PAUSED,
    (_S.ON, _E.STOPPED): _S.STOPPED,
    (_S.PAUSED, _E.RESUMED): _S.ON,
    (_S.PAUSED, _E.STOPPED): _S.STOPPED,
}


def after(state: RecordingState, event: RecordingEvent) -> RecordingState | None:
    """The next state; None when the event cannot happen in this one."""
    return TRANSITIONS.get((state, event))


@dataclass(frozen=True, slots=True)
class Consent:
    """The caller agreed by pressing this key at this time (UTC), towards the customer who asked."""

    key: str
    at: datetime

    def text(self, customer_id: str) -> str:
        """For the call's variable: `agreed/CUSTOMER/KEY/MS`."""
        return f"agreed/{customer_id}/{self.key}/{(self.at - _EPOCH) // timedelta(milliseconds=1)}"


def read_consent(text: str | None, customer_id: str) -> Consent | None:
    """The consent to this customer that a call's variable tells of; None for anything else, so that nothing
    is recorded."""
    found = _AGREED.match(text or "")
    if found is None or found["customer"] != customer_id:
        return None
    return Consent(found["key"], _EPOCH + timedelta(milliseconds=int(found["ms"])))


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """A recording beside what was said. A call has one for each conversation with an agent. Times are UTC.

    `leg_id`: the agent's leg. It is recorded there, so that the recording ends with the conversation, whoever
    has died meanwhile.
    """

    id: str
    call_id: str
    customer_id: str
    queue_id: str
    agent_id: str
    consent: Consent
    started_at: datetime
    retention_days: int
    leg_id: str = ""
