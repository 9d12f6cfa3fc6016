"""The example carrier as a snapshot: look-ups of the call path."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dialplan.carrier import (
    AssignedNumber,
    Credentials,
    Customer,
    NumberBlock,
    Peer,
    Registration,
    SipAddress,
    ToPhones,
    ToTrunks,
    TrunkSide,
)
from dialplan.emergency.routing import LineAddress
from dialplan.snapshot import Snapshot
from numbering.e164 import E164
from provisioning.compile import compile_snapshot
from provisioning.errors import ConfigInvalid
from provisioning.load import CheckedConfig, load
from provisioning.network import AddressUnknown, MovedNetwork, RealNetwork, configured_addresses
from provisioning.secrets import Secrets

EXAMPLE = Path(__file__).parents[3] / "examples/carrier"
LAB = Secrets({}, Path(), lab=True)

Accept = Callable[..., CheckedConfig]
Change = Callable[..., str]


KOELN = LineAddress("Musterweg", "10 a", "50667", "Köln", "NW", "05315000")
BERLIN = LineAddress("Beispielufer", "7", "10115", "Berlin", "BE")
FRANKFURT = LineAddress("Beispielplatz", "3", "60311", "Frankfurt am Main", None, "06412000")


@pytest.fixture(scope="module")
def example() -> Snapshot:
    """The example carrier, where it says it is."""
    return compile_snapshot(load([EXAMPLE]).config, version=7, network=RealNetwork(), secrets=LAB)


def test_a_number_of_a_range_goes_to_the_customer_s_trunks_in_order(example: Snapshot) -> None:
    assert example.numbers[E164("+492214710150")] == AssignedNumber(
        E164("+492214710150"), "kunde-bau", ToTrunks(("bau-1", "bau-2")), address=KOELN
    )


def test_a_hunt_number_rings_its_phones_in_order(example: Snapshot) -> None:
    assert example.numbers[E164("+493023125000")].target == ToPhones(("kanzlei-1", "kanzlei-2"))


def test_a_phone_s_own_number_rings_the_phone(example: Snapshot) -> None:
    assert example.numbers[E164("+493023125003")] == AssignedNumber(
        E164("+493023125003"), "kunde-kanzlei", ToPhones(("kanzlei-3",)), address=BERLIN
    )


def test_most_numbers_of_the_blocks_are_free_and_still_ours(example: Snapshot) -> None:
    extensions = [each for each in example.numbers.values() if each.behind]
    assert len(example.numbers) - len(extensions) == 100 + 6 + 52 + 4
    assert len(extensions) == 2
    assert E164("+492214710200") not in example.numbers
    assert example.is_ours(E164("+492214710200"))
    assert not example.is_ours(E164("+492214711000"))
    assert tuple(example.blocks)[1] == NumberBlock(E164("+493023125000"), E164("+493023125999"))


def test_trunks_are_ordered_by_priority(example: Snapshot) -> None:
    assert example.carrier_trunks == ("carrier-a", "carrier-b")
    assert example.emergency_trunks == ("carrier-a", "carrier-b")


def test_a_request_is_known_by_its_source(example: Snapshot) -> None:
    bau = example.trunk_at("198.51.100.21", 5060)
    assert bau is not None
    assert (bau.id, bau.side, bau.customer_id) == ("bau-2", TrunkSide.CUSTOMER, "kunde-bau")
    assert example.trunk_at("198.51.100.22", 5060) is None


def test_customers_and_versions_are_kept(example: Snapshot) -> None:
    assert example.version == 7
    assert example.default_area_code == "221"
    assert example.customers["kunde-praxis"] == Customer(
        "kunde-praxis", "Beispiel Praxis", E164("+496990009000"), address=FRANKFURT
    )


def test_a_phone_registers_with_its_id_and_secret(example: Snapshot) -> None:
    phone = example.phones["kanzlei-2"]
    assert phone.credentials == Credentials("kanzlei-2", "nur-im-labor-2")
    assert "nur-im-labor" not in repr(example)


def test_numbers_of_one_entry_share_their_target(example: Snapshot) -> None:
    """Lean: a million numbers must fit in a controller."""
    one, two = example.numbers[E164("+492214710100")], example.numbers[E164("+492214710199")]
    assert one.target is two.target
    assert one.customer_id is two.customer_id
    assert one.address is two.address
    assert sys.getsizeof(one) <= 80


def test_phones_that_share_a_number_all_ring(accepted: Accept, changed: Change) -> None:
    text = changed(
        (
            "    phones:\n",
            "    phones:\n      - {id: phone-0, number: '0221 4710-200', secret: {lab: geheim}}\n",
        )
    )
    snapshot = compile_snapshot(accepted(text).config, version=1, network=RealNetwork(), secrets=LAB)
    assert snapshot.numbers[E164("+492214710200")].target == ToPhones(("phone-0", "phone-1"))


def test_an_entry_decides_where_a_phone_s_number_goes(accepted: Accept, changed: Change) -> None:
    entry = "    numbers:\n      - {list: ['0221 4710-200', '0221 4710-201'], trunks: [bau-1]}\n"
    snapshot = compile_snapshot(
        accepted(changed(("    numbers:\n", entry))).config, version=1, network=RealNetwork(), secrets=LAB
    )
    assert snapshot.numbers[E164("+492214710200")].target == ToTrunks(("bau-1",))
    assert E164("+492214710201") in snapshot.numbers


def test_by_tcp_the_port_of_a_source_does_not_count(accepted: Accept, changed: Change) -> None:
    text = changed(("192.0.2.10:5060", "192.0.2.10:5060/tcp"))
    snapshot = compile_snapshot(accepted(text).config, version=1, network=RealNetwork(), secrets=LAB)
    assert snapshot.trunks["carrier-a"].peers == (Peer("192.0.2.10"),)
    trunk = snapshot.trunk_at("192.0.2.10", 49_152)
    assert trunk is not None
    assert trunk.id == "carrier-a"


def test_a_lab_moves_every_address_to_ports_of_its_own(accepted: Accept, changed: Change) -> None:
    text = changed(
        ('"192.0.2.10:5060"', '"192.0.2.10:5060", accepts_from: [192.0.2.10, 192.0.2.12, "192.0.2.13:5070"]')
    )
    config = accepted(text).config
    addresses = configured_addresses(config)
    assert addresses == (
        ("192.0.2.10", 5060),
        ("192.0.2.11", 5060),
        ("198.51.100.20", 5060),
        ("192.0.2.12", 5060),
        ("192.0.2.13", 5070),
    )
    network = MovedNetwork({each: ("127.0.0.1", 40_000 + i) for i, each in enumerate(addresses)})
    snapshot = compile_snapshot(config, version=1, network=network, secrets=LAB)
    assert snapshot.trunks["carrier-a"].address == SipAddress("127.0.0.1", 40_000)
    assert snapshot.trunks["carrier-a"].peers == tuple(
        Peer("127.0.0.1", port) for port in (40_000, 40_003, 40_004)
    )


def test_an_address_without_a_place_stops_a_lab(accepted: Accept, changed: Change) -> None:
    checked = accepted(changed())
    network = MovedNetwork({("192.0.2.10", 5060): ("127.0.0.1", 1), ("192.0.2.11", 5060): ("127.0.0.1", 2)})
    with pytest.raises(ConfigInvalid) as caught:
        compile_snapshot(checked.config, version=1, network=network, secrets=LAB, places=checked.places)
    assert str(caught.value) == (
        "a.yaml:14:30: customers[0].trunks[0].address: 198.51.100.20:5060 has no place in this network: "
        "add it to the address book [config.address-unknown]"
    )
    with pytest.raises(AddressUnknown):
        network.peers(Peer("198.51.100.20"))


def test_two_sources_moved_to_one_place_stop_a_lab(accepted: Accept, changed: Change) -> None:
    config = accepted(changed()).config
    network = MovedNetwork(dict.fromkeys(configured_addresses(config), ("127.0.0.1", 1)))
    with pytest.raises(ConfigInvalid) as caught:
        compile_snapshot(config, version=1, network=network, secrets=LAB)
    assert str(caught.value).splitlines()[0] == (
        "carrier.trunks[1]: calls from 127.0.0.1 port 1 would belong to 'carrier-a' and 'carrier-b' "
        "[config.peer-twice]"
    )


def test_secrets_that_are_missing_are_told_together_with_their_places(
    accepted: Accept, changed: Change
) -> None:
    text = changed(
        ('192.0.2.10:5060"', '192.0.2.10:5060", registration: {username: u, secret: {env: TRUNK}}'),
        ("{lab: geheim}", "{file: phone.password}"),
    )
    checked = accepted(text)
    with pytest.raises(ConfigInvalid) as caught:
        compile_snapshot(
            checked.config,
            version=1,
            network=RealNetwork(),
            secrets=Secrets({}, Path("/nowhere")),
            places=checked.places,
        )
    assert str(caught.value).splitlines() == [
        "a.yaml:7:87: carrier.trunks[0].registration.secret: the environment variable TRUNK is not set "
        "[config.secret-missing]",
        "a.yaml:16:56: customers[0].phones[0].secret: the secret file phone.password cannot be read: "
        "No such file or directory [config.secret-missing]",
    ]


def test_a_registration_has_its_secret_from_the_environment(accepted: Accept, changed: Change) -> None:
    text = changed(
        ('192.0.2.10:5060"', '192.0.2.10:5060", registration: {username: u, secret: {env: TRUNK}}')
    )
    secrets = Secrets({"TRUNK": "geheim"}, Path(), lab=True)
    snapshot = compile_snapshot(accepted(text).config, version=1, network=RealNetwork(), secrets=secrets)
    assert snapshot.trunks["carrier-a"].registration == Registration("u", Credentials("u", "geheim"))


def test_a_registration_has_names_of_its_own(accepted: Accept, changed: Change) -> None:
    entry = (
        'registration: {username: "+492214710", auth_username: "a@tel.example", domain: TEL.example, '
        "expires_s: 600, secret: {lab: geheim}}"
    )
    text = changed(('192.0.2.10:5060"', f'192.0.2.10:5060", {entry}'))
    secrets = Secrets({}, Path(), lab=True)
    snapshot = compile_snapshot(accepted(text).config, version=1, network=RealNetwork(), secrets=secrets)
    trunk = snapshot.trunks["carrier-a"]
    assert trunk.registration == Registration(
        "+492214710", Credentials("a@tel.example", "geheim"), "tel.example", 600
    )
    assert (str(trunk.address), trunk.sip_domain) == ("192.0.2.10:5060", "tel.example")
