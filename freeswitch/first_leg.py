"""The first leg of a call that a program asked for: rung, and once answered sent on by the dialplan."""

from __future__ import annotations

from typing import Final

from dialplan.call import Behalf, CallOffered
from dialplan.decision import Decision
from dialplan.legs import Leg
from freeswitch import api_calls
from freeswitch.api_calls import ThenDial
from freeswitch.dialstring import agents_leg
from freeswitch.inbound import InboundConnection
from freeswitch.onward import leg_facts
from freeswitch.parties import ORIGINATED, TRANSFERRED, asker_variables
from freeswitch.settings import NodeDoor

#: What the command takes at most, beside the ringing.
_ANSWER_S: Final = 10.0


class FirstLegs:
    """All methods raise FreeSwitchError's children; CommandFailed says what the switch said."""

    def __init__(self, connection: InboundConnection, domain: str) -> None:
        self._connection = connection
        self._domain = domain

    def ring(
        self,
        offered: CallOffered,
        decision: Decision,
        leg: Leg,
        behalf: Behalf,
        second: str,
        door: NodeDoor | None = None,
        over: str | None = None,
    ) -> None:
        """Ring until `leg` of the decision answers; then a controller is asked for `second` (a number), on
        the same behalf. The leg has the id of the call. `door` and `over` as of `agents_leg`."""
        variables = {
            **leg_facts(decision, offered),
            **asker_variables(leg, offered.call_id, behalf),
            "fernamt_call": offered.call_id,
            "fernamt_round": "0",
            "force_transfer_context": TRANSFERRED,
            "hangup_after_bridge": "true",
        }
        dial = agents_leg(leg, offered.call_id, self._domain, variables, door, over)
        call = api_calls.originate(dial, ThenDial(second, ORIGINATED), timeout_s=leg.no_answer_s)
        self._connection.bgapi(call, leg.no_answer_s + _ANSWER_S)
