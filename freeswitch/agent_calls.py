"""Commands for waiting callers and agents' legs, over the inbound connection of their node."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from gevent import sleep

from acd.effects import Because
from dialplan.call import CallOffered
from dialplan.decision import Decision
from dialplan.legs import Leg
from freeswitch import api_calls, node_state, profile_calls
from freeswitch.api_calls import ThenRun
from freeswitch.decided_facts import fact
from freeswitch.dialstring import agents_leg
from freeswitch.errors import CommandFailed
from freeswitch.inbound import InboundConnection
from freeswitch.onward import leg_facts
from freeswitch.parties import TRANSFERRED, parties
from freeswitch.plan_variables import RINGING_TONE
from freeswitch.queue_calls import (
    CALLBACK_NOTED,
    LEFT_QUEUE,
    QUEUE,
    QUEUE_EARLY,
    QUEUE_ON,
    SAID,
    SAY,
    agent_variables,
    moved_mark,
    offer_leg,
)
from freeswitch.settings import NodeDoor
from numbering.e164 import E164

#: What a command takes at most, beside the ringing.
_ANSWER_S: Final = 5.0
_RINGING: Final = f"tone_stream://{RINGING_TONE};loops=-1"
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{2,14}\Z", re.ASCII)
#: How often an agent's leg is asked whether everything is said, and the pause before.
_WHISPER_LOOKS: Final = 100
_LOOK_S: Final = 0.1
#: Extensions of the rendered dialplan.
WHISPER: Final = "whisper"
TOO_LATE: Final = "too-late"


class _Reason(NamedTuple):
    """Why a leg ends: FreeSWITCH's cause for a phone that rings, a sound for who has answered."""

    cause: str
    sound: str


_REASONS: Final[Mapping[Because | None, _Reason]] = {
    # Sent as `SIP;cause=200;text="Call completed elsewhere"`: no missed call on the display.
    Because.ANSWERED_ELSEWHERE: _Reason("LOSE_RACE", "answered-elsewhere"),
    Because.UNKNOWN_OFFER: _Reason("LOSE_RACE", "answered-elsewhere"),
    Because.CALLER_GONE: _Reason("ORIGINATOR_CANCEL", "caller-gone"),
}


def shown_number(said: str | None) -> E164 | None:
    """The number in our own variable, None when it is withheld or unknown."""
    return E164(said) if said is not None and _NUMBER.match(said) else None


