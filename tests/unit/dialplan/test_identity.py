"""Which number a call shows: the customer's own, the incoming caller's, or none. B2, B3, B4, B8."""

from __future__ import annotations

from typing import Any

import pytest

from dialplan.call import CallOffered
from dialplan.decide import decide
from dialplan.decision import Route
from dialplan.legs import Caller
from tests.unit.dialplan.carriers import (
    AT,
    BERLIN,
    KOELN,
    KOELN_HUNT,
    MOBILE,
    from_carrier,
    from_phone,
    from_trunk,
    snapshot,
)


def shown(offered: CallOffered) -> Caller:
    """The identity that all legs of the call show."""
    outcome = decide(offered, snapshot(), AT).outcome
    assert isinstance(outcome, Route)
    callers = {leg.caller for leg in outcome.legs}
    assert len(callers) == 1
    return callers.pop()


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"from_user": KOELN_HUNT}, KOELN_HUNT),
        ({"from_user": "02214710101"}, KOELN_HUNT),
        ({"from_user": "492214710101"}, KOELN_HUNT),
        ({"from_user": "4710101"}, KOELN_HUNT),
        ({"from_user": "x", "asserted_user": KOELN_HUNT}, KOELN_HUNT),
        ({"from_user": KOELN_HUNT, "asserted_user": KOELN}, KOELN),
        ({"from_user": BERLIN}, KOELN),
        ({"from_user": MOBILE}, KOELN),
        ({"from_user": "09001234567"}, KOELN),
        ({"from_user": "112"}, KOELN),
        ({"from_user": "anonymous"}, KOELN),
        ({"from_user": None}, KOELN),
    ],
)
def test_a_trunk_shows_a_number_of_its_customer_or_the_main_number(
    claims: dict[str, Any], number: str
) -> None:
    """B2: another customer's, a foreign, a premium or no number is replaced."""
    assert shown(from_trunk(**claims)).number == number


def test_a_phone_shows_its_own_number_whatever_it_claims() -> None:
    assert shown(from_phone(from_user=KOELN, asserted_user=MOBILE)).number == BERLIN


@pytest.mark.parametrize("dialled", ["015228817386", KOELN, "0800 1234567"])
@pytest.mark.parametrize(
    "wish",
    [
        {"privacy": frozenset({"id"})},
        {"privacy": frozenset({"header", "user"})},
        {"from_user": "Anonymous"},
    ],
)
def test_a_caller_may_withhold_the_number(dialled: str, wish: dict[str, Any]) -> None:
    assert shown(from_phone(dialled, **wish)).withheld


def test_a_feature_code_withholds_the_number_for_one_call() -> None:
    assert shown(from_phone("*31#015228817386")).withheld
    assert not shown(from_phone("#31#015228817386")).withheld


@pytest.mark.parametrize("dialled", ["112", "110", "112#", "*31#112", "116117", "*31#116117", "124124"])
def test_those_who_must_see_the_number_see_it(dialled: str) -> None:
    """B4, TDDDG §15(1): no suppression towards 110, 112, 116 117 and 124 124."""
    caller = shown(from_phone(dialled, from_user="anonymous", privacy=frozenset({"id", "critical"})))
    assert (caller.number, caller.withheld) == (BERLIN, False)


@pytest.mark.parametrize(
    ("claims", "number"),
    [
        ({"from_user": MOBILE}, MOBILE),
        ({"from_user": "015228817386"}, MOBILE),
        ({"from_user": "4915228817386"}, MOBILE),
        ({"from_user": "x", "asserted_user": MOBILE}, MOBILE),
        ({"from_user": "carrier-a"}, None),
        ({"from_user": None}, None),
    ],
)
def test_an_incoming_caller_is_shown_as_the_network_says(claims: dict[str, Any], number: str | None) -> None:
    """B3."""
    assert shown(from_carrier(**claims)).number == number


def test_an_incoming_caller_who_withholds_the_number_stays_hidden() -> None:
    assert shown(from_carrier(privacy=frozenset({"id"}))).withheld
    assert shown(from_carrier(from_user="anonymous", asserted_user=MOBILE)).withheld
