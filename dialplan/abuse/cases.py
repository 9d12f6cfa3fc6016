"""What abuse of a line looks like, and what is done about it (B10; TC 8.5, CC 9.3).

Values only; the rules are in rules.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Final


class AbuseRule(StrEnum):
    """The rules by name. Values are stable: they stand in configuration, cases and blocks."""

    PING_CALLS = "ping-calls"
    SHORT_CALLS = "short-calls"
    DIALLER = "dialler"
    REPEATED_CALLS = "repeated-calls"
    SEQUENTIAL_NUMBERS = "sequential-numbers"
    COSTLY_OUT_OF_HOURS = "costly-out-of-hours"
    SUDDEN_FOREIGN = "sudden-foreign"


class SpendRule(StrEnum):
    """What opens a case beside the rules: money that a limit allows is used up (B11). Stable as they are."""

    SPEND_LIMIT = "spend-limit"


class Action(StrEnum):
    """What a sighting leads to. Emergency calls go on whatever it is."""

    OFF = "off"
    WARN = "warn"
    THROTTLE = "throttle"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a rule strikes. `window_s`: how far back calls count; `count`: how many it takes; the others are
    None for rules that do not use them."""

    action: Action
    count: int
    window_s: int
    seconds: int | None = None
    share_percent: int | None = None
    factor: int | None = None


@dataclass(frozen=True, slots=True)
class ThresholdChange:
    """What a carrier or a customer has configured otherwise for a rule; None: as it is."""

    rule: AbuseRule
    action: Action | None = None
    count: int | None = None
    window_s: int | None = None
    seconds: int | None = None
    share_percent: int | None = None
    factor: int | None = None


@dataclass(frozen=True, slots=True)
class ThrottlePolicy:
    """A throttled customer places `calls` in `seconds`, for `minutes` after the last sighting."""

    calls: int = 1
    seconds: int = 10
    minutes: int = 60


@dataclass(frozen=True, slots=True)
class EndedCall:
    """An outgoing call that is over. Times are aware. `number` is None for what was no number.

    `by_caller`: the caller's side hung up.
    """

    call_id: str
    number: str | None
    started_at: datetime
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime
    by_caller: bool

    @property
    def answered_s(self) -> float:
        """How long it was answered."""
        return (self.ended_at - self.answered_at).total_seconds() if self.answered_at else 0.0

    @property
    def rang_s(self) -> float:
        """How long it rang, 0 when it never did."""
        if self.ringing_at is None:
            return 0.0
        return ((self.answered_at or self.ended_at) - self.ringing_at).total_seconds()


@dataclass(frozen=True, slots=True)
class Sighting:
    """A rule struck: what was seen, in a sentence without anybody's number, and the calls that show it."""

    rule: AbuseRule
    sentence: str
    call_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SpendSighting:
    """A limit of money is reached, in a sentence."""

    sentence: str
    rule: SpendRule = SpendRule.SPEND_LIMIT
    call_ids: tuple[str, ...] = ()


#: Calls named as evidence of a sighting at most.
MAX_EVIDENCE: Final = 20


def changed(
    defaults: Mapping[AbuseRule, Threshold], changes: Iterable[ThresholdChange]
) -> dict[AbuseRule, Threshold]:
    """The thresholds with the changes, later ones over earlier ones."""
    found = dict(defaults)
    for change in changes:
        given = {each.name: getattr(change, each.name) for each in fields(change) if each.name != "rule"}
        kept = {name: value for name, value in given.items() if value is not None}
        found[change.rule] = replace(found[change.rule], **kept)
    return found


def sighting(rule: AbuseRule, sentence: str, calls: Sequence[EndedCall]) -> Sighting:
    """With the newest calls as evidence; `calls` are in order of time."""
    return Sighting(rule, sentence, tuple(call.call_id for call in calls[-MAX_EVIDENCE:]))
