"""Other currencies, resellers and the tax of the service's day, from the price list to the invoice (E8)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from rating.money import written
from store.config_items import CUSTOMER, ConfigItem
from tests.integration.store.billing import PRAXIS, TARIFFS, outgoing, rows, take_in
from tests.integration.store.invoicing import ANNA, Office
from tests.typed import good, parsed

NEU = "kunde-neu"
USA, BERLIN = "+12025550123", "+493023125007"
DECEMBER = 31 * 24 * 60


def customer(**changes: Any) -> ConfigItem:
    """A customer with a contract of the configuration; its individual list is called like it."""
    document = {
        "id": NEU, "name": "Beispiel Neu", "main_number": "+492214710300",
        "company": {"legal_name": "Beispiel Neu GmbH", "legal_form": "GmbH", "vat_id": "DE999999987"},
        "addresses": {
            "main": {"street": "Musterweg", "house_number": "1", "postcode": "50667", "town": "Köln"}
        },
        "contacts": [{"email": "post@neu.example"}],
        "contract": {"product": "teams", "price_model": "basis", "start": "2026-02-01", **changes},
    }  # fmt: skip
    return ConfigItem.of(CUSTOMER, NEU, json.dumps(document))


@pytest.fixture
def dollars(office: Office) -> Office:
    """The customer pays calls to the United States in dollars: 0.12 a minute."""
    office.apply(customer(), datetime(2026, 2, 1, tzinfo=UTC))
    lists = (TARIFFS / "lists.csv").read_text()
    (office.directory / "lists.csv").write_text(
        f"{lists}{NEU};2026-02;individual;USD;2026-02-01;;neu-2026-02.csv;\n"
    )
    (office.directory / "neu-2026-02.csv").write_text(
        "prefix;destination;zone;price;increment\n+1;USA;foreign;0.12;1/1\n"
    )
    names = (office.directory / "lists.csv", office.directory / "neu-2026-02.csv")
    good(office("tariff", "import", *names, *ANNA))
    return office


def issue(office: Office, month: str, day: str, *more: str) -> dict[str, Any]:
    done = parsed(
        office("invoice", "issue", "--customer", NEU, "--month", month, "--on", day, "--json", *more, *ANNA)
    )
    found: dict[str, Any] = parsed(office("invoice", "show", done["issued"][0]["number"], "--json"))
    return found


def net(part: dict[str, Any], name: str = "net") -> str:
    return written(Decimal(part[name]["amount"]))


def test_dollars_are_invoiced_at_the_rate_of_the_months_last_day(dollars: Office, engine: Engine) -> None:
    """100 minutes are 12.00 USD, at 1.2000 they are 10.00 EUR."""
    take_in(engine, outgoing("usa", 0, 6_000, NEU, USA), outgoing("berlin", 200, 600, NEU, BERLIN))
    good(dollars("rate", "run"))
    found = issue(dollars, "2026-11", "2026-11-30")
    lines = {each["name"]: each for each in found["lines"]}
    foreign = lines["Verbindungen in das Ausland"]
    assert net(foreign) == "10.00"
    assert "Summe 12,00 USD, Kurs vom 30.11.2026: 1 EUR = 1,20 USD" in foreign["details"]
    assert net(lines["Verbindungen in das deutsche Festnetz"]) == "0.10"
    assert (net(found), net(found, "tax"), net(found, "gross")) == ("10.10", "1.92", "12.02")
    assert rows(engine, "SELECT DISTINCT currency FROM ledger_posting ORDER BY 1") == [("EUR",), ("USD",)]
    state = parsed(dollars("customer", "statement", NEU, "--json"))
    assert (state["balance"], state["unbilled"]) == ("12.02", {})


def test_without_the_rate_nothing_is_invoiced_and_the_message_says_what_to_do(
    dollars: Office, engine: Engine
) -> None:
    take_in(engine, outgoing("usa", DECEMBER, 600, NEU, USA), outgoing("other", DECEMBER, 600, PRAXIS))
    good(dollars("rate", "run"))
    month = ("--month", "2026-12", "--on", "2026-12-31")
    for command in (("draft", "--customer", NEU), ("issue", "--customer", NEU, *ANNA)):
        refused = dollars("invoice", *command, *month)
        assert refused.exit_code == 1
        assert "no rate of USD for 2026-12-31" in refused.output
        assert "fernamt tariff rates FILE" in refused.output
    every = dollars("invoice", "issue", "--all", *month, "--json", *ANNA)
    assert every.exit_code == 3
    told = json.loads(every.stdout)
    assert "no rate of USD" in told["failed"][NEU]
    assert PRAXIS in {each["customer"] for each in told["issued"]}
    assert rows(engine, "SELECT count(*) FROM number_sequence WHERE next - 1 <> (SELECT count(*) FROM"
                        " invoice)") == [(0,)], "no number is lost"  # fmt: skip
    file = dollars.directory / "eurofxref-hist.csv"
    file.write_text("Date,USD,\n2026-12-30,1.25,\n")
    good(dollars("tariff", "rates", file, *ANNA))
    (line,) = issue(dollars, "2026-12", "2026-12-31")["lines"]
    assert net(line) == "0.96", "1.20 USD at the last rate before the last day"


def test_late_dollars_have_the_rate_of_the_invoice_they_are_on(dollars: Office, engine: Engine) -> None:
    """TC 11.6: the rate of the last day of the invoice's month."""
    take_in(engine, outgoing("one", 0, 600, NEU, USA))
    good(dollars("rate", "run"))
    issue(dollars, "2026-11", "2026-11-30")
    take_in(engine, outgoing("late", 60, 600, NEU, USA))
    good(dollars("rate", "run"))
    file = dollars.directory / "eurofxref-hist.csv"
    file.write_text("Date,USD,\n2026-12-31,1.50,\n")
    good(dollars("tariff", "rates", file, *ANNA))
    (line,) = issue(dollars, "2026-12", "2026-12-31")["lines"]
    assert line["name"] == "Nachberechnung November 2026: Verbindungen in das Ausland"
    assert net(line) == "0.80"
    assert "Kurs vom 31.12.2026: 1 EUR = 1,50 USD" in line["details"]


