"""110 and 112 of customers with several sites, without a controller (B8, guarantee 1)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialplan.carrier import AssignedNumber, ToTrunks, Trunk
from dialplan.decide import decide
from dialplan.decision import Route
from dialplan.emergency.routing import EmergencyForm, EmergencyRouting, LineAddress, UserToUser
from dialplan.snapshot import Snapshot
from freeswitch.dialstring import dial_string
from freeswitch.emergency import emergency_parts
from freeswitch.render import render
from freeswitch.render.number_expressions import own_numbers
from numbering.e164 import E164
from tests.unit.dialplan.carriers import AT, BAU_1, BAU_2, CARRIER_A, CARRIER_B, KOELN, MOBILE, from_trunk
from tests.unit.dialplan.carriers import snapshot as small_carrier
from tests.unit.dialplan.login_customer import SYSTEM
from tests.unit.dialplan.teams_customer import EDGE, TEAMS
from tests.unit.freeswitch.node import DOMAIN, TLS_SETTINGS, rendered
from tests.unit.freeswitch.static_calls import from_static_trunk

KOELN_SITE: Final = LineAddress("Musterweg", "10 a", "50667", "Köln", None, "05315000")
BERLIN_SITE: Final = LineAddress("Beispielufer", "7", "10115", "Berlin", "BE")
IN_BERLIN: Final = E164("+493023125115")
FORM: Final = EmergencyForm(user_to_user=UserToUser("{provider};{area};{number}"))


def two_sites(*more: Trunk, berlin: LineAddress = BERLIN_SITE) -> Snapshot:
    """The customer "bau" has its main number in Cologne, and a hundred numbers in Berlin."""
    trunks = (replace(CARRIER_A, emergency_form=FORM), CARRIER_B, BAU_1, BAU_2, *more)
    found = small_carrier(trunks=trunks)
    own = [AssignedNumber(KOELN, "bau", ToTrunks(("bau-1",)), address=KOELN_SITE)]
    for n in range(100):
        number = E164(f"+4930231251{n:02}")
        own.append(AssignedNumber(number, "bau", ToTrunks(("bau-1",)), address=berlin))
    numbers = {**found.numbers, **{each.number: each for each in own}}
    return replace(found, numbers=numbers, emergency=EmergencyRouting("BSP-0001"))


def rendered_tree(carrier: Snapshot) -> Element:
    return ElementTree.fromstring(rendered(carrier))  # noqa: S314 - made by ourselves


@pytest.mark.parametrize("digits", ["110", "112"])
@pytest.mark.parametrize(
    "caller", [IN_BERLIN, "00493023125115", "03023125115", "493023125115", KOELN, MOBILE, "anonymous", ""]
)
def test_the_caller_s_own_number_and_its_place_go_out_as_with_a_controller(digits: str, caller: str) -> None:
    """A number of nobody's at this customer is the main number's call."""
    carrier = two_sites()
    outcome = decide(from_trunk(digits, from_user=caller or None), carrier, AT).outcome
    assert isinstance(outcome, Route)
    attempts = from_static_trunk(rendered_tree(carrier), "bau-1", digits, caller)
    assert [each.bridge for each in attempts] == [dial_string([each], domain=DOMAIN) for each in outcome.legs]
    assert [each.body for each in attempts] == [
        emergency_parts(each, DOMAIN).multipart for each in outcome.legs
    ]
    assert [each.pause_ms for each in attempts] == [each.pause_s * 1_000 for each in outcome.legs]
    assert (BERLIN_SITE.street in attempts[0].body) == ("3023125115" in caller)


def test_a_site_abroad_reaches_no_control_centre_here_and_the_other_one_does() -> None:
    """NotrufV § 4(5) sentence 4."""
    tree = rendered_tree(two_sites(berlin=replace(BERLIN_SITE, abroad=True)))
    assert from_static_trunk(tree, "bau-1", "112", IN_BERLIN) == []
    assert from_static_trunk(tree, "bau-1", "112", KOELN) != []


def test_systems_that_log_in_and_teams_are_told_apart_in_the_same_way() -> None:
    carrier = replace(two_sites(SYSTEM, TEAMS), teams=EDGE, tenants={"tenant": TEAMS.id})
    tree = ElementTree.fromstring(render(carrier, TLS_SETTINGS))  # noqa: S314 - made by ourselves
    for trunk in (SYSTEM, TEAMS):
        (attempt, *_) = from_static_trunk(tree, trunk.id, "112", IN_BERLIN)
        assert f"origination_caller_id_number={IN_BERLIN}," in attempt.bridge
        assert BERLIN_SITE.street in attempt.body
    tests = {
        each.get("name", "").partition("-lines-")[0]: [
            (test.get("field"), test.get("expression")) for test in each.iter("condition")
        ][:2]
        for each in tree.iterfind(".//context[@name='emergency']/extension")
        if "-lines-" in each.get("name", "")
    }
    assert tests["trunk-bau-anlage"] == [
        ("destination_number", "^phone-(110|112)$"),
        ("${fernamt_login}", "^bau\\-anlage$"),
    ]
    assert tests["trunk-bau-teams"][0] == ("destination_number", "^teams-(110|112)$")


def test_who_has_one_site_has_one_extension() -> None:
    names = [each.get("name", "") for each in rendered_tree(small_carrier()).iter("extension")]
    assert not [each for each in names if "-lines-" in each]


@given(st.sets(st.integers(min_value=0, max_value=300), min_size=1), st.integers(min_value=0, max_value=300))
def test_an_expression_knows_its_numbers_and_no_others(own: set[int], called: int) -> None:
    numbers = [E164(f"+49221471{n:03}") for n in own]
    ((length, expression),) = own_numbers(numbers)
    for before in ("+49", "0049", "49", "0"):
        found = re.search(expression, f"{before}221471{called:03}", re.ASCII)
        assert (found is not None) == (called in own)
        assert found is None or "".join(found.groups()) == f"221471{called:03}"
    assert length == 9
    assert not re.search(expression, f"221471{called:03}")
    assert not re.search(expression, f"+49221471{called:03}0")


def test_ranges_are_short_and_thousands_of_scattered_numbers_are_several_expressions() -> None:
    block = [E164(f"+492214710{n:03}") for n in range(20, 1_000)]
    assert [len(expression) < 120 for _, expression in own_numbers(block)] == [True]
    assert [length for length, _ in own_numbers([E164("+4922147"), E164("+492214710"), E164("+43158")])] == [
        5,
        7,
    ]
    scattered = [E164(f"+49{10**9 + n * n}") for n in range(3_000)]
    expressions = [expression for _, expression in own_numbers(scattered)]
    assert len(expressions) > 1
    assert max(map(len, expressions)) < 4_100
    assert all(sum(bool(re.search(each, number)) for each in expressions) == 1 for number in scattered[::100])
