"""docs/invoices.md is true: its worked months are made by the commands it names, from the example files."""

from __future__ import annotations

import csv
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine

from dialplan.cdr import HungUpBy, LegRecord, LegSide
from rating.money import written
from store.ledger import Account, EntryKind, Posting, post
from tests.integration.store.billing import KANZLEI, MOBILE, TARIFFS, outgoing, take_in
from tests.integration.store.invoicing import ANNA, Office, ticks
from tests.integration.store.legs import leg
from tests.typed import good, parsed

PAGE = (TARIFFS.parents[1] / "docs" / "invoices.md").read_text()
#: 30 November, in minutes of tests/integration/store/billing.py.
LATE_MINUTE = 28 * 24 * 60


def table(name: str) -> list[list[str]]:
    part = PAGE.split(f"<!-- worked {name}: begin -->")[1].split(f"<!-- worked {name}: end -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in part.strip().splitlines()[2:]]


def november() -> list[LegRecord]:
    """The example's records, as the intake stores them."""
    with (TARIFFS / "cdrs" / "november-2026.csv").open(newline="") as file:
        return [_record(row) for row in csv.DictReader(file) if row["customer_id"] == KANZLEI]


def _record(row: dict[str, str]) -> LegRecord:
    texts = (
        "node", "customer_id", "direction", "trunk_id", "a_network", "a_presented", "b_dialled", "b_number",
    )  # fmt: skip
    times = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in (
        "started_at", "ringing_at", "answered_at", "ended_at",
    )}  # fmt: skip
    call_id = f"{row['call_id']}-a"
    return leg(
        leg_id=row["leg_id"], call_id=call_id, side=LegSide(row["side"]), hung_up_by=HungUpBy.PEER,
        billed_ms=int(row["billed_ms"]), **{name: row[name] or None for name in texts}, **times,
    )  # fmt: skip


def amounts(found: dict[str, Any]) -> list[tuple[str, str]]:
    lines = [(each["name"], _written(each["net"])) for each in found["lines"]]
    ends = [("net", "net"), ("VAT 19 %", "tax"), ("gross", "gross")]
    return [*lines, *((word, _written(found[name])) for word, name in ends)]


def _written(amount: dict[str, str]) -> str:
    return written(Decimal(amount["amount"]))


def issue(office: Office, month: str, day: str) -> dict[str, Any]:
    ordered = ("--customer", KANZLEI, "--month", month, "--on", day, "--json")
    (done,) = parsed(office("invoice", "issue", *ordered, *ANNA))["issued"]
    found: dict[str, Any] = parsed(office("invoice", "show", done["number"], "--json"))
    return found


def test_the_worked_months_are_what_the_commands_make(office: Office, engine: Engine) -> None:
    take_in(engine, *november())
    good(office("rate", "run"))
    add = ("invoice", "item", "add", "--customer", KANZLEI, *ANNA)
    good(office(*add, "--name", "Einrichtung", "--price", "99.00", "--on", "2026-11-03"))
    good(office(*add, "--name", "Störung vom 05.10.2026", "--price", "-5.00", "--on", "2026-11-30"))
    first = issue(office, "2026-11", "2026-11-30")
    assert [(row[1], row[3]) for row in table("invoice")] == amounts(first)
    with engine.begin() as connection:
        post(connection, EntryKind.PAYMENT, "R2026-000001", [
            Posting(Account.BANK, None, None, "EUR", ticks("129.92")),
            Posting(Account.RECEIVABLE, KANZLEI, date(2026, 11, 1), "EUR", -ticks("129.92")),
        ])  # fmt: skip
    why = ("--reason", "installed by the customer", "--json", *ANNA)
    note = parsed(office("invoice", "credit", first["number"], "--line", "2=49.50", *why))
    assert [(row[1], row[3]) for row in table("credit note")] == amounts(note)
    take_in(engine, outgoing("late", LATE_MINUTE, 120, KANZLEI, MOBILE))
    good(office("rate", "run"))
    second = issue(office, "2026-12", "2026-12-31")
    told = [(row[1], row[3]) for row in table("december")]
    assert told[:-2] == amounts(second)
    assert told[-2] == ("set off", f"-{_written(second['set_off'])}")
    assert second["payment"] == {"means": "97"}
    account = parsed(office("customer", "statement", KANZLEI, "--json"))["account"]
    found = [[each["kind"].replace("_", " "), each["reference"], each["balance"]] for each in account]
    assert found == [[row[0], row[1], row[4]] for row in table("account")]
