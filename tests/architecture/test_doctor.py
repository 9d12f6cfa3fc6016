"""docs/operation.md: each check of the doctor is there, with the tests that show it (issue 7)."""

from __future__ import annotations

import re

from cli.doctor import CHECKS
from tests.architecture.program import ROOT

SECTION = (
    (ROOT / "docs" / "operation.md")
    .read_text()
    .partition("## What the doctor names\n")[2]
    .partition("\n## ")[0]
)
ROWS = {
    cells[0].strip("`"): cells[1:]
    for line in SECTION.splitlines()
    if line.startswith("| `")
    for cells in [[cell.strip() for cell in line.strip("|").split("|")]]
}


def test_every_check_of_the_doctor_is_on_the_page_with_a_test() -> None:
    """That a named test exists is what test_named_tests.py looks at."""
    assert list(ROWS) == [name for name, _ in CHECKS]
    for name, (faults, tests) in ROWS.items():
        assert faults, name
        assert re.fullmatch(r"(`tests/[a-z0-9_/]+\.py(::test_\w+)?` ?)+", tests), name
