"""The carrier that is measured: queues with a number each, agents with a phone each."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from benchmarks import carrier
from benchmarks.carrier import BERLIN

CUSTOMER: Final = "kunde"
PASSWORD: Final = "nur-im-labor"  # noqa: S105 - of phones that exist for a minute
TRUNK: Final = "carrier-a"


def agent(number: int) -> str:
    """The name of an agent, and of the agent's phone and its user."""
    return f"agent-{number:03}"


def queue_number(queue: int) -> str:
    """The number whose callers wait in this queue."""
    return f"{BERLIN.block}{900 + queue}"


def write(folder: Path, agents: int, queues: int) -> Path:
    """A directory for `carrier` in the settings."""
    trunk = {"id": TRUNK, "address": "192.0.2.10:5060", "emergency": True}
    customer = carrier.customer(BERLIN, CUSTOMER, "Beispiel Versand", f"{BERLIN.block}001", "contact_centre")
    return carrier.write(folder, carrier.carrier(BERLIN, [trunk]), customer | _lines(agents, queues))


def _lines(agents: int, queues: int) -> dict[str, Any]:
    return {
        "phones": [
            {"id": agent(n), "number": f"{BERLIN.block}{n:03}", "secret": {"lab": PASSWORD}}
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
        "numbers": [{"number": queue_number(n), "plan": f"p{n}"} for n in range(queues)],
        "queues": [{"id": f"q{n}", "wrap_up_s": 0} for n in range(queues)],
        "plans": [{"id": f"p{n}", "start": "wait", "nodes": _nodes(f"q{n}")} for n in range(queues)],
    }


def _nodes(queue: str) -> list[dict[str, Any]]:
    overflow = {"id": "overflow", "phones": {"ring": [agent(1)]}}
    return [{"id": "wait", "queue": {"name": queue, "overflow": "overflow"}}, overflow]
