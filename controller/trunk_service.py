"""Whether calls over a trunk work, learnt from the calls themselves: a small state machine for each trunk.

             FAILURES in a row           REST_OVER            TAKEN by a call
WELL ----------------------> RESTING ------------> HALF_OPEN ----------> TRYING
  ^                            ^                                           |
  |            WORKED          |              FAILED (rests twice as long) |
  +----------------------------+-------------------------------------------+
                                   WORKED -> WELL; no answer in time -> HALF_OPEN
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

#: So many path failures without an answered call between, within the window, are the trunk's fault.
FAILURES: Final = 5
WINDOW: Final = timedelta(seconds=60)
#: How long it is tried last then; doubled each time its trial fails.
FIRST_REST: Final = timedelta(seconds=30)
LONGEST_REST: Final = timedelta(minutes=5)
#: How long one call may try it before the next may.
TRIAL: Final = timedelta(seconds=10)


class Service(Enum):
    """How calls over the trunk fare. RESTING and TRYING: others go elsewhere first."""

    WELL = auto()
    RESTING = auto()
    HALF_OPEN = auto()
    TRYING = auto()


class Step(Enum):
    """What happened."""

    FAILURES = auto()
    FAILED = auto()
    WORKED = auto()
    REST_OVER = auto()
    TAKEN = auto()
    TRIAL_OVER = auto()


#: (state, what happened) -> next state. What is missing here cannot happen and raises KeyError.
TRANSITIONS: Final[Mapping[tuple[Service, Step], Service]] = MappingProxyType(
    {
        (Service.WELL, Step.FAILURES): Service.RESTING,
        (Service.RESTING, Step.REST_OVER): Service.HALF_OPEN,
        (Service.HALF_OPEN, Step.TAKEN): Service.TRYING,
        # A call that was under way before, or that tried it last.
        (Service.RESTING, Step.FAILED): Service.RESTING,
        (Service.HALF_OPEN, Step.FAILED): Service.RESTING,
        (Service.TRYING, Step.FAILED): Service.RESTING,
        (Service.TRYING, Step.TRIAL_OVER): Service.HALF_OPEN,
        **{(state, Step.WORKED): Service.WELL for state in Service},
    }
)


@dataclass(slots=True)
class TrunkService:
    """One trunk. Every method is told the time (UTC), which never goes back far."""

    state: Service = Service.WELL
    since: datetime | None = None
    failures: int = 0
    in_row: int = 0
    last_failure: str = ""
    _row_began: datetime | None = field(default=None, repr=False)
    _until: datetime | None = field(default=None, repr=False)
    _rest: timedelta = field(default=FIRST_REST, repr=False)

    def at(self, now: datetime) -> Service:
        """The state at this moment: rests and trials end by themselves."""
        if self._until is not None and now >= self._until:
            if self.state is Service.RESTING:
                self._go(Step.REST_OVER, now)
            elif self.state is Service.TRYING:
                self._go(Step.TRIAL_OVER, now)
            self._until = None
        return self.state

    def failed(self, cause: str, now: datetime) -> None:
        """A call found no path over the trunk."""
        self.failures += 1
        self.last_failure = cause
        if self._row_began is None or now - self._row_began > WINDOW:
            self._row_began, self.in_row = now, 0
        self.in_row += 1
        state = self.at(now)
        if state is Service.WELL:
            if self.in_row >= FAILURES:
                self._go(Step.FAILURES, now)
                self._rest, self._until = FIRST_REST, now + FIRST_REST
            return
        if state is not Service.RESTING:
            self._rest = min(2 * self._rest, LONGEST_REST)
            self._until = now + self._rest
        self._go(Step.FAILED, now)

    def worked(self, now: datetime) -> None:
        """A call over the trunk was answered, or the peer has come back."""
        self.in_row, self._row_began, self._until = 0, None, None
        if self.state is not Service.WELL:
            self._go(Step.WORKED, now)

    def taken(self, now: datetime) -> None:
        """A call goes there first. Where its rest is over, this one call shows whether it works."""
        if self.at(now) is Service.HALF_OPEN:
            self._go(Step.TAKEN, now)
            self._until = now + TRIAL

    def _go(self, step: Step, now: datetime) -> None:
        following = TRANSITIONS[self.state, step]
        if following is not self.state:
            self.state, self.since = following, now
