"""Numbers that a control centre may call back: their lines called 110 or 112 a short while ago."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from dialplan.decision import Decision, Direction
from numbering.e164 import E164

#: How long a call-back is expected.
WINDOW: Final = timedelta(hours=1)
#: Numbers remembered.
MOST: Final = 10_000


class CallBacks:
    """What this controller saw: nothing waits for another one's knowledge. Times are UTC. Of more than `most`
    numbers the oldest are forgotten."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._until: OrderedDict[E164, datetime] = OrderedDict()
        self._numbers: frozenset[E164] = frozenset()

    def decided(self, decision: Decision, now: datetime) -> None:
        """Remember the number of an emergency call, whatever became of the call."""
        number = decision.facts.a_network
        if decision.facts.direction is not Direction.EMERGENCY or number is None:
            return
        self._until[number] = now + WINDOW
        self._until.move_to_end(number)
        if len(self._until) > self._most:
            self._until.popitem(last=False)
        self._numbers = frozenset(self._until)

    def expected(self, now: datetime) -> frozenset[E164]:
        """The numbers that may be called back now."""
        if not self._until or next(iter(self._until.values())) > now:
            return self._numbers
        while self._until and next(iter(self._until.values())) <= now:
            self._until.popitem(last=False)
        self._numbers = frozenset(self._until)
        return self._numbers
