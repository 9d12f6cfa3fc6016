"""`fernamt node` without any node: what is refused before anything is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.layout import lab_settings
from cli.main import fernamt


@pytest.fixture
def settings_file(tmp_path: Path) -> Path:
    path = tmp_path / "fernamt.json"
    tree = lab_settings(tmp_path / "state").model_dump(mode="json", exclude_none=True)
    path.write_text(json.dumps(tree))
    return path


def node(settings_file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(fernamt, ["--settings", str(settings_file), "node", *arguments])


def test_the_last_node_that_takes_calls_is_not_drained_by_mistake(settings_file: Path) -> None:
    done = node(settings_file, "drain", "node-1", "--reason", "new kernel")
    assert done.exit_code == 1
    assert "program.node-needed" in done.output
    assert "--even-the-last" in done.output


def test_a_node_that_does_not_exist_is_named_with_those_that_do(settings_file: Path) -> None:
    for order in (("undrain",), ("drain", "--reason", "new kernel")):
        done = node(settings_file, *order, "node-9")
        assert done.exit_code == 1
        assert "there is no node 'node-9' in the settings; there are node-1" in done.output


def test_why_a_node_is_drained_must_be_said(settings_file: Path) -> None:
    done = node(settings_file, "drain", "node-1")
    assert done.exit_code == 2
    assert "--reason" in done.output
