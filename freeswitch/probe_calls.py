"""A synthetic call over one trunk: rung until it is answered, then ended at once (F1)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from dialplan.call import CallOffered
from dialplan.decision import Decision
from dialplan.legs import Leg
from freeswitch import api_calls
from freeswitch.api_calls import ThenRun
from freeswitch.dialstring import agents_leg
from freeswitch.errors import CommandFailed
from freeswitch.inbound import InboundConnection
from freeswitch.onward import leg_facts

#: What the command takes at most, beside the ringing.
_ANSWER_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """`cause` of the end by FreeSWITCH's name, NORMAL_CLEARING when it was answered."""

    cause: str
    took_ms: int


class ProbeCalls:
    """Raises FreeSwitchError's children, but for a call that failed: its cause is the result."""

    def __init__(self, connection: InboundConnection, domain: str) -> None:
        self._connection = connection
        self._domain = domain

    def call(self, offered: CallOffered, decision: Decision, leg: Leg, ring_s: int) -> ProbeResult:
        """Call until the answer, for `ring_s` at most. The leg has the id of the call."""
        variables = {**leg_facts(decision, offered), "fernamt_call": offered.call_id}
        dial = agents_leg(leg, offered.call_id, self._domain, variables)
        call = api_calls.originate(dial, ThenRun("hangup", "NORMAL_CLEARING"), timeout_s=ring_s)
        began = time.monotonic()
        try:
            self._connection.bgapi(call, ring_s + _ANSWER_S)
        except CommandFailed as error:
            return ProbeResult(error.text.removeprefix("-ERR").strip()[:64], _ms_since(began))
        return ProbeResult("NORMAL_CLEARING", _ms_since(began))


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
