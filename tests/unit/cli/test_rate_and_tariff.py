"""`fernamt rate batch` and `fernamt tariff`, offline, on the example files."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.billing.rate_cdrs import CdrsUnreadable, read_cdrs
from cli.billing.rate_rows import COLUMNS
from cli.main import fernamt
from tests.unit.rating.files import EXAMPLES

CDRS = EXAMPLES / "cdrs" / "november-2026.csv"


def run(*arguments: str | Path, status: int = 0) -> str:
    done = CliRunner().invoke(fernamt, [str(each) for each in arguments])
    assert done.exit_code == status, done.output
    return done.output


def batch(cdrs: Path, out: Path, *more: str, config: Path = EXAMPLES, status: int = 0) -> str:
    return run("rate", "batch", "--config", config, "--cdrs", cdrs, "--out", out, *more, status=status)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_month_is_rated_and_what_waits_is_told(tmp_path: Path) -> None:
    out = tmp_path / "charges.csv"
    output = batch(CDRS, out, status=3)
    assert "1 unrated: rate.no-price" in output
    assert "16 charged, 4 free, 1 unrated, 19 legs that nobody pays for" in output
    found = {row["leg_id"]: row for row in rows(out)}
    assert tuple(next(iter(found.values()))) == COLUMNS
    assert found["example-02-a"]["amount"] == "0.0052"
    assert found["example-02-a"]["explanation"].startswith("Verbindung zu +492214710123")
    assert found["example-21-a"]["state"] == "unrated"
    assert "no price for +81312345678" in found["example-21-a"]["explanation"]
    assert found["example-21-a"]["start"] == "2026-11-30T22:59:00.000Z"
    assert list(tmp_path.iterdir()) == [out]


def test_the_same_file_rated_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    batch(CDRS, first, status=3)
    batch(CDRS, second, status=3)
    assert first.read_bytes() == second.read_bytes()


def test_the_summary_for_programs_adds_up(tmp_path: Path) -> None:
    out = tmp_path / "charges.csv"
    document = json.loads(batch(CDRS, out, "--json", "--language", "en", status=3))
    assert document["unrated"] == {"rate.no-price": 1}
    assert {row["customer"]: row["line"] for row in document["customers"]} == {
        "kunde-bau": "0.25 EUR",
        "kunde-kanzlei": "0.68 EUR",
        "kunde-praxis": "0.34 EUR",
    }
    assert rows(out)[0]["explanation"].startswith("Call to")


def changed(tmp_path: Path, **values: str) -> Path:
    """The example's first call, with other values."""
    row = rows(CDRS)[0] | values
    path = tmp_path / "cdrs.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerow(row)
    return path


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("billed_ms", "1,000", "rate.unreadable"),
        ("billed_ms", "-5", "rate.negative-duration"),
        ("ended_at", "2026-11-01T00:00:00Z", "rate.times"),
        ("answered_at", "2027-11-01T00:00:00Z", "rate.times"),
        ("answered_at", "", "rate.unreadable"),
        ("started_at", "2026-11-02T08:59:55", "rate.unreadable"),
        ("started_at", "yesterday", "rate.unreadable"),
        ("b_number", "=cmd()", "rate.unreadable"),
        ("b_number", "", "rate.no-number"),
        ("direction", "sideways", "rate.unreadable"),
        ("direction", "none", "rate.no-direction"),
        ("customer_id", "nobody", "rate.no-terms"),
        ("customer_id", "", "rate.no-terms"),
        ("leg_id", "", "rate.unreadable"),
    ],
)
def test_a_line_that_cannot_be_true_waits_and_is_never_free(
    tmp_path: Path, column: str, value: str, reason: str
) -> None:
    out = tmp_path / "charges.csv"
    batch(changed(tmp_path, **{column: value}), out, status=3)
    (row,) = rows(out)
    assert (row["state"], row["reason"]) == ("unrated", reason)
    assert row["explanation"]
    assert ("line 2" in row["explanation"]) == (reason in ("rate.unreadable", "rate.times"))
    assert "1970" not in row["start"]


def test_a_leg_that_nobody_pays_for_is_left_out(tmp_path: Path) -> None:
    out = tmp_path / "charges.csv"
    output = batch(changed(tmp_path, customer_id="", billed_ms="0", answered_at=""), out)
    assert "0 charged, 0 free, 0 unrated, 1 legs that nobody pays for" in output


