"""Sites, evidence, tenants and users: what the cross checks refuse (A2-A5).

Each case changes the valid configuration of conftest.py in one way.
"""

from __future__ import annotations

from refusal_cases import Case, each_is_refused

CASES: list[Case] = [
    (
        "A2: a number in another area code than its site",
        [
            (
                "    numbers:\n",
                "    numbers:\n      - {number: '030 23125-001', ported_in: true, trunks: [bau-1]}\n",
            )
        ],
        [
            (
                "a.yaml:18:18: customers[0].numbers[0].number: the number's area code 030 is not "
                "that of its site 'koeln' (A2) (the other one: customers[0].sites[0].area_code at "
                "a.yaml:26:20), found '+493023125001'; allowed: numbers that begin with +49221, or "
                "another site [config.wrong-area-code]"
            )
        ],
    ),
    (
        "A2: the number of a phone in another area code than its site",
        [
            ("0221 4710-200", "030 23125-001"),
            ("  trunks:\n", "  trunks:\n"),
            (
                "  number_blocks:\n",
                (
                    '  number_blocks:\n    - {area_code: "030", first: "+493023125000", last: '
                    '"+493023125999"}\n'
                ),
            ),
        ],
        [
            (
                "a.yaml:17:31: customers[0].phones[0].number: the number's area code 030 is not that "
                "of its site 'koeln' (A2) (the other one: customers[0].sites[0].area_code at "
                "a.yaml:26:20), found '+493023125001'; allowed: numbers that begin with +49221, or "
                "another site [config.wrong-area-code]"
            )
        ],
    ),
    (
        "A3: a site without evidence",
        [("        evidence: [{kind: lease, dated: 2025-12-01, document: Mietvertrag}]\n", "")],
        [
            (
                "a.yaml:24:9: customers[0].sites[0]: the site 'koeln' has numbers and no evidence "
                "for its area code (A3) (the other one: customers[0].numbers[0] at a.yaml:18:9); "
                "allowed: evidence with kind, dated and document [config.evidence-missing]"
            )
        ],
    ),
    (
        "A3: a number in service after its evidence was withdrawn",
        [("document: Mietvertrag", "document: Mietvertrag, withdrawn: 2026-06-30")],
        [
            (
                "a.yaml:16:9: customers[0].phones[0]: in service after the last evidence for its "
                "area code was withdrawn on 2026-06-30 (A3) (the other one: "
                "customers[0].sites[0].evidence[0].withdrawn at a.yaml:27:87); allowed: new "
                "evidence, or deactivated: 2026-06-30 [config.evidence-withdrawn]"
            ),
            (
                "a.yaml:18:9: customers[0].numbers[0]: in service after the last evidence for its "
                "area code was withdrawn on 2026-06-30 (A3) (the other one: "
                "customers[0].sites[0].evidence[0].withdrawn at a.yaml:27:87); allowed: new "
                "evidence, or deactivated: 2026-06-30 [config.evidence-withdrawn]"
            ),
        ],
    ),
    (
        "A4: a number with a tenant and no consent",
        [
            (
                'last: "0221 4710-199",',
                'last: "0221 4710-199", tenant_id: 00000000-0000-4000-8000-000000000001,',
            )
        ],
        [
            (
                "a.yaml:18:68: customers[0].numbers[0].tenant_id: a number with a tenant, and "
                "without the tenant's consent to its upload (A4); allowed: consent with the day it "
                "was given [config.consent-missing]"
            )
        ],
    ),
    (
        "A4: a number that goes to Teams without a tenant",
        [
            (
                "    sites:\n",
                (
                    "    teams_trunks: [{id: t, tenant_id: 00000000-0000-4000-8000-000000000001, fqdn: "
                    "a.teams.example}]\n    sites:\n"
                ),
            ),
            ("trunks: [bau-1]", "trunks: [t]"),
        ],
        [
            (
                "a.yaml:18:66: customers[0].numbers[0].trunks[0]: a number goes to Teams without a "
                "tenant id (A4) (the other one: customers[0].teams_trunks[0].tenant_id at "
                "a.yaml:23:39); allowed: tenant_id: 00000000-0000-4000-8000-000000000001, with "
                "consent [config.tenant-missing]"
            )
        ],
    ),
    (
        "A4: a number that goes to another tenant",
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
                ("trunks: [bau-1, t], tenant_id: 00000000-0000-4000-8000-000000000002, consent: 2026-01-01"),
            ),
        ],
        [
            (
                "a.yaml:18:73: customers[0].numbers[0].trunks[1]: a number is linked to one tenant "
                "and goes to another (A4) (the other one: customers[0].teams_trunks[0].tenant_id at "
                "a.yaml:23:39), found 00000000-0000-4000-8000-000000000001; allowed: trunks of the "
                "tenant 00000000-0000-4000-8000-000000000002 [config.second-tenant]"
            )
        ],
    ),
    (
        "A4: a number with two tenants",
        [
            (
                "    numbers:\n",
                (
                    "    numbers:\n      - {number: '0221 4710-150', trunks: [bau-1], tenant_id: "
                    "00000000-0000-4000-8000-000000000002, consent: 2026-01-01}\n"
                ),
            ),
            (
                'last: "0221 4710-199",',
                (
                    'last: "0221 4710-199", tenant_id: 00000000-0000-4000-8000-000000000001, consent: '
                    "2026-01-01,"
                ),
            ),
        ],
        [
            (
                "a.yaml:19:17: customers[0].numbers[1].first: a number is given twice (the other "
                "one: customers[0].numbers[0].number at a.yaml:18:18), found '+492214710150'; "
                "allowed: each number once [config.number-twice]"
            ),
            (
                "a.yaml:19:68: customers[0].numbers[1].tenant_id: a number is linked to two tenants "
                "(A4) (the other one: customers[0].numbers[0].tenant_id at a.yaml:18:63), found "
                "00000000-0000-4000-8000-000000000001; allowed: tenant_id: "
                "00000000-0000-4000-8000-000000000002 [config.second-tenant]"
            ),
        ],
    ),
    (
        "A5: more than 99 users at a time",
        [
            (
                "    numbers:\n",
                (
                    "    numbers:\n      - {number: '0221 4710-300', trunks: [bau-1], users: [{extension: "
                    "0, active_from: 2026-01-01}, {extension: 1, active_from: 2026-01-01}, {extension: "
                    "2, active_from: 2026-01-01}, {extension: 3, active_from: 2026-01-01}, {extension: "
                    "4, active_from: 2026-01-01}, {extension: 5, active_from: 2026-01-01}, {extension: "
                    "6, active_from: 2026-01-01}, {extension: 7, active_from: 2026-01-01}, {extension: "
                    "8, active_from: 2026-01-01}, {extension: 9, active_from: 2026-01-01}, {extension: "
                    "10, active_from: 2026-01-01}, {extension: 11, active_from: 2026-01-01}, {extension: "
                    "12, active_from: 2026-01-01}, {extension: 13, active_from: 2026-01-01}, {extension: "
                    "14, active_from: 2026-01-01}, {extension: 15, active_from: 2026-01-01}, {extension: "
                    "16, active_from: 2026-01-01}, {extension: 17, active_from: 2026-01-01}, {extension: "
                    "18, active_from: 2026-01-01}, {extension: 19, active_from: 2026-01-01}, {extension: "
                    "20, active_from: 2026-01-01}, {extension: 21, active_from: 2026-01-01}, {extension: "
                    "22, active_from: 2026-01-01}, {extension: 23, active_from: 2026-01-01}, {extension: "
                    "24, active_from: 2026-01-01}, {extension: 25, active_from: 2026-01-01}, {extension: "
                    "26, active_from: 2026-01-01}, {extension: 27, active_from: 2026-01-01}, {extension: "
                    "28, active_from: 2026-01-01}, {extension: 29, active_from: 2026-01-01}, {extension: "
                    "30, active_from: 2026-01-01}, {extension: 31, active_from: 2026-01-01}, {extension: "
                    "32, active_from: 2026-01-01}, {extension: 33, active_from: 2026-01-01}, {extension: "
                    "34, active_from: 2026-01-01}, {extension: 35, active_from: 2026-01-01}, {extension: "
                    "36, active_from: 2026-01-01}, {extension: 37, active_from: 2026-01-01}, {extension: "
                    "38, active_from: 2026-01-01}, {extension: 39, active_from: 2026-01-01}, {extension: "
                    "40, active_from: 2026-01-01}, {extension: 41, active_from: 2026-01-01}, {extension: "
                    "42, active_from: 2026-01-01}, {extension: 43, active_from: 2026-01-01}, {extension: "
                    "44, active_from: 2026-01-01}, {extension: 45, active_from: 2026-01-01}, {extension: "
                    "46, active_from: 2026-01-01}, {extension: 47, active_from: 2026-01-01}, {extension: "
                    "48, active_from: 2026-01-01}, {extension: 49, active_from: 2026-01-01}, {extension: "
                    "50, active_from: 2026-01-01}, {extension: 51, active_from: 2026-01-01}, {extension: "
                    "52, active_from: 2026-01-01}, {extension: 53, active_from: 2026-01-01}, {extension: "
                    "54, active_from: 2026-01-01}, {extension: 55, active_from: 2026-01-01}, {extension: "
                    "56, active_from: 2026-01-01}, {extension: 57, active_from: 2026-01-01}, {extension: "
                    "58, active_from: 2026-01-01}, {extension: 59, active_from: 2026-01-01}, {extension: "
                    "60, active_from: 2026-01-01}, {extension: 61, active_from: 2026-01-01}, {extension: "
                    "62, active_from: 2026-01-01}, {extension: 63, active_from: 2026-01-01}, {extension: "
                    "64, active_from: 2026-01-01}, {extension: 65, active_from: 2026-01-01}, {extension: "
                    "66, active_from: 2026-01-01}, {extension: 67, active_from: 2026-01-01}, {extension: "
                    "68, active_from: 2026-01-01}, {extension: 69, active_from: 2026-01-01}, {extension: "
                    "70, active_from: 2026-01-01}, {extension: 71, active_from: 2026-01-01}, {extension: "
                    "72, active_from: 2026-01-01}, {extension: 73, active_from: 2026-01-01}, {extension: "
                    "74, active_from: 2026-01-01}, {extension: 75, active_from: 2026-01-01}, {extension: "
                    "76, active_from: 2026-01-01}, {extension: 77, active_from: 2026-01-01}, {extension: "
                    "78, active_from: 2026-01-01}, {extension: 79, active_from: 2026-01-01}, {extension: "
                    "80, active_from: 2026-01-01}, {extension: 81, active_from: 2026-01-01}, {extension: "
                    "82, active_from: 2026-01-01}, {extension: 83, active_from: 2026-01-01}, {extension: "
                    "84, active_from: 2026-01-01}, {extension: 85, active_from: 2026-01-01}, {extension: "
                    "86, active_from: 2026-01-01}, {extension: 87, active_from: 2026-01-01}, {extension: "
                    "88, active_from: 2026-01-01}, {extension: 89, active_from: 2026-01-01}, {extension: "
                    "90, active_from: 2026-01-01}, {extension: 91, active_from: 2026-01-01}, {extension: "
                    "92, active_from: 2026-01-01}, {extension: 93, active_from: 2026-01-01}, {extension: "
                    "94, active_from: 2026-01-01}, {extension: 95, active_from: 2026-01-01}, {extension: "
                    "96, active_from: 2026-01-01}, {extension: 97, active_from: 2026-01-01}, {extension: "
                    "98, active_from: 2026-01-01}, {extension: 99, active_from: 2026-01-01}]}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:18:59: customers[0].numbers[0].users: more users of a number than the "
                "contract allows on 2026-01-01 (A5), found 100; allowed: at most 99 at a time "
                "[config.too-many-users]"
            )
        ],
    ),
    (
        "A5: an extension with two users at a time",
        [
            (
                "    numbers:\n",
                (
                    "    numbers:\n      - {number: '0221 4710-300', trunks: [bau-1], users: [{extension: "
                    "12, active_from: 2026-01-01, active_until: 2026-03-31}, {extension: 12, "
                    "active_from: 2026-03-31}]}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:18:140: customers[0].numbers[0].users[1].extension: an extension has two "
                "users at the same time (A5) (the other one: "
                "customers[0].numbers[0].users[0].extension at a.yaml:18:72), found 12; allowed: "
                "active_until of the one before active_from of the next [config.extension-overlap]"
            )
        ],
    ),
    (
        "A5: an extension that makes another number",
        [
            (
                "    numbers:\n",
                (
                    "    numbers:\n      - {number: '0221 4710-300', trunks: [bau-1], users: [{extension: "
                    "5, active_from: 2026-01-01}]}\n"
                ),
            ),
            (
                "  number_blocks:\n",
                (
                    '  number_blocks:\n    - {area_code: "0221", first: "+4922147103000", last: '
                    '"+4922147103009"}\n'
                ),
            ),
            ("    numbers:\n", "    numbers:\n      - {number: '0221 4710-3005', trunks: [bau-1]}\n"),
        ],
        [
            (
                "a.yaml:20:72: customers[0].numbers[1].users[0].extension: number and extension "
                "together are another number of the configuration (the other one: "
                "customers[0].numbers[0].number at a.yaml:19:18), found '+4922147103005'; allowed: "
                "an extension whose number is free [config.extension-is-number]"
            )
        ],
    ),
    (
        "A5: an extension that makes the number too long",
        [
            (
                "    numbers:\n",
                (
                    "    numbers:\n      - {number: '0221 4710-300123', ported_in: true, trunks: [bau-1], "
                    "users: [{extension: 10, active_from: 2026-01-01}]}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:18:92: customers[0].numbers[0].users[0].extension: number and extension "
                "together are too long, found '+49221471030012310'; allowed: 13 digits behind +49 "
                "[config.extension-too-long]"
            )
        ],
    ),
]


test_it_is_refused_with_its_place_and_what_is_allowed = each_is_refused(CASES)
