"""Call forwarding of a number, from the YAML to the decision. B5."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cli.layout import EXAMPLE_CARRIER
from dialplan.call import CallOffered, Entry, Via
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Decision, Reject, Route
from dialplan.plans.position import Given, Happened, Position, Resume
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from provisioning.compile import compile_snapshot
from provisioning.errors import ConfigInvalid
from provisioning.load import load
from provisioning.network import RealNetwork
from provisioning.secrets import Secrets
from tests.unit.dialplan.carriers import NOW
from tests.unit.provisioning.conftest import CARRIER, CUSTOMERS, load_text

ALWAYS = "+493023125005"
ELSE = "+493023125006"
CALLER = "+4915228817386"


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    secrets = Secrets({}, Path("/nonexistent"), lab=True)
    config = load([EXAMPLE_CARRIER]).config
    return compile_snapshot(config, version=1, network=RealNetwork(), secrets=secrets)


def call(snapshot: Snapshot, number: str, happened: Happened | None = None) -> Decision:
    offered = CallOffered("call-1", "node-1", Entry.CARRIER, "192.0.2.10", 5060, number, from_user=CALLER)
    if happened is not None:
        offered = replace(
            offered, resume=Resume(E164(number), Position("ring", path="ring"), Given(happened))
        )
    return decide(offered, snapshot, Circumstances(NOW))


def test_a_number_that_is_always_forwarded_rings_nobody(snapshot: Snapshot) -> None:
    """At the customer's cost, the caller shown, the number named as the one that passed the call on."""
    decision = call(snapshot, ALWAYS)
    assert isinstance(decision.outcome, Route)
    leg = decision.outcome.legs[0]
    assert leg.number == "+494066969045"
    assert (leg.caller.number, leg.caller.shown) == (ALWAYS, CALLER)
    assert [each.number for each in leg.caller.diversions] == [ALWAYS]
    assert decision.facts.customer_id == "kunde-kanzlei"


@pytest.mark.parametrize(
    ("happened", "number"),
    [
        (Happened.BUSY, "+494066969046"),
        (Happened.NO_ANSWER, "+494066969047"),
        (Happened.NOT_REACHED, "+494066969048"),
    ],
)
def test_a_call_is_forwarded_by_why_nobody_was_reached(
    snapshot: Snapshot, happened: Happened, number: str
) -> None:
    first = call(snapshot, ELSE)
    assert isinstance(first.outcome, Route)
    assert [leg.to.id for leg in first.outcome.legs] == ["kanzlei-3"]
    assert first.plan is not None
    assert first.plan.goes_on
    then = call(snapshot, ELSE, happened)
    assert isinstance(then.outcome, Route)
    assert then.outcome.legs[0].number == number


def configured(forward: str, target: str = "phones: [phone-1], ") -> str:
    return CUSTOMERS.replace(
        "    numbers:\n", f'    numbers:\n      - {{number: "0221 4710-300", {target}forward: {forward}}}\n'
    )


def test_without_a_number_for_it_the_call_ends_as_it_would_have() -> None:
    config = load_text(CARRIER, configured('{no_answer: "040 66969-001"}')).config
    secrets = Secrets({}, Path("/nonexistent"), lab=True)
    found = compile_snapshot(config, version=1, network=RealNetwork(), secrets=secrets)
    outcome = call(found, "+492214710300", Happened.BUSY).outcome
    assert isinstance(outcome, Reject)
    assert outcome.sip_code == 486
    assert Via.FORWARD.automatic


@pytest.mark.parametrize(
    ("forward", "target", "problem"),
    [
        ('{always: "0900 512345"}', "", "config.plan-barred-target"),
        ('{busy: "0181 12345678"}', "phones: [phone-1], ", "config.plan-barred-target"),
        ('{always: "0221 4710-300"}', "", "config.forward-loop"),
        ('{always: "040 66969-001", busy: "040 66969-002"}', "", "config.forwarding"),
        ("{}", "phones: [phone-1], ", "config.forwarding"),
        ('{always: "040 66969-001"}', "phones: [phone-1], ", "config.number-target"),
        ('{busy: "040 66969-001"}', "", "config.number-target"),
    ],
)
def test_what_cannot_be_forwarded_is_told_before(forward: str, target: str, problem: str) -> None:
    with pytest.raises(ConfigInvalid) as refused:
        load_text(CARRIER, configured(forward, target))
    assert problem in str(refused.value)
