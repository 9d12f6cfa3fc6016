"""docs/barring.md prints the classes and policies that calls follow."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_documented_classes_are_those_that_calls_follow() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "generate_barring_classes.py"))
    text = (ROOT / "docs" / "barring.md").read_text(encoding="utf-8")
    assert tool["written"](text) == text, "run tools/generate_barring_classes.py and read the difference"
