"""What the doctor says of speech and e-mail (C2, C3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from cli.explaining.findings import State
from cli.explaining.message_checks import announcements, mail_server
from cli.lab_settings import lab_settings
from cli.layout import EXAMPLE_CARRIER
from cli.settings import Settings
from provisioning.load import load
from provisioning.schema import CustomerEntry
from store.embedded.home import free_port

Outside = Callable[..., Settings]


@pytest.fixture(scope="module")
def customers() -> tuple[CustomerEntry, ...]:
    """The example's, of which one has texts in plans and a mailbox that tells of messages."""
    return tuple(load((EXAMPLE_CARRIER,)).config.customers)


@pytest.fixture
def outside(tmp_path: Path) -> Outside:
    """Settings of a machine that is not the lab's."""

    def made(**values: Any) -> Settings:
        tree = lab_settings(tmp_path, EXAMPLE_CARRIER).model_dump(mode="json", exclude_none=True)
        del tree["lab_network"]
        return Settings.model_validate({**tree, **values})

    return made


@pytest.fixture
def server() -> Iterator[Controller]:
    controller = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    controller.stop()


def smtp(port: int) -> dict[str, Any]:
    return {"address": f"127.0.0.1:{port}", "sender": "a@b.example", "starttls": False}


def test_texts_without_the_program_that_speaks_are_a_warning(
    outside: Outside, customers: tuple[CustomerEntry, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = announcements(outside(), customers)
    assert (found.state, found.next_step) == (State.WARNING, "apt install espeak-ng")
    assert announcements(outside(), ()).state is State.OK
    (tmp_path / "espeak-ng").touch(mode=0o755)
    assert announcements(outside(), customers).state is State.OK


def test_the_lab_needs_neither_speech_nor_e_mail(
    customers: tuple[CustomerEntry, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lab = lab_settings(tmp_path, EXAMPLE_CARRIER)
    assert announcements(lab, customers).state is State.OK
    assert mail_server(lab, customers).state is State.OK


def test_a_mail_server_that_is_missing_or_away_is_a_warning(
    outside: Outside, customers: tuple[CustomerEntry, ...], server: Controller
) -> None:
    assert mail_server(outside(), customers).state is State.WARNING
    assert mail_server(outside(), ()).state is State.OK
    closed = free_port()
    away = mail_server(outside(smtp=smtp(closed)), customers)
    assert away.state is State.WARNING
    assert f"127.0.0.1:{closed}" in away.seen
    assert server.server is not None
    port = int(server.server.sockets[0].getsockname()[1])
    assert mail_server(outside(smtp=smtp(port)), customers).state is State.OK
