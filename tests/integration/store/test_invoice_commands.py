"""`fernamt invoice` and `fernamt customer statement` as operators type them (E5-E8, E10)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from cli.main import fernamt
from provisioning.canonical import items_of
from provisioning.load import load
from rating.money import Money
from store.audit import AuditLog
from store.config_versions import ConfigStore
from store.ledger import Ledger
from tests.integration.store.billing import MOBILE, PRAXIS, TARIFFS, outgoing, rows, take_in

Run = Callable[..., Result]
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
CARRIER = TARIFFS.parent / "carrier"
ANNA = ("--actor", "anna")
NOVEMBER = ("--customer", PRAXIS, "--month", "2026-11", "--on", "2026-11-30")


@pytest.fixture
def run(
    tmp_path: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """`fernamt` on the test's database with the example carrier and tariff, at NOW."""
    for module in ("cli.changes", "cli.invoice_book", "cli.rate_worker", "cli.tariff_import"):
        monkeypatch.setattr(f"{module}.now", lambda: NOW)
    settings = {
        "state_dir": str(tmp_path),
        "carrier": [str(CARRIER)],
        "database": {"url": database_url},
        "redis": {"url": redis_url},
        "node": {"event_socket_password": {"env": "UNUSED"}, "cdr_dir": str(tmp_path)},
    }
    path = tmp_path / "fernamt.yaml"
    path.write_text(json.dumps(settings))
    ConfigStore(engine).apply(0, list(items_of(load([CARRIER]).config).values()), [], author="anna")

    def command(*arguments: object) -> Result:
        return CliRunner().invoke(fernamt, ["--settings", str(path), *map(str, arguments)])

    good(command("tariff", "import", TARIFFS, *ANNA))
    return command


def good(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.output


def parsed(result: Result) -> Any:
    return json.loads(good(result))


def euro(amount: str) -> int:
    return Money(Decimal(amount)).ticks


def test_a_month_is_drafted_issued_credited_and_issued_anew(run: Run, engine: Engine) -> None:
    take_in(engine, outgoing("one", 0, 600, PRAXIS), outgoing("two", 20, 600, PRAXIS, MOBILE))
    blocked = run("invoice", "draft", *NOVEMBER)
    assert blocked.exit_code == 1
    assert "2 legs are not rated: one, two" in blocked.output
    good(run("rate", "run"))

    draft = good(run("invoice", "draft", *NOVEMBER, "--json"))
    assert good(run("invoice", "draft", *NOVEMBER, "--json")) == draft, "byte for byte"
    lines = {each["name"]: Decimal(each["net"]["amount"]) for each in json.loads(draft)["lines"]}
    assert lines["Verbindungen in das deutsche Festnetz"] == Decimal("0.10")
    assert lines["Verbindungen in deutsche Mobilfunknetze"] == Decimal("1.00")
    assert rows(engine, "SELECT count(*) FROM invoice") == [(0,)]

    (issued,) = parsed(run("invoice", "issue", *NOVEMBER, "--json", *ANNA))["issued"]
    number = issued["number"]
    assert number == "R2026-000001"
    again = run("invoice", "issue", *NOVEMBER, *ANNA)
    assert again.exit_code == 1
    assert f"{number} was issued on 2026-11-30" in again.output
    assert good(run("invoice", "show", number, "--json")) == draft.replace("ENTWURF", number)
    gross = Money.parse(issued["gross"]).ticks
    assert Ledger(engine).balances(PRAXIS) == {("receivable", "EUR"): gross, ("unbilled", "EUR"): 0}

    take_in(engine, outgoing("late", 30, 600, PRAXIS))
    good(run("rate", "run"))
    state = parsed(run("customer", "statement", PRAXIS, "--json"))
    assert state["unbilled"] == {"2026-11": {"EUR": "0.10"}}
    why = ("--reason", "a record came in late", "--on", "2026-12-01", *ANNA)
    assert good(run("invoice", "credit", number, *why)).startswith(f"G2026-000001 credits {number}: ")
    assert run("invoice", "credit", number, *why).exit_code == 1
    assert Ledger(engine).balances(PRAXIS) == {("receivable", "EUR"): 0, ("unbilled", "EUR"): euro("1.20")}
    anew = json.loads(good(run("invoice", "draft", *NOVEMBER, "--json")))
    assert Decimal("0.20") in {Decimal(each["net"]["amount"]) for each in anew["lines"]}
    assert "R2026-000002" in good(run("invoice", "issue", *NOVEMBER, *ANNA))
    assert sum(Ledger(engine).balances().values()) == 0
    numbers = [each["number"] for each in parsed(run("customer", "statement", PRAXIS, "--json"))["documents"]]
    assert sorted(numbers) == ["G2026-000001", "R2026-000001", "R2026-000002"]
    assert [entry.action for entry in AuditLog(engine).latest(object_kind="invoice")] == [
        "invoice.issue",
        "invoice.credit",
        "invoice.issue",
    ]


def test_all_customers_are_invoiced_once_and_who_cannot_be_is_named(run: Run, engine: Engine) -> None:
    take_in(engine, outgoing("one", 0, 600, PRAXIS), outgoing("strange", 1, 60, PRAXIS, "+8505"))
    good(run("rate", "run"))
    month = ("--month", "2026-11", "--all", "--on", "2026-11-30", "--json", *ANNA)
    first = run("invoice", "issue", *month)
    assert first.exit_code == 3
    told = json.loads(first.stdout)
    assert "1 legs are not rated: strange" in told["failed"][PRAXIS]
    assert PRAXIS not in {each["customer"] for each in told["issued"]}
    second = json.loads(run("invoice", "issue", *month).stdout)
    assert second["issued"] == []


def test_a_month_is_not_issued_before_its_end(run: Run) -> None:
    early = run("invoice", "issue", "--customer", PRAXIS, "--month", "2026-11", "--on", "2026-11-29", *ANNA)
    assert early.exit_code == 2
    assert "2026-11 ends on 2026-11-30" in early.output
