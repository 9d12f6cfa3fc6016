"""Configured rules against abuse as the watch reads them (B10)."""

from __future__ import annotations

from collections.abc import Sequence

from dialplan.abuse.cases import AbuseRule, Action, ThresholdChange, ThrottlePolicy
from provisioning.schema import AbuseRuleEntry, AbuseThrottleEntry


def changes(entries: Sequence[AbuseRuleEntry]) -> tuple[ThresholdChange, ...]:
    """What the entries change of the defaults."""
    return tuple(
        ThresholdChange(
            AbuseRule(each.rule),
            Action(each.action) if each.action is not None else None,
            each.count,
            each.window_s,
            each.seconds,
            each.share_percent,
            each.factor,
        )
        for each in entries
    )


def throttle_policy(entry: AbuseThrottleEntry) -> ThrottlePolicy:
    """How far customers are slowed down."""
    return ThrottlePolicy(entry.calls, entry.seconds, entry.minutes)
