"""Numbers, area codes and ranges that the schema refuses (A2), in the words an operator reads.

Each case changes the valid configuration of conftest.py in one way.
"""

from __future__ import annotations

from refusal_cases import Case, each_is_refused

CASES: list[Case] = [
    (
        "a number without quotes",
        [('main_number: "0221 4710-100"', "main_number: 02214710100")],
        [
            (
                "a.yaml:12:18: customers[0].main_number: a number without quotes loses its 0 or +: put "
                'it in quotes, found 02214710100; allowed: "+49 221 4710-100" or "0221 4710-100" '
                "[config.unquoted-number]"
            )
        ],
    ),
    (
        "a number without its area code",
        [('main_number: "0221 4710-100"', 'main_number: "4710-100"')],
        [
            (
                "a.yaml:12:18: customers[0].main_number: a number without its area code, found "
                '\'4710-100\'; allowed: "+49 221 4710-100" or "0221 4710-100" [config.number]'
            )
        ],
    ),
    (
        "a number with 00",
        [('main_number: "0221 4710-100"', 'main_number: "0049 221 4710100"')],
        [
            (
                "a.yaml:12:18: customers[0].main_number: a number begins with 00, found '0049 221 "
                '4710100\'; allowed: "+49 221 4710-100" or "0221 4710-100" [config.number]'
            )
        ],
    ),
    (
        "a number with 0 behind the country code",
        [('main_number: "0221 4710-100"', 'main_number: "+49 (0)221 4710-100"')],
        [
            (
                "a.yaml:12:18: customers[0].main_number: a number has a 0 behind +49, found '+49 (0)221 "
                '4710-100\'; allowed: "+49 221 4710-100" or "0221 4710-100" [config.number]'
            )
        ],
    ),
    (
        "a number of another country",
        [('main_number: "0221 4710-100"', 'main_number: "+43 1 5550100"')],
        [
            (
                "a.yaml:12:18: customers[0].main_number: not a German number, found '+43 1 5550100'; "
                'allowed: "+49 221 4710-100" or "0221 4710-100" [config.number]'
            )
        ],
    ),
    (
        "a number that is too long",
        [('main_number: "0221 4710-100"', 'main_number: "0221 4710-100000000000"')],
        [
            (
                "a.yaml:12:18: customers[0].main_number: not a number, or one with too few or too many "
                'digits, found \'0221 4710-100000000000\'; allowed: "+49 221 4710-100" or "0221 4710-100" '
                "[config.number]"
            )
        ],
    ),
    (
        "a number of letters",
        [('main_number: "0221 4710-100"', 'main_number: "0221 TELEFON"')],
        [
            (
                "a.yaml:12:18: customers[0].main_number: not a number, or one with too few or too many "
                'digits, found \'0221 TELEFON\'; allowed: "+49 221 4710-100" or "0221 4710-100" '
                "[config.number]"
            )
        ],
    ),
    (
        "a number that is a list",
        [('main_number: "0221 4710-100"', 'main_number: ["0221 4710-100"]')],
        [
            (
                "a.yaml:12:18: customers[0].main_number: not a number, found a list of 1; allowed: text "
                'in quotes: "+49 221 4710-100" or "0221 4710-100" [config.wrong-type]'
            )
        ],
    ),
    (
        "an area code that does not exist",
        [('default_area_code: "0221"', 'default_area_code: "0999"')],
        [
            (
                "a.yaml:3:22: carrier.default_area_code: not a German area code (ONKZ), found '0999'; "
                'allowed: one of the numbering plan: "0221" [config.area-code]'
            )
        ],
    ),
    (
        "an area code without quotes",
        [('default_area_code: "0221"', "default_area_code: 0221")],
        [
            (
                "a.yaml:3:22: carrier.default_area_code: an area code without quotes loses its 0: put it "
                'in quotes, found 0221; allowed: "0221" [config.unquoted-number]'
            )
        ],
    ),
    (
        "a block outside its area code",
        [('{area_code: "0221"', '{area_code: "030"')],
        [
            (
                "a.yaml:5:7: carrier.number_blocks[0]: the block +492214710000 to +492214710999 is not "
                "in its area code; allowed: numbers that begin with +4930 [config.block-area-code]"
            )
        ],
    ),
    (
        "a range backwards",
        [('last: "0221 4710-199"', 'last: "0221 4710-099"')],
        [
            (
                "a.yaml:18:9: customers[0].numbers[0]: +492214710099 comes before +492214710100; "
                "allowed: last not below first [config.range-order]"
            )
        ],
    ),
    (
        "a range of numbers of two lengths",
        [('last: "0221 4710-199"', 'last: "0221 4710-1999"')],
        [
            (
                "a.yaml:18:9: customers[0].numbers[0]: +492214710100 and +4922147101999 differ in "
                "length; allowed: first and last with as many digits [config.range-length]"
            )
        ],
    ),
    (
        "a range that is too large",
        [('first: "+492214710000", last: "+492214710999"', 'first: "+492210000000", last: "+492219999999"')],
        [
            (
                "a.yaml:5:7: carrier.number_blocks[0]: +492210000000 to +492219999999 is too large; "
                "allowed: at most 1,000,000 numbers [config.range-too-large]"
            )
        ],
    ),
    (
        "a number entry in two forms",
        [("trunks: [bau-1]", "number: '0221 4710-300', trunks: [bau-1]")],
        [
            (
                "a.yaml:18:9: customers[0].numbers[0]: an entry with number and first and last; allowed: "
                "one of number, list, or first with last [config.number-form]"
            )
        ],
    ),
    (
        "a number entry without a number",
        [('first: "0221 4710-100", last: "0221 4710-199", ', "")],
        [
            (
                "a.yaml:18:9: customers[0].numbers[0]: an entry with no number; allowed: one of number, "
                "list, or first with last [config.number-form]"
            )
        ],
    ),
    (
        "a number entry without a target",
        [(", trunks: [bau-1]", "")],
        [
            (
                "a.yaml:18:9: customers[0].numbers[0]: an entry has one kind of target; allowed: one "
                "of trunks, phones, plan, forward with always [config.number-target]"
            )
        ],
    ),
]


test_it_is_refused_with_its_place_and_what_is_allowed = each_is_refused(CASES)
