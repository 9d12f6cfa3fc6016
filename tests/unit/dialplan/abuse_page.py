"""docs/abuse.md: its table of rules, made from the program.

python -m tests.unit.dialplan.abuse_page
"""

from __future__ import annotations

from typing import Final

from dialplan.abuse.rules import RULES
from tests.architecture.program import ROOT

PATH: Final = ROOT / "docs" / "abuse.md"
_BEGIN, _END = "<!-- rules -->\n", "<!-- end of rules -->\n"


def page(text: str) -> str:
    """The page with the table as it should be."""
    head, _, rest = text.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    return f"{head}{_BEGIN}{_table()}{_END}{tail}"


def _table() -> str:
    lines = ["| rule | strikes when | default | follows | source |", "|---|---|---|---|---|"]
    for row in RULES:
        at = row.default
        given = {
            "count": at.count,
            "window_s": at.window_s,
            "seconds": at.seconds,
            "share_percent": at.share_percent,
            "factor": at.factor,
        }
        shown = ", ".join(f"`{name}` {value}" for name, value in given.items() if value is not None)
        lines.append(f"| `{row.rule}` | {row.seen} | {shown} | {at.action} | {row.source} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PATH.write_text(page(PATH.read_text()))