class AgentCalls:
    """All methods raise FreeSwitchError's children; CommandFailed says what the switch said."""

    def __init__(self, connection: InboundConnection, domain: str) -> None:
        self._connection = connection
        self._domain = domain

    def ring(
        self,
        customer_id: str,
        offer_id: int,
        leg: Leg,
        ring_s: int,
        facts: Mapping[str, str],
        door: NodeDoor | None = None,
    ) -> None:
        """Ring until the phone answers; CommandFailed has the cause's name otherwise. `door`: of the node
        that the phone is registered with, when that is another one."""
        variables = agent_variables(customer_id, facts)
        dial = agents_leg(leg, offer_leg(customer_id, offer_id), self._domain, variables, door)
        call = api_calls.originate(dial, ThenRun("park", ""), timeout_s=ring_s)
        self._connection.bgapi(call, ring_s + 2 * _ANSWER_S)

    def has_phone(self, username: str) -> bool:
        """Whether the phone is registered here."""
        where = self._connection.bgapi(profile_calls.contact("phone", username, self._domain), _ANSWER_S)
        return not where.startswith("error/")

    def takes_calls(self) -> bool:
        """Whether the node is not drained."""
        return node_state.takes_calls(lambda call: self._connection.bgapi(call, _ANSWER_S))

    def stop(self, customer_id: str, offer_id: int, because: Because | None = None) -> bool:
        """End the agent's leg; False when there is none. Who has answered hears why, else the phone's display
        may say it (RFC 3326)."""
        leg_id = offer_leg(customer_id, offer_id)
        reason = _REASONS.get(because)
        try:
            if reason is not None and self._variable(leg_id, "endpoint_disposition") == "ANSWER":
                self._connection.bgapi(api_calls.uuid_setvar(leg_id, "fernamt_why", reason.sound), _ANSWER_S)
                away = api_calls.uuid_transfer(leg_id, TOO_LATE, context="fernamt")
                self._connection.bgapi(away, _ANSWER_S)
            else:
                kill = api_calls.uuid_kill(leg_id, reason.cause) if reason else api_calls.uuid_kill(leg_id)
                self._connection.bgapi(kill, _ANSWER_S)
        except CommandFailed:
            return False
        return True

    def whisper(self, customer_id: str, offer_id: int, sounds: Sequence[str]) -> None:
        """Tell the agent, who has answered, what comes; returns when it is said."""
        leg_id = offer_leg(customer_id, offer_id)
        said = api_calls.uuid_setvar(leg_id, "fernamt_whisper", _one_after_the_other(sounds))
        self._connection.bgapi(said, _ANSWER_S)
        self._connection.bgapi(api_calls.uuid_transfer(leg_id, WHISPER, context="fernamt"), _ANSWER_S)
        for _ in range(_WHISPER_LOOKS):
            sleep(_LOOK_S)
            if self._variable(leg_id, "fernamt_whispered") == "true":
                return

    def _variable(self, channel: str, name: str) -> str:
        return self._connection.bgapi(api_calls.uuid_getvar(channel, name), _ANSWER_S).strip()

    def _fact(self, channel: str, name: str) -> str | None:
        return fact(lambda variable: self._variable(channel, variable), name)

    def join(self, customer_id: str, offer_id: int, call_id: str, leg: Leg | None) -> None:
        """Caller and agent hear each other; the agent may transfer the caller with the rights of the phone
        that `leg` is to, None: with no rights."""
        leg_id = offer_leg(customer_id, offer_id)
        if leg is not None:
            known = api_calls.uuid_setvar(call_id, "fernamt_parties", parties((leg,), (leg_id,)))
            self._connection.bgapi(known, _ANSWER_S)
        self._connection.bgapi(api_calls.uuid_bridge(call_id, leg_id), _ANSWER_S)

    def send_away(self, call_id: str) -> None:
        """On with the routing plan, by the number that the call came for."""
        number = self._connection.bgapi(api_calls.uuid_getvar(call_id, "fernamt_dialled"), _ANSWER_S)
        call = api_calls.uuid_transfer(call_id, number.strip(), context=LEFT_QUEUE)
        self._connection.bgapi(call, _ANSWER_S)

    def announce(self, call_id: str, sounds: Sequence[str]) -> None:
        """Tell a waiting caller something, one sound after the other; then the music goes on where it was."""
        said = _one_after_the_other(sounds)
        self._connection.bgapi(api_calls.uuid_setvar(call_id, SAID, said), _ANSWER_S)
        play = api_calls.uuid_broadcast(call_id, f"execute_extension::{SAY} XML fernamt")
        self._connection.bgapi(play, _ANSWER_S)

    def moved(self, call_id: str, queue_id: str) -> None:
        """The mark of a waiting caller names the queue that he was moved into, where whoever has to find him
        finds him: a node was silent, an owner died. Nothing when he waits no longer."""
        mark = moved_mark(self._variable(call_id, "presence_data"), queue_id)
        if mark is None:
            return
        self._connection.bgapi(api_calls.uuid_setvar(call_id, "presence_data", mark), _ANSWER_S)
        if self._variable(call_id, "fernamt_do") not in (QUEUE, QUEUE_EARLY, QUEUE_ON):  # he has just left
            self._connection.bgapi(api_calls.uuid_setvar(call_id, "presence_data", ""), _ANSWER_S)
            return
        # `show channels` has the mark that the last application began with (read: core_event_handler).
        self._connection.bgapi(api_calls.uuid_broadcast(call_id, "set::fernamt_moved=true"), _ANSWER_S)

    def callback_noted(self, call_id: str) -> None:
        """The caller hears that the callback is noted, then the call ends."""
        call = api_calls.uuid_transfer(call_id, CALLBACK_NOTED, context="fernamt")
        self._connection.bgapi(call, _ANSWER_S)

    def tell_agent(self, customer_id: str, offer_id: int, sound: str) -> None:
        """Play to an agent who has answered, then ringing, until both are joined."""
        heard = f"file_string://{sound}!{_RINGING}" if sound else _RINGING
        leg_id = offer_leg(customer_id, offer_id)
        self._connection.bgapi(api_calls.uuid_broadcast(leg_id, heard), _ANSWER_S)

    def call_back(self, offered: CallOffered, decision: Decision, leg: Leg) -> None:
        """Call until the caller answers; CommandFailed has the cause's name otherwise. The leg has the id of
        the call."""
        variables = {
            **leg_facts(decision, offered),
            "fernamt_call": offered.call_id,
            "force_transfer_context": TRANSFERRED,
            "hangup_after_bridge": "true",
            # Answered and never joined: not for ever.
            "park_timeout": "10",
        }
        dial = agents_leg(leg, offered.call_id, self._domain, variables)
        call = api_calls.originate(dial, ThenRun("park", ""), timeout_s=leg.no_answer_s)
        self._connection.bgapi(call, leg.no_answer_s + 2 * _ANSWER_S)

    def join_called_back(self, customer_id: str, offer_id: int, leg_id: str) -> None:
        """Caller and agent hear each other."""
        agent = offer_leg(customer_id, offer_id)
        self._connection.bgapi(api_calls.uuid_bridge(agent, leg_id), _ANSWER_S)

    def end(self, leg_id: str) -> None:
        """End a leg, ringing or answered."""
        self._connection.bgapi(api_calls.uuid_kill(leg_id), _ANSWER_S)

    def shown_number(self, call_id: str) -> E164 | None:
        """The number that the caller shows, None when it is withheld or unknown."""
        return shown_number(self._fact(call_id, "a_presented"))

    def called_number(self, call_id: str) -> E164 | None:
        """The number that the caller has called, ours."""
        return shown_number(self._fact(call_id, "b_number"))


def _one_after_the_other(sounds: Sequence[str]) -> str:
    return sounds[0] if len(sounds) == 1 else "file_string://" + "!".join(sounds)
