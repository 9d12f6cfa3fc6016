"""What is accepted with a warning, and refused with --strict (A1, A3, A4, A5, B2, B8, E9, E11).

Each case changes the valid configuration of conftest.py in one way.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from provisioning.errors import ConfigInvalid
from provisioning.load import CheckedConfig, load_documents

Case = tuple[str, list[tuple[str, str]], list[str]]

CASES: list[Case] = [
    (
        "A1: data of the company is missing",
        [("    contacts: [{email: post@bau.example}]\n", "")],
        [
            (
                "a.yaml:10:5: warning: customers[0]: data of the company is missing: contacts (A1); "
                "allowed: company, addresses, contacts, contract [config.customer-incomplete]"
            )
        ],
    ),
    (
        "A3 B8: a customer without sites",
        [
            (
                (
                    '    sites:\n      - id: koeln\n        area_code: "0221"\n        address: {street: '
                    'Beispielweg, house_number: "1", postcode: "50667", town: Köln, state: NW}\n        '
                    "evidence: [{kind: lease, dated: 2025-12-01, document: Mietvertrag}]\n"
                ),
                "",
            )
        ],
        [
            (
                "a.yaml:10:5: warning: customers[0]: the customer has numbers but no site: no area "
                "code is proven (A3), and emergency calls have no address (B8); allowed: sites with "
                "address, area_code and evidence [config.no-site]"
            )
        ],
    ),
    (
        "B8: an emergency trunk that needs the DNS",
        [('"192.0.2.11:5060"', '"sip.carrier.example:5060", accepts_from: ["192.0.2.11"]')],
        [
            (
                "a.yaml:8:32: warning: carrier.trunks[1].address: calls to 110 and 112 over it need the DNS: "
                "while that does not answer, the next trunk is tried after 10 s and not after 3 s, found "
                "sip.carrier.example; allowed: an IP address; a trunk for each where the peer has several "
                "[config.emergency-host-name]"
            )
        ],
    ),
    (
        "A3: evidence that came after the number",
        [("dated: 2025-12-01", "dated: 2026-01-02")],
        [
            (
                "a.yaml:16:9: warning: customers[0].phones[0]: in service from 2026-01-01 on, before "
                "the first evidence for its area code (2026-01-02) (A3) (the other one: "
                "customers[0].sites[0].evidence[0].dated at a.yaml:27:41); allowed: evidence dated "
                "on or before the first day of service [config.evidence-late]"
            ),
            (
                "a.yaml:18:9: warning: customers[0].numbers[0]: in service from 2026-01-01 on, "
                "before the first evidence for its area code (2026-01-02) (A3) (the other one: "
                "customers[0].sites[0].evidence[0].dated at a.yaml:27:41); allowed: evidence dated "
                "on or before the first day of service [config.evidence-late]"
            ),
        ],
    ),
    (
        "A3: a number that says no site where there are two",
        [
            (
                "    sites:\n",
                (
                    "    sites:\n      - {id: bonn, area_code: '0228', address: {street: x, postcode: "
                    "'53111', town: x}}\n"
                ),
            ),
            ("{lab: geheim}", "{lab: geheim}, site: koeln"),
        ],
        [
            (
                "a.yaml:18:9: warning: customers[0].numbers[0]: it does not say at which of the "
                "customer's sites: no area code is proven (A3), and emergency calls have no address "
                "(B8); allowed: site with the id of one of sites [config.number-without-site]"
            )
        ],
    ),
    (
        "B8: an address without house number and Land",
        [
            (
                (
                    '      - id: koeln\n        area_code: "0221"\n        address: {street: Beispielweg, '
                    'house_number: "1", postcode: "50667", town: Köln, state: NW}'
                ),
                (
                    '      - id: koeln\n        area_code: "0221"\n        address: {street: Beispielweg, '
                    'postcode: "50667", town: Köln}'
                ),
            )
        ],
        [
            (
                "a.yaml:26:18: warning: customers[0].sites[0].address: calls to 110 and 112 cannot "
                "be routed with certainty by this address: house_number and state missing (B8); "
                "allowed: street, house_number, postcode, town, and state or ags "
                "[config.emergency-address]"
            )
        ],
    ),
    (
        "A5: extensions of which one begins as the other",
        [
            (
                "    numbers:\n",
                (
                    "    numbers:\n      - {number: '0221 4710-300', trunks: [bau-1], users: [{extension: "
                    "1, active_from: 2026-01-01}, {extension: 12, active_from: 2026-01-01}, {extension: "
                    "13, active_from: 2026-01-01}]}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:18:113: warning: customers[0].numbers[0].users[1].extension: the extension "
                "begins as extension 1: who dials digit by digit reaches that one (the other one: "
                "customers[0].numbers[0].users[0].extension at a.yaml:18:72), found 12; allowed: "
                "extensions of one length [config.extension-prefix]"
            )
        ],
    ),
    (
        "B2: a main number that is not always in service",
        [('last: "0221 4710-199",', 'last: "0221 4710-199", activated: 2026-02-01,')],
        [
            (
                "a.yaml:12:18: warning: customers[0].main_number: the main number is not in service "
                "on every day of the contract (B2) (the other one: customers[0].numbers[0].activated "
                "at a.yaml:18:68), found '+492214710100'; allowed: a number without activated and "
                "deactivated [config.main-number-idle]"
            )
        ],
    ),
    (
        "E9: a mandate signed after the first invoice",
        [
            ("name: Beispiel-Carrier", "name: Beispiel-Carrier\n  creditor_id: DE98ZZZ09999999999"),
            (
                "    sites:\n",
                (
                    "    bank: {iban: DE93999999990000000001}\n    mandate: {reference: M-1, signed: "
                    "2026-02-01}\n    sites:\n"
                ),
            ),
        ],
        [
            (
                "a.yaml:25:39: warning: customers[0].mandate.signed: the mandate was signed after "
                "the first invoice of 2026-01-31, which it does not cover (E9) (the other one: "
                "customers[0].contract.start at a.yaml:23:59), found 2026-02-01 [config.mandate-late]"
            )
        ],
    ),
    (
        "E11: a contract that ends within its minimum term",
        [("start: 2026-01-01", "start: 2026-01-31, minimum_term_months: 13, end: 2027-02-26")],
        [
            (
                "a.yaml:22:101: warning: customers[0].contract.end: the contract ends within its "
                "minimum term, which lasts until 2027-02-27 (E11) (the other one: "
                "customers[0].contract.minimum_term_months at a.yaml:22:92), found 2027-02-26; "
                "allowed: an end by notice on or after that day [config.contract-ends-early]"
            )
        ],
    ),
    (
        "A4: a number that goes to Teams",
        [
            (
                "    sites:\n",
                (
                    "    teams_trunks: [{id: t, tenant_id: 00000000-0000-4000-8000-000000000001, fqdn: "
                    "a.teams.example}]\n    sites:\n"
                ),
            ),
            (
                "trunks: [bau-1]",
                ("trunks: [bau-1, t], tenant_id: 00000000-0000-4000-8000-000000000001, consent: 2026-01-01"),
            ),
        ],
        [
            (
                "a.yaml:18:73: warning: customers[0].numbers[0].trunks[1]: a number goes to Teams, and "
                "the carrier has no `teams`: its calls do not get there; allowed: carrier.teams with our "
                "host name [config.teams-missing]"
            )
        ],
    ),
    (
        "A3: evidence withdrawn of a customer who is blocked",
        [
            ("    name: Beispiel Bau GmbH\n", "    name: Beispiel Bau GmbH\n    blocked: true\n"),
            ("document: Mietvertrag", "document: Mietvertrag, withdrawn: 2026-06-30"),
        ],
        [
            (
                "a.yaml:17:9: warning: customers[0].phones[0]: in service after the last evidence "
                "for its area code was withdrawn on 2026-06-30 (A3) (the other one: "
                "customers[0].sites[0].evidence[0].withdrawn at a.yaml:28:87); allowed: new "
                "evidence, or deactivated: 2026-06-30 [config.evidence-withdrawn]"
            ),
            (
                "a.yaml:19:9: warning: customers[0].numbers[0]: in service after the last evidence "
                "for its area code was withdrawn on 2026-06-30 (A3) (the other one: "
                "customers[0].sites[0].evidence[0].withdrawn at a.yaml:28:87); allowed: new "
                "evidence, or deactivated: 2026-06-30 [config.evidence-withdrawn]"
            ),
        ],
    ),
    (
        "B1: a carrier's trunk that is given up while it sets the call up",
        [('192.0.2.10:5060"', '192.0.2.10:5060", no_progress_s: 4')],
        [
            (
                "a.yaml:7:66: warning: carrier.trunks[0].no_progress_s: calls to mobile and foreign numbers "
                "are given up while their network searches, found 4; allowed: 10 and above; without any "
                "response it is left after 3 s anyway [config.no-progress-short]"
            )
        ],
    ),
    (
        "B1: trunks at one address with different codecs",
        [
            (
                '      - {id: bau-1, address: "198.51.100.20:5060"}\n',
                (
                    '      - {id: bau-1, address: "198.51.100.20:5060"}\n'
                    '      - {id: bau-2, address: "198.51.100.20:5070", codecs: [G722]}\n'
                ),
            )
        ],
        [
            (
                "a.yaml:15:9: warning: customers[0].trunks[1]: trunks that share an address have different "
                "codecs: calls from there are taken with PCMA or PCMU (the other one: customers[0].trunks[0] "
                "at a.yaml:14:9); allowed: the same codecs for both, or an address for each "
                "[config.codecs-of-one-address]"
            )
        ],
    ),
]


@pytest.mark.parametrize(("sentence", "changes", "lines"), CASES, ids=[case[0] for case in CASES])
def test_it_is_accepted_with_a_warning_and_refused_when_strict(
    accepted: Callable[..., CheckedConfig],
    changed: Callable[..., str],
    sentence: str,
    changes: list[tuple[str, str]],
    lines: list[str],
) -> None:
    text = changed(*changes)
    assert [str(each) for each in accepted(text).warnings] == lines
    with pytest.raises(ConfigInvalid) as caught:
        load_documents([("a.yaml", text.encode())], strict=True)
    assert str(caught.value).splitlines() == lines


def test_without_warnings_strict_makes_no_difference(changed: Callable[..., str]) -> None:
    assert load_documents([("a.yaml", changed().encode())], strict=True).warnings == ()
