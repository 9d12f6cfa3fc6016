"""JSON lines between the robots' process and its client.

Command   {"id": 7, "cmd": "dtmf", ...}
Reply     {"id": 7, "ok": {...}}  or  {"id": 7, "error": {"id": "lab.robots...", "message": "..."}}
Event     {"event": "incoming" | "ringing" | "answered" | "ended", "call": "c3", "phone": "p1", ...}
"""

import json
from typing import Any

from lab.robots.errors import CommandRefusedError

MAX_LINE_BYTES = 1_048_576


def encode_line(message: dict[str, Any]) -> bytes:
    """One line with its newline; raises CommandRefusedError beyond 1 MiB."""
    line = json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"
    if len(line) > MAX_LINE_BYTES:
        raise CommandRefusedError(f"line of {len(line)} bytes; at most {MAX_LINE_BYTES} are sent")
    return line


def decode_line(line: bytes) -> dict[str, Any]:
    """The message of one line; raises CommandRefusedError when it is no JSON object."""
    try:
        message = json.loads(line)
    except ValueError as problem:
        raise CommandRefusedError(f"line is not JSON ({problem}); send one object in one line") from None
    if not isinstance(message, dict):
        raise CommandRefusedError("line is JSON but no object; send one object in one line")
    return message
