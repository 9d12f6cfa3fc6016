"""What comes after an invoice: late records, corrections, part credits, credit that pays the next (E10)."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from rating.money import written
from store.ledger import Account, EntryKind, Ledger, Posting, post
from tests.integration.store.billing import KANZLEI, MOBILE, PRAXIS, TARIFFS, outgoing, rows, take_in
from tests.integration.store.invoicing import ANNA, NOW, Office, ticks
from tests.typed import good, parsed

#: Minutes from the tests' November to their December.
DECEMBER = 31 * 24 * 60


def issue(office: Office, customer: str, month: str, day: str) -> str:
    done = parsed(
        office("invoice", "issue", "--customer", customer, "--month", month, "--on", day, "--json", *ANNA)
    )
    return str(done["issued"][0]["number"])


def document(office: Office, number: str) -> dict[str, Any]:
    found: dict[str, Any] = parsed(office("invoice", "show", number, "--json"))
    return found


def lines(office: Office, number: str) -> dict[str, Decimal]:
    return {each["name"]: Decimal(each["net"]["amount"]) for each in document(office, number)["lines"]}


def net(part: dict[str, Any], name: str = "net") -> str:
    return written(Decimal(part[name]["amount"]))


@pytest.fixture
def late_office(office: Office, engine: Engine) -> Office:
    """November is invoiced; then a late record comes, and December has a call."""
    take_in(engine, outgoing("one", 0, 600, PRAXIS))
    good(office("rate", "run"))
    assert issue(office, PRAXIS, "2026-11", "2026-11-30") == "R2026-000001"
    take_in(engine, outgoing("late", 30, 600, PRAXIS, MOBILE), outgoing("next", DECEMBER, 120, PRAXIS))
    good(office("rate", "run"))
    return office


def test_a_late_record_comes_onto_the_next_invoice_with_its_month(
    late_office: Office, engine: Engine
) -> None:
    """E10, guarantee 5: visible, once, with the VAT of its month."""
    number = issue(late_office, PRAXIS, "2026-12", "2026-12-31")
    found = document(late_office, number)
    late = next(each for each in found["lines"] if each["name"].startswith("Nachberechnung"))
    assert late["name"] == "Nachberechnung November 2026: Verbindungen in deutsche Mobilfunknetze"
    assert (net(late), late["first_day"], late["last_day"]) == (
        "1.00",
        "2026-11-01",
        "2026-11-30",
    )
    assert "1 Verbindung, Dauer 10:00 min" in late["details"]
    assert lines(late_office, number)["Verbindungen in das deutsche Festnetz"] == Decimal("0.02")
    assert Ledger(engine).balances(PRAXIS)["unbilled", "EUR"] == 0
    assert rows(
        engine, "SELECT number, month::text, ticks FROM invoice_usage WHERE ticks > 0 ORDER BY 1, 2"
    ) == [
        ("R2026-000001", "2026-11-01", ticks("0.10")),
        ("R2026-000002", "2026-11-01", ticks("1.00")),
        ("R2026-000002", "2026-12-01", ticks("0.02")),
    ]


def test_an_invoice_of_the_late_month_itself_takes_nothing_twice(late_office: Office, engine: Engine) -> None:
    """The first invoice is credited and its month issued anew, after the late call was billed elsewhere."""
    issue(late_office, PRAXIS, "2026-12", "2026-12-31")
    good(late_office("invoice", "credit", "R2026-000001", "--reason", "wrong address", *ANNA))
    again = issue(late_office, PRAXIS, "2026-11", "2026-12-31")
    assert lines(late_office, again) == lines(late_office, "R2026-000001")
    assert Ledger(engine).balances(PRAXIS)["unbilled", "EUR"] == 0
    assert sum(Ledger(engine).balances().values()) == 0


def test_a_credited_invoice_gives_its_late_calls_back_too(late_office: Office) -> None:
    second = issue(late_office, PRAXIS, "2026-12", "2026-12-31")
    before = lines(late_office, second)
    good(late_office("invoice", "credit", second, "--reason", "wrong address", *ANNA))
    assert lines(late_office, issue(late_office, PRAXIS, "2026-12", "2026-12-31")) == before


def test_a_month_that_is_rated_again_gives_the_difference_on_the_next_invoice(
    office: Office, engine: Engine
) -> None:
    """Charged too much: a line of quantity -1 in the customer's favour, with its month."""
    take_in(engine, outgoing("two", 1, 700))
    good(office("rate", "run"))
    first = issue(office, KANZLEI, "2026-11", "2026-11-30")
    assert lines(office, first)["Verbindungen in das deutsche Festnetz"] == Decimal("0.02")
    mended = (TARIFFS / "customers.csv").read_text().replace(";customer;;10;;", ";customer;;20;;")
    (office.directory / "customers.csv").write_text(mended)
    good(office("tariff", "import", office.directory / "customers.csv", *ANNA))
    month = ("--customer", KANZLEI, "--month", "2026-11", "--reason", "20 minutes were agreed", *ANNA)
    assert "1 corrected" in good(office("rate", "rerate", *month))
    second = document(office, issue(office, KANZLEI, "2026-12", "2026-12-31"))
    late = next(each for each in second["lines"] if each["name"].startswith("Nachberechnung"))
    assert (late["quantity"], net(late)) == (-1, "-0.02")
    assert "Neu berechnete Verbindungen" in late["details"]


