"""The terminal session in README.md is what really happens: commands are run, their output compared (A1)."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.layout import EXAMPLE_CARRIER
from cli.main import fernamt
from tests.integration.config.conftest import Operator

README = Path(__file__).parents[3] / "README.md"
MARK = "<!-- This session is run by tests/integration/config/test_readme_session.py. -->"
#: What differs from machine to machine and from day to day: pattern -> what stands for it.
VOLATILE = (
    (re.compile(r"^warning: calls in progress are not known: .*\n", re.MULTILINE), ""),
    (re.compile(r"(\.yaml):\d+:\d+:"), r"\1:LINE:COLUMN:"),
)


def normalised(text: str) -> str:
    for pattern, instead in VOLATILE:
        text = pattern.sub(instead, text)
    return text


def told() -> str:
    """The session as the README has it."""
    _, _, rest = README.read_text().partition(MARK + "\n```console\n")
    return rest.partition("```\n")[0]


def performed(commands: list[str]) -> Iterator[str]:
    """Each command with its output, in the current directory."""
    for command in commands:
        yield f"$ {command}\n"
        program, *arguments = shlex.split(command)
        if program == "fernamt":
            yield CliRunner().invoke(fernamt, arguments).output
        else:
            assert program == "sed"
            done = subprocess.run(
                [program, *arguments], check=True, capture_output=True, text=True, timeout=10
            )
            yield done.stdout


def test_the_readme_s_session_is_what_happens(
    applied: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    shutil.copytree(EXAMPLE_CARRIER, here / "carrier")
    monkeypatch.chdir(here)
    monkeypatch.setenv("FERNAMT_SETTINGS", str(applied.directory / "fernamt.json"))
    session = told()
    commands = [line.removeprefix("$ ") for line in session.splitlines() if line.startswith("$ ")]
    assert [each.split()[2] for each in commands if each.startswith("fernamt")] == [
        "validate",
        "plan",
        "apply",
        "rollback",
    ]
    assert normalised("".join(performed(commands))) == normalised(session)
