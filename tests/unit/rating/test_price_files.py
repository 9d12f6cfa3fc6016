"""Price files are read strictly: a wrong line is refused with its place and reason, nothing is half taken."""

from __future__ import annotations

import pytest

from rating.errors import TariffRefused
from rating.tariff_files import tariff_of
from tests.unit.rating.files import EXAMPLES, LISTS_HEADER, PRICE_HEADER, files, prices, tariff, text

GOOD = "+49;;Festnetz;national_fixed;;0.0100;;;60/60;;"


def refused(standard: bytes) -> list[tuple[int, str]]:
    """(line, rule) of each problem of a price file."""
    with pytest.raises(TariffRefused) as caught:
        tariff(standard_1=standard)
    return [(problem.line, problem.id) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("+44;;UK;foreign;;0,05;;;60/60;;", "csv.decimal-comma"),
        ("+44;;UK;foreign;;1.234,56;;;60/60;;", "csv.thousands"),
        ("+44;;UK;foreign;;1,234.56;;;60/60;;", "csv.thousands"),
        ("+44;;UK;foreign;;1 234;;;60/60;;", "csv.thousands"),
        ("+44;;UK;foreign;;-0.05;;;60/60;;", "csv.negative"),
        ("+44;;UK;foreign;;5e-2;;;60/60;;", "csv.amount"),
        ("+44;;UK;foreign;;0.1234567;;;60/60;;", "csv.amount"),
        ("+44;;UK;foreign;;;;;60/60;;", "csv.amount"),
        ("+44;;UK;foreign;;٠.٠٥;;;60/60;;", "csv.amount"),
        ("+44;;UK;foreign;;5000;;;60/60;;", "tariff.price-too-high"),
        ("+44;;UK;foreign;;0.05;;;60;;", "csv.increment"),
        ("+44;;UK;foreign;;0.05;;;0/1;;", "csv.increment"),
        ("+44;;UK;foreign;;0.05;;;;;", "csv.increment"),
        ("+44;;UK;foreign;;0.05;;;60/60;-1;", "csv.number"),
        ("44;;UK;foreign;;0.05;;;60/60;;", "csv.prefix"),
        ("0044;;UK;foreign;;0.05;;;60/60;;", "csv.prefix"),
        ("+4 4;;UK;foreign;;0.05;;;60/60;;", "csv.prefix"),
        ("+44;;;foreign;;0.05;;;60/60;;", "csv.text"),
        ("+44;;=cmd();foreign;;0.05;;;60/60;;", "csv.text"),
        ("+44;;UK;abroad;;0.05;;;60/60;;", "csv.choice"),
        ("+44;part;UK;foreign;;0.05;;;60/60;;", "csv.choice"),
        ("+44;;UK;foreign;second;0.05;;;60/60;;", "csv.choice"),
        ("+44;;UK;foreign;;0.05;;;60/60;", "csv.cells"),
        ("+44;;UK;foreign;;0.05;;;60/60;;;", "csv.cells"),
        ("+44,,UK,foreign,,0.05,,,60/60,,", "csv.cells"),
        (f"+44;;{'x' * 201};foreign;;0.05;;;60/60;;", "csv.long"),
        ("+44;;UK;national_fixed;;0.05;;;60/60;;", "tariff.zone"),
        ("+4915;;Mobil;national_fixed;;0.05;;;60/60;;", "tariff.zone"),
        ("+49221;;Köln;national_mobile;;0.05;;;60/60;;", "tariff.zone"),
        ("+4;;alles;foreign;;0.05;;;60/60;;", "tariff.zone"),
        ("118;;Auskunft;foreign;;0.05;;;60/60;;", "tariff.zone"),
        ("+44;;UK;foreign;call;0.05;0.10;;;;", "tariff.kind"),
        ("+44;;UK;foreign;call;0.05;;;60/60;;", "tariff.kind"),
        ("+44;;UK;foreign;standard;;;;;;", "tariff.kind"),
        ("+49;;Festnetz;national_fixed;;0.0200;;;60/60;;", "tariff.prefix-twice"),
        ("+44;;UK;foreign;;0.05;;;60/60;;Mo-Fr 08:00-18:00", "tariff.window-rest"),
        ("+49;;Festnetz;national_fixed;;0.02;;;60/60;;Mo-Fr", "csv.window"),
        ("+49;;Festnetz;national_fixed;;0.02;;;60/60;;Mo 08:00-08:00", "csv.window"),
        ("+49;;Festnetz;national_fixed;;0.02;;;60/60;;Mo 25:00-26:00", "csv.window"),
        ("+49;;Festnetz;national_fixed;;0.02;;;60/60;;Mo-We 08:00-18:00, Tu 12:00-13:00", "csv.window"),
        ("+49;;Festnetz;national_fixed;call;0.02;;;;;Mo 08:00-18:00", "tariff.window-kind"),
    ],
)
def test_a_wrong_line_is_refused_with_its_place(line: str, rule: str) -> None:
    assert refused(prices(GOOD, line)) == [(3, rule)]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("+491801;;0180-1;national_service;;0.0328;;;60/60;;", "above 0.039 EUR with 19 % VAT"),
        ("+491802;;0180-2;national_service;call;0.0505;;;;;", "above 0.06 EUR"),
        ("+491802;;0180-2;national_service;;0.01;;;60/60;;", "charged per call"),
        ("+491805;;0180-5;national_service;call;0.10;;;;;", "charged per minute"),
        ("+491805;;0180-5;national_service;;0.10;;;120/60;;", "at most 60 seconds"),
        ("+491805;;0180-5;national_service;;0.10;0.01;;60/60;;", "no connection fee"),
        ("+491807;;0180-7;national_service;;0.10;;;60/60;29;", "first 30 seconds are free"),
        ("+49180;;0180;national_service;call;0.01;;;;;", "one line for each"),
        ("+4918;;018;national_service;;0.01;;;60/60;;", "one line for each"),
        ("+491;;01;national_service;;0.01;;;60/60;;", "one line for each"),
        ("+4970;;0700;national_service;;0.01;;;60/60;;", "one line for each"),
        ("+4932;;032;national_service;;0.0757;;;60/60;;", "above 0.09 EUR"),
        ("+49700;;0700;national_service;;0.08;;;60/60;;", "above 0.09 EUR"),
        ("+49900;;0900;national_service;call;25.22;;;;;", "above 30.00 EUR"),
        ("118;;Auskunft;national_service;;2.53;;;60/60;;", "above 3.00 EUR"),
        ("+491371;;0137;national_service;call;0.12;;;;;", "above 0.14 EUR"),
        ("+4918051;;0180-5;national_service;;0.2;;;60/60;;", "above 0.14 EUR"),
    ],
)
def test_what_the_law_caps_is_refused_above_the_cap(line: str, sentence: str) -> None:
    """TKG § 112: caps are with VAT, price lists without."""
    with pytest.raises(TariffRefused, match=sentence) as caught:
        tariff(standard_1=prices(GOOD, line))
    assert [problem.id for problem in caught.value.problems] == ["tariff.cap"]


