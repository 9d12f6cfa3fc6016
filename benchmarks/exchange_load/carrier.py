"""The carrier under load: two carriers' trunks and two of a customer, with SIPp behind each."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks import carrier
from benchmarks.carrier import COLOGNE

#: Takes the customer's calls, and those to 110 and 112; the second one for them; calls the customer; is the
#: customer; is called.
TAKES, TAKES_TOO, CALLS_IN, CALLS_OUT, IS_CALLED = (
    "carrier-a",
    "carrier-c",
    "carrier-b",
    "anlage-ab",
    "anlage-an",
)
CUSTOMER: Final = "kunde-bau"
#: The customer's main number, shown by outgoing calls.
MAIN_NUMBER: Final = f"{COLOGNE.block}100"
_TRUNKS: Final = [
    {"id": TAKES, "address": "192.0.2.10:5060", "emergency": True, "priority": 10, "ping_s": 0},
    {"id": TAKES_TOO, "address": "192.0.2.12:5060", "emergency": True, "priority": 15, "ping_s": 0},
    {"id": CALLS_IN, "address": "192.0.2.11:5060", "priority": 20, "ping_s": 0},
]
#: Calls of half a second, and none at all while no controller lives, are what is asked for here.
_ABUSE: Final = {
    "rules": [
        {"rule": rule, "action": "off"}
        for rule in ("ping-calls", "short-calls", "dialler", "repeated-calls", "sequential-numbers")
    ]
}
_LINES: Final = {
    "trunks": [
        {"id": CALLS_OUT, "address": "198.51.100.20:5060"},
        {"id": IS_CALLED, "address": "198.51.100.21:5060"},
    ],
    "numbers": [{"first": MAIN_NUMBER, "last": f"{COLOGNE.block}199", "trunks": [IS_CALLED]}],
}


def called_out(number: int) -> str:
    """A number of another carrier."""
    return f"+494066969{number % 1000:03}"


def called_in(number: int) -> str:
    """A number of the customer's."""
    return f"{COLOGNE.block}1{number % 100:02}"


def write(folder: Path) -> Path:
    """A directory for `carrier` in the settings."""
    customer = carrier.customer(COLOGNE, CUSTOMER, "Beispiel Bau", MAIN_NUMBER, "teams")
    whole = carrier.carrier(COLOGNE, _TRUNKS) | {"abuse": _ABUSE}
    return carrier.write(folder, whole, customer | _LINES)
