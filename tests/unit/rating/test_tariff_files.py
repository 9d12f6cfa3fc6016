"""The files of a tariff fit each other, or nothing of them is taken."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest

from rating.berlin import Month
from rating.errors import RateMissing, TariffRefused
from rating.tariff_files import tariff_of
from tests.unit.rating.files import CUSTOMERS_HEADER, LISTS_HEADER, files, tariff, text

NOTICES = "customer;list;version;notified_on;proof"
STANDARD = "standard;1;standard;EUR;2026-01-01;;standard-1.csv;"


def rules(**others: bytes) -> list[str]:
    with pytest.raises(TariffRefused) as caught:
        tariff(**others)
    return [problem.id for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("standard;2;standard;EUR;2026-01-01;;standard-1.csv;", "tariff.validity-overlap"),
        ("standard;1;standard;EUR;2027-01-01;;standard-1.csv;", "tariff.version-twice"),
        ("standard;2;individual;EUR;2027-01-01;;standard-1.csv;", "tariff.kind-changed"),
        ("other;1;standard;EUR;2026-01-01;;standard-1.csv;", "tariff.standard"),
        ("standard;2;standard;XXX;2027-01-01;;standard-1.csv;", "csv.currency"),
        ("standard;2;standard;EUR;2026-02-30;;standard-1.csv;", "csv.day"),
        ("standard;2;standard;EUR;01.02.2027;;standard-1.csv;", "csv.day"),
        ("standard;2;standard;EUR;2027-02-01;2027-01-01;standard-1.csv;", "tariff.validity"),
        ("standard;2;standard;EUR;2027-02-01;;other.csv;", "tariff.file-missing"),
        ("standard;2;standard;EUR;2027-02-01;;../secret;", "csv.name"),
        ("standard;2;standard;EUR;2027-02-01;;standard-1.csv;middle", "csv.choice"),
    ],
)
def test_versions_follow_each_other_without_overlap(line: str, rule: str) -> None:
    assert rules(lists=text(LISTS_HEADER, STANDARD, line)) == [rule]


def test_a_version_that_has_an_end_leaves_no_day_to_two() -> None:
    first = STANDARD.replace("2026-01-01;;", "2026-01-01;2026-06-30;")
    second = "standard;2;standard;EUR;{};;standard-1.csv;"
    assert rules(lists=text(LISTS_HEADER, first, second.format("2026-06-30"))) == ["tariff.validity-overlap"]
    found = tariff(lists=text(LISTS_HEADER, first, second.format("2026-07-01")))
    assert [version.valid_from for version in found.versions["standard"]] == [
        date(2026, 1, 1),
        date(2026, 7, 1),
    ]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("a;basis;2026-01-01;;;;;5;;", "tariff.quota"),
        ("a;medium;2026-01-01;;;customer;;;;", "tariff.quota"),
        ("a;medium;2026-01-01;;;customer;;5;5;", "tariff.quota"),
        ("a;complete;2026-01-01;;;customer;;5;;", "tariff.quota"),
        ("a;complete;2026-01-01;;;customer;;5;5;5", "tariff.quota"),
        ("a;medium;2026-01-01;;;user;;5;;", "tariff.users"),
        ("a;medium;2026-01-01;;;user;0;5;;", "csv.number"),
        ("a;medium;2026-01-01;;;team;;5;;", "csv.choice"),
        ("a;gold;2026-01-01;;;;;;;", "csv.choice"),
        ("A;basis;2026-01-01;;;;;;;", "csv.name"),
        ("a;basis;2026-02-01;2026-01-01;;;;;;", "tariff.terms-days"),
        ("a;basis;2026-01-01;;nolist;;;;;", "tariff.list"),
        ("a;basis;2026-01-01;;standard;;;;;", "tariff.list"),
        ("first;basis;2026-03-01;;;;;;;", "tariff.terms-overlap"),
        ("second;basis;2026-03-02;;;;;;;", "tariff.terms-in-month"),
        ("third;basis;2026-04-01;;;;;;;", "tariff.terms-in-month"),
    ],
)
def test_terms_are_those_of_a_price_model_and_change_with_a_month(line: str, rule: str) -> None:
    """E2; nothing is prorated (TC 11.8)."""
    others = (
        "first;basis;2026-01-01;;;;;;;",
        "second;basis;2026-01-01;2026-03-01;;;;;;",
        "third;basis;2026-01-01;2026-03-30;;;;;;",
    )
    assert rules(customers=text(CUSTOMERS_HEADER, *others, line)) == [rule]


def test_the_terms_of_a_month_are_found() -> None:
    customers = text(
        CUSTOMERS_HEADER, "a;basis;2026-01-15;2026-02-28;;;;;;", "a;medium;2026-03-01;2026-05-10;;user;3;5;;"
    )
    found = tariff(customers=customers)
    models = {
        str(month): terms.model.value if (terms := found.terms_in("a", month)) else None
        for month in (
            Month(2025, 12),
            Month(2026, 1),
            Month(2026, 2),
            Month(2026, 3),
            Month(2026, 5),
            Month(2026, 6),
        )
    }
    assert list(models.values()) == [None, "basis", "basis", "medium", "medium", None]
    terms = found.terms_in("a", Month(2026, 3))
    assert terms is not None
    assert [quota.seconds for quota in terms.quotas()] == [5 * 60 * 5], "five users at least (E5)"


@pytest.mark.parametrize(
    ("name", "header", "line", "rule"),
    [
        ("notices", NOTICES, "nobody;standard;1;2026-01-01;x", "tariff.customer"),
        ("notices", NOTICES, "basis-gmbh;standard;9;2026-01-01;x", "tariff.version"),
        ("notices", NOTICES, "basis-gmbh;standard;1;2026-01-01;", "csv.text"),
        ("trunks", "trunk;list", "carrier-a;standard", "tariff.list"),
        ("fx", "day;currency;per_euro", "2026-01-31;USD;1,08", "csv.decimal-comma"),
        ("fx", "day;currency;per_euro", "2026-01-31;USD;0", "csv.rate"),
        ("fx", "day;currency;per_euro", "2026-01-31;EUR;1", "tariff.rate-of-euro"),
        ("models", "model;rounded;mode;places", "basis;call;half-up;", "tariff.places"),
        ("models", "model;rounded;mode;places", "basis;line;half-up;4", "tariff.places"),
        ("models", "model;rounded;mode;places", "basis;call;down;4", "csv.choice"),
        ("models", "model;rounded;mode;places", "basis;call;half-up;7", "csv.number"),
    ],
)  # fmt: skip
def test_the_other_files_are_checked_too(name: str, header: str, line: str, rule: str) -> None:
    assert rules(**{name: text(header, line)})[0] == rule


@pytest.mark.parametrize("name", ["lists.csv", "models.csv", "customers.csv"])
def test_a_file_that_is_needed_is_missed(name: str) -> None:
    contents = {each: content for each, content in files().items() if each != name}
    with pytest.raises(TariffRefused, match=f"{name}: the file is missing"):
        tariff_of(contents)


def test_a_line_twice_is_refused() -> None:
    assert rules(fx=text("day;currency;per_euro", *["2026-01-30;USD;1.08"] * 2)) == ["tariff.twice"]
    assert rules(models=text("model;rounded;mode;places", *["basis;call;up;2"] * 2))[0] == "tariff.twice"


def test_the_exchange_rate_is_that_of_the_months_last_day() -> None:
    """E8: on a day without rates, the last published one; never a stale one, never one of tomorrow."""
    rates = tariff(
        fx=text(
            "day;currency;per_euro",
            "2026-01-30;USD;1.25",
            "2026-02-01;USD;9",
            "2026-02-22;USD;9",
            "2026-04-30;USD;2",
        )
    ).rates
    assert (rates.of_month("USD", Month(2026, 1)).per_euro, rates.of_month("USD", Month(2026, 1)).day) == (
        1.25,
        date(2026, 1, 30),
    )
    assert rates.of_month("USD", Month(2026, 4)).per_euro == 2
    for currency, month in (("USD", Month(2026, 2)), ("CHF", Month(2026, 1))):
        with pytest.raises(RateMissing, match=currency):
            rates.of_month(currency, month)


def test_damaged_files_are_refused_or_read_and_never_crash() -> None:
    """Guarantee 7: bytes changed, lost and doubled at random places."""
    random = Random(9)
    good = files()
    refused = []
    for _ in range(1_500):
        damaged = dict(good)
        name = random.choice(list(damaged))
        content = bytearray(damaged[name])
        for _ in range(random.randrange(1, 4)):
            place = random.randrange(len(content))
            action = random.randrange(3)
            if action == 0:
                content[place] = random.choice(b'\x00\x80\xff;,"\n\r+-0=\xc3 a')
            elif action == 1:
                del content[place : place + random.randrange(1, 9)]
            else:
                content[place:place] = content[place : place + random.randrange(1, 30)]
        damaged[name] = bytes(content)
        try:
            tariff_of(damaged)
        except TariffRefused as error:
            refused.append(error.problems)
    assert len(refused) > 500
    assert all(problem.file and problem.id and problem.message for each in refused for problem in each)
