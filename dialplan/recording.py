"""Recording a conversation (C4): who agreed, what state it is in, what is known of it beside what was said.

All who are recorded agree before (§ 201 StGB; DSK 2018: an active act, a key that is pressed or a spoken yes;
an announcement is not enough): the agent once, in writing, in the configuration; the caller by a key of a
menu, or by a yes to the agent, who asks and confirms it. No machine listens for the yes: one that mistakes a
no is no consent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

_ID: Final = r"[A-Za-z0-9._-]{1,64}"
_AGREED: Final = re.compile(
    rf"agreed/(?P<customer>{_ID})/(?:(?P<key>[0-9*#]{{1,4}})|spoken:(?P<agent>{_ID}))/(?P<ms>[0-9]{{1,15}})\Z",
    re.ASCII,
)
_QUESTION: Final = re.compile(
    rf"asked/(?P<customer>{_ID})/(?P<queue>{_ID})/(?P<agent>{_ID})/(?P<days>[0-9]{{1,5}})/(?P<leg>{_ID})\Z",
    re.ASCII,
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
#: What may follow; anything else is refused. Nothing leads from OFF or ASKED to ON (§ 201 StGB). Behind the
#: rows what they rest on.
TRANSITIONS: Final[Mapping[tuple[RecordingState, RecordingEvent], RecordingState]] = {
    (_S.OFF, _E.ASKED): _S.ASKED,  # GDPR Art. 4(11): informed, so asked before; by a menu or by the agent
    (_S.ASKED, _E.ASKED): _S.ASKED,  # who said nothing may be asked again
    (_S.ASKED, _E.AGREED): _S.AGREED,  # DSK 2018: an active act, the key or the yes that the agent confirms
    (_S.ASKED, _E.DECLINED): _S.OFF,  # GDPR Art. 7(4): freely given; the call goes on
    (_S.AGREED, _E.ASKED): _S.ASKED,  # another question counts, as the next agent's
    (_S.AGREED, _E.JOINED): _S.ON,  # § 201(1) StGB: not unauthorised any more
    (_S.ON, _E.PAUSED): _S.PAUSED,  # GDPR Art. 5(1)(c): not the number of a card
    (_S.ON, _E.STOPPED): _S.STOPPED,  # GDPR Art. 7(3): withdrawn as easily as given
    (_S.PAUSED, _E.RESUMED): _S.ON,  # the consent holds on
    (_S.PAUSED, _E.STOPPED): _S.STOPPED,  # GDPR Art. 7(3)
}


def after(state: RecordingState, event: RecordingEvent) -> RecordingState | None:
    """The next state; None when the event cannot happen in this one."""
    return TRANSITIONS.get((state, event))


class ConsentKind(StrEnum):
    """How the caller agreed."""

    KEY = "key"
    SPOKEN = "spoken"


@dataclass(frozen=True, slots=True)
class Consent:
    """The caller agreed at this time (UTC), towards the customer who asked: by pressing `key`, or, where it
    is empty, by a yes to the agent `told`, who confirmed it then."""

    key: str
    at: datetime
    told: str = ""

    @property
    def kind(self) -> ConsentKind:
        """The key or the yes."""
        return ConsentKind.SPOKEN if self.told else ConsentKind.KEY

    def text(self, customer_id: str) -> str:
        """For the call's variable: `agreed/CUSTOMER/KEY/MS`, `agreed/CUSTOMER/spoken:AGENT/MS`."""
        how = f"spoken:{self.told}" if self.told else self.key
        return f"agreed/{customer_id}/{how}/{(self.at - _EPOCH) // timedelta(milliseconds=1)}"


def read_consent(text: str | None, customer_id: str, agent_id: str = "") -> Consent | None:
    """The consent to this customer that a call's variable tells of; None for anything else, so that nothing
    is recorded. A spoken one is for the conversation with the agent who asked: the next one asks again."""
    found = _AGREED.match(text or "")
    if found is None or found["customer"] != customer_id or found["agent"] not in (None, agent_id):
        return None
    at = _EPOCH + timedelta(milliseconds=int(found["ms"]))
    return Consent(found["key"] or "", at, found["agent"] or "")


@dataclass(frozen=True, slots=True)
class Question:
    """A conversation whose agent may ask the caller and confirm a spoken yes. Kept in the call's variable, so
    that it is gone with the call, and an answer puts an end to it. `leg_id`: the agent's."""

    customer_id: str
    queue_id: str
    agent_id: str
    retention_days: int
    leg_id: str

    def text(self) -> str:
        """`asked/CUSTOMER/QUEUE/AGENT/DAYS/LEG`."""
        days = self.retention_days
        return f"{ASKED}/{self.customer_id}/{self.queue_id}/{self.agent_id}/{days}/{self.leg_id}"


def read_question(text: str | None) -> Question | None:
    """The open question that a call's variable tells of; None for anything else."""
    found = _QUESTION.match(text or "")
    if found is None:
        return None
    return Question(found["customer"], found["queue"], found["agent"], int(found["days"]), found["leg"])


def state_told(text: str | None) -> RecordingState:
    """Of a call whose variable says so, before anything is recorded: OFF, ASKED or AGREED."""
    if _AGREED.match(text or ""):
        return RecordingState.AGREED
    return RecordingState.ASKED if text == ASKED or read_question(text) is not None else RecordingState.OFF


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