def test_lines_and_parts_of_lines_are_credited_and_then_the_rest(office: Office, engine: Engine) -> None:
    """E10: part credit notes; together never more than the invoice."""
    take_in(engine, outgoing("one", 0, 600, PRAXIS, MOBILE), outgoing("two", 20, 600, PRAXIS))
    good(office("rate", "run"))
    number = issue(office, PRAXIS, "2026-11", "2026-11-30")
    assert list(lines(office, number).values()) == [Decimal("0.10"), Decimal("1.00")]
    why = ("--reason", "noise on the line", *ANNA)
    first = json.loads(good(office("invoice", "credit", number, "--line", "2=0.40", "--json", *why)))
    assert net(first) == "0.40"
    assert first["lines"][0]["details"] == "Teil der Position 2"
    for wrong, said in (("2=0.61", "0.60 EUR net is left"), ("3", "positions 1 to 2"), ("2=0", "no amount")):
        refused = office("invoice", "credit", number, "--line", wrong, *why)
        assert refused.exit_code != 0
        assert said in refused.output
    assert rows(engine, "SELECT count(*) FROM invoice") == [(2,)], "what is refused takes no number"
    good(office("invoice", "credit", number, "--line", "1", *why))
    assert "nothing is left of position 1" in office("invoice", "credit", number, "--line", "1", *why).output
    assert Ledger(engine).balances(PRAXIS)["unbilled", "EUR"] == 0, "the invoice stands"
    assert office("invoice", "issue", "--customer", PRAXIS, "--month", "2026-11", "--on", "2026-12-01",
                  *ANNA).exit_code == 1  # fmt: skip
    rest = json.loads(good(office("invoice", "credit", number, "--json", *why)))
    assert [net(each) for each in rest["lines"]] == ["0.60"]
    assert Ledger(engine).balances(PRAXIS)["unbilled", "EUR"] == ticks("1.10"), "to be issued anew"
    assert office("invoice", "credit", number, *why).exit_code == 1
    assert sum(Ledger(engine).balances().values()) == 0


def test_credit_pays_the_next_invoice_first(office: Office, engine: Engine) -> None:
    """E10, TC 11.10: what was paid and then credited is set off; EN 16931 BT-113, BT-115."""
    take_in(engine, outgoing("one", 0, 600, PRAXIS, MOBILE), outgoing("two", DECEMBER, 1200, PRAXIS, MOBILE))
    good(office("rate", "run"))
    number = issue(office, PRAXIS, "2026-11", "2026-11-30")
    with engine.begin() as connection:
        paid = ticks("1.19")
        post(connection, EntryKind.PAYMENT, number, [
            Posting(Account.BANK, None, None, "EUR", paid),
            Posting(Account.RECEIVABLE, PRAXIS, NOW.date().replace(day=1), "EUR", -paid),
        ])  # fmt: skip
    good(office("invoice", "credit", number, "--line", "1=0.50", "--reason", "outage", *ANNA))
    state = parsed(office("customer", "statement", PRAXIS, "--json"))
    assert [(each["kind"], each["amount"], each["balance"]) for each in state["account"]] == [
        ("invoice", "1.19", "1.19"),
        ("payment", "-1.19", "0.00"),
        ("credit_note", "-0.60", "-0.60"),
    ]
    assert "set off on the next invoice" in good(office("customer", "statement", PRAXIS))
    second = issue(office, PRAXIS, "2026-12", "2026-12-31")
    found = document(office, second)
    assert (net(found, "gross"), net(found, "set_off")) == ("2.38", "0.60")
    assert any("zu zahlen bleiben 1,78 EUR" in each for each in found["notes"])
    assert parsed(office("invoice", "check", second, "--json"))["findings"] == []
    assert parsed(office("customer", "statement", PRAXIS, "--json"))["balance"] == "1.78"


