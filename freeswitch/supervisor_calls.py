"""Supervisors on the switch: their phone rings, hears a conversation, speaks into it, takes a caller over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dialplan.carrier import Phone
from dialplan.legs import Leg
from freeswitch import api_calls
from freeswitch.api_calls import Legs, ThenRun
from freeswitch.dialstring import agents_leg
from freeswitch.inbound import InboundConnection
from freeswitch.parties import TRANSFERRED, parties
from freeswitch.queue_calls import AGENT, offer_leg
from freeswitch.settings import NodeDoor

#: Extension of the rendered dialplan.
SUPERVISE: Final = "supervise"
#: What a command takes at most, beside the ringing.
_ANSWER_S: Final = 5.0
#: Somebody listens: heard by caller and agent.
SIGNAL: Final = "tone_stream://%(400,0,1400)"


class SupervisorCalls:
    """All methods raise FreeSwitchError's children; CommandFailed says what the switch said."""

    def __init__(self, connection: InboundConnection, domain: str) -> None:
        self._connection = connection
        self._domain = domain

    def ring_supervisor(
        self,
        customer_id: str,
        offer_id: int,
        leg: Leg,
        leg_id: str,
        ring_s: int,
        facts: Mapping[str, str],
        *,
        heard_by_caller: bool,
        heard_by_agent: bool,
        door: NodeDoor | None = None,
    ) -> None:
        """Ring until the phone answers; then it waits. CommandFailed has the cause's name otherwise. `door`:
        of the node that the phone is registered with, when that is another one."""
        variables = supervisor_variables(
            customer_id,
            offer_id,
            leg,
            facts,
            heard_by_caller=heard_by_caller,
            heard_by_agent=heard_by_agent,
        )
        dial = agents_leg(leg, leg_id, self._domain, variables, door)
        call = api_calls.originate(dial, ThenRun("park", ""), timeout_s=ring_s)
        self._connection.bgapi(call, ring_s + 2 * _ANSWER_S)

    def signal(self, call_id: str) -> None:
        """Caller and agent hear that somebody listens."""
        self._connection.bgapi(api_calls.uuid_broadcast(call_id, SIGNAL, Legs.BOTH), _ANSWER_S)

    def watch(self, leg_id: str) -> None:
        """The supervisor hears the conversation from now on."""
        call = api_calls.uuid_transfer(leg_id, SUPERVISE, context="fernamt")
        self._connection.bgapi(call, _ANSWER_S)

    def take(self, call_id: str, leg: Leg, leg_id: str) -> None:
        """The caller talks with the supervisor, who has the rights of the own phone. The agent is let go."""
        known = {"fernamt_parties": parties((leg,), (leg_id,)), "presence_data": ""}
        self._connection.bgapi(api_calls.uuid_setvar_multi(call_id, known), _ANSWER_S)
        self._connection.bgapi(api_calls.uuid_bridge(call_id, leg_id), _ANSWER_S)

    def end(self, leg_id: str) -> None:
        """The supervisor's leg is of no use."""
        self._connection.bgapi(api_calls.uuid_kill(leg_id), _ANSWER_S)


def supervisor_variables(
    customer_id: str,
    offer_id: int,
    leg: Leg,
    facts: Mapping[str, str],
    *,
    heard_by_caller: bool,
    heard_by_agent: bool,
) -> dict[str, str]:
    """The variables of a supervisor's leg beside those of every leg.

    The agent's leg is what is listened to. What FreeSWITCH calls the a-leg there is what the agent says, and
    so what the caller hears. Keys would let a listener speak: they do nothing.
    """
    return {
        **facts,
        "fernamt_customer": customer_id,
        "fernamt_watched": offer_leg(customer_id, offer_id),
        "eavesdrop_enable_dtmf": "false",
        "eavesdrop_whisper_aleg": str(heard_by_caller).lower(),
        "eavesdrop_whisper_bleg": str(heard_by_agent).lower(),
        **_mark(leg),
        "hangup_after_bridge": "true",
        "force_transfer_context": TRANSFERRED,
        "park_timeout": "10",
    }


def _mark(leg: Leg) -> dict[str, str]:
    """One who serves queues too is in a call of the own meanwhile: the mark of the phone's own calls
    (dialstring.py) tells the owner so. Another phone's leg is followed as an agent's is."""
    busy = isinstance(leg.to, Phone) and leg.to.agent_id is not None
    return {} if busy else {"presence_data": AGENT}
