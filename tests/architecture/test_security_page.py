"""docs/security.md: each threat has tests, and they exist."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.program import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
TABLE = PAGE.partition("## Threats")[2].partition("\n## ")[0]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TABLE.splitlines()
    if line.startswith("| ") and not line.startswith(("| threat", "| **"))
]
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))


def test_there_are_threats() -> None:
    assert len(ROWS) > 25


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_threat_has_an_answer_and_a_test(row: list[str]) -> None:
    threat, answer, tests = row
    assert threat
    assert answer
    assert re.fullmatch(r"(`tests/\S+::test_\w+` ?)+", tests), f"no test covers: {threat}"


@pytest.mark.parametrize("name", NAMED)
def test_a_named_test_exists(name: str) -> None:
    path, _, function = name.partition("::")
    module = ast.parse((ROOT / path).read_text())
    found = {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
    assert function in found, f"{path} has no {function}"
