"""Limits and abuse rules in the configuration: what is refused, and what the call path gets (B10, B11)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialplan.abuse.cases import AbuseRule, Action, ThrottlePolicy, changed
from dialplan.abuse.rules import DEFAULTS
from dialplan.limits.agreed import CallLimits, Limits, SpendLimits
from dialplan.snapshot import Snapshot
from provisioning.compile import compile_snapshot
from provisioning.compile_abuse import changes, throttle_policy
from provisioning.load import CheckedConfig
from provisioning.network import RealNetwork
from provisioning.schema import AbuseRuleEntry, AbuseThrottleEntry
from provisioning.secrets import Secrets

Accept = Callable[..., CheckedConfig]
Change = Callable[..., str]
Refused = Callable[..., list[str]]
PROFILE = "    limit_profiles: [{id: own, %s}]\n    phones:\n"


def limited(changed: Change, profile: str, *, phone: str = "", customer: str = "") -> str:
    """The small configuration with an own profile; who has which."""
    return changed(
        ("    phones:\n", PROFILE % profile),
        ("secret: {lab: geheim}}", f"secret: {{lab: geheim}}{phone}}}"),
        ("    name: Beispiel Bau GmbH\n", f"    name: Beispiel Bau GmbH\n{customer}"),
    )


def compiled(checked: CheckedConfig) -> Snapshot:
    return compile_snapshot(
        checked.config, version=1, network=RealNetwork(), secrets=Secrets({}, Path(), lab=True)
    )


def test_an_own_profile_is_compiled_with_countries_and_money(accepted: Accept, changed: Change) -> None:
    profile = (
        "simultaneous_calls: 5, spend_per_day: 1.50 EUR, "
        "countries: [{country: GB, simultaneous_calls: 2}], abroad: {calls_per_second: 3}"
    )
    found = compiled(accepted(limited(changed, profile, customer="    limits: own\n"))).customers["kunde"]
    assert found.limits == Limits(
        CallLimits(5), {"GB": CallLimits(2), "abroad": CallLimits(None, 3)}, spend_per_day=1_500_000
    )


def test_the_carriers_profile_is_found_by_its_name(accepted: Accept, changed: Change) -> None:
    shared = "  limit_profiles: [{id: shared, calls_per_second: 4}]\ncustomers:\n"
    text = changed(("customers:\n", shared), ("    phones:\n", "    limits: shared\n    phones:\n"))
    snapshot = compiled(accepted(text))
    assert snapshot.customers["kunde"].limits == "shared"
    assert snapshot.limits_of("shared") == Limits(CallLimits(None, 4))


def test_a_phone_has_limits_of_its_own(accepted: Accept, changed: Change) -> None:
    text = limited(changed, "simultaneous_calls: 1", phone=", limits: own")
    assert compiled(accepted(text)).phones["phone-1"].limits == Limits(CallLimits(1))


def test_phones_and_countries_have_money_of_their_own(accepted: Accept, changed: Change) -> None:
    """B11."""
    profile = (
        "spend_per_day: 1.00 EUR, spend_action: warn, countries: [{country: GB, spend_per_day: 0.50 EUR}], "
        "abroad: {simultaneous_calls: 3, spend_per_month: 9.00 EUR}"
    )
    found = compiled(accepted(limited(changed, profile, customer="    limits: own\n"))).customers["kunde"]
    assert found.limits == Limits(
        CallLimits(),
        {"abroad": CallLimits(3)},
        spend_per_day=1_000_000,
        country_spend={"GB": SpendLimits(500_000), "abroad": SpendLimits(None, 9_000_000)},
        spend_warns=True,
    )
    text = limited(changed, "spend_per_month: 2.00 EUR", phone=", limits: own")
    assert compiled(accepted(text)).phones["phone-1"].limits == Limits(spend_per_month=2_000_000)


@pytest.mark.parametrize(
    ("profile", "phone", "expected"),
    [
        ("simultaneous_calls: 0", "", "config.out-of-range"),
        ("countries: [{country: GB}]", "", "config.empty-limit"),
        (
            "countries: [{country: GB, calls_per_second: 1}, {country: GB, calls_per_second: 2}]",
            "",
            "config.country-twice",
        ),
        ("countries: [{country: XX, calls_per_second: 1}]", "", "config.country"),
        ("spend_per_day: 2.00 EUR, spend_per_month: 1.00 EUR", "", "config.limits-contradict"),
        ("abroad: {spend_per_day: 2.00 EUR, spend_per_month: 1.00 EUR}", "", "config.limits-contradict"),
        ("spend_per_day: 2.00 EUR, spend_action: shout", "", "config.not-a-choice"),
        ("abroad: {calls_per_second: 1}", ", limits: own", "config.limit-of-customers"),
        ("simultaneous_calls: 1", ", limits: other", "config.unknown-limit-profile"),
    ],
)
def test_limits_that_make_no_sense_are_refused(
    refused: Refused, changed: Change, profile: str, phone: str, expected: str
) -> None:
    lines = refused(limited(changed, profile, phone=phone))
    assert any(f"[{expected}]" in line for line in lines), lines


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("{rule: ping-calls, factor: 3}", "config.abuse-key"),
        ("{rule: dialler, seconds: 3}", "config.abuse-key"),
        ("{rule: dialler}, {rule: dialler, count: 9}", "config.abuse-rule-twice"),
        ("{rule: robots}", "config.not-a-choice"),
        ("{rule: dialler, action: shout}", "config.not-a-choice"),
        ("{rule: dialler, share_percent: 101}", "config.out-of-range"),
    ],
)
def test_abuse_rules_that_make_no_sense_are_refused(
    refused: Refused, changed: Change, rules: str, expected: str
) -> None:
    for text in (
        changed(("    phones:\n", f"    abuse_rules: [{rules}]\n    phones:\n")),
        changed(("customers:\n", f"  abuse: {{rules: [{rules}]}}\ncustomers:\n")),
    ):
        lines = refused(text)
        assert any(f"[{expected}]" in line for line in lines), lines


def test_rules_take_effect_as_they_are_written() -> None:
    entry = AbuseRuleEntry.model_validate({"rule": "short-calls", "action": "block", "seconds": 9})
    found = changed(DEFAULTS, changes([entry]))[AbuseRule.SHORT_CALLS]
    assert (found.action, found.seconds, found.count) == (
        Action.BLOCK,
        9,
        DEFAULTS[AbuseRule.SHORT_CALLS].count,
    )
    throttle = AbuseThrottleEntry.model_validate({"calls": 2, "minutes": 5})
    assert throttle_policy(throttle) == ThrottlePolicy(2, 10, 5)


def test_the_schema_and_the_table_name_the_same_rules_and_keys() -> None:
    for rule, threshold in DEFAULTS.items():
        for key in ("seconds", "share_percent", "factor"):
            tree = {"rule": rule.value, key: 5}
            if getattr(threshold, key) is None:
                with pytest.raises(ValueError, match="does not use"):
                    AbuseRuleEntry.model_validate(tree)
            else:
                assert getattr(AbuseRuleEntry.model_validate(tree), key) == 5
