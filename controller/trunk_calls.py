"""On which trunks the calls are that this controller decided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dialplan.emergency.room import Occupant

#: Calls beyond this are not counted; the switch's max-sessions is far below.
MOST_CALLS: Final = 20_000


@dataclass(slots=True)
class OnTrunks:
    """Where a call is: the trunk that it came in on, and those that it has yet to fail on."""

    came_in: str | None
    left: list[str]
    node: str
    began: datetime
    emergency: bool


class TrunkCalls:
    """Each call is on the trunk it came in on, and on the first of its trunks that has not failed."""

    def __init__(self) -> None:
        self._calls: dict[str, OnTrunks] = {}
        self.counts: Counter[str] = Counter()

    def begun(
        self,
        call_id: str,
        came_in: str | None,
        goes_out: Sequence[str],
        node: str,
        began: datetime,
        *,
        emergency: bool = False,
        stays: bool = False,
    ) -> OnTrunks | None:
        """A call that tries these trunks one after the other; where it went before no longer counts, unless
        it `stays` there. It stays on the trunk that it came in on, whoever sends it on. Where it was before,
        for `put_back`."""
        before = self.ended(call_id)
        if len(self._calls) >= MOST_CALLS:
            return before
        if before is not None:
            left = before.left[0] if before.left and stays else None
            came_in, began = before.came_in or left, before.began
        self.is_there(call_id, OnTrunks(came_in, list(goes_out), node, began, emergency))
        return before

    def put_back(self, call_id: str, before: OnTrunks | None) -> bool:
        """It does not go there after all. False: it has ended meanwhile."""
        if self.ended(call_id) is None:
            return False
        if before is not None:
            self.is_there(call_id, before)
        return True

    def is_there(self, call_id: str, call: OnTrunks) -> None:
        """The call is where it was before."""
        self._calls[call_id] = call
        self.counts.update(_places(call))

    def failed(self, call_id: str, trunk_id: str) -> None:
        """The call goes on to its next trunk, if it is one of ours."""
        call = self._calls.get(call_id)
        if call is not None and trunk_id in call.left:
            self.counts.subtract(_places(call))
            call.left.remove(trunk_id)
            self.counts.update(_places(call))

    def carries(self, call_id: str) -> str | None:
        """The trunk that a call goes out on, None when it is none of ours."""
        call = self._calls.get(call_id)
        return call.left[0] if call is not None and call.left else None

    def knows(self, call_id: str) -> bool:
        """Whether the call is one of ours."""
        return call_id in self._calls

    def places(self, call_id: str) -> tuple[str, ...]:
        """The trunks that a call takes a place on, one twice where it comes and goes there."""
        call = self._calls.get(call_id)
        return _places(call) if call is not None else ()

    def on(self, trunk_id: str) -> Iterator[Occupant]:
        """The calls on a trunk now."""
        for call_id, call in list(self._calls.items()):
            if trunk_id in _places(call):
                yield Occupant(call_id, call.node, call.began, call.emergency)

    def ended(self, call_id: str) -> OnTrunks | None:
        """The call is over; where it was, None when it is none of ours."""
        call = self._calls.pop(call_id, None)
        if call is not None:
            self.counts.subtract(_places(call))
        return call

    def listed(self, node: str, call_ids: Collection[str], as_of: datetime) -> None:
        """These are the calls that the node had at that time: the end of all others was missed."""
        for call_id, call in list(self._calls.items()):
            if call.node == node and call.began < as_of and call_id not in call_ids:
                self.ended(call_id)


def _places(call: OnTrunks) -> tuple[str, ...]:
    came_in = (call.came_in,) if call.came_in else ()
    return (*came_in, *call.left[:1])
