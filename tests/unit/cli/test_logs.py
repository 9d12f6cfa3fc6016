"""What a service writes to its log: one JSON object a line, whatever callers send."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from cli.logs import json_line


@pytest.mark.parametrize(
    "words",
    ["Grüße", "\ud800", "a\nb", "\u2028", 2**80, datetime(2026, 3, 2, tzinfo=UTC), ("out.carrier",), b"\xff"],
)
def test_every_value_makes_one_readable_line(words: object) -> None:
    """Half a surrogate pair and huge numbers are refused by the fast encoder; it is written."""
    line = json_line({"event": "call decided", "words": words}, repr)
    assert b"\n" not in line
    assert json.loads(line)["event"] == "call decided"
