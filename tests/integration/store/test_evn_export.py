"""`fernamt evn`: itemised bills of issued invoices out of the database (E7, TDDDG § 11)."""

from __future__ import annotations

import csv
import random
import shutil
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from rating.money import Money
from store.audit import AuditLog
from tests.integration.store.billing import BERLIN, KANZLEI, MOBILE, outgoing, take_in
from tests.integration.store.billing_program import ANNA, CARRIER, Program, billing_program

BAU = "kunde-bau"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
NOVEMBER = ("--customer", BAU, "--month", "2026-11")
LIST = "number;valid_from;valid_until;name\n+493023125999;2020-01-01;;Beratung\n"


@pytest.fixture
def run(
    tmp_path: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Program:
    return billing_program(tmp_path, database_url, redis_url, engine, monkeypatch, NOW)


@pytest.fixture
def ordering(
    tmp_path: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Program:
    """The same, and the customer with a small quota ordered itemised bills too."""
    carrier = tmp_path / "carrier"
    shutil.copytree(CARRIER, carrier)
    path = carrier / "kunde-kanzlei.yaml"
    order = "    billing: { itemised_bill: { ordered: 2025-12-15, declared: 2025-12-15 } }\n    contract:\n"
    path.write_text(path.read_text().replace("    contract:\n", order, 1))
    return billing_program(tmp_path, database_url, redis_url, engine, monkeypatch, NOW, carrier)


@pytest.fixture
def hidden(tmp_path: Path, run: Program) -> Path:
    """The list of counselling lines, imported."""
    path = tmp_path / "lines.csv"
    path.write_text(LIST)
    assert "1 lines" in run.good("evn", "counselling", path, *ANNA)
    return path


def issued(run: Program) -> str:
    """The number of the month's invoice."""
    run.good("rate", "run")
    done = run.json("invoice", "issue", *NOVEMBER, "--on", "2026-11-30", *ANNA)
    return str(done["issued"][0]["number"])


def rows(directory: Path, number: str) -> list[dict[str, str]]:
    with (directory / f"EVN-{number}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.mark.parametrize("seed", range(3))
def test_the_itemised_bill_of_any_month_is_the_invoices_usage(
    run: Program, engine: Engine, hidden: Path, tmp_path: Path, seed: int
) -> None:
    """Guarantee 5, out of the database: also when records come in after the invoice."""
    chance = random.Random(seed)
    called = [BERLIN, MOBILE, "+436641234567", "+4312345678", "+491802123456", "112", "+493023125999"]
    legs = [outgoing(f"c{n:03}", n, chance.randint(0, 4_000), BAU, chance.choice(called)) for n in range(120)]
    take_in(engine, *legs)
    number = issued(run)
    take_in(engine, outgoing("late", 3, 900, BAU, "+436641234567"))
    run.good("rate", "run")

    (made,) = run.json("evn", "export", *NOVEMBER, "--out", tmp_path, *ANNA)["exported"]
    amounts = [Decimal(row["amount"]) for row in rows(tmp_path, number)]
    lines = run.json("invoice", "show", number)["lines"]
    usage = sum(Decimal(each["net"]["amount"]) for each in lines if each["name"].startswith("Verbindungen"))
    assert Money.parse(made["usage"]).amount == usage
    assert abs(sum(amounts) - usage) <= Decimal("0.005") * len(lines), "lines are rounded to the cent"
    assert "+493023125999" not in {row["number"] for row in rows(tmp_path, number)}
    assert (tmp_path / f"EVN-{number}.pdf").read_bytes().startswith(b"%PDF-")
    before = (tmp_path / f"EVN-{number}.pdf").read_bytes()
    run.good("evn", "export", *NOVEMBER, "--out", tmp_path, *ANNA)
    assert (tmp_path / f"EVN-{number}.pdf").read_bytes() == before
    assert {each.action for each in AuditLog(engine).latest(object_kind="invoice")} >= {"evn.export"}


@pytest.mark.parametrize("seed", range(2))
def test_what_came_late_is_itemised_on_the_invoice_that_has_it(
    ordering: Program, engine: Engine, tmp_path: Path, seed: int
) -> None:
    """Guarantee 5: late records, quotas used otherwise, invoices credited and issued anew; each invoice that
    stands has an itemised bill with its sums, and together they have each call once."""
    run, chance = ordering, random.Random(seed)
    (tmp_path / "lines.csv").write_text(LIST)
    run.good("evn", "counselling", tmp_path / "lines.csv", *ANNA)
    numbers = [BERLIN, BERLIN, MOBILE, "+436641234567"]
    legs = [
        outgoing(f"c{n:02}", n, chance.randint(1, 300), KANZLEI, chance.choice(numbers)) for n in range(30)
    ]
    legs += [outgoing("dec", 45_000, 61, KANZLEI, MOBILE)]
    chance.shuffle(legs)
    who = ("--customer", KANZLEI)

    def invoiced(month: str, on: str) -> str:
        run.good("rate", "run")
        (made,) = run.json("invoice", "issue", *who, "--month", month, "--on", on, *ANNA)["issued"]
        return str(made["number"])

    take_in(engine, *legs[:15], outgoing("always", -1, 700, KANZLEI, BERLIN))
    november = invoiced("2026-11", "2026-11-30")
    run.at(datetime(2027, 1, 10, 12, tzinfo=UTC))
    take_in(engine, *legs[15:25])
    december = invoiced("2026-12", "2026-12-31")
    assert "Nachberechnung November 2026" in run.good("invoice", "show", december)
    take_in(engine, *legs[25:], outgoing("first", -20, 400, KANZLEI, BERLIN))
    run.good("rate", "run")
    run.good("invoice", "credit", november, "--on", "2027-01-10", "--reason", "records came late", *ANNA)
    anew = invoiced("2026-11", "2027-01-10")

    exact = Decimal(0)
    for month, number in (("2026-11", anew), ("2026-12", december)):
        (made,) = run.json("evn", "export", *who, "--month", month, "--out", tmp_path, *ANNA)["exported"]
        lines = run.json("invoice", "show", number)["lines"]
        calls = [each for each in lines if "Verbindungen" in each["name"]]
        assert Money.parse(made["usage"]).amount == sum(Decimal(each["net"]["amount"]) for each in calls)
        exact += sum(Decimal(row["amount"]) for row in rows(tmp_path, number))
    late = [row for row in rows(tmp_path, december) if row["month"] == "2026-11"]
    assert late
    used = """
        SELECT sum(ticks) FROM ledger_posting AS p JOIN ledger_entry AS e ON e.id = p.entry_id
        WHERE p.account = 'unbilled' AND e.kind IN ('usage', 'correction')
    """
    with engine.connect() as connection:
        booked = int(connection.scalar(text(used)) or 0)
    assert exact == Money.of_ticks(booked, "EUR").amount, "the ledger has as much"


def test_calls_are_shown_as_ordered_with_the_customers_own_number(
    run: Program, engine: Engine, hidden: Path, tmp_path: Path
) -> None:
    """E7: `numbers: full` and `flat_rate: true` of the example; each call with its own number."""
    take_in(engine, outgoing("one", 0, 61, BAU, "+436641234567"), outgoing("flat", 5, 60, BAU, BERLIN))
    number = issued(run)
    run.good("evn", "export", *NOVEMBER, "--out", tmp_path, *ANNA)
    found = {row["number"]: row for row in rows(tmp_path, number)}
    assert set(found) == {"+436641234567", BERLIN}
    assert {row["own"] for row in found.values()} == {"+492214710100"}
    assert found[BERLIN]["amount"] == "0.00"
    assert found[BERLIN]["bundle_s"] == "60"


def test_no_itemised_bill_without_list_order_invoice_or_records(
    run: Program, engine: Engine, tmp_path: Path
) -> None:
    """TDDDG § 11: and nothing is written."""
    out = ("--out", tmp_path, *ANNA)
    assert "program.counselling-list" in run.refused("evn", "export", *NOVEMBER, *out)
    path = tmp_path / "lines.csv"
    path.write_text(LIST.replace("2020-01-01", "1.1.2020"))
    assert "lines.csv:2" in run.refused("evn", "counselling", path, *ANNA)
    path.write_text(LIST)
    run.good("evn", "counselling", path, *ANNA)
    assert "program.not-invoiced" in run.refused("evn", "export", *NOVEMBER, *out)
    unordered = ("--customer", "kunde-praxis", "--month", "2026-11")
    assert "program.no-evn-order" in run.refused("evn", "export", *unordered, *out)
    too_early = run.refused("evn", "export", "--customer", BAU, "--month", "2025-12", *out)
    assert "rating.evn" in too_early or "program.not-invoiced" in too_early
    run.at(datetime(2027, 4, 1, 12, tzinfo=UTC))
    assert "every quarter" in run.refused("evn", "export", *NOVEMBER, *out)
    assert "more than a quarter ago" in run.good("evn", "counselling")
    assert not list(tmp_path.glob("EVN-*"))


def test_all_that_ordered_get_theirs_and_who_cannot_is_named(
    run: Program, engine: Engine, hidden: Path, tmp_path: Path
) -> None:
    take_in(engine, outgoing("one", 0, 61, BAU, "+436641234567"), outgoing("two", 0, 61, "kunde-praxis"))
    issued(run)
    run.good(
        "invoice", "issue", "--customer", "kunde-praxis", "--month", "2026-11", "--on", "2026-11-30", *ANNA
    )
    month = ("--all", "--month", "2026-11", "--out", tmp_path, *ANNA)
    assert [each["customer"] for each in run.json("evn", "export", *month)["exported"]] == [BAU]
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE cdr_raw DISABLE TRIGGER USER"))
        connection.execute(text("DELETE FROM cdr_raw"))
        connection.execute(text("DELETE FROM cdr"))
    gone = run("evn", "export", *month)
    assert gone.exit_code == 3
    assert "call records are deleted" in gone.output
