"""`fernamt invoice` and `fernamt customer statement` as operators type them (E5-E8, E10)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from rating.money import Money
from store import invoice_numbers
from store.audit import AuditLog
from store.ledger import Ledger
from tests.integration.store.billing import MOBILE, PRAXIS, outgoing, rows, take_in
from tests.integration.store.invoicing import ANNA, Office
from tests.typed import good, parsed

NOVEMBER = ("--customer", PRAXIS, "--month", "2026-11", "--on", "2026-11-30")


def euro(amount: str) -> int:
    return Money(Decimal(amount)).ticks


def test_a_month_is_drafted_issued_credited_and_issued_anew(office: Office, engine: Engine) -> None:
    take_in(engine, outgoing("one", 0, 600, PRAXIS), outgoing("two", 20, 600, PRAXIS, MOBILE))
    blocked = office("invoice", "draft", *NOVEMBER)
    assert blocked.exit_code == 1
    assert "2 legs are not rated: one, two" in blocked.output
    good(office("rate", "run"))

    draft = good(office("invoice", "draft", *NOVEMBER, "--json"))
    assert good(office("invoice", "draft", *NOVEMBER, "--json")) == draft, "byte for byte"
    lines = {each["name"]: Decimal(each["net"]["amount"]) for each in json.loads(draft)["lines"]}
    assert lines["Verbindungen in das deutsche Festnetz"] == Decimal("0.10")
    assert lines["Verbindungen in deutsche Mobilfunknetze"] == Decimal("1.00")
    assert rows(engine, "SELECT count(*) FROM invoice") == [(0,)]

    (issued,) = parsed(office("invoice", "issue", *NOVEMBER, "--json", *ANNA))["issued"]
    number = issued["number"]
    assert number == "R2026-000001"
    again = office("invoice", "issue", *NOVEMBER, *ANNA)
    assert again.exit_code == 1
    assert f"{number} was issued on 2026-11-30" in again.output
    assert good(office("invoice", "show", number, "--json")) == draft.replace("ENTWURF", number)
    gross = Money.parse(issued["gross"]).ticks
    assert Ledger(engine).balances(PRAXIS) == {("receivable", "EUR"): gross, ("unbilled", "EUR"): 0}

    take_in(engine, outgoing("late", 30, 600, PRAXIS))
    good(office("rate", "run"))
    state = parsed(office("customer", "statement", PRAXIS, "--json"))
    assert state["unbilled"] == {"2026-11": {"EUR": "0.10"}}
    assert state["balance"] == issued["gross"].removesuffix(" EUR")
    why = ("--reason", "a record came in late", "--on", "2026-12-01", *ANNA)
    assert good(office("invoice", "credit", number, *why)).startswith(f"G2026-000001 credits {number}: ")
    assert office("invoice", "credit", number, *why).exit_code == 1
    assert Ledger(engine).balances(PRAXIS) == {("receivable", "EUR"): 0, ("unbilled", "EUR"): euro("1.20")}
    anew = json.loads(good(office("invoice", "draft", *NOVEMBER, "--json")))
    assert Decimal("0.20") in {Decimal(each["net"]["amount"]) for each in anew["lines"]}
    assert "R2026-000002" in good(office("invoice", "issue", *NOVEMBER, *ANNA))
    assert sum(Ledger(engine).balances().values()) == 0
    numbers = [
        each["number"] for each in parsed(office("customer", "statement", PRAXIS, "--json"))["documents"]
    ]
    assert sorted(numbers) == ["G2026-000001", "R2026-000001", "R2026-000002"]
    assert [entry.action for entry in AuditLog(engine).latest(object_kind="invoice")] == [
        "invoice.issue",
        "invoice.credit",
        "invoice.issue",
    ]


def test_all_customers_are_invoiced_once_and_who_cannot_be_is_named(office: Office, engine: Engine) -> None:
    take_in(engine, outgoing("one", 0, 600, PRAXIS), outgoing("strange", 1, 60, PRAXIS, "+8505"))
    good(office("rate", "run"))
    month = ("--month", "2026-11", "--all", "--on", "2026-11-30", "--json", *ANNA)
    first = office("invoice", "issue", *month)
    assert first.exit_code == 3
    told = json.loads(first.stdout)
    assert "1 legs are not rated: strange" in told["failed"][PRAXIS]
    assert PRAXIS not in {each["customer"] for each in told["issued"]}
    second = json.loads(office("invoice", "issue", *month).stdout)
    assert second["issued"] == []


def test_a_month_is_not_issued_before_its_end(office: Office) -> None:
    early = office(
        "invoice", "issue", "--customer", PRAXIS, "--month", "2026-11", "--on", "2026-11-29", *ANNA
    )
    assert early.exit_code == 2
    assert "2026-11 ends on 2026-11-30" in early.output


def test_numbers_that_a_lost_database_gave_are_never_given_again(
    office: Office, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UStG § 14(4) no. 4: after a restore the numbers since the backup belong to somebody already."""
    why = ("--reason", "restored from the backup of 22 November", *ANNA)
    told = good(office("invoice", "pass-over", "R2026-000003", *why))
    assert told == "R2026-000001 to R2026-000003 are not given any more (3 numbers)\n"
    assert "nothing to pass over" in good(office("invoice", "pass-over", "R2026-000002", *why))
    assert "no number such as" in office("invoice", "pass-over", "2026-3", *why).output
    monkeypatch.setattr(invoice_numbers, "MAX_PASSED", 5)
    assert "more than 5 numbers" in office("invoice", "pass-over", "R2026-999999", *why).output
    (entry,) = AuditLog(engine).latest(object_kind="numbers")
    assert (entry.action, entry.details["last"]) == ("invoice.numbers-passed-over", "R2026-000003")
    take_in(engine, outgoing("one", 0, 600, PRAXIS))
    good(office("rate", "run"))
    assert "R2026-000004" in good(office("invoice", "issue", *NOVEMBER, *ANNA))
