"""Contract dates, mandates and names that refer to nothing: what the cross checks refuse (A6, E9).

Each case changes the valid configuration of conftest.py in one way.
"""

from __future__ import annotations

from refusal_cases import Case, each_is_refused

CASES: list[Case] = [
    (
        "A6: a number activated before the contract",
        [('last: "0221 4710-199",', 'last: "0221 4710-199", activated: 2025-12-31,')],
        [
            (
                "a.yaml:18:68: customers[0].numbers[0].activated: a number would be in service "
                "outside the contract (2026-01-01 on) (A6) (the other one: "
                "customers[0].contract.start at a.yaml:22:59), found 2025-12-31; allowed: days of "
                "the contract [config.number-outside-contract]"
            )
        ],
    ),
    (
        "A6: a number deactivated after the contract",
        [
            ('last: "0221 4710-199",', 'last: "0221 4710-199", deactivated: 2027-02-02,'),
            ("start: 2026-01-01", "start: 2026-01-01, end: 2027-01-31"),
        ],
        [
            (
                "a.yaml:18:70: customers[0].numbers[0].deactivated: a number would be in service "
                "outside the contract (2026-01-01 to 2027-01-31) (A6) (the other one: "
                "customers[0].contract.end at a.yaml:22:76), found 2027-02-02; allowed: days of the "
                "contract [config.number-outside-contract]"
            )
        ],
    ),
    (
        "A6: a number activated when the contract is over",
        [
            ('last: "0221 4710-199",', 'last: "0221 4710-199", activated: 2027-02-01,'),
            ("start: 2026-01-01", "start: 2026-01-01, end: 2027-01-31"),
        ],
        [
            (
                "a.yaml:18:68: customers[0].numbers[0].activated: a number would be in service "
                "outside the contract (2026-01-01 to 2027-01-31) (A6) (the other one: "
                "customers[0].contract.end at a.yaml:22:76), found 2027-02-01; allowed: days of the "
                "contract [config.number-outside-contract]"
            )
        ],
    ),
    (
        "A6: a number in service before it was ported in",
        [
            (
                "    numbers:\n",
                (
                    "    numbers:\n      - {number: '0221 4711-001', ported_in: true, porting: "
                    "{losing_carrier: x, ported: 2026-02-02}, activated: 2026-02-01, trunks: [bau-1]}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:18:113: customers[0].numbers[0].activated: a number would be in service "
                "before it was ported in (A6) (the other one: customers[0].numbers[0].porting.ported "
                "at a.yaml:18:89), found 2026-02-01; allowed: 2026-02-02 or later "
                "[config.active-before-porting]"
            )
        ],
    ),
    (
        "E9: a mandate without an account",
        [
            ("name: Beispiel-Carrier", "name: Beispiel-Carrier\n  creditor_id: DE98ZZZ09999999999"),
            ("    sites:\n", "    mandate: {reference: M-1, signed: 2025-12-01}\n    sites:\n"),
        ],
        [
            (
                "a.yaml:24:14: customers[0].mandate: a mandate without an account (E9); allowed: "
                "bank with iban [config.mandate-without-bank]"
            )
        ],
    ),
    (
        "E9: a mandate and no creditor id",
        [
            (
                "    sites:\n",
                (
                    "    bank: {iban: DE93999999990000000001}\n    mandate: {reference: M-1, signed: "
                    "2025-12-01}\n    sites:\n"
                ),
            )
        ],
        [
            (
                "a.yaml:24:14: customers[0].mandate: a mandate, and the carrier has no creditor id "
                "to collect with (E9) (the other one: carrier at a.yaml:2:3); allowed: "
                "carrier.creditor_id [config.no-creditor-id]"
            )
        ],
    ),
    (
        "E9: two mandates with one reference",
        [
            ("name: Beispiel-Carrier", "name: Beispiel-Carrier\n  creditor_id: DE98ZZZ09999999999"),
            (
                "    sites:\n",
                (
                    "    bank: {iban: DE93999999990000000001}\n    mandate: {reference: M-1, signed: "
                    "2025-12-01}\n    sites:\n"
                ),
            ),
            (
                "customers:\n",
                (
                    "customers:\n  - {id: andere, name: x, main_number: '0221 4710-300', bank: {iban: "
                    "DE93999999990000000001}, mandate: {reference: M-1, signed: 2025-12-01}, phones: "
                    "[{id: q, number: '0221 4710-300', secret: {lab: geheim}}]}\n"
                ),
            ),
        ],
        [
            (
                "a.yaml:26:26: customers[1].mandate.reference: two mandates have the same reference "
                "(E9) (the other one: customers[0].mandate.reference at a.yaml:11:116), found 'M-1'; "
                "allowed: a reference of its own [config.mandate-twice]"
            )
        ],
    ),
    (
        "a site that does not exist",
        [('last: "0221 4710-199",', 'last: "0221 4710-199", site: koln,')],
        [
            (
                "a.yaml:18:63: customers[0].numbers[0].site: there is no such site, found 'koln'; "
                "allowed: koeln; did you mean 'koeln'? [config.unknown-site]"
            )
        ],
    ),
    (
        "a site of a phone that does not exist",
        [("{lab: geheim}", "{lab: geheim}, site: bonn")],
        [
            (
                "a.yaml:16:77: customers[0].phones[0].site: there is no such site, found 'bonn'; "
                "allowed: koeln [config.unknown-site]"
            )
        ],
    ),
    (
        "a phone of an agent that does not exist",
        [("    sites:\n", "    agents: [{id: a, secret: {lab: geheim}, phone: phone-2}]\n    sites:\n")],
        [
            (
                "a.yaml:23:52: customers[0].agents[0].phone: there is no such phone, found "
                "'phone-2'; allowed: phone-1; did you mean 'phone-1'? [config.unknown-phone]"
            )
        ],
    ),
    (
        "a barring profile that does not exist",
        [
            (
                "    sites:\n",
                (
                    "    barring: [nacht]\n    barring_profiles: [{id: nachts, classes: [premium]}]\n    "
                    "sites:\n"
                ),
            )
        ],
        [
            (
                "a.yaml:23:15: customers[0].barring[0]: there is no such barring profile, found "
                "'nacht'; allowed: nachts; did you mean 'nachts'? [config.unknown-barring-profile]"
            )
        ],
    ),
    (
        "limits that do not exist",
        [("    sites:\n", "    limits: klein\n    sites:\n")],
        [
            (
                "a.yaml:23:13: customers[0].limits: there is no such limit profile, found 'klein'; "
                "allowed: none [config.unknown-limit-profile]"
            )
        ],
    ),
    (
        "opening hours that do not exist",
        [("    sites:\n", "    hours: klein\n    sites:\n")],
        [
            (
                "a.yaml:23:12: customers[0].hours: there are no such opening hours, found 'klein'; "
                "allowed: none [config.unknown-opening-hours]"
            )
        ],
    ),
    (
        "a profile with the name of the carriers",
        [
            ("name: Beispiel-Carrier", "name: Beispiel-Carrier\n  limit_profiles: [{id: klein}]"),
            ("    sites:\n", "    limits: klein\n    limit_profiles: [{id: klein}]\n    sites:\n"),
        ],
        [
            (
                "a.yaml:25:27: customers[0].limit_profiles[0].id: two limit profile entries have the "
                "same name (the other one: carrier.limit_profiles[0].id at a.yaml:3:25), found "
                "'klein'; allowed: a name of its own [config.id-twice]"
            )
        ],
    ),
    (
        "two sites with one name",
        [
            (
                "    sites:\n",
                (
                    "    sites:\n      - {id: koeln, area_code: '0221', address: {street: x, postcode: "
                    "'50667', town: x}}\n"
                ),
            ),
            ('last: "0221 4710-199",', 'last: "0221 4710-199", site: koeln,'),
        ],
        [
            (
                "a.yaml:24:9: customers[0].sites[0]: the site 'koeln' has numbers and no evidence "
                "for its area code (A3) (the other one: customers[0].numbers[0] at a.yaml:18:9); "
                "allowed: evidence with kind, dated and document [config.evidence-missing]"
            ),
            (
                "a.yaml:25:13: customers[0].sites[1].id: two sites of a customer have the same name "
                "(the other one: customers[0].sites[0].id at a.yaml:24:14), found 'koeln'; allowed: "
                "a name of its own [config.id-twice]"
            ),
        ],
    ),
    (
        "a Teams trunk with the name of a trunk",
        [
            (
                "    sites:\n",
                (
                    "    teams_trunks: [{id: bau-1, tenant_id: 00000000-0000-4000-8000-000000000001, "
                    "fqdn: a.teams.example}]\n    sites:\n"
                ),
            )
        ],
        [
            (
                "a.yaml:18:66: customers[0].numbers[0].trunks[0]: a number goes to Teams without a "
                "tenant id (A4) (the other one: customers[0].teams_trunks[0].tenant_id at "
                "a.yaml:23:43); allowed: tenant_id: 00000000-0000-4000-8000-000000000001, with "
                "consent [config.tenant-missing]"
            ),
            (
                "a.yaml:23:25: customers[0].teams_trunks[0].id: two trunks have the same name (the "
                "other one: customers[0].trunks[0].id at a.yaml:14:14), found 'bau-1'; allowed: a "
                "name of its own [config.id-twice]"
            ),
        ],
    ),
    (
        "an agent with the user name of a phone",
        [("    sites:\n", "    agents: [{id: a, username: phone-1, secret: {lab: geheim}}]\n    sites:\n")],
        [
            (
                "a.yaml:23:32: customers[0].agents[0].username: two phones, agents or trunks register with "
                "the same user name (the other one: customers[0].phones[0].id at a.yaml:16:14), "
                "found 'phone-1'; allowed: a name of its own [config.id-twice]"
            )
        ],
    ),
    (
        "two agents with one name",
        [
            (
                "    sites:\n",
                (
                    "    agents: [{id: a, secret: {lab: geheim}}, {id: a, username: b, secret: {lab: "
                    "geheim}}]\n    sites:\n"
                ),
            )
        ],
        [
            (
                "a.yaml:23:51: customers[0].agents[1].id: two agents have the same name (the other "
                "one: customers[0].agents[0].id at a.yaml:23:19), found 'a'; allowed: a name of its "
                "own [config.id-twice]"
            )
        ],
    ),
]


test_it_is_refused_with_its_place_and_what_is_allowed = each_is_refused(CASES)
