"""What is done outside the database has its entry in the audit first (issue 7: all actions audited)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.auditing import Write, entry_first
from cli.errors import CallRefused
from cli.lab_settings import lab_settings
from cli.main import fernamt
from store.errors import DatabaseUnavailable
from tests.certificates import Authority
from tests.protocol.scripted_node import PASSWORD, Peer
from tests.protocol.scripted_node import node as scripted_node

CALL = "3f0c2a52-6d5b-4f5e-9a51-0a3c1a4d6c11"
AWAY = {"url": "postgresql://fernamt@127.0.0.1:1/fernamt"}


def noting(found: list[str], *, room_for: int = 10) -> Write:
    """Notes into `found`; there is room for so many entries."""

    def write(action: str, details: Mapping[str, Any]) -> None:
        if len(found) >= room_for:
            raise DatabaseUnavailable("the audit", "it is away", "Bring it back")
        found.append(" ".join((action, *(f"{key}={value}" for key, value in details.items()))))

    return write


def test_the_entry_comes_before_what_it_tells_of() -> None:
    found: list[str] = []
    with entry_first(noting(found), "call.hangup", {"cause": "NORMAL_CLEARING"}):
        found.append("done")
    assert found == ["call.hangup cause=NORMAL_CLEARING", "done"]


def test_what_cannot_be_written_down_is_not_done() -> None:
    done: list[str] = []
    with (
        pytest.raises(DatabaseUnavailable),
        entry_first(noting([], room_for=0), "call.hangup", {}),
    ):
        done.append("done")
    assert not done


def test_what_fails_gets_a_second_entry_that_says_why() -> None:
    found: list[str] = []
    with pytest.raises(CallRefused), entry_first(noting(found), "call.originate", {"from": "110"}):
        raise CallRefused("a human must dial it")
    assert found == ["call.originate from=110", "call.originate.failed from=110 why=a human must dial it"]


def test_the_failure_itself_is_told_though_its_entry_cannot_be_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found: list[str] = []
    with (
        pytest.raises(CallRefused, match="a human"),
        entry_first(noting(found, room_for=1), "call.originate", {}),
    ):
        raise CallRefused("a human must dial it")
    assert found == ["call.originate"]
    assert "has the beginning of call.originate and not that it failed" in capsys.readouterr().err


Typed = Callable[..., Result]


@pytest.fixture
def without_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Typed, list[str]]]:
    """`fernamt` beside a node that writes its orders down, while PostgreSQL is away."""
    orders: list[str] = []

    def script(peer: Peer) -> None:
        peer.let_in()
        while (said := peer.command()).startswith("api "):
            orders.append(said.removeprefix("api "))
            peer.api_response("+OK")

    monkeypatch.setenv("NODE_PASSWORD", PASSWORD)
    (tmp_path / "authority").mkdir()
    authority = Authority(tmp_path / "authority")
    signed = authority.sign("node", ["sbc.carrier.example"])
    tree = lab_settings(tmp_path / "state").model_dump(mode="json", exclude_none=True) | {"database": AWAY}
    tree["node"]["event_socket_password"] = {"env": "NODE_PASSWORD"}
    tree["node"]["tls"] = {
        "certificate": str(signed.certificate), "key": str(signed.key), "authorities": str(authority.file),
    }  # fmt: skip
    path = tmp_path / "fernamt.json"
    with scripted_node(script) as there:
        tree["node"]["event_socket"] = f"{there.host}:{there.port}"
        path.write_text(json.dumps(tree))
        yield lambda *words: CliRunner().invoke(fernamt, ["--settings", str(path), *words]), orders


def test_a_call_is_not_hung_up_without_an_entry_unless_it_cannot_wait(
    without_database: tuple[Typed, list[str]],
) -> None:
    typed, orders = without_database
    refused = typed("call", "hangup", CALL)
    assert refused.exit_code == 1, refused.output
    assert "[program.not-audited]" in refused.output
    assert "--even-unaudited" in refused.output
    assert orders == []
    done = typed("call", "hangup", CALL, "--even-unaudited", "--actor", "anna")
    assert done.exit_code == 0, done.output
    assert f"write it down: anna, call.hangup {CALL}" in done.output
    assert orders == [f"uuid_kill {CALL} NORMAL_CLEARING"]


def test_a_certificate_is_not_put_in_place_without_an_entry_unless_it_cannot_wait(
    without_database: tuple[Typed, list[str]], tmp_path: Path
) -> None:
    typed, _ = without_database
    place = tmp_path / "state" / "tls"
    refused = typed("node", "certificate")
    assert refused.exit_code == 1, refused.output
    assert "[program.not-audited]" in refused.output
    assert not place.exists()
    done = typed("node", "certificate", "--even-unaudited", "--actor", "certbot")
    assert done.exit_code == 0, done.output
    assert "write it down: certbot, node.certificate node-1" in done.output
    assert (place / "agent.pem").exists()
