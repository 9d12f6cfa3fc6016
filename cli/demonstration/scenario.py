"""What a call of the demo is to show, and what was seen of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cli.demonstration.stage import Stage
from lab.robots import CallReport

#: Kept by the numbering authority for films: never assigned to anybody.
MOBILE: Final = "+4915228817386"


@dataclass(slots=True)
class Played:
    """What was seen of one call: the caller's report and every expectation that was not met."""

    report: CallReport
    missed: list[str] = field(default_factory=list)

    def expect(self, what: str, holds: bool) -> None:
        """Note `what` as missed unless it holds."""
        if not holds:
            self.missed.append(what)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One call. `expected` says it in words; SIP code and reason are checked at the phone and in the CDR.

    `records` is how many legs the call has, the caller's included.
    """

    name: str
    expected: str
    sip_code: int
    reason_id: str
    records: int
    play: Callable[[Stage], Played]
