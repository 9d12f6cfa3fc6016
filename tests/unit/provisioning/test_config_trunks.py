"""Addresses, sources and secrets that the schema refuses, in the words an operator reads.

Each case changes the valid configuration of conftest.py in one way.
"""

from __future__ import annotations

from refusal_cases import Case, each_is_refused

CASES: list[Case] = [
    (
        "an address without a port",
        [("192.0.2.10:5060", "192.0.2.10")],
        [
            (
                "a.yaml:7:32: carrier.trunks[0].address: not a SIP address, found '192.0.2.10'; allowed: "
                "host:port or host:port/transport (udp, tcp, tls): 192.0.2.10:5060, "
                "sip.example.com:5061/tls [config.address]"
            )
        ],
    ),
    (
        "an address with an unknown transport",
        [("192.0.2.10:5060", "192.0.2.10:5060/sctp")],
        [
            (
                "a.yaml:7:32: carrier.trunks[0].address: not a transport, found '192.0.2.10:5060/sctp'; "
                "allowed: udp, tcp, tls [config.address]"
            )
        ],
    ),
    (
        "an address with a port that does not exist",
        [("192.0.2.10:5060", "192.0.2.10:70000")],
        [
            (
                "a.yaml:7:32: carrier.trunks[0].address: not a port, found '192.0.2.10:70000'; allowed: "
                "1 to 65535 [config.address]"
            )
        ],
    ),
    (
        "an address that is nearly an ip address",
        [("192.0.2.10:5060", "192.0.2.300:5060")],
        [
            (
                "a.yaml:7:32: carrier.trunks[0].address: not an IP address or host name, found "
                "'192.0.2.300:5060'; allowed: host:port or host:port/transport (udp, tcp, tls): "
                "192.0.2.10:5060, sip.example.com:5061/tls [config.address]"
            )
        ],
    ),
    (
        "an address of no machine",
        [("192.0.2.10:5060", "0.0.0.0:5060")],
        [
            (
                "a.yaml:7:32: carrier.trunks[0].address: not the address of one machine, found "
                "'0.0.0.0:5060'; allowed: host:port or host:port/transport (udp, tcp, tls): "
                "192.0.2.10:5060, sip.example.com:5061/tls [config.address]"
            )
        ],
    ),
    (
        "a source that is a name",
        [('192.0.2.10:5060"', '192.0.2.10:5060", accepts_from: [sip.example.com]')],
        [
            (
                "a.yaml:7:66: carrier.trunks[0].accepts_from[0]: not a source address, found "
                "'sip.example.com'; allowed: an IP address, or address:port: 192.0.2.10, "
                "192.0.2.10:5060, [2001:db8::1]:5060 [config.peer]"
            )
        ],
    ),
    (
        "a trunk with a host name and no sources",
        [("192.0.2.10:5060", "sip.example.com:5060")],
        [
            (
                "a.yaml:7:7: carrier.trunks[0]: a trunk whose address is a name must say which IP "
                "addresses its calls come from; allowed: accepts_from: [192.0.2.10] "
                "[config.accepts-from-missing]"
            )
        ],
    ),
    (
        "a secret in clear text",
        [("secret: {lab: geheim}", "secret: geheim")],
        [
            (
                "a.yaml:16:56: customers[0].phones[0].secret: a secret does not stand in the "
                "configuration, found a value that is not shown (secret); allowed: {env: NAME}, {file: "
                "path}, {sops: path#key}, {age: path}, or {lab: text} for the lab only [config.plain-secret]"
            )
        ],
    ),
    (
        "a secret with two sources",
        [("secret: {lab: geheim}", "secret: {lab: geheim, env: NAME}")],
        [
            (
                "a.yaml:16:56: customers[0].phones[0].secret: a secret has one source; allowed: {env: "
                "NAME}, {file: path}, {sops: path#key}, {age: path}, or {lab: text} for "
                "the lab only [config.secret]"
            )
        ],
    ),
    (
        "a secret from a variable with a wrong name",
        [("secret: {lab: geheim}", "secret: {env: ge-heim}")],
        [
            (
                "a.yaml:16:62: customers[0].phones[0].secret.env: not the name of an environment "
                "variable, found a value that is not shown (secret); allowed: letters, digits and '_' "
                "[config.secret]"
            )
        ],
    ),
    (
        "a registration in clear text",
        [('192.0.2.10:5060"', '192.0.2.10:5060", registration: "user:geheim"')],
        [
            (
                "a.yaml:7:65: carrier.trunks[0].registration: not a mapping, found a value that is not "
                "shown (secret); allowed: a mapping with keys [config.wrong-type]"
            )
        ],
    ),
    *(
        (
            f"a registration with {what}",
            [('192.0.2.10:5060"', f'192.0.2.10:5060", registration: {{secret: {{env: T}}, {entry}}}')],
            [f"a.yaml:7:{column}: carrier.trunks[0].registration.{why}"],
        )
        for what, entry, column, why in (
            (
                "a domain behind its user name",
                'username: "konto@tel.example"',
                94,
                "username: a user name and its domain, found a value that is not shown (secret); allowed: "
                "username: before the @, domain: behind it; the whole only as auth_username "
                "[config.username]",
            ),
            (
                "a port in its domain",
                'username: konto, domain: "tel.example:5060"',
                109,
                "domain: not an IP address or host name, found a value that is not shown (secret); allowed: "
                "sip.example.com, 192.0.2.10 or 2001:db8::1 [config.host]",
            ),
            (
                "too short a time",
                "username: konto, expires_s: 30",
                112,
                "expires_s: a number is too small, found a value that is not shown (secret); allowed: 60 and "
                "above [config.out-of-range]",
            ),
        )
    ),
    (
        "a misspelt key of a secret",
        [("secret: {lab: geheim}", "secret: {lap: geheim}")],
        [
            (
                "a.yaml:16:57: customers[0].phones[0].secret.lap: an unknown key, found 'lap'; allowed: "
                "env, file, sops, age, lab; did you mean 'lab'? [config.unknown-key]"
            )
        ],
    ),
]


test_it_is_refused_with_its_place_and_what_is_allowed = each_is_refused(CASES)
