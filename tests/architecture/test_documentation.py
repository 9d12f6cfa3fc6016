"""What operators use is documented: commands and reasons. docs/reasons.md is generated from the program.

`python -m tests.architecture.reasons` writes docs/reasons.md anew.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from cli.main import fernamt
from dialplan.reasons import all_ids
from tests.architecture.program import ROOT, commands
from tests.architecture.reasons import PATH, table
from tests.architecture.typed_in_pages import wrong_in

PAGES: Final = (
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
_LINK: Final = re.compile(r"\]\((?!https?:)([^)\s]+)\)")


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_that_a_page_names_is_there_with_its_options(page: Path) -> None:
    assert list(wrong_in(page)) == []


@pytest.mark.parametrize("page", [*PAGES, ROOT / "benchmarks" / "README.md"], ids=lambda page: page.stem)
def test_every_link_of_a_page_leads_to_something(page: Path) -> None:
    targets = [target.partition("#")[0] for target in _LINK.findall(page.read_text())]
    assert [each for each in targets if each and not (page.parent / each).exists()] == []


def test_decisions_have_numbers_of_their_own() -> None:
    numbers = [path.name[:4] for path in (ROOT / "docs" / "decisions").iterdir()]
    assert sorted(set(numbers)) == sorted(numbers)
