"""Small sets of tariff files as text, and legs by what matters."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

from rating.berlin import GERMANY, to_ms
from rating.book import Books
from rating.leg import BillableLeg, Direction
from rating.tariff import Tariff
from rating.tariff_files import tariff_of

EXAMPLES: Final = Path(__file__).resolve().parents[3] / "examples" / "tariffs"
PRICE_HEADER: Final = "prefix;match;destination;zone;kind;price;fee;minimum;increment;free_s;window"
LISTS_HEADER: Final = "list;version;kind;currency;valid_from;valid_until;file;window_edge"
CUSTOMERS_HEADER: Final = (
    "customer;model;first_day;last_day;list;counted_per;users;"
    "fixed_minutes;mobile_minutes;fixed_and_mobile_minutes"
)


def text(header: str, *lines: str) -> bytes:
    """A file of these lines."""
    return "\n".join((header, *lines, "")).encode()


def prices(*lines: str) -> bytes:
    """A price file."""
    return text(PRICE_HEADER, *lines)


def files(**others: bytes) -> dict[str, bytes]:
    """A small tariff that is right: one standard list, two customers; `lists=...` replaces lists.csv."""
    found = {
        "lists.csv": text(LISTS_HEADER, "standard;1;standard;EUR;2026-01-01;;standard-1.csv;"),
        "models.csv": text(
            "model;rounded;mode;places",
            "basis;call;half-up;4",
            "medium;call;up;2",
            "complete;line;half-even;",
        ),
        "customers.csv": text(
            CUSTOMERS_HEADER,
            "basis-gmbh;basis;2026-01-01;;;;;;;",
            "medium-gmbh;medium;2026-01-01;;;customer;;10;;",
            "complete-gmbh;complete;2026-01-01;;;user;7;;;2",
        ),
        "standard-1.csv": prices(
            "+49;;Festnetz;national_fixed;;0.0100;;;60/60;;",
            "+4915;;Mobilfunk;national_mobile;;0.1000;;;60/1;;",
            "+491802;;0180-2;national_service;call;0.05;;;;;",
            "+491807;;0180-7;national_service;;0.11;;;60/60;30;",
            "+43;;Österreich;foreign;;0.0500;0.02;0.10;30/6;;",
            "+436;;Österreich Mobilfunk;foreign;;0.2000;;;1/1;;",
            "+43662999000;exact;Sondernummer;foreign;;0.9000;;;1/1;;",
        ),
    }
    return found | {name.replace("_", "-") + ".csv": content for name, content in others.items()}


def tariff(**others: bytes) -> Tariff:
    """The same, read."""
    return tariff_of(files(**others))


def books(**others: bytes) -> Books:
    """The same, ready for rating."""
    return Books(tariff(**others))


def ms(local: str) -> int:
    """A moment from German local time (the first of two in October)."""
    return to_ms(datetime.fromisoformat(local).replace(tzinfo=GERMANY))


def leg(
    called: str,
    seconds: int,
    customer: str = "basis-gmbh",
    at: str = "2026-11-02T10:00",
    leg_id: str = "1",
    direction: Direction = Direction.OUTGOING,
) -> BillableLeg:
    """A leg of whole seconds."""
    return BillableLeg(leg_id, customer, direction, called, ms(at), seconds * 1000)