def test_what_is_open_is_told_on_the_next_invoice(office: Office, engine: Engine) -> None:
    take_in(engine, outgoing("one", 0, 600, PRAXIS, MOBILE), outgoing("two", DECEMBER, 600, PRAXIS, MOBILE))
    good(office("rate", "run"))
    issue(office, PRAXIS, "2026-11", "2026-11-30")
    second = document(office, issue(office, PRAXIS, "2026-12", "2026-12-31"))
    assert "set_off" not in second
    assert any("nach unseren Büchern 1,19 EUR offen" in each for each in second["notes"])


def test_items_are_taken_once_by_the_invoice_of_their_month(office: Office, engine: Engine) -> None:
    """E6, E10: one-off prices and credits; VAT of their day."""
    add = ("invoice", "item", "add", "--customer", PRAXIS, *ANNA)
    good(office(*add, "--name", "Vor-Ort-Einsatz", "--price", "89.00", "--on", "2026-11-12"))
    good(office(*add, "--name", "Störung vom 05.11.2026", "--price", "-5.00", "--on", "2026-11-20"))
    good(office(*add, "--name", "Router", "--price", "10.00", "--quantity", 2, "--on", "2026-12-03"))
    assert "a price of nothing" in office(*add, "--name", "x", "--price", "0").output
    assert "has a comma" in office(*add, "--name", "x", "--price", "1,50").output
    assert (
        "no customer 'kunde-x'"
        in office("invoice", "item", "add", "--customer", "kunde-x", "--name", "x", "--price", "1").output
    )
    number = issue(office, PRAXIS, "2026-11", "2026-11-30")
    assert lines(office, number) == {
        "Vor-Ort-Einsatz": Decimal("89.00"), "Störung vom 05.11.2026": Decimal("-5.00"),
    }  # fmt: skip
    (left,) = parsed(office("invoice", "item", "list", "--json"))
    assert (left["name"], left["quantity"]) == ("Router", 2)
    gone = office("invoice", "item", "withdraw", 1, "--reason", "no", *ANNA)
    assert "it is on an invoice" in gone.output
    good(office("invoice", "credit", number, "--reason", "wrong price", *ANNA))
    assert len(parsed(office("invoice", "item", "list", "--customer", PRAXIS, "--json"))) == 3
    good(office("invoice", "item", "withdraw", 1, "--reason", "noted at a wrong price", *ANNA))
    again = issue(office, PRAXIS, "2026-12", "2026-12-31")
    assert lines(office, again) == {"Störung vom 05.11.2026": Decimal("-5.00"), "Router": Decimal("20.00")}


def test_charges_and_ledger_must_agree(late_office: Office, engine: Engine) -> None:
    """Guarantee 5: an invoice that is not what the ledger says is not made."""
    with engine.begin() as connection:
        month = NOW.date().replace(day=1)
        post(connection, EntryKind.USAGE, "nobody knows why", [
            Posting(Account.UNBILLED, PRAXIS, month, "EUR", 60),
            Posting(Account.USAGE, None, None, "EUR", -60),
        ])  # fmt: skip
    refused = late_office(
        "invoice", "issue", "--customer", PRAXIS, "--month", "2026-12", "--on", "2026-12-31", *ANNA
    )
    assert refused.exit_code == 1
    assert "the ledger has" in refused.output
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM invoice")) == 1


def test_an_unknown_customer_has_no_statement(office: Office) -> None:
    refused = office("customer", "statement", "kunde-x")
    assert (refused.exit_code, "no customer 'kunde-x'" in refused.output) == (1, True)
