"""Dates, amounts and codes of customers that the schema refuses, in the words an operator reads (A1, E8, E9).

Each case changes the valid configuration of conftest.py in one way.
"""

from __future__ import annotations

from refusal_cases import Case, each_is_refused

CASES: list[Case] = [
    (
        "a day that does not exist",
        [("start: 2026-01-01", "start: 2026-02-30")],
        [
            (
                "a.yaml:22:59: customers[0].contract.start: there is no such day, found "
                "'2026-02-30'; allowed: a day of the calendar [config.no-such-day]"
            )
        ],
    ),
    (
        "a day written in another way",
        [("start: 2026-01-01", "start: 1.1.2026")],
        [
            (
                "a.yaml:22:59: customers[0].contract.start: not a date, found '1.1.2026'; allowed: "
                "year-month-day as 2026-01-31 [config.date]"
            )
        ],
    ),
    (
        "a day out of reach",
        [("start: 2026-01-01", "start: 0001-01-01")],
        [
            (
                "a.yaml:22:59: customers[0].contract.start: a year out of reach, found '0001-01-01'; "
                "allowed: 1900 to 2199 [config.date]"
            )
        ],
    ),
    (
        "an IBAN with wrong check digits",
        [
            (
                "    contacts: [{email: post@bau.example}]\n",
                (
                    "    contacts: [{email: post@bau.example}]\n    bank: {iban: 'DE94 9999 9999 0000 "
                    "0000 01'}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:22:18: customers[0].bank.iban: the IBAN's check digits are wrong, found "
                "'DE94 9999 9999 0000 0000 01'; allowed: the IBAN as issued "
                "[config.iban-check-digits]"
            )
        ],
    ),
    (
        "an IBAN that is too short",
        [
            (
                "    contacts: [{email: post@bau.example}]\n",
                ("    contacts: [{email: post@bau.example}]\n    bank: {iban: 'DE93 9999 9999 0000 0000'}\n"),
            )
        ],
        [
            (
                "a.yaml:22:18: customers[0].bank.iban: an IBAN with 20 characters, found 'DE93 9999 "
                "9999 0000 0000'; allowed: 22 characters for DE [config.iban]"
            )
        ],
    ),
    (
        "an IBAN of no SEPA country",
        [
            (
                "    contacts: [{email: post@bau.example}]\n",
                (
                    "    contacts: [{email: post@bau.example}]\n    bank: {iban: 'US93 9999 9999 0000 "
                    "0000 01'}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:22:18: customers[0].bank.iban: not an IBAN of a SEPA country, found 'US93 "
                "9999 9999 0000 0000 01'; allowed: country code, check digits, account [config.iban]"
            )
        ],
    ),
    (
        "an IBAN as a number",
        [
            (
                "    contacts: [{email: post@bau.example}]\n",
                "    contacts: [{email: post@bau.example}]\n    bank: {iban: 93}\n",
            )
        ],
        [
            (
                "a.yaml:22:18: customers[0].bank.iban: not text, or too long, found 93; allowed: an "
                "IBAN in quotes [config.iban]"
            )
        ],
    ),
    (
        "a BIC",
        [
            (
                "    contacts: [{email: post@bau.example}]\n",
                (
                    "    contacts: [{email: post@bau.example}]\n    bank: {iban: DE93999999990000000001, "
                    "bic: ZZ}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:22:47: customers[0].bank.bic: not a BIC, found 'ZZ'; allowed: 8 or 11 "
                "characters: bank, country, place, branch [config.bic]"
            )
        ],
    ),
    (
        "a VAT id with a wrong check digit",
        [("legal_form: GmbH", "legal_form: GmbH, vat_id: DE999999996")],
        [
            (
                "a.yaml:19:72: customers[0].company.vat_id: the VAT id's check digit is wrong, found "
                "'DE999999996'; allowed: the VAT id as issued [config.vat-id-check-digit]"
            )
        ],
    ),
    (
        "a register number",
        [("legal_form: GmbH", "legal_form: GmbH, registered: {court: Köln, number: '12345'}")],
        [
            (
                "a.yaml:19:98: customers[0].company.registered.number: not a register number, found "
                "'12345'; allowed: \"HRB 12345\": HRA, HRB, GnR, GsR, PR, VR [config.register-number]"
            )
        ],
    ),
    (
        "an e-mail address",
        [("post@bau.example", "post@bau")],
        [
            (
                "a.yaml:21:24: customers[0].contacts[0].email: not an e-mail address, found "
                "'post@bau'; allowed: name@example.com, at most 254 characters [config.email]"
            )
        ],
    ),
    (
        "a postcode without quotes",
        [('postcode: "50667"', "postcode: 1067")],
        [
            (
                "a.yaml:20:74: customers[0].addresses.main.postcode: not a text, found 1067; "
                "allowed: text, in quotes where it looks like a number [config.wrong-type]"
            )
        ],
    ),
    (
        "a postcode that is too short",
        [('postcode: "50667"', "postcode: '5066'")],
        [
            (
                "a.yaml:20:23: customers[0].addresses.main: not a German postcode: 5066; allowed: "
                'five digits: "01067" [config.postcode]'
            )
        ],
    ),
    (
        "a Land",
        [("state: NW", "state: NRW")],
        [
            (
                "a.yaml:26:97: customers[0].sites[0].address.state: not one of the choices, found "
                "'NRW'; allowed: BW, BY, BE, BB, HB, HH, HE, MV, …; did you mean 'NW'? "
                "[config.not-a-choice]"
            )
        ],
    ),
    (
        "a community key of another Land",
        [("state: NW", "state: NW, ags: '11000000'")],
        [
            (
                "a.yaml:26:18: customers[0].sites[0].address: the community key 11000000 is not in "
                "NW; allowed: a key that begins with 05, or state: BE [config.ags-state]"
            )
        ],
    ),
    (
        "a mandate reference that is too long",
        [
            (
                "    contacts: [{email: post@bau.example}]\n",
                (
                    "    contacts: [{email: post@bau.example}]\n    mandate: {reference: "
                    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', signed: 2026-01-01}\n"
                ),
            )
        ],
        [
            (
                "a.yaml:22:26: customers[0].mandate.reference: not a mandate reference, found "
                "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'; allowed: 1 to 35 letters, digits and + ? / "
                ": ( ) . , ' -, in quotes if digits only [config.mandate-reference]"
            )
        ],
    ),
    (
        "a price as a bare number",
        [("price_model: basis", "price_model: basis, user_price: 3.90")],
        [
            (
                "a.yaml:22:64: customers[0].contract.user_price: not an amount of money, found 3.90; "
                'allowed: text like "3.90 EUR", at most 9 digits before and 6 behind the point '
                "[config.amount]"
            )
        ],
    ),
    (
        "a price in another currency",
        [("price_model: basis", "price_model: basis, user_price: 3.90 USD")],
        [
            (
                "a.yaml:22:64: customers[0].contract.user_price: not the currency of our prices, "
                "found '3.90 USD'; allowed: EUR [config.currency]"
            )
        ],
    ),
    (
        "a negative price",
        [("price_model: basis", "price_model: basis, user_price: -3.90 EUR")],
        [
            (
                "a.yaml:22:64: customers[0].contract.user_price: not an amount of money, found "
                "'-3.90 EUR'; allowed: text like \"3.90 EUR\", at most 9 digits before and 6 behind "
                "the point [config.amount]"
            )
        ],
    ),
    (
        "medium without quota",
        [("price_model: basis", "price_model: medium")],
        [
            (
                "a.yaml:22:15: customers[0].contract: the price model medium with no quota; allowed: "
                "fixed_minutes [config.fair-use]"
            )
        ],
    ),
    (
        "basis with quota",
        [("price_model: basis", "price_model: basis, fair_use: {fixed_minutes: 1}")],
        [
            (
                "a.yaml:22:15: customers[0].contract: the price model basis with fixed_minutes; "
                "allowed: no fair_use [config.fair-use]"
            )
        ],
    ),
    (
        "a contract that ends before it starts",
        [("start: 2026-01-01", "start: 2026-01-01, end: 2025-12-31")],
        [
            (
                "a.yaml:22:15: customers[0].contract: the contract ends on 2025-12-31, before it "
                "starts (2026-01-01); allowed: end on or after start "
                "[config.contract-ends-before-start]"
            )
        ],
    ),
    (
        "a contract signed late",
        [("start: 2026-01-01", "start: 2026-01-01, signed: 2026-01-02")],
        [
            (
                "a.yaml:22:15: customers[0].contract: signed on 2026-01-02, after its start "
                "(2026-01-01); allowed: signed on or before start [config.contract-signed-late]"
            )
        ],
    ),
    (
        "a price model",
        [("price_model: basis", "price_model: basic")],
        [
            (
                "a.yaml:22:45: customers[0].contract.price_model: not one of the choices, found "
                "'basic'; allowed: basis, medium, complete; did you mean 'basis'? "
                "[config.not-a-choice]"
            )
        ],
    ),
]


test_it_is_refused_with_its_place_and_what_is_allowed = each_is_refused(CASES)
