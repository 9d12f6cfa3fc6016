"""Keys, types and names that the schema refuses, in the words an operator reads.

Each case changes the valid configuration of conftest.py in one way.
"""

from __future__ import annotations

from refusal_cases import Case, each_is_refused

CASES: list[Case] = [
    (
        "an unknown key is named with the nearest one",
        [("default_area_code:", "default_area_kode:")],
        [
            (
                "a.yaml:2:3: carrier.default_area_code: the key 'default_area_code' is missing "
                "[config.missing-key]"
            ),
            (
                "a.yaml:3:3: carrier.default_area_kode: an unknown key, found 'default_area_kode'; "
                "allowed: name, default_area_code, number_blocks, trunks, company, address, contact, "
                "bank, …; did you mean 'default_area_code'? [config.unknown-key]"
            ),
        ],
    ),
    (
        "a missing key is named at the mapping that lacks it",
        [("    name: Beispiel Bau GmbH\n", "")],
        ["a.yaml:10:5: customers[0].name: the key 'name' is missing [config.missing-key]"],
    ),
    (
        "a text that is a number",
        [("name: Beispiel-Carrier", "name: 4711")],
        [
            (
                "a.yaml:2:9: carrier.name: not a text, found 4711; allowed: text, in quotes where it "
                "looks like a number [config.wrong-type]"
            )
        ],
    ),
    (
        "a list that is a text",
        [("trunks: [bau-1]", "trunks: bau-1")],
        [
            (
                "a.yaml:18:65: customers[0].numbers[0].trunks: not a list, found 'bau-1'; allowed: a "
                "list [config.wrong-type]"
            )
        ],
    ),
    (
        "a mapping that is a text",
        [('{id: bau-1, address: "198.51.100.20:5060"}', "bau-1")],
        [
            (
                "a.yaml:14:9: customers[0].trunks[0]: not a mapping, found 'bau-1'; allowed: a mapping "
                "with keys [config.wrong-type]"
            )
        ],
    ),
    (
        "a truth value in other words",
        [("emergency: true", "emergency: yes")],
        [
            (
                "a.yaml:7:62: carrier.trunks[0].emergency: neither true nor false, found 'yes'; allowed: "
                "true or false [config.wrong-type]"
            )
        ],
    ),
    (
        "a duration as text",
        [('192.0.2.10:5060"', '192.0.2.10:5060", no_answer_s: "60"')],
        [
            (
                "a.yaml:7:64: carrier.trunks[0].no_answer_s: not a whole number, found '60'; allowed: a "
                "whole number without quotes [config.wrong-type]"
            )
        ],
    ),
    (
        "a duration that is too long",
        [('192.0.2.10:5060"', '192.0.2.10:5060", no_answer_s: 601')],
        [
            (
                "a.yaml:7:64: carrier.trunks[0].no_answer_s: a number is too large, found 601; allowed: "
                "600 and below [config.out-of-range]"
            )
        ],
    ),
    (
        "a duration that is too short",
        [('192.0.2.10:5060"', '192.0.2.10:5060", no_progress_s: 0')],
        [
            (
                "a.yaml:7:66: carrier.trunks[0].no_progress_s: a number is too small, found 0; allowed: "
                "1 and above [config.out-of-range]"
            )
        ],
    ),
    (
        "an empty list of targets",
        [("trunks: [bau-1]", "trunks: []")],
        [
            (
                "a.yaml:18:65: customers[0].numbers[0].trunks: a list is too short, found a list of 0; "
                "allowed: at least 1 [config.too-few]"
            )
        ],
    ),
    (
        "too many targets",
        [("trunks: [bau-1]", "trunks: [t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,t,]")],
        [
            (
                "a.yaml:18:65: customers[0].numbers[0].trunks: a list is too long, found a list of 21; "
                "allowed: at most 20 [config.too-many]"
            )
        ],
    ),
    (
        "a codec that does not exist",
        [('192.0.2.10:5060"', '192.0.2.10:5060", codecs: [PCMB]')],
        [
            (
                "a.yaml:7:60: carrier.trunks[0].codecs[0]: not one of the choices, found 'PCMB'; "
                "allowed: PCMA, PCMU, G722, OPUS; did you mean 'PCMU'? [config.not-a-choice]"
            )
        ],
    ),
    (
        "an id with capital letters",
        [("id: kunde", "id: Kunde")],
        [
            (
                "a.yaml:10:9: customers[0].id: not an id, found 'Kunde'; allowed: lower-case letters, "
                "digits, '.', '_' and '-' within, at most 64 characters [config.id]"
            )
        ],
    ),
    (
        "an id that is a number",
        [("id: kunde", "id: 4711")],
        [
            (
                "a.yaml:10:9: customers[0].id: an id is text, found 4711; allowed: lower-case letters, "
                "digits, '.', '_' and '-' within, at most 64 characters, in quotes [config.wrong-type]"
            )
        ],
    ),
    (
        "an empty name",
        [("name: Beispiel Bau GmbH", "name: ''")],
        [
            (
                "a.yaml:11:11: customers[0].name: text is empty or too long, found ''; allowed: 1 to 200 "
                "characters [config.text]"
            )
        ],
    ),
    (
        "a user name with @, which ends it in a SIP address",
        [("secret: {lab: geheim}", "username: phone@1, secret: {lab: geheim}")],
        [
            (
                "a.yaml:16:58: customers[0].phones[0].username: not a user name, found 'phone@1'; "
                'allowed: letters, digits and ". + _ ~ -", at most 128, in quotes if digits only '
                "[config.username]"
            )
        ],
    ),
]


test_it_is_refused_with_its_place_and_what_is_allowed = each_is_refused(CASES)
