"""The rules by which abuse is found in ended calls: a table, each row with its source (B10).

Nothing here is proof: the defaults warn, or slow a line down; only who configures `block` blocks. Where a
source names a figure, it is the default; the others are ours, set so that a busy office does not strike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from dialplan.abuse.cases import AbuseRule, Action, EndedCall, Sighting, Threshold, sighting
from numbering.classes import NumberClass
from numbering.dial import GERMANY, Dialled, Line, normalise
from numbering.german_time import GERMAN_TIME

_E164_ONLY: Final = Line(None)
#: Offices work from Monday to Friday in these hours of the German day.
_OFFICE_HOURS: Final = range(7, 20)
_PREMIUM: Final = frozenset(
    {NumberClass.PREMIUM, NumberClass.DIRECTORY, NumberClass.MASS_CALLING, NumberClass.TELEDIALOG_0138}
)


@dataclass(frozen=True, slots=True)
class Traffic:
    """A customer's ended outgoing calls in order of time; `past`: the starts of its costly calls in the weeks
    before, None where they were not asked for."""

    calls: Sequence[EndedCall]
    past: Sequence[datetime] | None = None


Detect = Callable[[Traffic, Threshold], Sighting | None]


class Row(NamedTuple):
    """A rule of the table. `slack_s`: the rule looks for its window anywhere in so much more, because records
    come in late and customers are not looked at all the time."""

    rule: AbuseRule
    seen: str
    source: str
    default: Threshold
    detect: Detect
    slack_s: int = 0


def ping_calls(traffic: Traffic, at: Threshold) -> Sighting | None:
    """Callers give up before anybody can answer, at many different numbers."""
    wanted = at.seconds or 0
    dropped = [
        call
        for call in traffic.calls
        if call.answered_at is None and call.by_caller and call.ringing_at and call.rang_s < wanted
    ]
    numbers = len({call.number for call in dropped})
    if numbers < at.count or _percent(dropped, traffic.calls) < (at.share_percent or 0):
        return None
    said = f"{len(dropped)} of {len(traffic.calls)} calls to {numbers} numbers given up in {wanted} s"
    return sighting(AbuseRule.PING_CALLS, f"{said}, within {_minutes(at)}", dropped)


def short_calls(traffic: Traffic, at: Threshold) -> Sighting | None:
    """Many answered calls to different numbers that last no time at all."""
    answered = [call for call in traffic.calls if call.answered_at is not None]
    short = [call for call in answered if call.answered_s < (at.seconds or 0)]
    numbers = len({call.number for call in short})
    if numbers < at.count or _percent(short, answered) < (at.share_percent or 0):
        return None
    said = (
        f"{len(short)} of {len(answered)} answered calls to {numbers} numbers lasted less than {at.seconds} s"
    )
    return sighting(AbuseRule.SHORT_CALLS, f"{said}, within {_minutes(at)}", short)


def dialler(traffic: Traffic, at: Threshold) -> Sighting | None:
    """More calls than people can place, few of them answered."""
    window = timedelta(seconds=at.window_s)
    first = answered = 0
    for end, call in enumerate(traffic.calls, start=1):
        answered += call.answered_at is not None
        while traffic.calls[first].started_at <= call.started_at - window:
            answered -= traffic.calls[first].answered_at is not None
            first += 1
        count = end - first
        if count >= at.count and 100 * answered < count * (at.share_percent or 0):
            said = f"{count} calls within {_minutes(at)}, {answered} answered"
            return sighting(AbuseRule.DIALLER, said, traffic.calls[first:end])
    return None


def repeated_calls(traffic: Traffic, at: Threshold) -> Sighting | None:
    """Many people are called again and again and do not answer."""
    missed = [call for call in traffic.calls if call.answered_at is None and call.number]
    tries = Counter(call.number for call in missed)
    often = {number for number, count in tries.items() if count > (at.factor or 0)}
    if len(often) < at.count:
        return None
    said = f"{len(often)} numbers called more than {at.factor} times without an answer, within {_minutes(at)}"
    return sighting(AbuseRule.REPEATED_CALLS, said, [call for call in missed if call.number in often])


def sequential_numbers(traffic: Traffic, at: Threshold) -> Sighting | None:
    """Numbers are called one after the other as they are counted."""
    longest: list[EndedCall] = []
    run: list[EndedCall] = []
    numbered = [call for call in traffic.calls if call.number and call.number[1:].isdigit()]
    for before, call in pairwise(numbered):
        step = int(str(call.number)[1:]) - int(str(before.number)[1:])
        if step == 0:
            continue
        run = [*(run or [before]), call] if step == 1 else []
        if len(run) > len(longest):
            longest = run
    if len(longest) < at.count:
        return None
    said = f"{len(longest)} consecutive numbers called in a row, within {_minutes(at)}"
    return sighting(AbuseRule.SEQUENTIAL_NUMBERS, said, longest)


def costly_out_of_hours(traffic: Traffic, at: Threshold) -> Sighting | None:
    """Calls abroad and to premium numbers at night or at the weekend, far more than this customer ever made
    in an hour of the weeks before."""
    costly = [call for call in traffic.calls if is_costly(call.number) and is_out_of_hours(call.started_at)]
    if len(costly) < at.count or traffic.past is None:
        return None
    busiest = _busiest(moment for moment in traffic.past if is_out_of_hours(moment))
    if len(costly) < busiest * (at.factor or 1):
        return None
    said = f"{len(costly)} foreign or premium calls out of hours within {_minutes(at)}"
    return sighting(
        AbuseRule.COSTLY_OUT_OF_HOURS,
        f"{said}; the busiest hour of the four weeks before had {busiest}",
        costly,
    )


def sudden_foreign(traffic: Traffic, at: Threshold) -> Sighting | None:
    """Calls abroad and to premium numbers at any time, far more than this customer ever made in an hour of
    the weeks before."""
    costly = [call for call in traffic.calls if is_costly(call.number)]
    if len(costly) < at.count or traffic.past is None:
        return None
    busiest = _busiest(traffic.past)
    if len(costly) < busiest * (at.factor or 1):
        return None
    said = f"{len(costly)} foreign or premium calls within {_minutes(at)}"
    said += f"; the busiest hour of the four weeks before had {busiest}"
    return sighting(AbuseRule.SUDDEN_FOREIGN, said, costly)


def _busiest(moments: Iterable[datetime]) -> int:
    """Calls of the hour with the most of them."""
    hours = Counter(moment.replace(minute=0, second=0, microsecond=0) for moment in moments)
    return max(hours.values(), default=0)


_PREDICTIVE: Final = "BNetzA on predictive dialling: calls dropped in less than three rings (5 s each)"
RULES: Final = (
    Row(
        AbuseRule.PING_CALLS,
        "`count` numbers rung for less than `seconds` s and given up, `share_percent` of all calls",
        f"TC 8.5, CC 9.3 (no ping calls); {_PREDICTIVE}",
        Threshold(Action.THROTTLE, count=30, window_s=600, seconds=15, share_percent=70),
        ping_calls,
    ),
    Row(
        AbuseRule.SHORT_CALLS,
        "`count` numbers answered for less than `seconds` s, `share_percent` of all answered calls",
        "TC 8.5 (no arbitrage, no power dialling); figures ours",
        Threshold(Action.WARN, count=50, window_s=3_600, seconds=6, share_percent=60),
        short_calls,
    ),
    Row(
        AbuseRule.DIALLER,
        "`count` calls of which less than `share_percent` are answered",
        "TC 8.5, CC 9.3 (no power diallers); TKG § 114(2); figures ours",
        Threshold(Action.THROTTLE, count=60, window_s=60, share_percent=30),
        dialler,
        slack_s=60,
    ),
    Row(
        AbuseRule.REPEATED_CALLS,
        "`count` numbers called more than `factor` times without an answer",
        "BNetzA on predictive dialling: more than 3 calls a day; UWG § 7",
        Threshold(Action.WARN, count=20, window_s=86_400, factor=3),
        repeated_calls,
    ),
    Row(
        AbuseRule.SEQUENTIAL_NUMBERS,
        "`count` consecutive numbers called in a row",
        "TC 8.5 (no unrequested advertising); figures ours",
        Threshold(Action.WARN, count=25, window_s=3_600),
        sequential_numbers,
    ),
    Row(
        AbuseRule.COSTLY_OUT_OF_HOURS,
        "`count` foreign or premium calls out of Mon-Fri 7-20, `factor` times the busiest hour of 4 weeks",
        "TC 6.5 (fraud); TDDDG § 12; figures ours",
        Threshold(Action.THROTTLE, count=15, window_s=3_600, factor=3),
        costly_out_of_hours,
    ),
    Row(
        AbuseRule.SUDDEN_FOREIGN,
        "`count` foreign or premium calls at any time, `factor` times the busiest hour of 4 weeks",
        "TC 6.5 (fraud); TDDDG § 12; figures ours",
        Threshold(Action.WARN, count=40, window_s=3_600, factor=5),
        sudden_foreign,
    ),
)
DEFAULTS: Final[Mapping[AbuseRule, Threshold]] = {row.rule: row.default for row in RULES}


def sightings(
    calls: Sequence[EndedCall],
    past: Sequence[datetime] | None,
    thresholds: Mapping[AbuseRule, Threshold],
    now: datetime,
    released_at: Mapping[AbuseRule, datetime],
) -> list[Sighting]:
    """What the rules see in a customer's ended calls, in order of time. Calls that began before an operator
    released the rule's last case do not count for that rule again."""
    found = []
    for row in RULES:
        at = thresholds[row.rule]
        if at.action is Action.OFF:
            continue
        since = now - timedelta(seconds=at.window_s + row.slack_s)
        since = max(since, released_at.get(row.rule, since))
        seen = row.detect(Traffic([call for call in calls if call.started_at > since], past), at)
        if seen is not None:
            found.append(seen)
    return found


