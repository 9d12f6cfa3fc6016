"""One call from captured channel data to its records, through the product's own functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from cli.carriers.records import row
from cli.layout import EXAMPLE_CARRIER
from dialplan.cdr import LegRecord
from dialplan.circumstances import Circumstances
from dialplan.decide import decide
from dialplan.decision import Route
from dialplan.snapshot import Snapshot
from freeswitch.channel import ChannelData
from freeswitch.headers import Headers
from freeswitch.json_cdr import parse
from freeswitch.offer import decision_variables, offered_call
from provisioning.compile import compile_snapshot
from provisioning.load import load
from provisioning.network import MovedNetwork
from provisioning.secrets import Secrets
from tests.calls.billed import charges_text, invoices_text, rated
from tests.calls.capture import DECIDED_AT, NETWORK

DOMAIN = "phones.fernamt.invalid"


def example_snapshot() -> Snapshot:
    """The example carrier, version 1, its addresses at the ports of the captures."""
    carrier = load([EXAMPLE_CARRIER])
    places = {
        (host, int(port)): ("127.0.0.1", here)
        for (host, _, port), here in ((name.rpartition(":"), here) for name, here in NETWORK.items())
    }
    return compile_snapshot(
        carrier.config,
        version=1,
        network=MovedNetwork(places),
        secrets=Secrets({}, Path("/nonexistent"), lab=True),
        places=carrier.places,
    )


def replayed(folder: Path, snapshot: Snapshot | None = None) -> Mapping[str, str]:
    """What the product makes of the folder's captures, stage by stage up to the invoice."""
    block = (folder / "channel-data.txt").read_bytes()
    offered = offered_call(ChannelData(Headers(block, encoded=True)).get)
    decision = decide(offered, snapshot or example_snapshot(), Circumstances(DECIDED_AT))
    outcome = decision.outcome
    told = {
        "reason": decision.reason.id,
        "sentence": decision.reason.sentence,
        "facts": {name: value for name, value in asdict(decision.facts).items() if value is not None},
        "legs": [f"{leg.to.id} {leg.number}" for leg in outcome.legs] if isinstance(outcome, Route) else [],
        "variables": decision_variables(decision, offered, domain=DOMAIN),
    }
    records = [parse(path.read_bytes()) for path in sorted(folder.glob("leg-*.cdr.json"))]
    facts = {**asdict(offered), "privacy": sorted(offered.privacy)}
    charges = rated(records)
    return {
        "offered.json": _json(facts),
        "decision.json": _json(told),
        "legs.txt": _table(records),
        "charges.txt": charges_text(charges),
        "invoice.txt": invoices_text(charges),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _table(records: list[LegRecord]) -> str:
    """One line for each column, one column for each leg: what `fernamt cdr show` would tell."""
    rows = [row(record) for record in records]
    names = [*rows[0]] if rows else [field.name for field in fields(LegRecord)]
    cells = [[name, *("-" if each[name] is None else str(each[name]) for each in rows)] for name in names]
    widths = [max(len(line[place]) for line in cells) for place in range(len(rows) + 1)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
    return "\n".join(line.rstrip() for line in lines) + "\n"


if __name__ == "__main__":
    for channel_data in sorted(Path(__file__).parent.glob("*/channel-data.txt")):
        for file_name, content in replayed(channel_data.parent).items():
            (channel_data.parent / file_name).write_text(content)