def test_a_forwarded_call_is_paid_by_who_forwarded_it(tmp_path: Path) -> None:
    """The A leg came in and is free; the B leg that went out is the customer's call."""
    path = tmp_path / "cdrs.csv"
    first, second = rows(CDRS)[:2]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerow(first | {"direction": "in", "customer_id": "kunde-praxis"})
        writer.writerow(second | {"customer_id": "kunde-praxis"})
    out = tmp_path / "charges.csv"
    batch(path, out)
    found = {row["leg_id"]: row for row in rows(out)}
    assert found["example-01-a"]["reason"] == "free.incoming"
    assert (found["example-01-b"]["amount"], found["example-01-b"]["cost"]) == ("0.09", "0.036")


def test_a_missing_exchange_rate_makes_the_leg_wait(tmp_path: Path) -> None:
    config = tmp_path / "tariffs"
    config.mkdir()
    for path in EXAMPLES.glob("*.csv"):
        text = path.read_text()
        (config / path.name).write_text(
            text.replace("bau;2026-01;individual;EUR", "bau;2026-01;individual;CHF")
        )
    out = tmp_path / "charges.csv"
    batch(CDRS, out, config=config, status=3)
    assert {row["leg_id"]: row for row in rows(out)}["example-18-a"]["exchange_rate"] == "0.9500"
    (config / "fx.csv").unlink()
    assert "rate.no-exchange-rate" in batch(CDRS, out, config=config, status=3)


def test_files_that_are_none_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("leg_id,call_id\n1,2\n")
    with pytest.raises(CdrsUnreadable, match="no column"):
        read_cdrs(wrong)
    out = tmp_path / "charges.csv"
    assert "program.cdrs" in batch(wrong, out, status=1)
    assert "tariff.file-missing" in batch(CDRS, out, config=tmp_path, status=1)
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: "\ufeff" + text, "byte order mark"),
        (lambda text: text.replace(",", ";"), "not separated by ','"),
        (lambda text: text.replace(",", "\t"), "not separated by ','"),
    ],
)
def test_a_file_as_spreadsheets_save_it_is_refused_with_what_to_do(
    tmp_path: Path, change: Callable[[str], str], said: str
) -> None:
    """Issue 5, bad input: nothing of it is rated."""
    path = tmp_path / "cdrs.csv"
    path.write_text(change((EXAMPLES / "cdrs" / "november-2026.csv").read_text()))
    with pytest.raises(CdrsUnreadable, match=said):
        read_cdrs(path)


def test_lists_and_prices_are_shown() -> None:
    assert "carrier-a" in run("tariff", "show", "--config", EXAMPLES)
    lists = json.loads(run("tariff", "show", "--config", EXAMPLES, "--json"))["lists"]
    assert len(lists) == 4
    assert "as in the standard list" in run("tariff", "show", "bau", "--config", EXAMPLES)
    document = json.loads(
        run("tariff", "show", "standard", "--config", EXAMPLES, "--version", "2026-01", "--json")
    )
    assert document["prices"][0]["price"] == "0.01 EUR/min"
    assert "there is no list" in run("tariff", "show", "gold", "--config", EXAMPLES, status=2)
    assert "has no version" in run("tariff", "show", "bau", "--config", EXAMPLES, "--version", "x", status=2)


def test_the_dry_run_of_a_version_shows_its_changes() -> None:
    early = run("tariff", "diff", "standard", "--config", EXAMPLES, "--today", "2026-10-01")
    assert "3 changes, 0 in conflict" in early
    late = ("tariff", "diff", "standard", "--config", EXAMPLES, "--today", "2026-11-05", "--json")
    document = json.loads(run(*late, status=1))
    assert (document["in_conflict"], document["from"], document["to"]) == (2, "2026-01", "2026-11")
    assert "nothing to compare" in run("tariff", "diff", "bau", "--config", EXAMPLES, status=2)


def test_a_number_is_quoted() -> None:
    at = ("--config", EXAMPLES, "--at", "2026-11-12T08:00")
    assert "0.01 EUR/min, increment 60/1" in run("tariff", "quote", "0221 4710-123", *at)
    assert "0.03 EUR/min" in run("tariff", "quote", "+43 1 2345678", *at, "--list", "bau")
    austria = ("tariff", "quote", "+436641234567", *at, "--customer")
    assert "0.254167 EUR" in run(*austria, "kunde-praxis", "--seconds", "61")
    assert json.loads(run(*austria, "kunde-bau", "--json"))["price"]["price"] == "0.20 EUR/min"
    assert "has no price" in run("tariff", "quote", "+81 3 12345678", *at, status=1)
    assert "not rated" in run("tariff", "quote", "+81312345678", *at, "--customer", "kunde-bau", status=1)
    assert "is no number" in run("tariff", "quote", "hello", *at, status=2)
    assert "has no terms" in run("tariff", "quote", "112", *at, "--customer", "x", status=2)
