"""Trunks whose system logs in: what the schema takes and refuses, and what becomes of it (B1, F5)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from refusal_cases import Case, each_is_refused

from dialplan.carrier import Credentials, Peer, SipAddress, Srtp, Trunk
from provisioning.canonical import entry_of, item_of
from provisioning.compile import compile_snapshot
from provisioning.errors import ConfigInvalid
from provisioning.lab_secrets import lab_secrets
from provisioning.load import CheckedConfig
from provisioning.network import RealNetwork
from provisioning.secrets import Secrets

ENTRY = '{id: bau-1, address: "198.51.100.20:5060"}'
LOGIN = "{id: bau-1, login: {secret: {lab: geheim}}}"

Accept = Callable[..., CheckedConfig]
Change = Callable[..., str]

CASES: list[Case] = [
    (
        "a trunk with neither address nor login",
        [(ENTRY, "{id: bau-1}")],
        [
            (
                "a.yaml:14:9: customers[0].trunks[0]: calls to the trunk have nowhere to go; allowed: an "
                "address, or a login for a system that registers with us [config.address-missing]"
            )
        ],
    ),
    (
        "a carrier's trunk without address",
        [
            (
                '{id: carrier-b, address: "192.0.2.11:5060", emergency: true}',
                "{id: carrier-b, emergency: true}",
            )
        ],
        ["a.yaml:8:7: carrier.trunks[1].address: the key 'address' is missing [config.missing-key]"],
    ),
    (
        "a login of a carrier",
        [('192.0.2.11:5060"', '192.0.2.11:5060", login: {secret: {lab: geheim}}')],
        [
            (
                "a.yaml:8:51: carrier.trunks[1].login: an unknown key, found 'login'; allowed: id, address, "
                "accepts_from, registration, codecs, no_progress_s, no_answer_s, headers, … "
                "[config.unknown-key]"
            )
        ],
    ),
    (
        "OPTIONS to nowhere",
        [(ENTRY, "{id: bau-1, ping_s: 30, login: {secret: {lab: geheim}}}")],
        [
            (
                "a.yaml:14:9: customers[0].trunks[0]: without an address there is nobody to register with or "
                "to ask by OPTIONS; allowed: an address, or neither registration nor ping_s "
                "[config.address-missing]"
            )
        ],
    ),
    (
        "keys for encrypted sound in clear text to the address of a system that logs in",
        [
            (
                ENTRY,
                '{id: bau-1, address: "198.51.100.20:5060", srtp: required, login: {secret: {lab: geheim}}}',
            )
        ],
        [
            (
                "a.yaml:14:9: customers[0].trunks[0]: keys of encrypted sound would travel in clear text "
                "(RFC 4568 section 7); allowed: an address with /tls, a login without address, or srtp: off "
                "[config.srtp-without-tls]"
            )
        ],
    ),
    (
        "a password in clear text",
        [(ENTRY, "{id: bau-1, login: {secret: geheim}}")],
        [
            (
                "a.yaml:14:37: customers[0].trunks[0].login.secret: a secret does not stand in the "
                "configuration, found a value that is not shown (secret); allowed: {env: NAME}, {file: "
                "path}, {sops: path#key}, {age: path}, or {lab: text} for the lab only [config.plain-secret]"
            )
        ],
    ),
    (
        "the user name of a phone",
        [(ENTRY, "{id: bau-1, login: {username: phone-1, secret: {lab: geheim}}}")],
        [
            (
                "a.yaml:14:39: customers[0].trunks[0].login.username: two phones, agents or trunks register "
                "with the same user name (the other one: customers[0].phones[0].id at a.yaml:16:14), found "
                "'phone-1'; allowed: a name of its own [config.id-twice]"
            )
        ],
    ),
    (
        "a trunk that is named like a phone, with a login",
        [(ENTRY, "{id: phone-1, login: {secret: {lab: geheim}}}"), ("trunks: [bau-1]", "trunks: [phone-1]")],
        [
            (
                "a.yaml:14:30: customers[0].trunks[0].login: two phones, agents or trunks register with the "
                "same user name (the other one: customers[0].phones[0].id at a.yaml:16:14), found 'phone-1'; "
                "allowed: a name of its own [config.id-twice]"
            )
        ],
    ),
]


test_it_is_refused_with_its_place_and_what_is_allowed = each_is_refused(CASES)


def compiled(checked: CheckedConfig, secrets: Secrets | None = None) -> Trunk:
    snapshot = compile_snapshot(
        checked.config,
        version=1,
        network=RealNetwork(),
        secrets=secrets or Secrets({}, Path(), lab=True),
        places=checked.places,
    )
    return snapshot.trunks["bau-1"]


def test_a_system_that_registers_has_neither_address_nor_source(accepted: Accept, changed: Change) -> None:
    trunk = compiled(accepted(changed((ENTRY, LOGIN))))
    assert (trunk.address, trunk.peers, trunk.registered_as) == (None, (), "bau-1")
    assert trunk.login == Credentials("bau-1", "geheim")
    assert "geheim" not in repr(trunk)


@pytest.mark.parametrize(
    ("entry", "no_progress_s"),
    [
        ("{id: bau-1, login: {secret: {lab: geheim}}}", 4),
        ("{id: bau-1, no_progress_s: 20, login: {secret: {lab: geheim}}}", 20),
        ('{id: bau-1, address: "198.51.100.20:5060", login: {secret: {lab: geheim}}}', 20),
        (ENTRY, 20),
    ],
    ids=["registered", "registered, and forwards itself", "logs in, called at its address", "an address"],
)
def test_a_registered_system_that_lost_power_costs_a_call_as_little_as_a_phone(
    accepted: Accept, changed: Change, entry: str, no_progress_s: int
) -> None:
    """Nothing else finds it: the profile that it is called over waits 32 s for a response (decision 0044)."""
    assert compiled(accepted(changed((ENTRY, entry)))).no_progress_s == no_progress_s


def test_what_an_operator_has_set_is_kept_also_when_it_is_another_trunks_default(
    accepted: Accept, changed: Change
) -> None:
    slow = "{id: bau-1, no_progress_s: 20, login: {secret: {lab: geheim}}}"
    customer = accepted(changed((ENTRY, slow))).config.customers[0]
    stored = entry_of(item_of(customer))
    assert stored.trunks[0].no_progress_s == 20


@pytest.mark.parametrize(
    ("sources", "peers"),
    [("", ()), (", accepts_from: [203.0.113.7]", (Peer("203.0.113.7"),))],
    ids=["none named", "one named"],
)
def test_with_a_login_an_address_alone_proves_nothing(
    accepted: Accept, changed: Change, sources: str, peers: tuple[Peer, ...]
) -> None:
    """Calls go to the address; those from there log in, unless the source is named on purpose."""
    entry = f'{{id: bau-1, address: "pbx.bau.example:5060"{sources}, login: {{secret: {{lab: geheim}}}}}}'
    trunk = compiled(accepted(changed((ENTRY, entry))))
    assert (trunk.address, trunk.peers) == (SipAddress("pbx.bau.example", 5060), peers)
    assert trunk.registered_as is None


def test_a_password_that_is_not_there_is_told_with_its_place(accepted: Accept, changed: Change) -> None:
    checked = accepted(changed((ENTRY, "{id: bau-1, login: {secret: {env: NO_SUCH_PASSWORD}}}")))
    with pytest.raises(ConfigInvalid, match=r"customers\[0\]\.trunks\[0\]\.login\.secret") as refused:
        compiled(checked)
    assert "NO_SUCH_PASSWORD" in str(refused.value)


def test_a_password_of_the_lab_is_found_before_production_takes_it(accepted: Accept, changed: Change) -> None:
    found = list(lab_secrets(accepted(changed((ENTRY, LOGIN))).config))
    assert ("customers", 0, "trunks", 0, "login", "secret") in [each.path for each in found]


@pytest.mark.parametrize("srtp", [Srtp.OFF, Srtp.OPTIONAL, Srtp.REQUIRED])
def test_a_system_that_registers_may_have_to_encrypt(accepted: Accept, changed: Change, srtp: Srtp) -> None:
    entry = f"{{id: bau-1, srtp: {srtp.value}, login: {{secret: {{lab: geheim}}}}}}"
    assert compiled(accepted(changed((ENTRY, entry)))).srtp is srtp
