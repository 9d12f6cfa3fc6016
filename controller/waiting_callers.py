"""Callers who come to queues and leave them, as the nodes tell it (C1)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from gevent import spawn_later

from acd.events import CallerJoined, CallerLeft
from acd.names import CancelReason
from controller.contact_centre import ContactCentre
from controller.places import Places
from controller.tenants import Tenants
from numbering.e164 import E164

#: Callers who are gone and may still stand in what the switch lists, which lags behind its events.
_GONE_LIMIT: Final = 10_000
#: A caller who is gone and listed for longer has come back, or never went.
_GONE_MS: Final = 10_000


class WaitingCallers:
    """`clock_ms` does not jump; `wall_ms` is the time of day, which nodes write into their marks."""

    def __init__(
        self,
        tenants: Tenants,
        places: Places,
        clock_ms: Callable[[], int],
        wall_ms: Callable[[], int],
    ) -> None:
        self._tenants = tenants
        self._places = places
        self._clock_ms = clock_ms
        self._wall_ms = wall_ms
        self._gone: OrderedDict[str, int] = OrderedDict()
        #: Customers of callers who were told to the owner; its state may not have them yet.
        self._joining: dict[str, str] = {}
        #: Callers whose node says nothing: the queue that they stood in, since when in the tenant's time.
        self._lost: OrderedDict[str, tuple[str, int]] = OrderedDict()
        #: Callers who came just after a take-over, and whom the owner does not know yet.
        self._kept_back: set[str] = set()

    def came(
        self,
        node: str,
        customer_id: str,
        joined: CallerJoined,
        kept: bool,
        shown: E164 | None,
        called: E164 | None,
    ) -> None:
        """A caller waits, who shows this number and has called that one. Who comes now has his place now,
        unless it is `kept` from a queue before. A new owner hears of him when it knows those before him."""
        self._places.put(node, joined.member_id)
        self._places.shown[joined.member_id] = shown
        self._places.called[joined.member_id] = called
        self._gone.pop(joined.member_id, None)
        self._lost.pop(joined.member_id, None)
        self._places.entered(joined.member_id, joined.queue_id)
        self._places.came(joined.member_id, self._marked_ms(joined) if kept else 0, kept=kept)
        running = self._tenants.running.get(customer_id)
        if running is not None and running.is_owner and (wait_s := running.settles_s):
            self._kept_back.add(joined.member_id)
            spawn_later(wait_s, self._comes_now, customer_id, joined)
            return
        self._join(customer_id, joined if kept else replace(joined, since_ms=None))

    def _comes_now(self, customer_id: str, joined: CallerJoined) -> None:
        """Unless a list had him meanwhile."""
        if joined.member_id in self._kept_back:
            self.found(customer_id, joined)

    def lost(self, call_id: str, queue_id: str, joined_ms: int) -> None:
        """The caller's node says nothing. He came to that queue then, in the tenant's time."""
        self._lost[call_id] = queue_id, joined_ms
        if len(self._lost) > _GONE_LIMIT:
            self._lost.popitem(last=False)

    def found(self, customer_id: str, joined: CallerJoined, unheard_ms: int | None = None) -> None:
        """A node lists this caller. `unheard_ms`: since when nothing had been heard of that node, by our
        clock. Who stood in the queue before is not asked at its door again, and his time there goes on."""
        gone_ms = self._gone.get(joined.member_id)
        if gone_ms is not None and self._clock_ms() - gone_ms <= _GONE_MS:
            return
        running = self._tenants.running.get(customer_id)
        if running is None:
            return
        joined_ms = self._in_queue_since_ms(running, joined)
        if running.sends_away(joined.member_id, joined.queue_id, joined_ms):
            return
        if not self._stood_there(running, joined, unheard_ms):
            joined_ms = None
        elif joined_ms is None:
            joined_ms = running.now_ms
        self._join(customer_id, replace(joined, joined_ms=joined_ms))

    def _stood_there(self, running: ContactCentre, joined: CallerJoined, unheard_ms: int | None) -> bool:
        """Whether an owner knew the caller in this queue; not one who came while there was none, or while
        his node was not heard."""
        if joined.member_id in self._kept_back:
            self._kept_back.discard(joined.member_id)
            return False
        if (lost := self._lost.get(joined.member_id)) is not None:
            return lost[0] == joined.queue_id
        waited_ms = self._waited_ms(joined)
        unheard = unheard_ms is not None and self._clock_ms() - waited_ms > unheard_ms
        return not unheard and not running.had_no_owner(running.now_ms - waited_ms)

    def _in_queue_since_ms(self, running: ContactCentre, joined: CallerJoined) -> int | None:
        """When the caller came to this queue, in the tenant's time; None when nobody can say it."""
        if (lost := self._lost.get(joined.member_id)) is not None:
            return lost[1]
        entered_ms = self._places.since_entered_ms(joined.member_id, joined.queue_id)
        if entered_ms is not None:
            return running.now_ms - entered_ms
        # By the mark, which knows the time of the first queue alone.
        return None if joined.joined_ms is None else running.now_ms - self._waited_ms(joined)

    def _join(self, customer_id: str, joined: CallerJoined) -> None:
        """With the place that he has in the tenant's time, None: now. What was told of his coming counts; the
        mark's time of day only where nothing was, for somebody may have set the clock since."""
        running = self._tenants.running.get(customer_id)
        if running is not None:
            since_ms = None
            if joined.since_ms is not None:
                since_ms = running.now_ms - self._waited_ms(joined)
            centre = self._tenants.configured.get(customer_id)
            needs = centre.needs.get(joined.queue_id, ()) if centre is not None else ()
            self._joining[joined.member_id] = customer_id
            if running.is_owner:
                self._lost.pop(joined.member_id, None)
            running.tell(replace(joined, skills=needs, since_ms=since_ms))

    def _waited_ms(self, joined: CallerJoined) -> int:
        waited_ms = self._places.waited_ms(joined.member_id)
        if waited_ms is None:
            waited_ms = self._marked_ms(joined)
            self._places.came(joined.member_id, waited_ms, kept=True)
        return waited_ms

    def _marked_ms(self, joined: CallerJoined) -> int:
        """How long ago the mark says that it was, by the time of day."""
        return max(0, self._wall_ms() - joined.since_ms) if joined.since_ms is not None else 0

    def left_by_key(self, call_id: str, customer_id: str) -> None:
        """A waiting caller pressed a key that leads out."""
        self.left(call_id)
        self._tenants.tell(customer_id, CallerLeft(call_id, CancelReason.EXIT_WITH_KEY))

    def ended(self, call_id: str) -> None:
        """A call is over, whether it waited or talked."""
        self.left(call_id)
        self._lost.pop(call_id, None)
        joining = self._joining.pop(call_id, None)
        for customer_id, running in self._tenants.owned():
            if customer_id == joining or call_id in running.state.members:
                running.tell(CallerLeft(call_id, CancelReason.BREAK_OUT))

    def left(self, call_id: str) -> None:
        """The caller is gone from the queue; what nodes list of him now is late."""
        self._kept_back.discard(call_id)
        self._gone[call_id] = self._clock_ms()
        if len(self._gone) > _GONE_LIMIT:
            self._gone.popitem(last=False)

    def is_gone(self, call_id: str) -> bool:
        """Whether the call has left or ended."""
        return call_id in self._gone
