"""The carrier under load, as YAML: two carriers' trunks and two of a customer, with SIPp behind each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

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
MAIN_NUMBER: Final = "+492214710100"
_ADDRESS: Final = {"street": "Musterweg", "house_number": "10 a", "postcode": "50667", "town": "Köln"}


def called_out(number: int) -> str:
    """A number of another carrier."""
    return f"+494066969{number % 1000:03}"


def called_in(number: int) -> str:
    """A number of the customer's."""
    return f"+4922147101{number % 100:02}"


def write(folder: Path) -> Path:
    """A directory for `carrier` in the settings. JSON is YAML."""
    folder.mkdir()
    tree = {"carrier": _carrier(), "customers": [_customer()]}
    (folder / "carrier.yaml").write_text(json.dumps(tree), encoding="utf-8")
    return folder


def _carrier() -> dict[str, Any]:
    return {
        "name": "Beispiel-Carrier",
        "default_area_code": "0221",
        "number_blocks": [{"area_code": "0221", "first": "+492214710000", "last": "+492214710999"}],
        "trunks": [
            {"id": TAKES, "address": "192.0.2.10:5060", "emergency": True, "priority": 10, "ping_s": 0},
            {"id": TAKES_TOO, "address": "192.0.2.12:5060", "emergency": True, "priority": 15, "ping_s": 0},
            {"id": CALLS_IN, "address": "192.0.2.11:5060", "priority": 20, "ping_s": 0},
        ],
        # Calls of half a second, and none at all while no controller lives, are what is asked for here.
        "abuse": {
            "rules": [
                {"rule": rule, "action": "off"}
                for rule in ("ping-calls", "short-calls", "dialler", "repeated-calls", "sequential-numbers")
            ]
        },
    }


def _customer() -> dict[str, Any]:
    return {
        "id": CUSTOMER,
        "name": "Beispiel Bau",
        "main_number": MAIN_NUMBER,
        "company": {"legal_name": "Beispiel Bau GmbH", "legal_form": "GmbH"},
        "addresses": {"main": _ADDRESS},
        "contacts": [{"email": "buero@bau.example"}],
        "contract": {"product": "teams", "price_model": "basis", "start": "2026-01-01"},
        "sites": [
            {
                "id": "koeln",
                "address": _ADDRESS | {"state": "NW"},
                "area_code": "0221",
                "evidence": [{"kind": "lease", "dated": "2025-12-01", "document": "Mietvertrag"}],
            }
        ],
        "trunks": [
            {"id": CALLS_OUT, "address": "198.51.100.20:5060"},
            {"id": IS_CALLED, "address": "198.51.100.21:5060"},
        ],
        "numbers": [{"first": "+492214710100", "last": "+492214710199", "trunks": [IS_CALLED]}],
    }