def needs_past(calls: Sequence[EndedCall], thresholds: Mapping[AbuseRule, Threshold], now: datetime) -> bool:
    """Whether a rule can only be decided with what the customer did in the weeks before."""
    for rule, always in ((AbuseRule.COSTLY_OUT_OF_HOURS, False), (AbuseRule.SUDDEN_FOREIGN, True)):
        at = thresholds[rule]
        since = now - timedelta(seconds=at.window_s)
        recent = (
            call for call in calls if call.started_at > since and (always or is_out_of_hours(call.started_at))
        )
        if at.action is not Action.OFF and sum(is_costly(call.number) for call in recent) >= at.count:
            return True
    return False


def is_costly(number: str | None) -> bool:
    """Abroad, or one of the classes that cost more than a call."""
    read = normalise(number or "", _E164_ONLY)
    return isinstance(read, Dialled) and (read.country != GERMANY or read.number_class in _PREMIUM)


def is_out_of_hours(moment: datetime) -> bool:
    """In the evening, at night, on Saturday or Sunday in Germany."""
    there = moment.astimezone(GERMAN_TIME)
    return there.weekday() > 4 or there.hour not in _OFFICE_HOURS


def _percent(part: Sequence[EndedCall], whole: Sequence[EndedCall]) -> float:
    return 100 * len(part) / len(whole) if whole else 0.0


def _minutes(at: Threshold) -> str:
    return f"{at.window_s // 60} min" if at.window_s >= 120 else f"{at.window_s} s"
