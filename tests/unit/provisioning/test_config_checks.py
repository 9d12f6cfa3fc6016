"""What the checks across customers, trunks and numbers refuse, in the words an operator reads.

Each case changes the valid configuration of conftest.py in one way.
"""

from __future__ import annotations

from refusal_cases import Case, each_is_refused

CASES: list[Case] = [
    (
        "two trunks with one name",
        [("id: carrier-b", "id: carrier-a")],
        [
            (
                "a.yaml:8:12: carrier.trunks[1].id: two trunks have the same name (the other one: "
                "carrier.trunks[0].id at a.yaml:7:12), found 'carrier-a'; allowed: a name of its own "
                "[config.id-twice]"
            )
        ],
    ),
    (
        "a customers trunk with the name of a carriers",
        [("id: bau-1", "id: carrier-a"), ("[bau-1]", "[carrier-a]")],
        [
            (
                "a.yaml:14:14: customers[0].trunks[0].id: two trunks have the same name (the other one: "
                "carrier.trunks[0].id at a.yaml:7:12), found 'carrier-a'; allowed: a name of its own "
                "[config.id-twice]"
            )
        ],
    ),
    (
        "two customers with one name",
        [
            (
                "customers:\n",
                (
                    "customers:\n  - {id: kunde, name: x, main_number: '0221 4710-300', phones: [{id: q, "
                    "number: '0221 4710-300', secret: {lab: geheim}}]}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:11:9: customers[1].id: two customers have the same name (the other one: "
                "customers[0].id at a.yaml:10:10), found 'kunde'; allowed: a name of its own "
                "[config.id-twice]"
            )
        ],
    ),
    (
        "two phones with one name",
        [
            (
                "    phones:\n",
                "    phones:\n      - {id: phone-1, number: '0221 4710-201', secret: {lab: geheim}}\n",
            )
        ],
        [
            (
                "a.yaml:17:14: customers[0].phones[1].id: two phones have the same name (the other one: "
                "customers[0].phones[0].id at a.yaml:16:14), found 'phone-1'; allowed: a name of its own "
                "[config.id-twice]"
            )
        ],
    ),
    (
        "two phones with one user name",
        [
            (
                "    phones:\n",
                (
                    "    phones:\n      - {id: phone-0, username: phone-1, number: '0221 4710-201', secret: "
                    "{lab: geheim}}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:17:14: customers[0].phones[1].id: two phones, agents or trunks register with "
                "the same user name (the other one: customers[0].phones[0].username at a.yaml:16:33), "
                "found 'phone-1'; allowed: a name of its own [config.id-twice]"
            )
        ],
    ),
    (
        "two trunks with one source",
        [("192.0.2.11:5060", "192.0.2.10:5060")],
        [
            (
                "a.yaml:8:32: carrier.trunks[1].address: calls from one source would belong to two "
                "trunks (the other one: carrier.trunks[0].address at a.yaml:7:32), found 192.0.2.10 port "
                "5060; allowed: each source once; give ports where trunks share an address "
                "[config.peer-twice]"
            )
        ],
    ),
    (
        "two trunks with one listed source",
        [('192.0.2.11:5060"', '192.0.2.11:5060", accepts_from: [192.0.2.12, "192.0.2.10:5060"]')],
        [
            (
                "a.yaml:8:78: carrier.trunks[1].accepts_from[1]: calls from one source would belong to "
                "two trunks (the other one: carrier.trunks[0].address at a.yaml:7:32), found 192.0.2.10 "
                "port 5060; allowed: each source once; give ports where trunks share an address "
                "[config.peer-twice]"
            )
        ],
    ),
    (
        "a trunk given up before it rings",
        [('192.0.2.10:5060"', '192.0.2.10:5060", no_progress_s: 20, no_answer_s: 15')],
        [
            (
                "a.yaml:7:66: carrier.trunks[0].no_progress_s: a peer that does not ring is given up later "
                "than a ringing one, found 20; allowed: less than no_answer_s (15) "
                "[config.timeouts-contradict]"
            )
        ],
    ),
    (
        "a codec twice",
        [('192.0.2.10:5060"', '192.0.2.10:5060", codecs: [PCMA, PCMA]')],
        [
            (
                "a.yaml:7:66: carrier.trunks[0].codecs[1]: a codec is listed twice, found 'PCMA'; "
                "allowed: each once [config.listed-twice]"
            )
        ],
    ),
    (
        "no emergency trunk",
        [(", emergency: true", ""), (", emergency: true", "")],
        [
            (
                "a.yaml:7:5: carrier.trunks: no trunk may carry calls to 110 and 112; allowed: at least "
                "one trunk with emergency: true, better two [config.no-emergency-trunk]"
            )
        ],
    ),
    (
        "an unknown trunk with the nearest name",
        [("trunks: [bau-1]", "trunks: [bau-2]")],
        [
            (
                "a.yaml:18:66: customers[0].numbers[0].trunks[0]: there is no such trunk, found 'bau-2'; "
                "allowed: trunks of this customer (bau-1); did you mean 'bau-1'? [config.unknown-trunk]"
            )
        ],
    ),
    (
        "an unknown phone",
        [("trunks: [bau-1]", "phones: [phone-9]")],
        [
            (
                "a.yaml:18:66: customers[0].numbers[0].phones[0]: there is no such phone, found "
                "'phone-9'; allowed: phones of this customer (phone-1); did you mean 'phone-1'? "
                "[config.unknown-phone]"
            )
        ],
    ),
    (
        "the carriers trunk as target",
        [("trunks: [bau-1]", "trunks: [carrier-a]")],
        [
            (
                "a.yaml:18:66: customers[0].numbers[0].trunks[0]: the trunk belongs to the carrier, "
                "found 'carrier-a'; allowed: trunks of this customer (bau-1) [config.foreign-trunk]"
            )
        ],
    ),
    (
        "a phone of another customer as target",
        [
            (
                "customers:\n",
                (
                    "customers:\n  - {id: andere, name: x, main_number: '0221 4710-300', numbers: [{number: "
                    "'0221 4710-300', phones: [phone-1]}]}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:10:102: customers[0].numbers[0].phones[0]: the phone belongs to another "
                "customer, found 'phone-1'; allowed: phones of this customer (none) "
                "[config.foreign-phone]"
            )
        ],
    ),
    (
        "a target twice",
        [("trunks: [bau-1]", "trunks: [bau-1, bau-1]")],
        [
            (
                "a.yaml:18:73: customers[0].numbers[0].trunks[1]: a trunk is listed twice, found "
                "'bau-1'; allowed: each once [config.listed-twice]"
            )
        ],
    ),
    (
        "a number twice for one customer",
        [
            (
                "    numbers:\n",
                "    numbers:\n      - {list: ['0221 4710-300', '0221 4710-150'], trunks: [bau-1]}\n",
            )
        ],
        [
            (
                "a.yaml:19:17: customers[0].numbers[1].first: a number is given twice (the other one: "
                "customers[0].numbers[0].list[1] at a.yaml:18:34), found '+492214710150'; allowed: each "
                "number once [config.number-twice]"
            )
        ],
    ),
    (
        "a number of two customers",
        [
            (
                "customers:\n",
                (
                    "customers:\n  - {id: andere, name: x, main_number: '0221 4710-199', phones: [{id: q, "
                    "number: '0221 4710-199', secret: {lab: geheim}}]}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:19:17: customers[1].numbers[0].first: a number is given twice (the other one: "
                "customers[0].phones[0].number at a.yaml:10:82), found '+492214710199'; allowed: each "
                "number once [config.number-twice]"
            )
        ],
    ),
    (
        "ranges that overlap",
        [
            (
                "    numbers:\n",
                "    numbers:\n      - {first: '0221 4710-190', last: '0221 4710-210', trunks: [bau-1]}\n",
            )
        ],
        [
            (
                "a.yaml:19:17: customers[0].numbers[1].first: a number is given twice (the other one: "
                "customers[0].numbers[0].first at a.yaml:18:17), found '+492214710190' to "
                "'+492214710199'; allowed: each number once [config.number-twice]"
            )
        ],
    ),
    (
        "a main number that the customer does not have",
        [('main_number: "0221 4710-100"', 'main_number: "0221 4710-300"')],
        [
            (
                "a.yaml:12:18: customers[0].main_number: the main number is not one of the customer's "
                "numbers, found '+492214710300'; allowed: a number under numbers or phones of this "
                "customer [config.main-number]"
            )
        ],
    ),
    (
        "a number outside the blocks",
        [("    numbers:\n", "    numbers:\n      - {number: '0221 4711-001', trunks: [bau-1]}\n")],
        [
            (
                "a.yaml:18:18: customers[0].numbers[0].number: a number is outside the carrier's blocks, "
                "found '+492214711001'; allowed: numbers of carrier.number_blocks, or ported_in: true "
                "[config.number-outside-blocks]"
            )
        ],
    ),
    (
        "a range that leaves its block",
        [
            (
                "    numbers:\n",
                "    numbers:\n      - {first: '0221 4710-990', last: '0221 4711-009', trunks: [bau-1]}\n",
            )
        ],
        [
            (
                "a.yaml:18:17: customers[0].numbers[0].first: a number is outside the carrier's blocks, "
                "found '+492214710990' to '+492214711009'; allowed: numbers of carrier.number_blocks, or "
                "ported_in: true [config.number-outside-blocks]"
            )
        ],
    ),
    (
        "blocks that overlap",
        [
            (
                "  number_blocks:\n",
                (
                    '  number_blocks:\n    - {area_code: "0221", first: "+492214710900", last: '
                    '"+492214711999"}\n'
                ),
            )
        ],
        [
            (
                "a.yaml:6:7: carrier.number_blocks[1]: two blocks share numbers (the other one: "
                "carrier.number_blocks[0] at a.yaml:5:7), found '+492214710900' to '+492214710999'; "
                "allowed: each number in one block [config.blocks-overlap]"
            )
        ],
    ),
    (
        "more numbers than a snapshot holds",
        [
            (
                "    numbers:\n",
                (
                    "    numbers:\n      - {first: '+4922112000000', last: '+4922112999999', trunks: "
                    "[bau-1], ported_in: true}\n      - {first: '+4922113000000', "
                    "last: '+4922113999999', trunks: [bau-1], ported_in: true}\n"
                    "      - {first: '+4922114000000', last: '+4922114999999', trunks: [bau-1], "
                    "ported_in: true}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:10:3: customers: too many numbers, found 3000101; allowed: at most 2000000 "
                "[config.too-many-numbers]"
            )
        ],
    ),
]


test_it_is_refused_with_its_place_and_what_is_allowed = each_is_refused(CASES)
