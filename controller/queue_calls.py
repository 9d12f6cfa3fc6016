"""What a contact centre decides, done on the switch: phones ring and stop, callers are joined and sent on.

Nothing here waits in the owner's greenlet: each command has one of its own, and its result comes back as an
event. A result that nobody waits for any more (the offer is over) changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog
from gevent import Greenlet, getcurrent, sleep, spawn

from acd.announcing import Announcing
from acd.centre import Centre, RecordingRules
from acd.effects import (
    Abandoned,
    Announce,
    Answered,
    Because,
    CallBack,
    CallbackNoted,
    Effect,
    Ended,
    Entered,
    Join,
    OfferEnded,
    Ring,
    SendAway,
    Stop,
)
from acd.events import CallbackWanted, Event, Joined, OfferAnswered, OfferFailed
from acd.names import Failure
from controller.calling_back import CallingBack
from controller.errors import LegFailed, NodeAway
from dialplan.legs import Caller, Leg
from dialplan.plans.windows import may_call_back
from dialplan.ringing import to_phones
from dialplan.snapshot import Snapshot
from numbering.e164 import E164

_log = structlog.get_logger(__name__)

#: Why an agent's phone did not take a call, by FreeSWITCH's name of the cause; the others: unreachable.
FAILURES: Final[Mapping[str, Failure]] = {
    "NO_ANSWER": Failure.NO_ANSWER,
    "ALLOTTED_TIMEOUT": Failure.NO_ANSWER,
    "USER_BUSY": Failure.BUSY,
    "CALL_REJECTED": Failure.REJECTED,
    "NORMAL_CLEARING": Failure.REJECTED,
}
#: A leg may not be there yet when it is to be stopped: looked for so often, every so many seconds.
_STOP_TRIES: Final = 60
_STOP_REST_S: Final = 0.03
#: That a caller has just hung up is heard so late at the most: joining him fails earlier, and his agent would
#: rest as if it were the fault of the agent's phone.
_HEARD_S: Final = 0.3
#: A caller who may not be called back at this time of day is looked after again then.
_LOOK_AGAIN_MS: Final = 300_000


class Node(Protocol):
    """Commands to the switch. All methods raise NodeAway; those about a leg LegFailed with the cause."""

    def ring(
        self, customer_id: str, offer_id: int, leg: Leg, ring_s: int, facts: Mapping[str, str]
    ) -> None: ...
    def stop(self, customer_id: str, offer_id: int, because: Because | None = None) -> bool: ...
    def whisper(self, customer_id: str, offer_id: int, call_id: str, sounds: Sequence[str]) -> None: ...
    def called_number(self, call_id: str) -> E164 | None: ...
    def join(self, customer_id: str, offer_id: int, call_id: str, leg: Leg | None) -> None: ...
    def send_away(self, call_id: str) -> None: ...
    def announce(self, call_id: str, sounds: Sequence[str]) -> None: ...
    def moved(self, call_id: str, queue_id: str) -> None: ...
    def callback_noted(self, call_id: str) -> None: ...
    def shown_number(self, call_id: str) -> E164 | None: ...
    def offer_of(self, customer_id: str, leg_id: str) -> int | None: ...
    def leg_of(self, customer_id: str, offer_id: int) -> str: ...


class TalkRecorder(Protocol):
    """Records conversations; must not fail."""

    def joined(self, customer_id: str, rules: RecordingRules, answered: Answered, leg_id: str) -> None: ...
    def ended(self, call_id: str) -> None: ...


class QueueCalls:
    """controller.contact_centre.Switch for one customer. `centre` and `snapshot` give what is in force."""

    def __init__(
        self,
        customer_id: str,
        node: Node,
        centre: Callable[[], Centre],
        snapshot: Callable[[], Snapshot],
        compare: Callable[[], None],
        recorder: TalkRecorder,
        calling_back: CallingBack,
        now: Callable[[], datetime],
    ) -> None:
        self._recorder = recorder
        self._customer_id = customer_id
        self._node = node
        self._centre = centre
        self._snapshot = snapshot
        self._compare = compare
        self._calling_back = calling_back
        self._now = now
        self._ringing: set[int] = set()
        #: Offers of callers who are being joined with an agent.
        self._joining: dict[str, int] = {}
        #: Announcements on their way to the switch, by call: what comes for the call next waits for them, for
        #: else they might be heard in the conversation.
        self._announcing: dict[str, Greenlet[..., None]] = {}
        #: Takes the results; set before the first effect.
        self.tell: Callable[[Event], bool] = lambda _: False
        #: The tenant's time, in which events are told.
        self.now_ms: Callable[[], int] = lambda: 0
        #: Told of callers who are with the queue no longer.
        self.left: Callable[[str], None] = lambda _: None

    def compare(self) -> None:
        """Ask for what the switch has; it comes as `Compared`."""
        self._compare()

    def carry_out(self, effects: Sequence[Effect]) -> None:
        """Each in its turn, none waited for."""
        for effect in effects:
            match effect:
                case Ring():
                    self._ringing.add(effect.offer_id)
                    spawn(self._ring, effect)
                case Stop(offer_id=offer_id, because=because):
                    spawn(self._stop, offer_id, because)
                case Join(offer_id=offer_id, member_id=member_id):
                    self._joining[member_id] = offer_id
                    spawn(self._join, effect)
                case SendAway(member_id=member_id):
                    self.left(member_id)
                    spawn(self._send_away, member_id)
                case Announce():
                    self._announce(effect)
                case Entered(member_id=member_id, queue_id=queue_id, came_from=str()):
                    spawn(self._moved, member_id, queue_id)
                case Answered():
                    _log.info("contact centre", customer=self._customer_id, what=str(effect))
                    self._record(effect)
                case Ended(member_id=member_id):
                    spawn(self._recorder.ended, member_id)
                    self._end_callback(member_id)
                case CallBack():
                    sound = announcing.calling_back if (announcing := self._told(effect.queue_id)) else ""
                    spawn(self._calling_back.call, effect, sound, self.tell)
                case CallbackNoted(member_id=member_id):
                    self.left(member_id)
                    spawn(self._noted, member_id)
                case OfferEnded(member_id=member_id, offer_id=offer_id):
                    if self._joining.get(member_id) == offer_id:
                        del self._joining[member_id]
                    self._end_callback(member_id)
                    _log.info("contact centre", customer=self._customer_id, what=str(effect))
                case Abandoned():
                    _log.info("contact centre", customer=self._customer_id, what=str(effect))

    def _record(self, answered: Answered) -> None:
        """Of one who was called back nobody asked for consent."""
        offer_id = self._joining.pop(answered.member_id, None)
        if offer_id is not None:
            leg_id = self._node.leg_of(self._customer_id, offer_id)
            rules = self._centre().recording
            spawn(self._recorder.joined, self._customer_id, rules, answered, leg_id)

    def _end_callback(self, member_id: str) -> None:
        if self._calling_back.knows(member_id):
            spawn(self._calling_back.over, member_id)

    def _told(self, queue_id: str) -> Announcing | None:
        return self._centre().announcing.get(queue_id)

    def _noted(self, member_id: str) -> None:
        try:
            self._node.callback_noted(member_id)
        except (LegFailed, NodeAway) as error:
            _log.warning("a caller could not be told of the callback", call=member_id, error=str(error))

    def _put_off(self, ring: Ring) -> bool:
        """Whether it is too early or too late in the day to call this caller back: nobody's phone rings."""
        if ring.line is None or may_call_back(self._snapshot(), E164(ring.line), ring.queue_id, self._now()):
            return False
        return self.tell(CallbackWanted(ring.member_id, self.now_ms() + _LOOK_AGAIN_MS))

    def _ring(self, ring: Ring) -> None:
        if self._put_off(ring):
            self._ringing.discard(ring.offer_id)
            return
        try:
            failure = self._rung(ring)
        finally:
            self._ringing.discard(ring.offer_id)
        self.tell(OfferAnswered(ring.offer_id) if failure is None else OfferFailed(ring.offer_id, failure))

    def _rung(self, ring: Ring) -> Failure | None:
        """Ring the agent's phone as a leg of the choke point's; None when it was answered."""
        try:
            if ring.number is not None:
                number: E164 | None = E164(ring.number)
            else:
                number = self._node.shown_number(ring.member_id)
            leg = self._leg(ring.agent_id, Caller(number, withheld=number is None))
            if leg is None:
                return Failure.UNREACHABLE
            facts = {
                "fernamt_call": ring.member_id,
                "fernamt_reason": "queue.agent",
                "fernamt_version": str(self._snapshot().version),
                "fernamt_direction": "in",
                "fernamt_queue": ring.queue_id,
                "fernamt_agent": ring.agent_id,
            }
            if number is not None:
                facts["fernamt_a_presented"] = number
            called = ring.line if ring.number is not None else self._node.called_number(ring.member_id)
            if called is not None:
                facts["fernamt_b_number"] = called
            self._node.ring(self._customer_id, ring.offer_id, leg, ring.ring_ms // 1000, facts)
        except LegFailed as error:
            return FAILURES.get(error.cause, Failure.UNREACHABLE)
        except NodeAway as error:
            _log.warning("an agent's phone could not be rung", agent=ring.agent_id, error=str(error))
            return Failure.UNREACHABLE
        return None

    def _leg(self, agent_id: str, caller: Caller) -> Leg | None:
        """To the agent's phone, which is the customer's and in service."""
        snapshot = self._snapshot()
        phone = snapshot.phones.get(self._centre().phones.get(agent_id, ""))
        if phone is None or phone.customer_id != self._customer_id:
            return None
        (leg,) = to_phones(snapshot, (phone.id,), caller).legs
        return leg

    def _stop(self, offer_id: int, because: Because) -> None:
        for _ in range(_STOP_TRIES):
            try:
                if self._node.stop(self._customer_id, offer_id, because) or offer_id not in self._ringing:
                    return
            except NodeAway as error:
                _log.warning("an agent's leg could not be ended", offer=offer_id, error=str(error))
                return
            sleep(_STOP_REST_S)

    def _announce(self, told: Announce) -> None:
        announcing = self._told(told.queue_id)
        sounds = announcing.sounds(told) if announcing is not None else ()
        if sounds:
            before = self._announcing.get(told.member_id)
            self._announcing[told.member_id] = spawn(self._play, told.member_id, sounds, before)

    def _play(self, call_id: str, sounds: Sequence[str], before: Greenlet[..., None] | None) -> None:
        if before is not None:
            before.join()
        try:
            self._node.announce(call_id, sounds)
        except LegFailed:
            pass  # the caller has just left
        except NodeAway as error:
            _log.warning("a caller could not be told anything", call=call_id, error=str(error))
        finally:
            if self._announcing.get(call_id) is getcurrent():
                del self._announcing[call_id]

    def _wait_for_announcement(self, call_id: str) -> None:
        under_way = self._announcing.get(call_id)
        if under_way is not None:
            under_way.join()

    def _join(self, join: Join) -> None:
        self._wait_for_announcement(join.member_id)
        try:
            whisper = self._centre().whispers.get(join.queue_id)
            if whisper is not None:
                sounds = whisper.sounds(join.waited_ms)
                self._node.whisper(self._customer_id, join.offer_id, join.member_id, sounds)
            leg = self._leg(join.agent_id, Caller(None, withheld=True))
            self._node.join(self._customer_id, join.offer_id, join.member_id, leg)
        except (LegFailed, NodeAway) as error:
            _log.warning("caller and agent could not be joined", call=join.member_id, error=str(error))
            self._stop(join.offer_id, Because.CALLER_GONE)
            sleep(_HEARD_S)
            self.tell(OfferFailed(join.offer_id, Failure.UNREACHABLE))
            return
        self.tell(Joined(join.offer_id))

    def _moved(self, member_id: str, queue_id: str) -> None:
        try:
            self._node.moved(member_id, queue_id)
        except LegFailed:
            pass  # he has just left, or is to be called back
        except NodeAway as error:
            _log.warning(
                "a moved caller keeps the mark of the queue before", call=member_id, error=str(error)
            )

    def _send_away(self, member_id: str) -> None:
        self._wait_for_announcement(member_id)
        try:
            self._node.send_away(member_id)
        except (LegFailed, NodeAway) as error:
            _log.warning("a caller could not be sent on", call=member_id, error=str(error))
