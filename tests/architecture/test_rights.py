"""Every command has a duty, and each that changes or discloses something leaves an entry in the audit."""

from __future__ import annotations

import ast
import os
import shlex
from functools import cache
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from cli import rights
from cli.main import fernamt
from cli.rights import COMMANDS, DUTIES, Duty, Guarded, given, permit
from cli.settings import Role, load_settings
from tests.architecture.audited import ACTIONS, NONE
from tests.architecture.program import ROOT, commands, nodes, sources

EVERY = dict(commands(fernamt))
LEAVES = sorted(name for name, each in EVERY.items() if not isinstance(each, click.Group))
CHANGING = [name for name in LEAVES if COMMANDS.get(name) not in (Duty.LOOK, Duty.SERVE)]


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_has_a_duty(name: str) -> None:
    assert name in COMMANDS, f"give `{name}` a duty in cli/rights.py: who may run it?"


def test_no_command_is_both_audited_and_excused() -> None:
    assert not set(ACTIONS) & set(NONE)
    assert set(ACTIONS) | set(NONE) <= set(COMMANDS)


@cache
def actions_written() -> frozenset[str]:
    """Every text of the program that can be an action, and the constant beginnings of those made up."""
    found = set()
    for path in sources("cli", "store", "provisioning", "controller"):
        for node in nodes(path):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


@pytest.mark.parametrize("name", CHANGING)
def test_a_command_that_changes_something_leaves_an_entry(name: str) -> None:
    """Issue 7, security: all actions audited with actor."""
    if name in NONE:
        assert name not in ACTIONS
        return
    action = ACTIONS.get(name, name.replace(" ", "."))
    assert action in actions_written(), f"`{name}` leaves no {action}: write it, or say why in audited.py"


@pytest.mark.parametrize("name", [name for name in CHANGING if name not in NONE])
def test_a_command_with_an_entry_says_who_does_it(name: str) -> None:
    command: click.Command = fernamt
    for word in name.split():
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    assert {each.name for each in command.params} & {"actor", "author"}


@pytest.mark.parametrize("name", sorted(EVERY))
def test_every_command_asks_for_rights_under_its_own_words(name: str) -> None:
    does = EVERY[name].callback
    assert isinstance(does, Guarded)
    assert does.command == name


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings with roles; the account is `anna`."""
    monkeypatch.setattr(rights, "account", lambda: "anna")
    return tmp_path / "fernamt.yaml"


def write(settings_file: Path, role: str | None) -> None:
    tree = {
        "state_dir": str(settings_file.parent / "state"),
        "carrier": ["/nowhere"],
        "node": {"event_socket_password": {"env": "NONE"}, "cdr_dir": "/nowhere"},
        "operators": {"somebody": "admin", **({"anna": role} if role else {})},
    }
    settings_file.write_text(yaml.safe_dump(tree))


def run(settings_file: Path, role: str | None, *words: str) -> str:
    write(settings_file, role)
    return CliRunner().invoke(fernamt, ["--settings", str(settings_file), *words]).output


@pytest.mark.parametrize(
    ("role", "words", "allowed"),
    [
        (None, ["trunk", "list"], False),
        ("viewer", ["trunk", "list"], True),
        ("viewer", ["ban", "lift", "192.0.2.1", "--reason", "x"], False),
        ("support", ["ban", "lift", "192.0.2.1", "--reason", "x"], True),
        ("support", ["ban", "lift", "192.0.2.1", "--reason", "x", "--actor", "otto"], False),
        ("support", ["invoice", "show", "R1"], True),
        ("support", ["sepa", "withdraw", "x", "--reason", "x"], False),
        ("billing", ["sepa", "withdraw", "x", "--reason", "x"], True),
        ("billing", ["config", "rollback", "1"], False),
        ("admin", ["config", "rollback", "1"], True),
        ("admin", ["ban", "lift", "192.0.2.1", "--reason", "x", "--actor", "otto"], True),
        # What stands where a value is expected is a value, whatever it looks like.
        ("viewer", ["privacy", "run", "--actor", "-h"], False),
        ("viewer", ["privacy", "run", "--actor", "--help"], False),
        ("viewer", ["ban", "lift", "192.0.2.1", "--reason", "--help"], False),
        ("support", ["ban", "lift", "192.0.2.1", "--reason", "--actor"], True),
        ("support", ["ban", "lift", "--actor=otto", "192.0.2.1", "--reason", "x"], False),
        ("viewer", ["ban", "lift", "--help"], True),
        # They show orders of which nobody learns who need not (TKG § 174(6)).
        ("billing", ["privacy", "hold", "list"], False),
        ("billing", ["privacy", "plan"], False),
        ("admin", ["privacy", "hold", "list"], True),
        # Services need no role, unless they are told whose name to write or what else to do.
        (None, ["teams", "sync"], True),
        (None, ["teams", "sync", "--actor", "otto"], False),
        ("support", ["teams", "sync", "--actor", "otto"], False),
        (None, ["teams", "sync", "--retry"], False),
        ("viewer", ["teams", "sync", "--retry"], False),
        ("support", ["teams", "sync", "--retry"], True),
    ],
)
def test_a_role_opens_its_commands_and_no_others(
    settings_file: Path, role: str | None, words: list[str], allowed: bool
) -> None:
    said = run(settings_file, role, *words)
    assert ("[program.not-yours]" in said) is not allowed, said


@pytest.mark.parametrize(
    "unit",
    sorted(path for path in (ROOT / "deploy" / "systemd").glob("*.service") if "backup" not in path.name),
    ids=lambda path: path.name,
)
def test_the_services_of_the_machine_need_no_role(settings_file: Path, unit: Path) -> None:
    """docs/security.md; the timer of the backup needs one."""
    write(settings_file, None)
    (line,) = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    words = [word.replace("%i", "127.0.0.1:8084") for word in shlex.split(line)[3:]]
    name = next(name for name in LEAVES if name.split() == words[: len(name.split())])
    context = EVERY[name].make_context(name, words[len(name.split()) :])
    permit(load_settings(settings_file), name, given(context))


def test_an_administrator_has_every_duty_and_nobody_else_the_carriers() -> None:
    assert DUTIES[Role.ADMIN] == frozenset(Duty)
    assert all(Duty.CARRIER not in duties for role, duties in DUTIES.items() if role is not Role.ADMIN)


def test_the_account_is_the_kernels_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """LOGNAME and USER are whatever somebody writes into them."""
    monkeypatch.delenv("SUDO_UID", raising=False)
    real = rights.account()
    monkeypatch.setenv("LOGNAME", "somebody")
    monkeypatch.setenv("USER", "somebody")
    assert rights.account() == real
    if os.getuid() == 0:
        monkeypatch.setenv("SUDO_UID", "4294960000")
        assert rights.account() == "account 4294960000"
