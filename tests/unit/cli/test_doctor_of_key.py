"""What the doctor says of the key that messages and recordings are encrypted with (C3, C4)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.doctor import _safely
from cli.explaining.findings import Finding, State
from cli.explaining.mailbox_key_check import mailbox_key
from cli.lab_settings import lab_settings
from cli.layout import make_private
from cli.settings import Settings
from store.sealed import new_key

OTHER = {
    "name": "node-2", "event_socket": "192.0.2.2:8021", "event_socket_password": {"env": "OTHER"},
    "sip": "192.0.2.2:5090",
}  # fmt: skip

Made = Callable[..., Settings]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Settings of a machine, of a lab only where `lab_network` is given."""

    def settings(**values: Any) -> Settings:
        tree = lab_settings(tmp_path).model_dump(mode="json", exclude_none=True)
        return Settings.model_validate({**tree, "lab_network": None, **values})

    return settings


def found(settings: Settings) -> Finding:
    return _safely("mailbox key", mailbox_key, settings)


def test_sites_without_a_key_for_all_of_them_are_a_fault(made: Made) -> None:
    told = found(made(other_nodes=[OTHER]))
    assert told.state is State.FAULT
    assert "mailbox_key" in told.next_step
    assert found(made(other_nodes=[OTHER], lab_network={})).state is State.OK


def test_a_key_of_the_settings_is_enough_for_any_number_of_sites(made: Made, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(f"{new_key()}\n")
    assert found(made(other_nodes=[OTHER], mailbox_key={"file": str(key)})).state is State.OK


def test_one_machine_makes_its_own(made: Made) -> None:
    settings = made()
    assert found(settings).state is State.OK
    make_private(settings.state_dir / "mailbox.key", new_key())
    told = found(settings)
    assert (told.state, told.next_step) == (State.OK, "")
    assert "mailbox.key" in told.seen


def test_a_key_that_is_none_is_a_fault(made: Made, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("geheim")
    told = found(made(mailbox_key={"file": str(key)}))
    assert told.state is State.FAULT
    assert "base64" in told.seen + told.next_step
    settings = made()
    (settings.state_dir / "mailbox.key").mkdir()
    assert found(settings).state is State.FAULT, "it cannot be read"
