"""The load's carrier with what a dead node might keep: a customer's lines, places on a trunk, a queue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from benchmarks.exchange_load import carrier as load

QUEUE_NUMBER: Final = "+492214710200"
AGENT: Final = "agent-1"
_PHONE: Final = "platz-1"
#: More than the load has at once: they are counted, not reached.
_MOST: Final = 5_000


def write(folder: Path) -> Path:
    """A directory for `carrier` in the settings."""
    file = load.write(folder) / "carrier.yaml"
    tree = json.loads(file.read_text(encoding="utf-8"))
    for trunk in tree["carrier"]["trunks"]:
        trunk["capacity"] = _MOST
    (customer,) = tree["customers"]
    customer["contract"]["product"] = "contact_centre"
    customer["limits"] = "viele"
    customer["limit_profiles"] = [{"id": "viele", "simultaneous_calls": _MOST}]
    secret = {"lab": "nur-im-labor"}
    customer["phones"] = [{"id": _PHONE, "number": "0221 4710-201", "secret": secret}]
    customer["agents"] = [{"id": AGENT, "phone": _PHONE, "secret": secret, "queues": [{"queue": "wartende"}]}]
    customer["queues"] = [{"id": "wartende", "wrap_up_s": 0}]
    customer["numbers"].append({"number": "0221 4710-200", "plan": "warten"})
    customer["plans"] = [
        {
            "id": "warten",
            "start": "warten",
            "nodes": [
                {"id": "warten", "queue": {"name": "wartende", "overflow": "ende"}},
                {"id": "ende", "end": {"cause": "busy"}},
            ],
        }
    ]
    file.write_text(json.dumps(tree), encoding="utf-8")
    return folder
