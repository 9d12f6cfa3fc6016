"""Which node a queued call is on, and which nodes say nothing: as the nodes themselves told it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from numbering.e164 import E164

#: A node that is silent for longer has lost its waiting callers for us; they are found again when it is back.
AWAY_MS: Final = 5_000
#: And those who talk: until then their agents are taken to be busy.
GIVEN_UP_MS: Final = 60_000
#: What no node has listed for so long is over: each lists its calls once a minute.
UNPLACED_MS: Final = 150_000


class Places:
    """Every controller keeps them for all nodes, whoever owns the callers: a successor knows at once.

    `clock_ms` does not jump. As many calls are kept as nodes list or announce; each ends with its call.
    """

    def __init__(self, nodes: Collection[str], clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        #: By node and call: when it was put there.
        self._calls: dict[str, dict[str, int]] = {node: {} for node in nodes}
        #: What callers show, where their node said it: asking would make the agent's phone ring 10 ms later.
        self.shown: dict[str, E164 | None] = {}
        #: What they have called, likewise.
        self.called: dict[str, E164 | None] = {}
        #: When callers came to their first queue, by our clock: whoever sets the wall clock moves nobody.
        self._came_ms: dict[str, int] = {}
        #: The queue that the plan put a caller into last, and when we heard of it.
        self._entered: dict[str, tuple[str, int]] = {}
        #: Nodes that have not listed their calls since we lost them, or since we began.
        self._silent: dict[str, int] = dict.fromkeys(nodes, clock_ms())

    def put(self, node: str, call_id: str) -> None:
        """The call is on this node."""
        if node in self._calls:
            self._calls[node][call_id] = self._clock_ms()

    def came(self, call_id: str, ago_ms: int, *, kept: bool) -> None:
        """A caller came to a queue so long ago; `kept`: his place is that of a queue before, where that was
        told."""
        if not kept or call_id not in self._came_ms:
            self._came_ms[call_id] = self._clock_ms() - ago_ms

    def entered(self, call_id: str, queue_id: str) -> None:
        """The plan has put a caller into this queue."""
        self._entered[call_id] = queue_id, self._clock_ms()

    def since_entered_ms(self, call_id: str, queue_id: str) -> int | None:
        """Since the plan put the caller into this queue; None when that was not told, or another one came
        behind it."""
        known, at_ms = self._entered.get(call_id, ("", 0))
        return self._clock_ms() - at_ms if known == queue_id else None

    def waited_ms(self, call_id: str) -> int | None:
        """Since he came, None for one whose coming was not told."""
        came_ms = self._came_ms.get(call_id)
        return None if came_ms is None else self._clock_ms() - came_ms

    def drop(self, call_id: str) -> None:
        """The call has ended."""
        self._forget(call_id)
        for calls in self._calls.values():
            calls.pop(call_id, None)

    def _forget(self, call_id: str) -> None:
        self._came_ms.pop(call_id, None)
        self._entered.pop(call_id, None)
        self.shown.pop(call_id, None)
        self.called.pop(call_id, None)

    def of(self, call_id: str) -> str | None:
        """The node, None when it is not known."""
        return next((node for node, calls in self._calls.items() if call_id in calls), None)

    def on_others(self, node: str) -> list[str]:
        """Calls and agents' legs of all other nodes, as they were told or listed."""
        return [name for other, calls in self._calls.items() if other != node for name in calls]

    def lost(self, node: str) -> None:
        """The connection to the node has ended: what it has is as we last knew it."""
        self._silent.setdefault(node, self._clock_ms())

    def silent_since_ms(self, node: str) -> int | None:
        """Since when nothing is heard of the node, by our clock."""
        return self._silent.get(node)

    def listed(self, node: str, call_ids: Collection[str], as_of_ms: int) -> bool:
        """All queued calls that the node had then; what came later is not judged. Whether it had been silent
        before."""
        later = {name: at_ms for name, at_ms in self._calls[node].items() if at_ms >= as_of_ms}
        for gone in self._calls[node].keys() - later.keys() - set(call_ids):
            self._forget(gone)
        self._calls[node] = later | dict.fromkeys(call_ids, as_of_ms)
        return self._silent.pop(node, None) is not None

    @property
    def reached(self) -> frozenset[str]:
        """Nodes that are not silent, or not for long yet."""
        return frozenset(each for each in self._calls if not self._is_away(each, AWAY_MS))

    def may_be_elsewhere(self, call_id: str, node: str) -> bool:
        """Whether a call that this node does not list may be on another one."""
        place = self.of(call_id)
        if place is None:
            return any(each != node and not self._is_away(each, AWAY_MS) for each in self._silent)
        return place != node

    def is_lost(self, call_id: str, after_ms: int) -> bool:
        """Whether the call is on a node that has been silent for so long, or on none that is not."""
        place = self.of(call_id)
        if place is not None:
            return self._is_away(place, after_ms)
        return bool(self._silent) and all(self._is_away(each, after_ms) for each in self._silent)

    def _is_away(self, node: str, after_ms: int) -> bool:
        since = self._silent.get(node)
        return since is not None and self._clock_ms() - since > after_ms
