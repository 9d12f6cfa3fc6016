"""The benchmark of decisions runs, and no decision opens anything (issue 4)."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

#: What each kind of call comes to; the names are those of the table.
REASONS = {
    "out, mobile, from a trunk": "out.carrier",
    "out, mobile, from a phone": "out.carrier",
    "out, abroad, longest prefix": "out.carrier",
    "out, abroad, by country": "out.carrier",
    "out, odd spelling, withheld": "out.carrier",
    "out, barred": "out.barred",
    "on net": "onnet.trunk",
    "emergency": "emergency.route",
    "in": "in.trunk",
    "in, not ours": "in.not-ours",
    "in, from a stranger": "peer.unknown",
}


def test_decisions_open_no_file_no_socket_and_no_process() -> None:
    """In a process of its own: an audit hook stays for ever."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.decide", "--quick", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert {each["name"]: each["reason_ids"] for each in found} == {
        name: [reason] for name, reason in REASONS.items()
    }
    assert {each["opened"] for each in found} == {0}
