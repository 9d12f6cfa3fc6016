"""Servers whose password anybody tries first are not used outside the lab (issue 7, security)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli.bootstrap import engine, event_socket, live_calls, other_nodes, server_url
from cli.doctor import _database, _redis, _safely
from cli.errors import UnsafePassword
from cli.explaining.findings import State
from cli.lab_settings import lab_settings
from cli.main import fernamt
from cli.settings import Settings, settings_from
from tests.architecture.program import ROOT

#: As `openssl rand -hex 24` makes them, and as fernamt makes its own.
RANDOM = ("9f2c41aa6b0de7c83f15b6d2490ce8713da5f06c2b9e4d18", "hV3x0-_qkZp9Yw7TnB2cLd5R")
OBVIOUS = (
    "postgres", "fernamt", "Fernamt1!", "POSTGRES", "changeme", "change-me", "Password123", "geheim",
    "foobared", "redis", "ClueCon", "123456", "2026-11-22", "aaaaaaaa", "exchange_eu", "secret",
)  # fmt: skip

Outside = Callable[..., Settings]


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    """Settings of an installation that is no lab, with these keys changed."""

    def made(**changes: Any) -> Settings:
        tree = lab_settings(tmp_path / "state").model_dump(mode="json", exclude_none=True)
        del tree["lab_network"]
        return settings_from(json.dumps({**tree, **changes}), "fernamt.json")

    return made


def url_of(settings: Settings) -> str:
    return server_url(settings, settings.database, "PostgreSQL")


@pytest.mark.parametrize("password", OBVIOUS)
def test_a_password_that_anybody_tries_first_is_refused_outside_the_lab(
    outside: Outside, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on this machine: other accounts are there as well."""
    monkeypatch.setenv("DATABASE_PASSWORD", password)
    url = "postgresql://exchange_eu@127.0.0.1:5432/fernamt"
    settings = outside(database={"url": url, "password": {"env": "DATABASE_PASSWORD"}})
    with pytest.raises(
        UnsafePassword, match=r"^database\.password in the settings: .*openssl rand"
    ) as caught:
        engine(settings, "test")
    if password not in ("changeme", "secret", "fernamt"):  # what the message says itself
        assert password not in str(caught.value)
    lab = settings.model_copy(update={"lab_network": {}})
    assert password.replace("!", "%21") in url_of(lab)


@pytest.mark.parametrize("password", RANDOM)
def test_a_random_password_is_taken(outside: Outside, password: str) -> None:
    for host in ("127.0.0.1", "db.carrier.example"):
        settings = outside(
            database={"url": f"postgresql://fernamt:{password}@{host}/fernamt"},
            redis={"url": f"rediss://:{password}@{host}:6379/0"},
        )
        assert password in url_of(settings)
        assert password in server_url(settings, settings.redis, "Redis")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://fernamt@127.0.0.1:5432/fernamt",
        "postgresql://fernamt@[::1]/fernamt",
        "postgresql://fernamt@localhost/fernamt",
        "postgresql:///fernamt",
        "postgresql://fernamt@/fernamt?host=/run/postgresql",
        "postgresql://fernamt@db.carrier.example/fernamt?sslmode=verify-full&sslcert=/etc/fernamt/db.crt",
    ],
)
def test_no_password_is_enough_on_this_machine_alone(outside: Outside, url: str) -> None:
    assert url_of(outside(database={"url": url})) == url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://fernamt@db.carrier.example/fernamt",
        "postgresql://fernamt:@db.carrier.example/fernamt",
        "postgresql://fernamt@192.0.2.7/fernamt",
        "postgresql://fernamt@/fernamt?host=db.carrier.example",
        "postgresql://fernamt@/fernamt?host=127.0.0.1:5432&host=db.carrier.example:5432",
        "postgresql://fernamt@127.0.0.1,192.0.2.7/fernamt",
        "postgresql://fernamt@[2001:db8::7]/fernamt",
    ],
)
def test_a_server_elsewhere_is_not_used_without_a_password(outside: Outside, url: str) -> None:
    with pytest.raises(
        UnsafePassword, match=r"^database\.url .* without a password.*database\.password: {file"
    ):
        url_of(outside(database={"url": url}))


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("redis://redis.carrier.example:6379/0", True),
        ("redis://default:default@redis.carrier.example:6379/0", True),
        ("redis://127.0.0.1:6379/0?password=foobared", True),
        ("redis://:redis@127.0.0.1:6379/0", True),
        ("redis://127.0.0.1:6379/0", False),
        ("unix:///run/redis/redis.sock", False),
        ("rediss://redis.carrier.example:6379/0?ssl_certfile=/etc/fernamt/redis.crt", False),
    ],
)
def test_the_same_holds_for_redis(outside: Outside, url: str, refused: bool) -> None:
    settings = outside(redis={"url": url})
    if refused:
        with pytest.raises(UnsafePassword, match=r"^redis\.url in the settings"):
            live_calls(settings)
    else:
        assert server_url(settings, settings.redis, "Redis") == url


def test_the_same_holds_for_every_event_socket(outside: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENT_SOCKET", "cluecon")
    node = outside().node.model_dump(mode="json", exclude_none=True)
    settings = outside(node={**node, "event_socket_password": {"env": "EVENT_SOCKET"}})
    with pytest.raises(UnsafePassword, match=r"^node\.event_socket_password in the settings"):
        event_socket(settings)
    other = {
        "name": "node-2", "event_socket": "192.0.2.2:8021", "event_socket_password": {"env": "EVENT_SOCKET"},
        "sip": "192.0.2.2:5090",
    }  # fmt: skip
    with pytest.raises(UnsafePassword, match="node-2"):
        other_nodes(outside(other_nodes=[other]))
    event_socket(outside())


@pytest.mark.parametrize("path", sorted((ROOT / "deploy").glob("*.yaml")), ids=lambda path: path.name)
def test_the_settings_that_we_ship_bring_no_password_of_their_own(path: Path) -> None:
    text = path.read_text()
    if "event_socket_password" in text and "services:" not in text:
        settings = settings_from(text, path.name)
        for server in (settings.database, settings.redis):
            assert server is not None
            assert server.password is not None
            assert server.password.file is not None
    for line in text.splitlines():
        assert "://" not in line or "@" not in line or ":" not in line.split("://")[1].split("@")[0], line


def test_a_program_does_not_start_and_says_where_to_look(outside: Outside, tmp_path: Path) -> None:
    settings = outside(database={"url": "postgresql://postgres:postgres@db.carrier.example/fernamt"})
    path = tmp_path / "fernamt.json"
    path.write_text(json.dumps(settings.model_dump(mode="json", exclude_none=True)))
    done = CliRunner().invoke(fernamt, ["--settings", str(path), "number", "list"])
    assert done.exit_code == 1
    assert "database.url in the settings" in done.output
    assert "[program.unsafe-password]" in done.output


def test_the_doctor_names_the_key(outside: Outside) -> None:
    """The servers do not have to be there: they are not asked."""
    settings = outside(
        database={"url": "postgresql://postgres:postgres@db.carrier.example/fernamt"},
        redis={"url": "redis://redis.carrier.example:6379/0"},
    )
    for check, key in ((_database, "database.url"), (_redis, "redis.url")):
        found = _safely("server", check, settings)
        assert found.state is State.FAULT
        assert found.seen.startswith(key)
        assert "random" in found.next_step
