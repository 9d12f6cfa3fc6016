"""Microsoft Teams in the configuration: tenants, our host names, Microsoft's addresses (A4, B1)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dialplan.caller.header_map import NumberFormat
from dialplan.carrier import SipAddress, Srtp, TeamsLine, ToTrunks, Transport
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from provisioning.compile import compile_carrier, compile_customer, compile_snapshot
from provisioning.compiled import assemble, replace_customers
from provisioning.errors import ConfigInvalid
from provisioning.load import CheckedConfig
from provisioning.network import MovedNetwork, RealNetwork, configured_addresses
from provisioning.secrets import Secrets

Accept = Callable[..., CheckedConfig]
Change = Callable[..., str]
Refuse = Callable[..., list[str]]

TENANT = "00000000-0000-4000-8000-000000000001"
EDGE = ("  trunks:\n", "  teams: {fqdn: SBC.Teams.carrier.example}\n  trunks:\n")
TRUNK = (
    "    sites:\n",
    f"    teams_trunks: [{{id: teams, tenant_id: {TENANT}, fqdn: bau.teams.carrier.example}}]\n    sites:\n",
)
LINKED = ("trunks: [bau-1]", f"trunks: [teams, bau-1], tenant_id: {TENANT}, consent: 2026-01-01")
FIRST = E164("+492214710100")


def compiled(checked: CheckedConfig) -> Snapshot:
    secrets = Secrets({}, Path(), lab=True)
    return compile_snapshot(checked.config, version=1, network=RealNetwork(), secrets=secrets)


def test_a_tenant_is_known_with_its_numbers_and_microsofts_servers(accepted: Accept, changed: Change) -> None:
    """A4, B1."""
    checked = accepted(changed(EDGE, TRUNK, LINKED))
    assert checked.warnings == ()
    snapshot = compiled(checked)
    assert snapshot.tenants == {TENANT: "teams"}
    assert snapshot.teams is not None
    assert snapshot.teams.fqdn == "sbc.teams.carrier.example"
    assert snapshot.teams.addresses == tuple(
        SipAddress(f"{name}.pstnhub.microsoft.com", 5061, Transport.TLS) for name in ("sip", "sip2", "sip3")
    )
    assert snapshot.teams.networks == ("52.112.0.0/14", "52.122.0.0/15")
    trunk = snapshot.trunks["teams"]
    assert (trunk.teams, trunk.srtp, trunk.peers) == (
        TeamsLine(TENANT, "bau.teams.carrier.example"),
        Srtp.REQUIRED,
        (),
    )
    assert (trunk.header_map.host, trunk.header_map.number_format) == (
        "bau.teams.carrier.example",
        NumberFormat.PLUS,
    )
    number = snapshot.numbers[FIRST]
    assert (number.target, number.tenant_id) == (ToTrunks(("teams", "bau-1")), TENANT)


def test_a_customer_that_goes_takes_its_tenant_along(accepted: Accept, changed: Change) -> None:
    config = accepted(changed(EDGE, TRUNK, LINKED)).config
    secrets = Secrets({}, Path(), lab=True)
    carrier = compile_carrier(config.carrier, network=RealNetwork(), secrets=secrets)
    customer = compile_customer(config.customers[0], network=RealNetwork(), secrets=secrets)
    snapshot = assemble(carrier, [customer], 1)
    assert snapshot.tenants == {TENANT: "teams"}
    assert replace_customers(snapshot, ["kunde"], (), 2).tenants == {}
    assert replace_customers(snapshot, (), [customer], 2).tenants == {TENANT: "teams"}


def test_the_lab_moves_teams_to_this_machine(accepted: Accept, changed: Change) -> None:
    config = accepted(changed(EDGE, TRUNK, LINKED)).config
    configured = configured_addresses(config)
    assert ("sip2.pstnhub.microsoft.com", 5061) in configured
    network = MovedNetwork({each: ("127.0.0.1", 10_000 + n) for n, each in enumerate(configured)})
    secrets = Secrets({}, Path(), lab=True)
    edge = compile_carrier(config.carrier, network=network, secrets=secrets).teams
    assert edge is not None
    assert {each.host for each in edge.addresses} == {"127.0.0.1"}
    assert edge.networks == ("127.0.0.0/8",)
    nowhere = MovedNetwork({each: ("127.0.0.1", 1) for each in configured if "pstnhub" not in each[0]})
    with pytest.raises(ConfigInvalid, match=r"sip\.pstnhub\.microsoft\.com:5061 has no place"):
        compile_carrier(config.carrier, network=nowhere, secrets=secrets)


def test_a_tenant_is_one_customers(changed: Change, refused: Refuse) -> None:
    """A4: by the tenant we know whose call it is."""
    text = changed(EDGE, TRUNK, LINKED)
    begin = text.index("  - id: kunde\n")
    second = text[begin:]
    for old, new in (
        ("id: kunde\n", "id: kunde-2\n"),
        ("4710-1", "4710-3"),
        ("4710-200", "4710-400"),
        ("bau-1", "bau-2"),
        ("198.51.100.20", "198.51.100.21"),
        ("phone-1", "phone-2"),
        ("{id: teams,", "{id: teams-2,"),
        ("[teams,", "[teams-2,"),
    ):
        assert old in second
        second = second.replace(old, new)
    (line,) = refused(text + second)
    assert "a Microsoft tenant belongs to two customers" in line
    assert line.endswith("[config.tenant-twice]")


@pytest.mark.parametrize(
    ("teams", "id_"),
    [
        ("{fqdn: sbc}", "config.host-name"),
        ("{fqdn: sbc.example, addresses: ['sip.example:5060']}", "config.teams-without-tls"),
        ("{fqdn: sbc.example, accepts_from: [52.112.0.1/14]}", "config.network"),
        ("{fqdn: sbc.example, accepts_from: [52.112.0.1]}", "config.network"),
        ("{fqdn: sbc.example, accepts_from: []}", "config.too-few"),
    ],
)
def test_what_cannot_be_microsofts_side_is_refused(
    changed: Change, refused: Refuse, teams: str, id_: str
) -> None:
    lines = refused(changed(("  trunks:\n", f"  teams: {teams}\n  trunks:\n")))
    assert any(line.endswith(f"[{id_}]") for line in lines), lines


def test_keys_of_encrypted_sound_do_not_travel_in_clear(changed: Change, refused: Refuse) -> None:
    """RFC 4568 section 7."""
    (line,) = refused(changed(('"198.51.100.20:5060"}', '"198.51.100.20:5060", srtp: required}')))
    assert "keys of encrypted sound would travel in clear text" in line
