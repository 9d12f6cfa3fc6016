"""Numbers, profiles and settings that contradict themselves or their limits (A4-A6, B6, B11, C2, E4).

Each case changes the valid configuration of conftest.py in one way.
"""

from __future__ import annotations

from refusal_cases import Case, each_is_refused

CASES: list[Case] = [
    (
        "withdrawn before dated",
        [("dated: 2025-12-01", "dated: 2025-12-01, withdrawn: 2025-11-30")],
        [
            (
                "a.yaml:27:20: customers[0].sites[0].evidence[0]: withdrawn on 2025-11-30, before it "
                "was dated (2025-12-01); allowed: withdrawn on or after dated [config.evidence-dates]"
            )
        ],
    ),
    (
        "users of a range",
        [("trunks: [bau-1]}\n", "trunks: [bau-1], users: [{extension: 1, active_from: 2026-01-01}]}\n")],
        [
            (
                "a.yaml:18:9: customers[0].numbers[0]: users stand behind one number; allowed: "
                "number with users [config.number-users]"
            )
        ],
    ),
    (
        "a block as list",
        [
            (
                "    numbers:\n",
                "    numbers:\n      - {list: ['0221 4710-300'], kind: block, trunks: [bau-1]}\n",
            )
        ],
        [
            (
                "a.yaml:18:9: customers[0].numbers[0]: a block is written as first with last; "
                "allowed: first with last [config.number-kind]"
            )
        ],
    ),
    (
        "an extension too large",
        [
            (
                "    numbers:\n",
                (
                    "    numbers:\n      - {number: '0221 4710-300', trunks: [bau-1], users: [{extension: "
                    "100, active_from: 2026-01-01}]}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:18:72: customers[0].numbers[0].users[0].extension: a number is too large, "
                "found 100; allowed: 99 and below [config.out-of-range]"
            )
        ],
    ),
    (
        "porting without ported",
        [
            (
                'last: "0221 4710-199",',
                'last: "0221 4710-199", porting: {losing_carrier: x, ported: 2026-01-01},',
            )
        ],
        [
            (
                "a.yaml:18:9: customers[0].numbers[0]: porting without ported_in; allowed: "
                "ported_in: true with porting [config.porting]"
            )
        ],
    ),
    (
        "deactivated before activated",
        [
            (
                'last: "0221 4710-199",',
                'last: "0221 4710-199", activated: 2026-02-01, deactivated: 2026-01-31,',
            )
        ],
        [
            (
                "a.yaml:18:9: customers[0].numbers[0]: deactivated on 2026-01-31, before it was "
                "activated (2026-02-01); allowed: deactivated on or after activated "
                "[config.number-dates]"
            )
        ],
    ),
    (
        "a tenant id",
        [('last: "0221 4710-199",', "last: \"0221 4710-199\", tenant_id: '123',")],
        [
            (
                "a.yaml:18:68: customers[0].numbers[0].tenant_id: not a tenant id, found '123'; "
                "allowed: 00000000-0000-4000-8000-000000000000 as the Microsoft 365 administration "
                "shows it [config.tenant-id]"
            )
        ],
    ),
    (
        "barring of emergency calls",
        [("    sites:\n", "    barring_profiles: [{id: p, classes: [emergency]}]\n    sites:\n")],
        [
            (
                "a.yaml:23:42: customers[0].barring_profiles[0].classes[0]: 110 and 112 cannot be "
                "barred (TKG § 164), found 'emergency'; allowed: other classes [config.bar-emergency]"
            )
        ],
    ),
    (
        "an unknown class",
        [("    sites:\n", "    barring_profiles: [{id: p, classes: [premiun]}]\n    sites:\n")],
        [
            (
                "a.yaml:23:42: customers[0].barring_profiles[0].classes[0]: not a class of numbers, "
                "found 'premiun'; allowed: geographic, mobile, freephone, shared_cost, personal, "
                "national_subscriber, premium, directory, …; did you mean 'premium'? "
                "[config.not-a-choice]"
            )
        ],
    ),
    (
        "an unknown country",
        [("    sites:\n", "    barring_profiles: [{id: p, countries: [UK]}]\n    sites:\n")],
        [
            (
                "a.yaml:23:44: customers[0].barring_profiles[0].countries[0]: not a country, found "
                "'UK'; allowed: two capital letters of ISO 3166-1: DE, AT, CH [config.country]"
            )
        ],
    ),
    (
        "a prefix",
        [("    sites:\n", "    barring_profiles: [{id: p, prefixes: ['x']}]\n    sites:\n")],
        [
            (
                "a.yaml:23:43: customers[0].barring_profiles[0].prefixes[0]: not a prefix, found "
                '\'x\'; allowed: "+" and 1 to 15 digits, or "0" and digits, in quotes: "+4419", "0151" '
                "[config.prefix]"
            )
        ],
    ),
    (
        "an empty profile",
        [("    sites:\n", "    barring_profiles: [{id: p}]\n    sites:\n")],
        [
            (
                "a.yaml:23:24: customers[0].barring_profiles[0]: the profile bars nothing; allowed: "
                "classes, prefixes or countries [config.empty-profile]"
            )
        ],
    ),
    (
        "a bar that cannot be lifted",
        [
            (
                "    sites:\n",
                (
                    "    lifted_bars: [{number_class: vpn, operator: x, lifted: 2026-01-01, reason: "
                    "x}]\n    sites:\n"
                ),
            )
        ],
        [
            (
                "a.yaml:23:34: customers[0].lifted_bars[0].number_class: not a class that is barred "
                "by default and can be lifted, found 'vpn'; allowed: premium, directory, "
                "mass_calling, teledialog_0138, uifn, foreign_premium, foreign_personal, "
                "foreign_paging, … [config.bar-not-liftable]"
            )
        ],
    ),
    (
        "limits that contradict",
        [
            (
                "    sites:\n",
                (
                    "    limit_profiles: [{id: p, spend_per_day: 5.00 EUR, spend_per_month: 4.00 "
                    "EUR}]\n    sites:\n"
                ),
            )
        ],
        [
            (
                "a.yaml:23:22: customers[0].limit_profiles[0]: 5.00 EUR a day is more than 4.00 EUR "
                "a month; allowed: a day within the month [config.limits-contradict]"
            )
        ],
    ),
    (
        "hours that end before",
        [
            (
                "    sites:\n",
                (
                    "    opening_hours: [{id: p, slots: [{days: [mon], begins: '12:00', ends: "
                    "'08:00'}]}]\n    sites:\n"
                ),
            )
        ],
        [
            (
                "a.yaml:23:37: customers[0].opening_hours[0].slots[0]: 08:00 does not come after "
                "12:00; allowed: ends later than begins; for the night two slots [config.slot-order]"
            )
        ],
    ),
    (
        "hours that overlap",
        [
            (
                "    sites:\n",
                (
                    "    opening_hours: [{id: p, slots: [{days: [mon], begins: '08:00', ends: '12:00'}, "
                    "{days: [sun, mon], begins: '11:00', ends: '13:00'}]}]\n    sites:\n"
                ),
            )
        ],
        [
            (
                "a.yaml:23:21: customers[0].opening_hours[0]: two slots overlap: mon 11:00; "
                "allowed: each time of the week once [config.slots-overlap]"
            )
        ],
    ),
    (
        "a time",
        [
            (
                "    sites:\n",
                (
                    "    opening_hours: [{id: p, slots: [{days: [mon], begins: '8', ends: "
                    "'12:00'}]}]\n    sites:\n"
                ),
            )
        ],
        [
            (
                "a.yaml:23:59: customers[0].opening_hours[0].slots[0].begins: not a time of day, "
                'found \'8\'; allowed: "00:00" to "24:00" [config.time]'
            )
        ],
    ),
    (
        "smime without certificate",
        [("    sites:\n", "    billing: {encryption: smime}\n    sites:\n")],
        [
            (
                "a.yaml:23:14: customers[0].billing: encryption and certificate go together; "
                "allowed: encryption: smime or pgp with a certificate, or neither "
                "[config.certificate]"
            )
        ],
    ),
    (
        "a quarantine that is too short",
        [("name: Beispiel-Carrier", "name: Beispiel-Carrier\n  number_quarantine_days: 30")],
        [
            (
                "a.yaml:3:27: carrier.number_quarantine_days: a number is too small, found 30; "
                "allowed: 31 and above [config.out-of-range]"
            )
        ],
    ),
    (
        "a notice that is too short",
        [("name: Beispiel-Carrier", "name: Beispiel-Carrier\n  foreign_price_notice_days: 6")],
        [
            (
                "a.yaml:3:30: carrier.foreign_price_notice_days: a number is too small, found 6; "
                "allowed: 7 and above [config.out-of-range]"
            )
        ],
    ),
    (
        "a return debit fee",
        [("name: Beispiel-Carrier", "name: Beispiel-Carrier\n  return_debit_fee: 4.99 EUR")],
        [
            (
                "a.yaml:2:3: carrier: the fee for returned debits is 4.99 EUR; allowed: 5.00 EUR and "
                "above [config.return-debit-fee]"
            )
        ],
    ),
    (
        "a creditor id",
        [("name: Beispiel-Carrier", "name: Beispiel-Carrier\n  creditor_id: DE99ZZZ09999999999")],
        [
            (
                "a.yaml:3:16: carrier.creditor_id: not a SEPA creditor id, found "
                "'DE99ZZZ09999999999'; allowed: 18 characters for Germany, with check digits "
                "[config.creditor-id]"
            )
        ],
    ),
    (
        "another time zone",
        [("name: Beispiel-Carrier", "name: Beispiel-Carrier\n  time_zone: Europe/Vienna")],
        [
            (
                "a.yaml:3:14: carrier.time_zone: not one of the choices, found 'Europe/Vienna'; "
                "allowed: Europe/Berlin; did you mean 'Europe/Berlin'? [config.not-a-choice]"
            )
        ],
    ),
    (
        "a host name",
        [
            (
                "    sites:\n",
                (
                    "    teams_trunks: [{id: t, tenant_id: 00000000-0000-4000-8000-000000000001, fqdn: "
                    "t}]\n    sites:\n"
                ),
            )
        ],
        [
            (
                "a.yaml:23:83: customers[0].teams_trunks[0].fqdn: not a full host name, found 't'; "
                "allowed: sbc.example.com [config.host-name]"
            )
        ],
    ),
    (
        "a sops reference",
        [("secret: {lab: geheim}", "secret: {sops: geheim.yaml}")],
        [
            (
                "a.yaml:16:63: customers[0].phones[0].secret.sops: not a file and a key in it, found "
                "a value that is not shown (secret); allowed: path#key, path#key.key for a key "
                "within another [config.secret]"
            )
        ],
    ),
]


test_it_is_refused_with_its_place_and_what_is_allowed = each_is_refused(CASES)
