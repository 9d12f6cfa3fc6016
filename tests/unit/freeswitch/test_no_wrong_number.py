"""Guarantee 3: whatever a customer's equipment says, no leg shows a number that the customer may not show."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialplan.call import CallOffered
from dialplan.caller.header_map import PRESETS, HeaderMap, NumberFormat
from dialplan.caller.policy import CallerPolicy, RightOfUse
from dialplan.decide import decide
from dialplan.decision import Route
from dialplan.snapshot import Snapshot
from freeswitch.dialstring import dial_string
from freeswitch.identity import written
from numbering.e164 import E164
from tests.unit.dialplan.carriers import (
    AT,
    BAU,
    BAU_1,
    BAU_2,
    BERLIN,
    CARRIER_A,
    KANZLEI,
    KOELN,
    KOELN_HUNT,
    MOBILE,
    PHONE_1,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)
from tests.unit.freeswitch.node import DOMAIN

CLIENT = E164("+494066969001")
EXPIRED = E164("+494066969002")
PARIS = E164("+33140000001")
RIGHTS = {
    CLIENT: RightOfUse(date(2026, 1, 1)),
    EXPIRED: RightOfUse(date(2026, 1, 1), date(2026, 6, 30)),
    PARIS: RightOfUse(date(2026, 1, 1), foreign_allowed=True),
}
MAPS = tuple(
    replace(each, number_format=number_format) for each in PRESETS.values() for number_format in NumberFormat
)
#: Of "bau" and of the phone of "kanzlei"; the right holds for both. The call goes to a German number.
MAY_SHOW = {"bau": {KOELN, KOELN_HUNT, CLIENT}, "kanzlei": {BERLIN, E164("+493023125002"), CLIENT}}

numbers = st.sampled_from(
    [
        KOELN,
        KOELN_HUNT,
        BERLIN,
        MOBILE,
        CLIENT,
        EXPIRED,
        PARIS,
        "+499001234567",
        "+491371234567",
        "112",
        "11833",
    ]
)
spellings = st.builds(
    lambda number, form: form(number),
    numbers,
    st.sampled_from(
        [
            str,
            lambda n: n.replace("+49", "0"),
            lambda n: n.replace("+", "00"),
            lambda n: n.removeprefix("+"),
            lambda n: f"{n[:5]} {n[5:]}",
            lambda n: f"sip:{n}@example.com;user=phone",
            lambda n: f"tel:{n}",
            lambda n: "%2B" + n[1:],
            lambda n: f"{n},origination_caller_id_number={n}]",
            lambda n: f'"{n}" <sip:{n}@x>\r\nP-Asserted-Identity: <sip:{n}@x>',
            lambda n: f"${{sip_h_{n}}}",
            lambda n: n.translate(
                str.maketrans("0123456789", "\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669")
            ),
        ]
    ),
)
texts = st.none() | spellings | st.text(alphabet="0123456789+*#-/ ().;=%@:<>${}'\"[]|,^\\\r\nab", max_size=30)
claims = st.fixed_dictionaries(
    {
        "from_user": texts,
        "from_name": texts,
        "from_host": texts,
        "asserted_user": texts,
        "preferred_user": texts,
        "diverting_users": st.lists(texts.filter(bool), max_size=2).map(tuple),
        "advertising": st.booleans(),
        "privacy": st.frozensets(st.sampled_from(["id", "user", "none", "critical"]), max_size=2),
    }
)
codes = st.sampled_from(["", "*31#", "#31#"])
policies = st.builds(CallerPolicy, withhold=st.booleans(), advertising=st.booleans(), refuse=st.booleans())


def carrier(header_map: HeaderMap, policy: CallerPolicy) -> Snapshot:
    """The small carrier with one trunk of this kind."""
    return snapshot(
        customers=[replace(each, rights=RIGHTS) for each in (BAU, KANZLEI)],
        trunks=[replace(CARRIER_A, own_header_map=header_map), replace(BAU_1, caller_policy=policy)],
        phones=[replace(PHONE_1, caller_policy=policy)],
    )


def shown_in(text: str) -> set[str]:
    """Every number that a dial string shows beside the one it calls."""
    inside = text[: text.rindex("]")]
    return set(re.findall(r"\+?\d{5,}", re.sub(r"fernamt_\w+=[^,]*|leg_\w+=\d+|@192[0-9.]+", "", inside)))


@pytest.mark.parametrize("who", [from_trunk(), from_phone()], ids=["trunk", "phone"])
@settings(max_examples=400)
@given(
    claims=claims,
    header_map=st.sampled_from(MAPS),
    policy=policies,
    code=st.sampled_from(["", "*31#", "#31#"]),
)
def test_no_leg_shows_a_number_that_the_customer_may_not_show(
    who: CallOffered,
    claims: dict[str, object],
    header_map: HeaderMap,
    policy: CallerPolicy,
    code: str,
) -> None:
    """B2, B4."""
    offered = replace(who, dialled=code + MOBILE, **claims)
    decision = decide(offered, carrier(header_map, policy), AT)
    if not isinstance(decision.outcome, Route):
        assert policy.refuse
        assert decision.reason.id.startswith("out.caller-")
        return
    may_show = MAY_SHOW[decision.facts.customer_id or ""]
    allowed = {written(number, header_map.number_format) for number in may_show} | may_show
    for leg in decision.outcome.legs:
        text = dial_string([leg], domain=DOMAIN)
        assert shown_in(text) <= allowed, text
        if leg.caller.withheld and not header_map.trusted:
            assert not shown_in(text)


@settings(max_examples=400)
@given(claims=claims, foreign=st.booleans())
def test_no_customer_sees_a_forbidden_or_suppressed_caller(claims: dict[str, object], foreign: bool) -> None:
    """B3; TKG § 120(3), (4): nothing of 0900, 0137, 118xy, 110, 112; no German fixed number from abroad."""
    made = snapshot(trunks=[replace(CARRIER_A, foreign_entry=foreign), BAU_1, BAU_2])
    decision = decide(replace(from_carrier(KOELN), **claims), made, AT)
    if not isinstance(decision.outcome, Route):
        assert decision.reason.id == "in.caller-forbidden"
        return
    for leg in decision.outcome.legs:
        for number in shown_in(dial_string([leg], domain=DOMAIN)):
            assert not re.match(r"\+?(?:0|49|0049)?(?:900|137|118|11[02])", number)
            assert not foreign or not re.match(r"\+49(?!1[567])", number)
