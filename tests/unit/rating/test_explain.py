"""A charge explains itself in a sentence that a customer can do again by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from rating.berlin import Month
from rating.charge import Charge, Free, Unrated
from rating.engine import rate, unused
from rating.explain import Language, explain
from rating.fx import Rate
from rating.leg import Direction
from tests.unit.rating.files import LISTS_HEADER, books, leg, prices, text


def rated(called: str, seconds: int, customer: str = "basis-gmbh", used: int = 0, **others: bytes) -> Charge:
    book = books(**others).book(customer, Month(2026, 11))
    assert book is not None
    found = rate(leg(called, seconds, customer), book, (used,) * len(unused(book)))
    assert isinstance(found, Charge)
    return found


def test_a_split_call_in_german() -> None:
    assert explain(rated("+493023125001", 150, "medium-gmbh", used=540)) == (
        "Verbindung zu +493023125001 (Festnetz) am 02.11.2026 um 10:00:00 Uhr, Dauer 2:30 min. "
        "Preisliste standard 1, Vorwahl +49. Takt 60/60: begonnene Takte 3, zusammen 180 Sekunden. "
        "Davon 60 Sekunden aus den Inklusivminuten Festnetz. "
        "Zu zahlen: 120 s × 0,01 EUR/min = 0,02 EUR. "
        "Gerundet aufwärts auf 2 Nachkommastellen: 0,02 EUR netto."
    )


def test_fee_and_minimum_in_english() -> None:
    assert explain(rated("+4312345", 121), Language.ENGLISH) == (
        "Call to +4312345 (Österreich) on 2026-11-02 at 10:00:00, duration 2:01 min. "
        "Price list standard 1, prefix +43. Increments 30/6: begun 17, 126 seconds together. "
        "To be paid: 0.02 EUR + 126 s × 0.05 EUR/min, but 0.10 EUR at least = 0.125 EUR. "
        "Rounded half-up to 4 decimals: 0.125 EUR net."
    )


@pytest.mark.parametrize(
    ("called", "seconds", "customer", "used", "words"),
    [
        ("+491802123456", 60, "basis-gmbh", 0, "0,05 EUR je Verbindung, unabhängig von der Dauer"),
        ("+491807123456", 30, "basis-gmbh", 0, "Kostenlos: die ersten 30 Sekunden sind frei"),
        ("+491807123456", 31, "basis-gmbh", 0, "Takt 60/60 nach 30 freien Sekunden"),
        ("+493023125001", 60, "medium-gmbh", 0, "Zu zahlen ist nichts"),
        ("+4915228817386", 60, "complete-gmbh", 840, "Gerundet wird erst die Summe der Rechnungsposition"),
    ],
)
def test_every_kind_of_price_has_its_words(
    called: str, seconds: int, customer: str, used: int, words: str
) -> None:
    assert words in explain(rated(called, seconds, customer, used))


def test_a_call_split_at_a_window_names_each_price() -> None:
    standard = prices("+44;;UK;foreign;;0.06;;;60/60;;", "+44;;UK;foreign;;0.12;;;60/60;;Mo 08:00-10:01")
    lists = text(LISTS_HEADER, "standard;1;standard;EUR;2026-01-01;;standard-1.csv;split")
    assert "60 s × 0,12 EUR/min + 60 s × 0,06 EUR/min = 0,18 EUR" in explain(
        rated("+44123", 120, standard_1=standard, lists=lists)
    )


def test_another_currency_names_its_exchange_rate() -> None:
    """E8."""
    lists = text(LISTS_HEADER, "standard;1;standard;USD;2026-01-01;;standard-1.csv;")
    dollars = rated("+4312345", 60, lists=lists, standard_1=prices("+43;;A;foreign;;0.05;;;60/60;;"))
    assert "Kurs des letzten Tages des Rechnungsmonats" in explain(dollars)
    rate_ = Rate("USD", date(2026, 11, 30), Decimal("1.0823"))
    assert explain(dollars, rate=rate_).endswith("zum Kurs vom 30.11.2026: 1 EUR = 1,0823 USD.")


@pytest.mark.parametrize(
    ("called", "direction", "free"),
    [
        ("+493023125001", Direction.INCOMING, Free.INCOMING),
        ("+493023125001", Direction.ON_NET, Free.ON_NET),
        ("112", Direction.EMERGENCY, Free.EMERGENCY),
        ("115", Direction.OUTGOING, Free.AUTHORITY),
        ("116117", Direction.OUTGOING, Free.HARMONISED),
        ("+498001234567", Direction.OUTGOING, Free.FREEPHONE),
        ("+80012345678", Direction.OUTGOING, Free.UIFN),
    ],
)
@pytest.mark.parametrize(
    ("language", "word"), [(Language.GERMAN, "Kostenlos: "), (Language.ENGLISH, "Free: ")]
)
def test_what_is_free_says_why(
    called: str, direction: Direction, free: Free, language: Language, word: str
) -> None:
    book = books().book("basis-gmbh", Month(2026, 11))
    assert book is not None
    found = rate(leg(called, 60, direction=direction), book, ())
    assert isinstance(found, Charge)
    assert found.free is free
    assert word in explain(found, language)


def test_what_waits_says_what_to_do_to_the_operator() -> None:
    book = books().book("basis-gmbh", Month(2026, 11))
    assert book is not None
    found = rate(leg("+3312345", 60), book, ())
    assert isinstance(found, Unrated)
    assert "Add its prefix" in explain(found, Language.ENGLISH)
    assert explain(found).endswith("noch nicht bepreist (rate.no-price).")
