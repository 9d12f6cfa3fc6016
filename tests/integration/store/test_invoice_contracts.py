"""An invoice has the contract and the users of its month, whatever the configuration says today (E5, E11)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, text

from cli.billing.agreements import agreements, contract_in, users_of
from cli.billing.invoice_parties import last_known
from rating.berlin import Month
from rating.invoice_users import highest_users
from store.config_items import CUSTOMER, ConfigItem, ItemKey
from tests.integration.store.billing import MOBILE, outgoing, rows, take_in
from tests.integration.store.invoicing import ANNA, Office
from tests.typed import good, parsed

NEU = "kunde-neu"
OCTOBER, NOVEMBER, DECEMBER = Month(2026, 10), Month(2026, 11), Month(2026, 12)


def moment(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def customer(price: str, agents: int = 0, **contract: Any) -> ConfigItem:
    """A new customer with an agreed user price, so many agents, and more of its contract."""
    document = {
        "id": NEU,
        "name": "Beispiel Neu",
        "main_number": "+492214710300",
        "company": {"legal_name": "Beispiel Neu GmbH", "legal_form": "GmbH", "vat_id": "DE999999987"},
        "addresses": {
            "main": {"street": "Musterweg", "house_number": "1", "postcode": "50667", "town": "Köln"}
        },
        "contacts": [{"email": "post@neu.example"}],
        "contract": {
            "product": "contact_centre", "price_model": "basis", "start": "2026-10-05", "user_price": price,
            **contract,
        },
        "agents": [{"id": f"neu-{n}", "secret": {"lab": "nur-im-labor"}} for n in range(agents)],
    }  # fmt: skip
    return ConfigItem.of(CUSTOMER, NEU, json.dumps(document))


def fee(office: Office, month: str, day: str) -> tuple[int, Decimal]:
    done = parsed(office("invoice", "draft", "--customer", NEU, "--month", month, "--on", day, "--json"))
    line = next(each for each in done["lines"] if each["name"] == "Nutzerentgelt")
    return line["quantity"], Decimal(line["price"]["amount"])


def test_a_month_has_the_contract_that_was_applied_last_before_its_end(
    office: Office, engine: Engine
) -> None:
    office.apply(customer("4.00 EUR", agents=6), moment(10, 4))
    office.apply(customer("4.50 EUR", agents=9, minimum_users=8), moment(11, 20))
    office.apply(customer("9.00 EUR", agents=2, minimum_users=20), moment(12, 2))
    assert fee(office, "2026-10", "2026-10-31") == (6, Decimal("4.00"))
    assert fee(office, "2026-11", "2026-11-30") == (9, Decimal("4.50"))
    assert fee(office, "2026-12", "2026-12-31") == (20, Decimal("9.00"))


def test_agents_who_were_there_for_a_day_are_paid_for_the_month(office: Office) -> None:
    """TC 7.2, 11.8: the highest number, not prorated; five at least."""
    office.apply(customer("4.00 EUR", agents=2), moment(10, 4))
    office.apply(customer("4.00 EUR", agents=7), moment(11, 9))
    office.apply(customer("4.00 EUR", agents=3), moment(11, 10))
    assert fee(office, "2026-10", "2026-10-31") == (5, Decimal("4.00"))
    assert fee(office, "2026-11", "2026-11-30") == (7, Decimal("4.00"))
    assert fee(office, "2026-12", "2026-12-31") == (5, Decimal("4.00"))


def test_before_and_behind_the_contract_there_is_no_fee(office: Office, engine: Engine) -> None:
    office.apply(customer("4.00 EUR", agents=6, end="2026-11-15"), moment(10, 4))
    versions = agreements(engine, [NEU])[NEU]
    assert [contract_in(versions, each) is not None for each in (
        Month(2026, 9), OCTOBER, NOVEMBER, DECEMBER,
    )] == [False, True, True, False]  # fmt: skip


def test_who_has_left_the_configuration_gets_the_last_invoice(office: Office, engine: Engine) -> None:
    office.apply(customer("4.00 EUR", agents=6), moment(10, 4))
    office.remove(ItemKey(CUSTOMER, NEU), moment(11, 20))
    assert fee(office, "2026-11", "2026-11-30") == (6, Decimal("4.00"))
    assert last_known(engine, NEU).name == "Beispiel Neu"
    none = office("invoice", "draft", "--customer", NEU, "--month", "2026-12", "--on", "2026-12-31")
    assert none.exit_code == 1
    assert "0 lines" in none.output


def test_all_customers_are_also_those_who_have_left(office: Office, engine: Engine) -> None:
    """Their last month, and what comes late of it."""
    office.apply(customer("4.00 EUR", agents=6), moment(10, 4))
    take_in(engine, outgoing("one", 0, 60, NEU, MOBILE))
    good(office("rate", "run"))
    office.remove(ItemKey(CUSTOMER, NEU), moment(11, 20))

    def everybody(month: str, day: str) -> set[str]:
        done = parsed(office("invoice", "issue", "--all", "--month", month, "--on", day, "--json", *ANNA))
        return {each["customer"] for each in done["issued"]}

    assert NEU in everybody("2026-11", "2026-11-30")
    take_in(engine, outgoing("late", 30, 60, NEU, MOBILE))
    good(office("rate", "run"))
    assert NEU in everybody("2026-12", "2026-12-31")
    assert NEU not in everybody("2027-01", "2027-01-31")


def test_extensions_count_beside_their_number(office: Office, engine: Engine) -> None:
    """A5: kunde-kanzlei has one extension from January and another one until June and from July."""
    known = agreements(engine, ["kunde-kanzlei"])
    assert {each.user.extension for each in known["kunde-kanzlei"][0].extensions} == {10, 11}
    assert users_of(engine, known) == {"kunde-kanzlei": ()}, "applied without the inventory"
    holder = known["kunde-kanzlei"][0].extensions[0].number
    with engine.begin() as connection:
        for number in (holder, "+493023125001"):
            connection.execute(
                text(
                    "INSERT INTO number_event (number, at, event, from_state, to_state, customer_id, actor,"
                    " reason, details) VALUES (:number, '2026-01-01', 'activate', 'assigned', 'active',"
                    " 'kunde-kanzlei', 'anna', '', '{}')"
                ),
                {"number": number},
            )
    events = users_of(engine, known)["kunde-kanzlei"]
    assert highest_users(events, Month(2026, 3)) == 3, "two numbers, of which one has two extensions"
    assert highest_users(events, NOVEMBER) == 3
    assert sum(change for _, change in events) == 3


def test_minutes_for_each_user_are_those_of_the_whole_month(office: Office, engine: Engine) -> None:
    """E2, E5: users who come later bring minutes for calls of before; issuing rates the month again."""
    quota = {
        "price_model": "medium", "fair_use": {"counted_per": "user", "fixed_minutes": 2}, "minimum_users": 5,
    }  # fmt: skip
    office.apply(customer("4.00 EUR", agents=5, **quota), moment(10, 4))
    take_in(engine, outgoing("long", 0, 900, NEU), outgoing("mobile", 30, 60, NEU, MOBILE))
    good(office("rate", "run"))
    assert rows(engine, "SELECT bundle_s FROM charge WHERE leg_id = 'long'") == [(600,)], "5 users, 2 minutes"
    office.apply(customer("4.00 EUR", agents=8, **quota), moment(11, 20))
    month = ("--customer", NEU, "--month", "2026-11", "--on", "2026-11-30")
    told = office("invoice", "draft", *month)
    assert "rates the month again" in told.output
    (done,) = parsed(office("invoice", "issue", *month, "--json", *ANNA))["issued"]
    assert rows(engine, "SELECT bundle_s, reason FROM charge_correction WHERE leg_id = 'long'") == [
        (900, "minutes for the month's highest number of users")
    ]
    lines = parsed(office("invoice", "show", done["number"], "--json"))["lines"]
    details = {each["name"]: each["details"] for each in lines}
    assert "davon inklusive 15:00 min" in details["Verbindungen in das deutsche Festnetz"]
    assert "Höchste Zahl aktiver Nutzer im Monat: 8" in details["Nutzerentgelt"]
