"""The carrier that is measured: queues with a number each, agents with a phone each, as YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

CUSTOMER: Final = "kunde"
PASSWORD: Final = "nur-im-labor"  # noqa: S105 - of phones that exist for a minute
TRUNK: Final = "carrier-a"
_ADDRESS: Final = {"street": "Beispielufer", "house_number": "7", "postcode": "10115", "town": "Berlin"}


def agent(number: int) -> str:
    """The name of an agent, and of the agent's phone and its user."""
    return f"agent-{number:03}"


def queue_number(queue: int) -> str:
    """The number whose callers wait in this queue."""
    return f"+493023125{900 + queue}"


def write(folder: Path, agents: int, queues: int) -> Path:
    """A directory for `carrier` in the settings. JSON is YAML."""
    folder.mkdir()
    carrier = {
        "name": "Beispiel-Carrier",
        "default_area_code": "030",
        "number_blocks": [{"area_code": "030", "first": "+493023125000", "last": "+493023125999"}],
        "trunks": [{"id": TRUNK, "address": "192.0.2.10:5060", "emergency": True}],
    }
    tree = {"carrier": carrier, "customers": [_customer(agents, queues)]}
    (folder / "carrier.yaml").write_text(json.dumps(tree), encoding="utf-8")
    return folder


def _customer(agents: int, queues: int) -> dict[str, Any]:
    return {
        "id": CUSTOMER,
        "name": "Beispiel Versand",
        "main_number": "030 23125-001",
        "company": {"legal_name": "Beispiel Versand GmbH", "legal_form": "GmbH"},
        "addresses": {"main": _ADDRESS},
        "contacts": [{"email": "post@versand.example"}],
        "contract": {"product": "contact_centre", "price_model": "basis", "start": "2026-01-01"},
        "sites": [
            {
                "id": "berlin",
                "address": _ADDRESS | {"state": "BE"},
                "area_code": "030",
                "evidence": [{"kind": "lease", "dated": "2025-12-01", "document": "Mietvertrag"}],
            }
        ],
        "phones": [
            {"id": agent(n), "number": f"030 23125-{n:03}", "secret": {"lab": PASSWORD}}
            for n in range(1, agents + 1)
        ],
        "agents": [
            {
                "id": agent(n),
                "phone": agent(n),
                "secret": {"lab": PASSWORD},
                "queues": [{"queue": f"q{n % queues}"}],
            }
            for n in range(1, agents + 1)
        ],
        "numbers": [{"number": f"030 23125-{900 + n}", "plan": f"p{n}"} for n in range(queues)],
        "queues": [{"id": f"q{n}", "wrap_up_s": 0} for n in range(queues)],
        "plans": [{"id": f"p{n}", "start": "wait", "nodes": _nodes(f"q{n}")} for n in range(queues)],
    }


def _nodes(queue: str) -> list[dict[str, Any]]:
    overflow = {"id": "overflow", "phones": {"ring": [agent(1)]}}
    return [{"id": "wait", "queue": {"name": queue, "overflow": "overflow"}}, overflow]
