"""New foreign prices hold when there is proof of notification, also for contracts of the
configuration (E4)."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from store.audit import AuditLog
from store.config_items import CUSTOMER, ConfigItem
from tests.integration.store.billing import TARIFFS, outgoing, rows, take_in
from tests.integration.store.invoicing import ANNA, Office
from tests.typed import good, parsed

NEU = "kunde-neu"
AUSTRIA = "+436641234567"
NOTIFY = ("tariff", "notify", "--version", "2026-11", "--on", "2026-11-04", *ANNA)


@pytest.fixture
def contract(office: Office) -> Office:
    """A customer whose terms are in the configuration; the tariff's own customers have theirs in a file."""
    document = {
        "id": NEU, "name": "Beispiel Neu", "main_number": "+492214710300",
        "contract": {"product": "teams", "price_model": "basis", "start": "2026-02-01"},
    }  # fmt: skip
    office.apply(ConfigItem.of(CUSTOMER, NEU, json.dumps(document)), datetime(2026, 2, 1, tzinfo=UTC))
    return office


def price(office: Office, engine: Engine, leg: str, day: int) -> str:
    """What a minute to Austria costs at noon of a day in November."""
    take_in(engine, outgoing(leg, (day - 2) * 24 * 60, 60, NEU, AUSTRIA))
    good(office("rate", "run"))
    amount: str = parsed(office("rate", "explain", leg, "--json"))[0]["amount"]
    return amount


def test_prices_hold_when_the_days_of_notice_are_over(contract: Office, engine: Engine) -> None:
    assert price(contract, engine, "untold", 13) == "0.20"
    names = {each["customer"] for each in parsed(contract("tariff", "notices", "--json"))}
    assert NEU in names
    assert "kunde-kanzlei" not in names, "told by notices.csv"
    said = good(contract(*NOTIFY, "--customer", NEU, "--proof", "mail/preise-neu.eml"))
    assert "1 customers were told of standard 2026-11 on 2026-11-04" in said
    assert "New prices hold from 2026-11-12" in said
    assert NEU not in {each["customer"] for each in parsed(contract("tariff", "notices", "--json"))}
    (row,) = parsed(contract("tariff", "notices", "--customer", NEU, "--all", "--json"))
    assert (row["told_on"], row["holds_from"], row["tell_by"]) == ("2026-11-04", "2026-11-12", "2026-11-02")
    assert [price(contract, engine, f"day-{day}", day) for day in (11, 12)] == ["0.20", "0.25"]
    (entry,) = AuditLog(engine).latest(limit=1)
    assert (entry.action, entry.details["customers"]) == ("tariff.notify", 1)
    assert "0 customers" in good(contract(*NOTIFY, "--customer", NEU, "--proof", "again"))
    assert rows(engine, "SELECT proof FROM price_notice") == [("mail/preise-neu.eml",)]


def test_everybody_who_must_be_told_is_noted_at_once(contract: Office) -> None:
    before = {each["customer"] for each in parsed(contract("tariff", "notices", "--json"))}
    assert before == {"kunde-bau", "kunde-versand", NEU}, "the others were told by notices.csv"
    assert "3 customers were told" in good(contract(*NOTIFY, "--all", "--proof", "mail/2026-11-04"))
    assert good(contract("tariff", "notices")) == "Nobody has to be told.\n"


def test_letters_have_each_customers_own_prices(contract: Office) -> None:
    path = contract.directory / "letters.csv"
    good(contract("tariff", "notices", "--customer", NEU, "--csv", path))
    found = list(csv.DictReader(io.StringIO(path.read_text()), delimiter=";"))
    assert {row["prefix"]: (row["before"], row["after"]) for row in found} == {
        "+43": ("0.05 EUR/min 60/1", "0.04 EUR/min 60/1"),
        "+436": ("0.20 EUR/min 60/1", "0.25 EUR/min 60/1"),
    }


