"""Bad input of issue 5, one line of its list each: refused with its place and reason, nothing half taken."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.billing.tariff_import import FilesUnreadable, reference_rates
from cli.main import fernamt
from rating.errors import TariffRefused
from rating.tariff_files import tariff_of
from tests.unit.rating.files import EXAMPLES, LISTS_HEADER, PRICE_HEADER, files, prices, text

GOOD = "+49;;Festnetz;national_fixed;;0.0100;;;60/60;;"
STANDARD = "standard;1;standard;EUR;2026-01-01;;standard-1.csv;"
CDRS = EXAMPLES / "cdrs" / "november-2026.csv"


@pytest.mark.parametrize(
    ("name", "content", "line", "rule"),
    [
        ("standard-1.csv", PRICE_HEADER.replace(";", ",").encode() + b"\n", 1, "csv.separator"),
        ("standard-1.csv", prices(GOOD, "+44;;UK;foreign;;0,05;;;60/60;;"), 3, "csv.decimal-comma"),
        ("standard-1.csv", b"\xef\xbb\xbf" + prices(GOOD), 1, "csv.bom"),
        ("standard-1.csv", prices(GOOD, "+44;;UK;foreign;;1.234,56;;;60/60;;"), 3, "csv.thousands"),
        ("standard-1.csv", prices(GOOD, GOOD), 3, "tariff.prefix-twice"),
        ("lists.csv", text(LISTS_HEADER, STANDARD, STANDARD.replace(";1;", ";2;")), 3,
         "tariff.validity-overlap"),
        ("lists.csv", text(LISTS_HEADER, STANDARD.replace("EUR", "XXX")), 2, "csv.currency"),
        ("fx.csv", text("day;currency;per_euro", "2026-11-30;XXX;1.1"), 2, "csv.currency"),
        ("fx.csv", text("day;currency;per_euro", "2026-11-30;USD;1,1"), 2, "csv.decimal-comma"),
    ],
    ids=["separator", "decimal-comma", "bom", "thousands", "duplicate-prefix", "overlapping-validity",
         "currency", "currency-of-a-rate", "comma-of-a-rate"],
)  # fmt: skip
def test_a_tariff_file_with_a_mistake_is_refused_at_its_line(
    name: str, content: bytes, line: int, rule: str
) -> None:
    """Guarantee 7. The other files are as they should be: the mistake alone keeps all of them out."""
    good = files()
    assert tariff_of(good)
    with pytest.raises(TariffRefused) as refused:
        tariff_of({**good, name: content})
    assert [(each.file, each.line, each.id) for each in refused.value.problems] == [(name, line, rule)]


def test_several_mistakes_are_told_at_once_and_none_of_the_lines_is_taken(tmp_path: Path) -> None:
    for name, content in files().items():
        (tmp_path / name).write_bytes(content)
    mistakes = ("+44;;UK;foreign;;0,05;;;60/60;;", "+45;;DK;foreign;;1 000;;;60/60;;", GOOD)
    (tmp_path / "standard-1.csv").write_bytes(prices(GOOD, *mistakes))
    done = CliRunner().invoke(fernamt, ["tariff", "show", "--config", str(tmp_path)])
    assert done.exit_code == 1
    assert "3 problems, nothing was taken" in done.output
    for line, rule in ((3, "csv.decimal-comma"), (4, "csv.thousands"), (5, "tariff.prefix-twice")):
        assert f"standard-1.csv:{line}: " in done.output
        assert f"[{rule}]" in done.output


def batch(cdrs: Path, config: Path, out: Path) -> dict[str, dict[str, str]]:
    arguments = ["rate", "batch", "--config", config, "--cdrs", cdrs, "--out", out]
    done = CliRunner().invoke(fernamt, [str(each) for each in arguments])
    assert done.exit_code == 3, done.output
    with out.open(newline="") as file:
        return {row["leg_id"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [("billed_ms", "-1", "rate.negative-duration"), ("ended_at", "2026-11-01T00:00:00.000Z", "rate.times")],
    ids=["negative-duration", "end-before-start"],
)
def test_a_record_that_cannot_be_true_waits_and_the_rest_goes_on(
    tmp_path: Path, column: str, value: str, why: str
) -> None:
    with CDRS.open(newline="") as file:
        records = list(csv.DictReader(file))
    spoilt = next(each for each in records if each["leg_id"] == "example-03-a")
    spoilt[column] = value
    path = tmp_path / "cdrs.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)
    found = batch(path, EXAMPLES, tmp_path / "charges.csv")
    assert (found["example-03-a"]["state"], found["example-03-a"]["reason"]) == ("unrated", why)
    assert found["example-03-a"]["explanation"]
    assert found["example-04-a"]["amount"] == "0.1017"
    assert sum(row["state"] == "unrated" for row in found.values()) == 2, (
        "this one, and the one of the example"
    )


def test_a_missing_exchange_rate_makes_its_calls_wait_and_the_rest_goes_on(tmp_path: Path) -> None:
    config = tmp_path / "tariffs"
    config.mkdir()
    for path in EXAMPLES.glob("*.csv"):
        (config / path.name).write_text(path.read_text().replace("individual;EUR", "individual;SEK"))
    found = batch(CDRS, config, tmp_path / "charges.csv")
    assert found["example-18-a"]["reason"] == "rate.no-exchange-rate"
    assert "fernamt tariff rates" in found["example-18-a"]["explanation"]
    assert found["example-04-a"]["amount"] == "0.1017"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Datum;USD\n2026-12-31;1,31\n", "rates.csv:2: no column Date"),
        (b"Date,USD\n2026-12-30,1.30\n2026-12-31,-1.31\n", "rates.csv:3: '-1.31' is no exchange rate"),
        (b'Date,USD\n2026-12-31,"1,31"\n', "rates.csv:2: '1,31' has a comma"),
        (b"Date,USD\n31.12.2026,1.31\n", "rates.csv:2: "),
        (b"\xef\xbb\xbfDate,USD\n2026-12-31,1.31\n", "rates.csv:1: begins with a byte order mark"),
        (b"Date,USD\n2026-12-31,1.31\n\xff\n", "rates.csv:3: not UTF-8"),
    ],
)
def test_a_file_of_exchange_rates_is_refused_at_its_line(content: bytes, said: str) -> None:
    """Where the operator sees it: in the ECB's file, not in what we make of it."""
    with pytest.raises(FilesUnreadable) as refused:
        reference_rates(content, "rates.csv", date(2026, 1, 1))
    assert said in str(refused.value)
