"""Codes that agents dial: the owner of their contact centre is told, and they hear whether it was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from gevent import spawn

from acd.codes import order_of
from cli.errors import ContactCentreRefused
from cli.wiring.queue_desk import order
from controller.own_calls import Caller
from dialplan.causes import Cause
from dialplan.decision import Announce, CallFacts, Decision, Direction
from dialplan.reasons import reason
from store.acd_desk import AcdDesk
from store.errors import StoreError

_log = structlog.get_logger(__name__)

#: Sounds that come with the program.
DONE = "agent-done"
REFUSED = "agent-refused"


class PhoneCodes:
    """`audited` notes who did what; it may wait, and does so in a greenlet of its own."""

    def __init__(
        self,
        desk: AcdDesk,
        clock_ms: Callable[[], int],
        audited: Callable[[str, str, Mapping[str, str]], None],
    ) -> None:
        self._desk = desk
        self._clock_ms = clock_ms
        self._audited = audited

    def decision(self, caller: Caller, dialled: str) -> Decision | None:
        """What becomes of the call when it is a code; None for any other call."""
        wanted = order_of(dialled, caller.agent_id, caller.codes, self._clock_ms())
        if wanted is None:
            return None
        facts = CallFacts(Direction.NONE, caller.customer_id)
        who = {"agent": caller.agent_id, "customer": caller.customer_id, "code": dialled}
        try:
            order(self._desk, caller.customer_id, wanted)
        except (ContactCentreRefused, StoreError) as error:
            why = reason("queue.code-refused", why=str(error), **who)
            return Decision(Announce(REFUSED, Cause.CALL_REJECTED), why, facts, caller.version)
        spawn(self._note, caller, dialled)
        why = reason("queue.code", **who)
        return Decision(Announce(DONE, Cause.NORMAL_CLEARING), why, facts, caller.version)

    def _note(self, caller: Caller, dialled: str) -> None:
        try:
            self._audited(f"agent {caller.agent_id}", caller.agent_id, {"code": dialled})
        except StoreError as error:
            _log.warning("a phone code is not in the audit", agent=caller.agent_id, error=str(error))
