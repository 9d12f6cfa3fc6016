"""The commands: each explains itself, each error is one sentence with its id."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from cli.layout import EXAMPLE_CARRIER
from cli.main import fernamt
from tests.architecture.program import commands

COMMANDS = dict(commands(fernamt))


@pytest.fixture(autouse=True)
def _logs_apart(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The program sets its log up for the life of a process; the streams of a test are gone before that."""
    for module in ("main", "controller", "cdr"):
        monkeypatch.setattr(f"cli.{module}.configure_logs", lambda *, service: None)
    with capture_logs():
        yield


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the current one, and no settings from the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FERNAMT_SETTINGS", raising=False)
    return tmp_path


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_explains_itself(name: str) -> None:
    done = CliRunner().invoke(fernamt, [*name.split(), "--help"])
    assert done.exit_code == 0
    text = COMMANDS[name].help or ""
    assert text.split("\n\n")[0].rstrip(".: ").count(" ") >= 2, "a help text is a sentence"


@pytest.mark.parametrize("name", sorted(name for name, each in COMMANDS.items() if each.params))
def test_every_option_explains_itself(name: str) -> None:
    silent = [
        each.name
        for each in COMMANDS[name].params
        if isinstance(each, click.Option) and not each.help and not each.show_default
    ]
    assert not silent


def test_the_help_needs_no_settings(outside: Path) -> None:
    done = CliRunner().invoke(fernamt, ["--help"])
    assert done.exit_code == 0
    assert "fernamt demo" in done.output
    assert not list(outside.iterdir())


def told(*arguments: str) -> str:
    """The one line that a failing command says."""
    done = CliRunner().invoke(fernamt, arguments)
    assert done.exit_code == 1, done.output
    assert isinstance(done.exception, SystemExit), done.exception
    (line,) = [each for each in done.output.splitlines() if each.startswith("Error: ")]
    return line


def test_without_a_running_exchange_a_command_says_how_to_start_it(outside: Path) -> None:
    line = told("call", "list")
    assert "fernamt up" in line
    assert line.endswith("[program.not-running]")


def test_a_wrong_settings_file_is_told_with_its_place(outside: Path) -> None:
    (outside / "fernamt.yaml").write_text("state_dir: 5\n")
    done = CliRunner().invoke(fernamt, ["doctor"])
    assert done.exit_code == 1
    assert "fernamt.yaml:1:" in done.output
    assert "[config" in done.output


def test_a_missing_settings_file_is_told(outside: Path) -> None:
    line = told("--settings", "gone.yaml", "cdr", "export", "--from", "2026-11-01", "--to", "2026-12-01")
    assert "gone.yaml" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["cdr", "export", "--from", "2026-12-01", "--to", "2026-11-01"],
        ["cdr", "export", "--from", "soon", "--to", "2026-11-01"],
        ["cdr", "export", "--from", "0001-01-01", "--to", "2026-11-01"],
        ["call", "list", "--limit", "0"],
        ["controller", "run", "--listen", "127.0.0.1"],
        ["controller", "run", "--listen", "127.0.0.1:70000"],
        ["controller", "run", "--listen", "127.0.0.1:²"],
        ["demo", "--only", "no such call"],
        ["up", "--controllers", "17"],
        ["no-such-command"],
    ],
)
def test_wrong_arguments_are_told_by_name_and_nothing_is_started(arguments: list[str], outside: Path) -> None:
    done = CliRunner().invoke(fernamt, arguments)
    assert done.exit_code == 2, done.output
    assert "Error: " in done.output
    assert "Traceback" not in done.output


def test_doctor_goes_through_everything_and_says_what_to_do(outside: Path) -> None:
    done = CliRunner().invoke(fernamt, ["doctor", "--json"])
    assert done.exit_code == 1
    found = {each["name"]: each for each in json.loads(done.stdout)}
    assert found["configuration"]["state"] == "ok"
    assert found["database"]["state"] == "fault"
    assert found["controllers"]["next_step"]
    assert len(found) >= 9


def test_a_rendered_configuration_is_written_without_any_server(outside: Path) -> None:
    done = CliRunner().invoke(fernamt, ["freeswitch", "render", "conf", "--config", str(EXAMPLE_CARRIER)])
    assert done.exit_code == 0, done.output
    assert (outside / "conf" / "freeswitch.xml").stat().st_mode & 0o777 == 0o600