def test_a_reseller_owes_the_tax_itself(dollars: Office, engine: Engine) -> None:
    """UStG § 13b(2) Nr. 12, § 14a(5); EN 16931 category AE."""
    dollars.apply(customer(reverse_charge=True), datetime(2026, 3, 1, tzinfo=UTC))
    take_in(engine, outgoing("usa", 0, 6_000, NEU, USA))
    good(dollars("rate", "run"))
    found = issue(dollars, "2026-11", "2026-11-30")
    assert (net(found), net(found, "tax"), net(found, "gross")) == ("10.00", "0.00", "10.00")
    assert any("Steuerschuldnerschaft des Leistungsempfängers" in each for each in found["notes"])
    assert parsed(dollars("invoice", "check", found["number"], "--json"))["findings"] == []


def test_reverse_charge_needs_the_vat_id(dollars: Office, engine: Engine) -> None:
    document = json.loads(customer(reverse_charge=True).content)
    del document["company"]["vat_id"]
    dollars.apply(ConfigItem.of(CUSTOMER, NEU, json.dumps(document)), datetime(2026, 3, 1, tzinfo=UTC))
    take_in(engine, outgoing("usa", 0, 6_000, NEU, USA))
    good(dollars("rate", "run"))
    refused = dollars(
        "invoice", "issue", "--customer", NEU, "--month", "2026-11", "--on", "2026-11-30", *ANNA
    )
    assert refused.exit_code == 1
    assert "BR-AE-02" in refused.output
    assert rows(engine, "SELECT count(*) FROM invoice") == [(0,)]


def test_each_service_has_the_tax_of_its_day(dollars: Office, engine: Engine) -> None:
    """UStG § 27(1): 16 % in December 2020, 19 % now; one tax line for each."""
    add = ("invoice", "item", "add", "--customer", NEU, *ANNA)
    good(dollars(*add, "--name", "Einsatz damals", "--price", "100.00", "--on", "2020-12-15"))
    good(dollars(*add, "--name", "Einsatz jetzt", "--price", "10.00", "--on", "2026-11-15"))
    found = issue(dollars, "2026-11", "2026-11-30")
    taxes = {written(Decimal(each["rate"]["percent"])): net(each, "tax") for each in found["vat"]}
    assert taxes == {"19.00": "1.90", "16.00": "16.00"}
    assert parsed(dollars("invoice", "check", found["number"], "--json"))["findings"] == []


def test_fractions_of_a_cent_are_invoiced_once(dollars: Office, engine: Engine) -> None:
    """0.002 USD are a line of 0.00 EUR: billed with it, and never again."""
    take_in(engine, outgoing("second", 0, 1, NEU, USA))
    good(dollars("rate", "run"))
    found = issue(dollars, "2026-11", "2026-11-30")
    assert (net(found), net(found, "gross")) == ("0.00", "0.00")
    assert "Summe 0,002 USD" in found["lines"][0]["details"]
    assert parsed(dollars("customer", "statement", NEU, "--json"))["unbilled"] == {}
    take_in(engine, outgoing("next", DECEMBER, 600, NEU, BERLIN))
    good(dollars("rate", "run"))
    (line,) = issue(dollars, "2026-12", "2026-12-31")["lines"]
    assert net(line) == "0.10"
