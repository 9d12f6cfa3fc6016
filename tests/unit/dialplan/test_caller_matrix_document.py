"""docs/caller-id.md prints the matrix that calls follow."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_documented_matrix_is_the_one_that_calls_follow() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "generate_caller_matrix.py"))
    text = (ROOT / "docs" / "caller-id.md").read_text(encoding="utf-8")
    assert tool["written"](text) == text, "run tools/generate_caller_matrix.py and read the difference"
