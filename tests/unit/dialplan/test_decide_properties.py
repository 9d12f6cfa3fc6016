"""What holds for every call, whatever is sent. Guarantees 1, 2 and 3."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.call import CallOffered
from dialplan.decide import decide
from dialplan.decision import Reject, Route
from dialplan.reasons import all_ids
from tests.unit.dialplan.carriers import (
    AT,
    BAU,
    BERLIN,
    KANZLEI,
    KOELN,
    MOBILE,
    blocked,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)


def _spellings() -> ModuleType:
    """The generators of tests/unit/numbering, a folder without a package."""
    path = Path(__file__).parents[1] / "numbering" / "spellings.py"
    spec = importlib.util.spec_from_file_location("fernamt_test_spellings", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SPELLINGS = _spellings()
CARRIER = snapshot()
BLOCKED = snapshot(customers=(blocked(BAU), blocked(KANZLEI)))

texts = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789+*#-/ ().;=%@:<>${}'\"[]|,^\u2028\u0085\x00", max_size=40),
    st.sampled_from(["112", "+49112", KOELN, BERLIN, MOBILE, "anonymous", "9" * 256, "%" * 256]),
)
maybe = st.none() | texts
calls = st.builds(
    lambda call, facts: replace(call, **facts),
    st.sampled_from([from_carrier(), from_trunk(), from_phone()]),
    st.fixed_dictionaries(
        {
            "dialled": texts,
            "from_user": maybe,
            "from_name": maybe,
            "asserted_user": maybe,
            "privacy": st.frozensets(texts | st.sampled_from(["id", "none", "user"]), max_size=3),
        }
    ),
)
own_numbers: dict[str, str] = {number: assigned.customer_id for number, assigned in CARRIER.numbers.items()}


@given(calls)
def test_no_text_of_a_caller_makes_the_decision_fail(offered: CallOffered) -> None:
    decision = decide(offered, CARRIER, AT)
    assert decision.reason.id in all_ids()
    assert decision.config_version == CARRIER.version


@given(st.sampled_from([from_trunk(), from_phone()]), calls)
def test_a_customers_legs_show_only_numbers_assigned_to_the_customer(
    who: CallOffered, texts: CallOffered
) -> None:
    """Guarantee 3, B2."""
    offered = replace(
        texts, entry=who.entry, source_ip=who.source_ip, source_port=who.source_port, phone_id=who.phone_id
    )
    decision = decide(offered, CARRIER, AT)
    if isinstance(decision.outcome, Route):
        customer = decision.facts.customer_id
        assert {own_numbers[leg.caller.number or ""] for leg in decision.outcome.legs} == {customer}


@given(calls, maybe)
def test_an_incoming_call_shows_its_own_callers_number_or_none(texts: CallOffered, claimed: str) -> None:
    decision = decide(
        replace(texts, entry=from_carrier().entry, dialled=KOELN, from_user=claimed), CARRIER, AT
    )
    if isinstance(decision.outcome, Route):
        for leg in decision.outcome.legs:
            assert leg.caller.number == decision.facts.a_network
            assert leg.number == KOELN


def emergency_forms() -> st.SearchStrategy[str]:
    """110 and 112 as they may be dialled: NotrufV §4(5), feature codes, closing #."""
    return st.builds(
        lambda code, selection, number, behind: code + selection + number + behind,
        st.sampled_from(["", "*31#", "#31#"]),
        st.sampled_from(["", "01033", "010012", "01099"]),
        st.sampled_from(["110", "112"]),
        st.text(alphabet="0123456789", max_size=5) | st.just("#"),
    )


@given(
    emergency_forms() | st.sampled_from(["tel:112", "sip:110@sip.example.com", "urn:service:sos"]),
    st.sampled_from([from_trunk(), from_phone()]),
    st.sampled_from([CARRIER, BLOCKED]),
    calls,
)
def test_emergency_calls_go_to_every_emergency_trunk_and_show_the_number(
    dialled: str, who: CallOffered, carrier: object, texts: CallOffered
) -> None:
    """Guarantee 1, B8: whatever else the call says, also for a blocked customer."""
    assert carrier in (CARRIER, BLOCKED)
    offered = replace(
        who,
        dialled=dialled,
        from_user=texts.from_user,
        from_name=texts.from_name,
        asserted_user=texts.asserted_user,
        privacy=texts.privacy,
    )
    decision = decide(offered, BLOCKED if carrier is BLOCKED else CARRIER, AT)
    assert decision.reason.id == "emergency.route"
    assert isinstance(decision.outcome, Route)
    assert [leg.to.id for leg in decision.outcome.legs] == 3 * ["carrier-a", "carrier-b"]
    for leg in decision.outcome.legs:
        assert leg.number in ("110", "112")
        assert leg.caller.number in own_numbers
        assert not leg.caller.withheld


@pytest.mark.parametrize("who", [from_trunk(), from_phone()], ids=["trunk", "phone"])
@settings(max_examples=300)
@given(seed=st.integers(0, 2**32))
def test_no_spelling_of_a_barred_number_makes_a_leg(who: CallOffered, seed: int) -> None:
    """Guarantee 2, B5."""
    random = Random(seed)
    nsn, _ = SPELLINGS.barred_german(random)
    german = SPELLINGS.spell_german(nsn, random)
    abroad = SPELLINGS.spell_abroad(SPELLINGS.barred_abroad(random), random)
    for dialled in (german, abroad):
        outcome = decide(replace(who, dialled=dialled), CARRIER, AT).outcome
        assert isinstance(outcome, Reject), dialled


@pytest.mark.parametrize("dialled", ["0221112", "0112", "+49112", "0049112", "00112", "+112", "11", "1112"])
def test_what_only_contains_110_or_112_does_not_reach_emergency_services(dialled: str) -> None:
    """NotrufV §4(5) sentence 1."""
    assert isinstance(decide(from_trunk(dialled), CARRIER, AT).outcome, Reject)
