"""docs/reasons.md: the table of all reasons, made from the program."""

from __future__ import annotations

from typing import Final

from dialplan.reasons import all_ids, sentence
from tests.architecture.program import ROOT

PATH: Final = ROOT / "docs" / "reasons.md"
_HEAD: Final = """\
# Reasons

Every call is given one of these reasons. It stands in the log of the controller, in the call's detail
records (`reason_id`) and in `fernamt call show`. The ids are an interface: none is ever renamed. Those that
begin with `static.` are written by the switch's own dialplan when no controller answered.

| reason | what it says |
|---|---|
"""


def table() -> str:
    """The page as it should be."""
    return _HEAD + "".join(f"| `{each}` | {sentence(each)} |\n" for each in sorted(all_ids()))


if __name__ == "__main__":
    PATH.write_text(table())
