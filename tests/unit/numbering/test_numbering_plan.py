"""The German numbering plan as a table."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import shortnumberinfo

from numbering.classes import DEFAULT_POLICY, NumberClass, Policy
from numbering.data_onkz import AREA_CODES
from numbering.e164 import E164
from numbering.plan import (
    GEOGRAPHIC,
    LONGEST_NSN,
    MOBILE_SHORT_CODES,
    ROWS,
    PlanRow,
    area_code_of,
    find,
    is_area_code,
)


def test_germany_has_5202_area_codes() -> None:
    """VG Köln 11 K 7295/05; german-rules 1.1."""
    codes = AREA_CODES.split()
    assert len(codes) == len(set(codes)) == 5202
    assert [sum(len(code) == length for code in codes) for length in (2, 3, 4, 5)] == [4, 87, 3880, 1231]


def test_parts_of_mannheim_and_ludwigshafen_are_no_area_codes() -> None:
    assert is_area_code("621")
    assert not any(is_area_code(code) for code in ("6215", "6216", "62195", "62196", "62199", "", "0221"))


def test_the_area_code_of_a_number_is_known() -> None:
    assert area_code_of(E164("+492214710123")) == "221"
    assert area_code_of(E164("+493023125000")) == "30"
    assert area_code_of(E164("+4915228817386")) is None
    assert area_code_of(E164("+442079460000")) is None


def test_only_haan_begins_like_another_area_code() -> None:
    codes = set(AREA_CODES.split())
    assert [c for c in codes if any(c[:n] in codes for n in range(2, len(c)))] == ["2129"]
    assert find("2129345678") == (GEOGRAPHIC, 4)
    assert find("2123456789") == (GEOGRAPHIC, 3)


def test_an_area_code_of_five_digits_begins_with_no_other_prefix() -> None:
    """`find` relies on it: it looks for five digits last."""
    shorter = {row.prefix for row in ROWS} | {code for code in AREA_CODES.split() if len(code) < 5}
    long_codes = [code for code in AREA_CODES.split() if len(code) == 5]
    assert not [code for code in long_codes if any(code[:n] in shorter for n in range(1, 5))]
    assert max(len(row.prefix) for row in ROWS) <= 4


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.prefix)
def test_a_row_is_found_by_its_own_prefix_and_says_where_it_comes_from(row: PlanRow) -> None:
    assert find(row.prefix + "9999999") in {(row, len(row.prefix)), find(row.prefix + "9")}
    assert 1 <= row.shortest <= row.longest <= LONGEST_NSN
    assert row.source
    assert row.as_of >= "2002"
    assert row.policy is DEFAULT_POLICY[row.number_class]


def test_no_prefix_stands_twice_in_the_table() -> None:
    prefixes = [row.prefix for row in ROWS]
    assert len(prefixes) == len(set(prefixes))
    assert not {prefix for prefix in prefixes if is_area_code(prefix)}


@pytest.mark.parametrize(
    ("policy", "classes"),
    [
        (Policy.BARRED, "premium directory mass_calling teledialog_0138 uifn"),
        (Policy.NEVER, "vpn routing_0198_0199 call_by_call online_019x paging test_031 unassigned"),
        (Policy.ALLOWED, "emergency geographic mobile freephone shared_cost personal national_subscriber"),
        (Policy.ALLOWED, "authority_115 harmonised_116 short_124124 foreign_fixed foreign_mobile"),
        (Policy.BARRED, "foreign_premium satellite international_network international_personal"),
        (Policy.BARRED, "international_premium international_shared_cost foreign_unassigned"),
    ],
)
def test_classes_are_reachable_as_the_contract_says(policy: Policy, classes: str) -> None:
    """B5, TC 6.7."""
    assert {DEFAULT_POLICY[NumberClass(name)] for name in classes.split()} == {policy}


def test_short_codes_of_mobile_networks_are_those_of_the_library() -> None:
    ours = {
        code
        for length in (3, 4, 5, 6)
        for code in (f"{n:0{length}}" for n in range(10**length))
        if code.startswith(MOBILE_SHORT_CODES.get(length, ()))
    }
    numbers = (phonenumbers.PhoneNumber(country_code=49, national_number=int(code)) for code in ours)
    assert all(shortnumberinfo.is_carrier_specific(number) for number in numbers)
    assert len(ours) == 3 * 10 + 6 * 100 + 1000 + 1000
