"""Limits of tariff files, and the cases that only a careless or hostile file has."""

from __future__ import annotations

import pytest

from rating import strict_csv
from rating.batch import rate_all
from rating.charge import Charge
from rating.errors import MAX_TOLD, TariffRefused
from rating.price_file import MAX_ROWS
from tests.unit.rating.files import LISTS_HEADER, books, leg, prices, tariff, text

GOOD = "+49;;Festnetz;national_fixed;;0.0100;;;60/60;;"


def rules(*lines: str) -> list[str]:
    with pytest.raises(TariffRefused) as caught:
        tariff(standard_1=prices(*lines))
    return [problem.id for problem in caught.value.problems]


def test_one_prefix_has_a_limited_number_of_lines() -> None:
    windows = [f"{GOOD}Mo {hour:02}:00-{hour:02}:30" for hour in range(MAX_ROWS)]
    assert rules(GOOD, *windows) == ["tariff.prefix-often"]
    assert tariff(standard_1=prices(GOOD, *windows[1:]))


def test_windows_of_one_prefix_do_not_overlap() -> None:
    assert rules(GOOD, f"{GOOD}Mo 08:00-10:00", f"{GOOD}Mo-Fr 09:30-18:00") == ["tariff.window-overlap"]


def test_one_number_may_be_there_once() -> None:
    single = "+4312345;exact;X;foreign;;0.01;;;60/60;;"
    assert rules(single, single) == ["tariff.prefix-twice"]
    assert tariff(standard_1=prices(single, single.replace("exact", "prefix")))


def test_a_window_may_name_a_limited_number_of_parts() -> None:
    parts = ", ".join(f"Mo {hour:02}:00-{hour:02}:30" for hour in range(15))
    assert rules(GOOD, "+43;;A;foreign;;0.01;;;60/60;;" + parts)[0] in ("csv.window", "csv.long")


def test_reading_ends_after_so_many_problems_and_tells_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_csv, "MAX_PROBLEMS", MAX_TOLD + 20)
    with pytest.raises(TariffRefused, match="and 21 more") as caught:
        tariff(standard_1=prices(GOOD, *["too;few"] * 500))
    assert caught.value.problems[-1].id == "csv.too-much"


def test_a_file_has_a_size_and_a_number_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strict_csv, "MAX_LINES", 3)
    assert "csv.too-much" in rules(
        *(f"+49{area};;X;national_fixed;;0.01;;;60/60;;" for area in range(30, 39))
    )
    monkeypatch.setattr(strict_csv, "MAX_BYTES", 50)
    assert "csv.too-large" in rules(GOOD)


def test_a_capped_price_is_in_euro() -> None:
    lists = text(LISTS_HEADER, "standard;1;standard;USD;2026-01-01;;standard-1.csv;")
    with pytest.raises(TariffRefused, match="cannot be held against the cap"):
        tariff(lists=lists, standard_1=prices("+491805;;S;national_service;;0.01;;;60/60;;"))


def test_fifty_calls_at_the_same_moment_share_the_quota_and_never_overdraw_it() -> None:
    """Issue 5; field notes, complaint 8: parallel calls do not each take the full rest."""
    legs = [leg("+493023125001", 45, "medium-gmbh", leg_id=f"{number:02}") for number in range(50)]
    results = [each for each in rate_all(reversed(legs), books()) if isinstance(each, Charge)]
    assert [each.leg.leg_id for each in results] == sorted(each.leg.leg_id for each in results)
    assert sum(each.bundle_s for each in results) == 600
    assert [each.paid_s for each in results] == [0] * 10 + [60] * 40
