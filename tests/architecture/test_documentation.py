"""What operators use is documented: commands and reasons. docs/reasons.md is generated from the program.

`python -m tests.architecture.reasons` writes docs/reasons.md anew.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from cli.main import fernamt
from dialplan.reasons import all_ids
from tests.architecture.program import ROOT, commands
from tests.architecture.reasons import PATH, table


def documentation() -> str:
    """Everything written for operators."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(path.read_text() for path in paths)


@pytest.mark.parametrize("name", sorted(name for name, _ in commands(fernamt)))
def test_every_command_is_documented(name: str) -> None:
    assert f"fernamt {name}" in documentation(), f"write about `fernamt {name}` in docs/reference.md"


@pytest.mark.parametrize("reason_id", sorted(all_ids()))
def test_every_reason_is_documented(reason_id: str) -> None:
    assert f"`{reason_id}`" in documentation(), "run `python -m tests.architecture.reasons`"


def test_the_table_of_reasons_is_up_to_date() -> None:
    assert PATH.read_text() == table(), "run `python -m tests.architecture.reasons`"


def test_the_command_reference_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "generate_cli_reference.py"), "--check"],
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, "run `python tools/generate_cli_reference.py`"
