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
class _OnTrunks:
    came_in: str | None
    left: list[str]
    node: str
    began: datetime
    emergency: bool


class TrunkCalls:
    """Each call is on the trunk it came in on, and on the first of its trunks that has not failed."""

    def __init__(self) -> None:
        self._calls: dict[str, _OnTrunks] = {}
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
    ) -> None:
        """A call that tries these trunks one after the other; what was decided before no longer counts."""
        before = self._calls.get(call_id)
        self.ended(call_id)
        if len(self._calls) >= MOST_CALLS:
            return
        began = before.began if before is not None else began
        self._calls[call_id] = call = _OnTrunks(came_in, list(goes_out), node, began, emergency)
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

    def on(self, trunk_id: str) -> Iterator[Occupant]:
        """The calls on a trunk now."""
        for call_id, call in list(self._calls.items()):
            if trunk_id in _places(call):
                yield Occupant(call_id, call.node, call.began, call.emergency)

    def ended(self, call_id: str) -> None:
        """The call is over."""
        call = self._calls.pop(call_id, None)
        if call is not None:
            self.counts.subtract(_places(call))

    def listed(self, node: str, call_ids: Collection[str], as_of: datetime) -> None:
        """These are the calls that the node had at that time: the end of all others was missed."""
        for call_id, call in list(self._calls.items()):
            if call.node == node and call.began < as_of and call_id not in call_ids:
                self.ended(call_id)


def _places(call: _OnTrunks) -> tuple[str, ...]:
    came_in = (call.came_in,) if call.came_in else ()
    return (*came_in, *call.left[:1])
