"""Codes that agents dial: the owner of their contact centre is told, and they hear whether it was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import structlog
from gevent import spawn

from acd.codes import order_of
from acd.names import OfferState
from acd.orders import InHand
from cli.centre.ordering import with_entry
from cli.errors import ContactCentreRefused
from cli.wiring.queue_desk import in_hand, order, screens
from cli.wiring.recording_orders import RecordingOrders
from controller.own_calls import Caller
from dialplan.causes import Cause
from dialplan.decision import Announce, CallFacts, Decision, Direction
from dialplan.reasons import reason
from dialplan.recording import RecordingEvent
from store.acd_desk import AcdDesk
from store.errors import StoreError

_log = structlog.get_logger(__name__)

#: Sounds that come with the program.
DONE = "agent-done"
REFUSED = "agent-refused"
#: acd.codes.CODES has the words for them.
_RECORDING: Final = {
    "*86": RecordingEvent.PAUSED,
    "*87": RecordingEvent.RESUMED,
    "*88": RecordingEvent.AGREED,
}


class PhoneCodes:
    """`audited` notes who did what; it may wait, and does so in a greenlet of its own, but for a consent."""

    def __init__(
        self,
        desk: AcdDesk,
        recordings: RecordingOrders,
        audited: Callable[[str, str, Mapping[str, str]], None],
    ) -> None:
        self._desk = desk
        self._recordings = recordings
        self._audited = audited

    def decision(self, caller: Caller, dialled: str) -> Decision | None:
        """What becomes of the call when it is a code; None for any other call."""
        wanted = order_of(dialled, caller.agent_id, caller.codes)
        recording = _RECORDING.get(dialled)
        if wanted is None and recording is None:
            return None
        facts = CallFacts(Direction.NONE, caller.customer_id)
        who = {"agent": caller.agent_id, "customer": caller.customer_id, "code": dialled}
        try:
            if wanted is not None:
                order(self._desk, caller.customer_id, wanted)
            elif recording is RecordingEvent.AGREED:
                self._agreed(caller, dialled)
            elif recording is not None:
                self._recordings.order(self._talking(caller), recording)
        except (ContactCentreRefused, StoreError) as error:
            why = reason("queue.code-refused", why=str(error), **who)
            return Decision(Announce(REFUSED, Cause.CALL_REJECTED), why, facts, caller.version)
        if recording is not RecordingEvent.AGREED:
            spawn(self._note, caller, dialled)
        why = reason("queue.code", **who)
        return Decision(Announce(DONE, Cause.NORMAL_CLEARING), why, facts, caller.version)

    def _agreed(self, caller: Caller, dialled: str) -> None:
        """The entry comes first: a consent that cannot be written down is none (GDPR Art. 7(1))."""
        agent_id, call_id = caller.agent_id, self._talking(caller, alone=True)
        with_entry(
            lambda what, details: self._audited(
                f"agent {agent_id}", agent_id, {"customer": caller.customer_id, "what": what, **details}
            ),
            "record.consent",
            {"code": dialled, "call": call_id},
            lambda: self._recordings.agreed(call_id, agent_id),
        )

    def _talking(self, caller: Caller, *, alone: bool = False) -> str:
        """The call that the agent talks with, which is on hold while the code is dialled. Which one of
        several the owner alone knows: what it shows is half a second old. `alone`: there must be no other."""
        talks = [
            str(talk["call"])
            for screen in screens(self._desk, caller.customer_id)
            for each in screen["agents"]
            if each["agent"] == caller.agent_id
            for talk in each["talks"]
            if talk["state"] == OfferState.TALKING
        ]
        if caller.capacity > 1 or len(talks) > 1:
            return in_hand(self._desk, caller.customer_id, InHand(caller.agent_id, alone))
        if not talks:
            raise ContactCentreRefused(f"agent {caller.agent_id} is in no conversation")
        return talks[0]

    def _note(self, caller: Caller, dialled: str) -> None:
        try:
            who = {"customer": caller.customer_id, "code": dialled}
            self._audited(f"agent {caller.agent_id}", caller.agent_id, who)
        except StoreError as error:
            _log.warning("a phone code is not in the audit", agent=caller.agent_id, error=str(error))
