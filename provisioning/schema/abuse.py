"""Rules against abuse of lines: when they strike, and what follows (B10)."""

from __future__ import annotations

from typing import Final, Literal, Self

from pydantic import Field, model_validator

from provisioning.nearest import listed
from provisioning.notation.entry import Entry, Few, refusal

RuleName = Literal[
    "ping-calls",
    "short-calls",
    "dialler",
    "repeated-calls",
    "sequential-numbers",
    "costly-out-of-hours",
    "sudden-foreign",
]
#: What each rule uses beside action, count and window_s.
_USES: Final[dict[str, frozenset[str]]] = {
    "ping-calls": frozenset({"seconds", "share_percent"}),
    "short-calls": frozenset({"seconds", "share_percent"}),
    "dialler": frozenset({"share_percent"}),
    "repeated-calls": frozenset({"factor"}),
    "sequential-numbers": frozenset(),
    "costly-out-of-hours": frozenset({"factor"}),
    "sudden-foreign": frozenset({"factor"}),
}


class AbuseRuleEntry(Entry):
    """What holds otherwise for a rule; docs/abuse.md has the rules and their defaults."""

    rule: RuleName = Field(description="The rule (B10).")
    action: Literal["off", "warn", "throttle", "block"] | None = Field(
        None, description="What follows. Default: as the rule has it (B10)."
    )
    count: int | None = Field(None, ge=2, le=5_000, description="How many it takes (B10).")
    window_s: int | None = Field(
        None, ge=10, le=86_400, description="Seconds back in which calls count (B10)."
    )
    seconds: int | None = Field(None, ge=1, le=120, description="How short a call is to count (B10).")
    share_percent: int | None = Field(None, ge=1, le=100, description="Share of calls in percent (B10).")
    factor: int | None = Field(None, ge=1, le=1_000, description="How many times (B10).")

    @model_validator(mode="after")
    def _only_what_the_rule_uses(self) -> Self:
        for key in ("seconds", "share_percent", "factor"):
            if getattr(self, key) is not None and key not in _USES[self.rule]:
                used = ("action", "count", "window_s", *sorted(_USES[self.rule]))
                raise refusal("config.abuse-key", f"{self.rule} does not use {key}", listed(used))
        return self


class AbuseThrottleEntry(Entry):
    """How far a customer is slowed down while a case with this action is open (B10)."""

    calls: int = Field(default=1, ge=1, le=100, description="New calls in `seconds` (B10).")
    seconds: int = Field(default=10, ge=1, le=60, description="Seconds in which they may begin (B10).")
    minutes: int = Field(
        default=60, ge=1, le=10_080, description="How long, after the rule struck last (B10)."
    )


class AbuseEntry(Entry):
    """Rules against abuse for all customers (B10)."""

    rules: Few[AbuseRuleEntry] = Field(default=(), description="What holds otherwise than by default (B10).")
    throttle: AbuseThrottleEntry | None = Field(None, description="What a throttle is (B10).")
    retention_days: int = Field(
        default=180, ge=30, le=3_650, description="How long released cases are kept, in days (B10, F4)."
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        check_rules(self.rules)
        return self


def check_rules(rules: tuple[AbuseRuleEntry, ...]) -> None:
    """Raise a refusal when a rule is there twice."""
    names = [each.rule for each in rules]
    for name in names:
        if names.count(name) > 1:
            raise refusal("config.abuse-rule-twice", f"the rule {name} is there twice", "each rule once")
