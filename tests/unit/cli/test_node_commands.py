"""`fernamt node` without any node: what is refused before anything is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.lab_settings import lab_settings
from cli.main import fernamt
from tests.protocol.scripted_node import PASSWORD, Peer
from tests.protocol.scripted_node import node as scripted_node


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


@pytest.mark.parametrize(
    ("words", "order"),
    [
        (("drain", "node-1", "--even-the-last", "--reason", "new kernel"), "fernamt_drained=true"),
        (("undrain", "node-1"), "fernamt_drained=false"),
    ],
)
def test_without_an_entry_in_the_audit_a_node_is_left_as_it_is_unless_it_cannot_wait(
    settings_file: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], order: str
) -> None:
    """Issue 7, security: all actions audited. PostgreSQL is away; a node must be drained all the same."""
    orders: list[str] = []

    def script(peer: Peer) -> None:
        peer.let_in()
        while (said := peer.command()).startswith("api "):
            orders.append(said.removeprefix("api global_setvar "))
            peer.api_response("true")

    monkeypatch.setenv("NODE_PASSWORD", PASSWORD)
    tree = json.loads(settings_file.read_text())
    tree["database"] = {"url": "postgresql://fernamt@127.0.0.1:1/fernamt"}
    tree["node"]["event_socket_password"] = {"env": "NODE_PASSWORD"}
    with scripted_node(script) as there:
        tree["node"]["event_socket"] = f"{there.host}:{there.port}"
        settings_file.write_text(json.dumps(tree))
        refused = node(settings_file, *words)
        assert refused.exit_code == 1, refused.output
        assert "[program.not-audited]" in refused.output
        assert "--even-unaudited" in refused.output
        assert orders == []
        done = node(settings_file, *words, "--even-unaudited", "--actor", "anna")
        assert done.exit_code == 0, done.output
        assert f"write it down: anna, node.{words[0]} node-1" in done.output
        assert orders == [order]