@pytest.mark.parametrize(
    "line",
    [
        "+491801;;0180-1;national_service;;0.032773;;;60/60;;",
        "+491806;;0180-6;national_service;call;0.168067;;;;;",
        "+491807;;0180-7;national_service;;0.117647;;;60/60;30;",
        "+49900;;0900;national_service;;2.521008;;;60/60;;",
        "+491379;;0137-9;national_service;call;0.420168;;;;;",
    ],
)
def test_what_is_just_below_the_cap_is_allowed(line: str) -> None:
    assert len(tariff(standard_1=prices(GOOD, line)).versions["standard"][0].prices) == 2


def test_the_cap_is_that_of_the_versions_first_day() -> None:
    """16 % of VAT in the second half of 2020 left room for a higher net price."""
    line = "+491801;;0180-1;national_service;;0.0335;;;60/60;;"
    for first_day, allowed in (("2020-07-01", True), ("2021-01-01", False)):
        lists = text(LISTS_HEADER, f"standard;1;standard;EUR;{first_day};;standard-1.csv;")
        if allowed:
            assert tariff(lists=lists, standard_1=prices(GOOD, line))
        else:
            with pytest.raises(TariffRefused, match="with 19 % VAT"):
                tariff(lists=lists, standard_1=prices(GOOD, line))


def test_what_carriers_take_from_us_has_no_cap() -> None:
    lists = text(
        LISTS_HEADER,
        "standard;1;standard;EUR;2026-01-01;;standard-1.csv;",
        "carrier;1;cost;EUR;2026-01-01;;cost-1.csv;",
    )
    cost = prices("+491801;;0180-1;national_service;;0.50;;;120/60;;")
    assert tariff(lists=lists, cost_1=cost).versions["carrier"]


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"\xef\xbb\xbf" + prices(GOOD), "csv.bom"),
        (prices(GOOD).decode().encode("utf-16"), "csv.bom"),
        (PRICE_HEADER.replace(";", ",").encode(), "csv.separator"),
        (PRICE_HEADER.replace(";", "\t").encode(), "csv.separator"),
        (b"", "csv.column-missing"),
        (b"prefix;destination;zone\n", "csv.column-missing"),
        (b"prefix;destination;zone;price;prize\n", "csv.column-unknown"),
        (b"prefix;destination;zone;price;price\n", "csv.column-twice"),
        (b"prefix;destination;zone;price\n", "csv.empty"),
        (prices('+44;;"UK;foreign;;0.05;;;60/60;;'), "csv.quotes"),
        (
            prices("+43;;\u00d6".encode("latin-1").decode("latin-1")).decode().encode("latin-1"),
            "csv.encoding",
        ),
        (prices(GOOD) + b"\0", "csv.nul"),
    ],
)
def test_a_file_that_is_no_such_csv_is_refused_as_a_whole(content: bytes, rule: str) -> None:
    assert [found for _, found in refused(content)][:1] == [rule]


def test_all_problems_of_all_lines_are_told_at_once() -> None:
    standard = prices(
        GOOD,
        "44;;UK;foreign;;0.05;;;60/60;;",
        "+45;;DK;foreign;;0.05;;;60/60;;",
        "+46;;SE;foreign;;x;;;60/60;;",
    )
    assert refused(standard) == [(3, "csv.prefix"), (5, "csv.amount")]
    with pytest.raises(TariffRefused, match=r"standard-1\.csv:3: prefix: '44' has lost its plus"):
        tariff(standard_1=standard)


def test_columns_may_stand_in_any_order() -> None:
    content = text("price;zone;destination;prefix;increment", "0.05;foreign;UK;+44;60/1")
    (price,) = tariff(standard_1=content).versions["standard"][0].prices
    assert (price.prefix, price.price, str(price.increments)) == ("+44", 50_000, "60/1")


def test_the_example_tariff_is_right() -> None:
    found = tariff_of({path.name: path.read_bytes() for path in EXAMPLES.glob("*.csv")})
    assert [str(version) for version in found.versions["standard"]] == [
        "standard 2026-01",
        "standard 2026-11",
    ]
    assert set(files()) - {"standard-1.csv"} <= {path.name for path in EXAMPLES.glob("*.csv")}