def test_a_version_with_other_prices_needs_another_notice(contract: Office) -> None:
    """What was told was something else: the proof does not hold for it."""
    lists = (TARIFFS / "lists.csv").read_text()
    (contract.directory / "lists.csv").write_text(
        f"{lists}standard;2027-01;standard;EUR;2027-01-15;;standard-2027-01.csv;start\n"
    )
    old = (TARIFFS / "standard-2026-11.csv").read_text()
    new = contract.directory / "standard-2027-01.csv"
    for fee in ("0.3000", "0.3500"):
        new.write_text(
            old.replace("+436;;Österreich Mobilfunk;foreign;;0.2500", f"+436;;Mobil;foreign;;{fee}")
        )
        good(contract("tariff", "import", contract.directory / "lists.csv", new, *ANNA))
        names = {each["customer"] for each in parsed(
            contract("tariff", "notices", "--version", "2027-01", "--json")
        )}  # fmt: skip
        assert NEU in names
        good(contract("tariff", "notify", "--version", "2027-01", "--customer", NEU, "--on", "2026-12-01",
                      "--proof", f"mail/{fee}", *ANNA))  # fmt: skip
    assert NEU not in {
        each["customer"] for each in parsed(contract("tariff", "notices", "--version", "2027-01", "--json"))
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--version", "2026-11", "--all", "--on", "2026-12-02", "--proof", "x"), "lies in the future"),
        (("--version", "2026-11", "--on", "2026-11-04", "--proof", "x"), "give --customer ID or --all"),
        (("--version", "2026-11", "--all", "--on", "2026-11-04", "--proof", "=x"), "begins like a formula"),
        (("--version", "2099", "--all", "--on", "2026-11-04", "--proof", "x"), "no version '2099'"),
        (("--version", "2026-11", "--customer", "kunde-x", "--on", "2026-11-04", "--proof", "x"),
         "changes no foreign price"),
    ],
)  # fmt: skip
def test_a_notice_that_cannot_be_is_refused(
    office: Office, engine: Engine, arguments: tuple[str, ...], said: str
) -> None:
    done = office("tariff", "notify", *arguments, *ANNA)
    assert done.exit_code != 0
    assert said in done.output
    assert rows(engine, "SELECT count(*) FROM price_notice") == [(0,)]


def test_imported_exchange_rates_stand_in_the_audit(office: Office, engine: Engine) -> None:
    file = office.directory / "eurofxref-hist.csv"
    file.write_text("Date,USD,\n2026-12-31,1.31,\n")
    good(office("tariff", "rates", file, "--reason", "December", *ANNA))
    (entry,) = AuditLog(engine).latest(limit=1)
    assert (entry.action, entry.actor, entry.details) == (
        "tariff.rates", "anna", {"rates": 1, "note": "December"},
    )  # fmt: skip


def test_prices_in_force_are_shown_compared_and_quoted_without_files(contract: Office) -> None:
    """What was imported, with the terms of contracts."""
    assert {each["list"] for each in parsed(contract("tariff", "show", "--json"))["lists"]} >= {
        "standard",
        "bau",
    }
    compared = parsed(contract("tariff", "diff", "standard", "--today", "2026-11-01", "--json"))
    assert {each["prefix"] for each in compared["changes"]} >= {"+43", "+436"}
    late = contract("tariff", "diff", "standard", "--today", "2026-11-10")
    assert (late.exit_code, "3 changes, 3 in conflict" in late.output) == (1, True)
    taken = parsed(contract("tariff", "diff", "standard", "--json"))
    assert taken["in_conflict"] == 0, "what was imported was taken, and is told without complaint"
    quoted = parsed(
        contract("tariff", "quote", "0221 4710-123", "--customer", NEU, "--at", "2026-11-13", "--json")
    )
    assert quoted["price"]["price"] == "0.01 EUR/min"
    unknown = contract("tariff", "quote", "0221 4710-123", "--customer", "kunde-x")
    assert (unknown.exit_code, "has no terms" in unknown.output) == (2, True)
