"""The block of docs/operation.md that restores, run as it stands below another root with fakes: settings
change only when everything was done."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from cli.settings import load_settings
from tests.architecture.program import ROOT
from tests.architecture.test_upgrade_guide import PAGE, Machine

DELIVERED: Final = (ROOT / "deploy" / "systemd" / "fernamt.yaml").read_text()
(BLOCK,) = re.findall(r"^ *\(set -e\n *BACK=.*?\)\n", PAGE, re.M | re.S)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path, linked=True)
    settings(made).write_text(DELIVERED)
    return made


def settings(machine: Machine, name: str = "fernamt.yaml") -> Path:
    return machine.root / "etc" / "fernamt" / name


def restores(machine: Machine, status: int) -> None:
    program = machine.root / "fakes" / "fernamt"
    program.write_text(f'#!/bin/sh\necho fernamt "$*" >> $LOG\nexit {status}\n')


def test_the_settings_name_the_other_database_and_nothing_else_changes(machine: Machine) -> None:
    restores(machine, 0)
    assert machine.run(BLOCK) == 0
    (call,) = [each for each in machine.called() if each.startswith("fernamt ")]
    assert call.startswith("fernamt --settings /etc/fernamt/back.yaml backup restore /var/backups/fernamt/")
    assert settings(machine, "fernamt.yaml.before").read_text() == DELIVERED
    before, after = load_settings(settings(machine, "fernamt.yaml.before")), load_settings(settings(machine))
    assert before.database is not None
    assert after.database is not None
    assert after.database.url == f"{before.database.url}_20261123"
    assert after.model_copy(update={"database": before.database}) == before


def test_a_second_restore_names_the_next_database(machine: Machine) -> None:
    restores(machine, 0)
    assert machine.run(BLOCK) == 0
    assert machine.run(BLOCK.replace("BACK=fernamt_20261123", "BACK=fernamt_20261124")) == 0
    after = load_settings(settings(machine))
    assert after.database is not None
    assert after.database.url.endswith("/fernamt_20261124")


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (1, DELIVERED),
        (0, DELIVERED.replace("  url: postgresql:", "  url:  postgresql:")),
    ],
)
def test_where_anything_fails_the_settings_stay(machine: Machine, status: int, text: str) -> None:
    """The restore; and settings in which the name of the database was not found."""
    restores(machine, status)
    settings(machine).write_text(text)
    assert machine.run(BLOCK) != 0
    assert settings(machine).read_text() == text
    assert not settings(machine, "fernamt.yaml.before").exists()
