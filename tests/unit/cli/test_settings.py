"""The settings file: read whole, or refused with file, line and column."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.bootstrap import read_secret
from cli.lab_settings import lab_settings
from cli.layout import effective, run_settings_path, write_private
from cli.settings import Settings, load_settings
from provisioning.errors import ConfigInvalid
from provisioning.schema import SecretRef

VALID = """\
state_dir: /var/lib/fernamt
carrier: [/etc/fernamt/carrier]
controllers: ["127.0.0.1:8084", "[::1]:8085"]
node:
  program: freeswitch
  event_socket_password: {env: ES_PASSWORD}
  cdr_dir: /var/spool/fernamt
"""

#: Of those that come with the program.
SETTINGS = sorted(
    path
    for pattern in ("*.yaml", "systemd/*.yaml")
    for path in (Path(__file__).parents[3] / "deploy").glob(pattern)
    if not path.name.endswith(".compose.yaml")
)
Load = Callable[[str], Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def from_text(text: str) -> Settings:
        path = tmp_path / "fernamt.yaml"
        path.write_text(text)
        return load_settings(path)

    return from_text


def test_a_settings_file_is_read_with_its_defaults(load: Load) -> None:
    settings = load(VALID)
    assert settings.controllers == (("127.0.0.1", 8084), ("::1", 8085))
    assert settings.node.ports.carrier == 5060
    assert settings.node.event_socket == ("127.0.0.1", 8021)
    assert settings.database is None


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("program: freeswitch", "program: asterisk", 5),
        ("127.0.0.1:8084", "127.0.0.1:99999", 3),
        ("127.0.0.1:8084", "127.0.0.1", 3),
        ("127.0.0.1:8084", "127.0.0.1:٣", 3),
        ("  program:", "  programm:", 5),
        ("  cdr_dir: /var/spool/fernamt", '  cdr_dir: ""', 7),
        ("{env: ES_PASSWORD}", "geheim", 6),
        ("state_dir: /var", "state_dir: [x", 2),
    ],
)
def test_a_mistake_is_told_with_its_place(load: Load, old: str, new: str, line: int) -> None:
    assert old in VALID
    with pytest.raises(ConfigInvalid) as caught:
        load(VALID.replace(old, new, 1))
    assert f"fernamt.yaml:{line}:" in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "state_dir: a\nstate_dir: b\n", "a: &x [*x]", "\x00", "{" * 5_000]
)
def test_what_is_no_settings_file_is_refused(load: Load, text: str) -> None:
    with pytest.raises(ConfigInvalid, match=r"fernamt\.yaml"):
        load(text)


def test_a_missing_settings_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises((ConfigInvalid, OSError), match=r"nothing-there\.yaml"):
        load_settings(tmp_path / "nothing-there.yaml")


def test_the_ports_of_a_lab_are_remembered(tmp_path: Path) -> None:
    first = lab_settings(tmp_path)
    again = lab_settings(tmp_path, program="freeswitch")
    assert first.node.ports == again.node.ports
    assert first.controllers == again.controllers
    assert first.lab_network == again.lab_network
    assert again.node.program == "freeswitch"


def test_all_ports_of_a_lab_differ_and_all_addresses_are_loopback(tmp_path: Path) -> None:
    settings = lab_settings(tmp_path)
    assert settings.lab_network is not None
    places = [settings.node.event_socket, *settings.controllers, *settings.lab_network.values()]
    ports = [port for _, port in places]
    ports += [settings.node.ports.carrier, settings.node.ports.trunk, settings.node.ports.phone]
    assert len(set(ports)) == len(ports)
    assert {host for host, _ in places} == {"127.0.0.1"}


def test_a_lab_has_a_password_of_its_own_that_nobody_else_may_read(tmp_path: Path) -> None:
    lab_settings(tmp_path / "a")
    lab_settings(tmp_path / "b")
    first, second = ((tmp_path / name / "event-socket-password") for name in "ab")
    assert first.read_text() != second.read_text()
    assert first.stat().st_mode & 0o777 == 0o600


def test_settings_written_for_a_child_are_read_back_the_same(tmp_path: Path) -> None:
    settings = lab_settings(tmp_path)
    path = run_settings_path(tmp_path)
    write_private(path, json.dumps(settings.model_dump(mode="json", exclude_none=True)))
    assert path.stat().st_mode & 0o777 == 0o600
    assert effective(settings) == settings


@pytest.mark.parametrize("domain", ["a b", "a;b", "-a.example", "a..example", "${x}", "a,b", "x" * 254, ""])
def test_the_domain_of_the_phones_is_a_host_name(load: Load, domain: str) -> None:
    """It goes into FreeSWITCH's XML and dial strings."""
    with pytest.raises(ConfigInvalid, match=r"node.domain: not a host name.*settings.domain"):
        load(VALID.replace("  program: freeswitch", f"  domain: {domain!r}\n  program: freeswitch"))
    good = load(VALID.replace("  program: freeswitch", "  domain: phones.example.com\n  program: freeswitch"))
    assert good.node.domain == "phones.example.com"


def test_a_secret_file_of_the_settings_lies_where_those_of_the_carrier_do(tmp_path: Path) -> None:
    """F5."""
    settings = lab_settings(tmp_path / "state")
    write_private(tmp_path / "state/secrets/database", "geheim")
    assert read_secret(settings, SecretRef(file="database")) == "geheim"


@pytest.mark.parametrize(
    "address",
    ["sip.example.com", "0.0.0.0", "::", "", "fe80::1%eth0", "192.0.2.300", "239.0.0.1"],  # noqa: S104
)
def test_sip_has_an_address_that_everybody_knows(load: Load, address: str) -> None:
    """For 0.0.0.0 FreeSWITCH guesses one (sofia.c), and what we tell of the node's own address is wrong."""
    with pytest.raises(ConfigInvalid, match=r"fernamt\.yaml:5:.*node.sip_ip: not .*ip address.*settings\.ip"):
        load(VALID.replace("  program:", f"  sip_ip: {address!r}\n  program:"))


def test_an_address_of_sip_is_read_as_it_is_compared(load: Load) -> None:
    assert load(VALID.replace("  program:", "  sip_ip: 192.0.2.21\n  program:")).node.sip_ip == "192.0.2.21"
    assert (
        load(VALID.replace("  program:", "  sip_ip: 2001:DB8:0::1\n  program:")).node.sip_ip == "2001:db8::1"
    )


@pytest.mark.parametrize(
    "address", ["localhost:8021", "node-2.example:8021", "[fe80::1%eth0]:8021", "10.99.0.1"]
)
def test_an_event_socket_has_an_ip_address(load: Load, address: str) -> None:
    """FreeSWITCH's access lists know no names."""
    with pytest.raises(
        ConfigInvalid, match=r"fernamt\.yaml:5:.*node.event_socket: not an .*settings\.address"
    ):
        load(VALID.replace("  program:", f"  event_socket: {address!r}\n  program:"))


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.stem)
def test_the_settings_that_operators_start_from_can_be_used(path: Path) -> None:
    settings = load_settings(path)
    assert not ipaddress.ip_address(settings.node.sip_ip).is_loopback
