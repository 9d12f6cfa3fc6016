"""Users behind a number: who dials the number with the extension reaches where its calls go (A5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dialplan.barring.blocks import Blocks
from dialplan.causes import Cause
from dialplan.decide import decide
from dialplan.decision import Decision, Reject, Route
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from provisioning.compile import compile_snapshot
from provisioning.load import CheckedConfig
from provisioning.network import RealNetwork
from provisioning.secrets import Secrets
from provisioning.service import next_change
from tests.unit.dialplan.carriers import AT, from_carrier, from_trunk

ENTRY = """\
    numbers:
      - number: "0221 4710-7"
        trunks: [bau-1]
        ported_in: true
        users:
          - {extension: 1, active_from: 2026-01-01, active_until: 2026-06-30}
          - {extension: 1, active_from: 2026-09-01}
          - {extension: 20, active_from: 2026-01-01, phone: phone-1}
"""
MAIN = E164("+4922147107")
DAY = date(2026, 11, 22)

Change = Callable[..., str]


@pytest.fixture
def config(accepted: Callable[..., CheckedConfig], changed: Change) -> CheckedConfig:
    return accepted(changed(("    numbers:\n", ENTRY)))


def on(config: CheckedConfig, day: date) -> Snapshot:
    secrets = Secrets({}, Path(), lab=True)
    return compile_snapshot(config.config, version=1, network=RealNetwork(), secrets=secrets, today=day)


def legs(decision: Decision) -> list[tuple[str, str]]:
    assert isinstance(decision.outcome, Route), decision.reason
    return [(leg.to.id, leg.number) for leg in decision.outcome.legs]


@pytest.mark.parametrize("dialled", ["+49221471071", "02214710 71", "0049 221 4710-7 1"])
def test_number_and_extension_reach_the_trunk_with_the_extension_kept(
    config: CheckedConfig, dialled: str
) -> None:
    decision = decide(from_carrier(dialled.replace(" ", "")), on(config, DAY), AT)
    assert legs(decision) == [("bau-1", "+49221471071")]
    assert (decision.facts.b_number, decision.facts.customer_id) == ("+49221471071", "kunde")


def test_an_extension_may_ring_a_phone_of_its_own(config: CheckedConfig) -> None:
    decision = decide(from_carrier(MAIN + "20"), on(config, DAY), AT)
    assert legs(decision) == [("phone-1", "+492214710200")]
    assert decision.facts.b_number == "+492214710720"


@pytest.mark.parametrize(
    ("number", "day"),
    [
        (MAIN + "1", date(2026, 7, 1)),
        (MAIN + "1", date(2025, 12, 31)),
        (MAIN + "2", DAY),
        (MAIN + "201", DAY),
    ],
)
def test_an_extension_without_a_user_on_the_day_is_unallocated(
    config: CheckedConfig, number: str, day: date
) -> None:
    decision = decide(from_carrier(number), on(config, day), AT)
    assert isinstance(decision.outcome, Reject)
    assert decision.outcome.cause is Cause.UNALLOCATED_NUMBER


def test_longer_numbers_that_exist_are_themselves(config: CheckedConfig) -> None:
    """+49 221 4710-7xx of the block are numbers, whatever stands behind +49 221 4710-7."""
    assert legs(decide(from_carrier("+492214710150"), on(config, DAY), AT)) == [("bau-1", "+492214710150")]


def test_days_of_users_are_days_on_which_the_customer_is_compiled_anew(config: CheckedConfig) -> None:
    (customer,) = config.config.customers
    assert next_change(customer, date(2026, 2, 1)) == date(2026, 7, 1)
    assert next_change(customer, date(2026, 7, 1)) == date(2026, 9, 1)


def test_a_blocked_number_is_blocked_with_its_extensions(config: CheckedConfig) -> None:
    """A6, A7: in both directions."""
    snapshot = on(config, DAY)
    at = replace(AT, blocks=Blocks(frozenset(), frozenset(), frozenset({MAIN})))
    assert decide(from_carrier(MAIN + "1"), snapshot, at).reason.id == "in.number-blocked"
    assert decide(from_trunk(from_user=MAIN + "1"), snapshot, at).reason.id == "out.number-blocked"
    assert decide(from_trunk(from_user=MAIN + "1"), snapshot, AT).facts.a_network == MAIN + "1"


def test_the_phone_of_an_extension_is_one_of_the_customer_s(
    refused: Callable[..., list[str]], changed: Change
) -> None:
    lines = refused(changed(("    numbers:\n", ENTRY.replace("phone: phone-1", "phone: phone-2"))))
    assert len(lines) == 1
    assert "customers[0].numbers[0].users[2].phone: there is no such phone" in lines[0]
    assert "did you mean 'phone-1'? [config.unknown-phone]" in lines[0]


def test_two_users_are_not_dialled_alike(refused: Callable[..., list[str]], changed: Change) -> None:
    other = """\
      - number: "0221 4710-72"
        trunks: [bau-1]
        ported_in: true
        users: [{extension: 0, active_from: 2026-01-01}]
"""
    lines = refused(changed(("    numbers:\n", ENTRY + other)))
    assert len(lines) == 1
    assert "found '+492214710720'" in lines[0]
    assert "[config.extension-is-number]" in lines[0]
