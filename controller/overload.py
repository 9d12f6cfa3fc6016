"""Whether the node keeps up, by how long its switch takes to tell a call's data.

FreeSWITCH answers `connect` within a few milliseconds. When the machine, the switch or this process is late,
that answer is late, whatever the reason; no clock of another machine takes part. It is the delay of most
calls that counts, over half a second: not of the slowest, which says little, and not of the quickest, as of
queues of packets (RFC 8289): threads of a switch do not stand in line, and of two hundred calls that waited
for five seconds in vain some were answered at once (seen).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

#: Answers are judged together for so long.
WINDOW_S: Final = 0.5
#: When half of them took so long, the node is late: by then callers send their INVITEs again
#: (RFC 3261 section 17.1.1.2, after 0.5 s). A node that is merely busy stays below (benchmarks, "overload").
LATE_S: Final = 1.0
#: Fewer answers say nothing.
_ENOUGH: Final = 3
#: From the second late window on; refusing is given up slowly, or calls would come in waves.
_UP: Final = 0.5
_DOWN: Final = 0.1


class Overload:
    """Which share of new calls is to be refused. `clock`: seconds that nobody sets."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = clock()
        self._answers = 0
        self._late = 0
        self._late_before = False
        self._owed = 0.0
        self._refused = 0
        self._share = 0.0

    @property
    def share(self) -> float:
        """0: none, 1: every call that may be refused."""
        self._turn()
        return self._share

    def heard(self, seconds: float) -> None:
        """The switch took so long to tell a call's data, or had not told them after so long."""
        self._turn()
        self._answers += 1
        self._late += seconds >= LATE_S

    def refuses(self) -> bool:
        """Whether this call, which may be refused, is one of those that are."""
        self._turn()
        self._owed += self._share
        if self._owed < 1.0:
            return False
        self._owed -= 1.0
        self._refused += 1
        return True

    def _turn(self) -> None:
        """Judge the windows that are over."""
        over = int((self._clock() - self._began) / WINDOW_S)
        if over < 1:
            return
        late = self._answers >= _ENOUGH and 2 * self._late >= self._answers
        before = self._share
        if late and self._late_before:
            self._share = min(1.0, self._share + _UP)
        quiet = over - 1 if late else over
        self._share = max(0.0, self._share - _DOWN * quiet)
        if self._share < _DOWN / 2:
            self._share = 0.0
        self._late_before = late and quiet == 0
        self._began += over * WINDOW_S
        self._answers = self._late = 0
        self._tell(before)

    def _tell(self, before: float) -> None:
        if self._share > 0.0 and before == 0.0:
            _log.error("the node does not keep up: new calls are refused, 110 and 112 go on")
        elif self._share == 0.0 and before > 0.0:
            _log.warning("the node keeps up again: no new calls are refused", refused=self._refused)
            self._refused = 0
            self._owed = 0.0
