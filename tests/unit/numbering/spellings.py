"""Makes spellings of numbers: what phones, trunks, address books and people who try to get round a bar send.

For every test that must show something for *any* spelling. All randomness comes from the `Random` given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from numbering.dial import Line

#: A line in Cologne, whose drama numbers are 0221 4710-000 to -999 (BNetzA Mitteilung 148/2021).
COLOGNE = Line(area_code="221")
TRUNK_WITHOUT_PLUS = Line(area_code=None, plus_optional=True)

SEPARATORS = (" ", "-", ".", "/", "(", ")", "\u00a0", " / ", "--")
NATIONAL_PREFIXES = ("0", "+49", "0049", "+49(0)", "00490", "+490", "++49", "0049 (0) ", "(+49) ", "+49 / 0")
INTERNATIONAL_PREFIXES = ("+", "00", "++", "(00) ", " + ")
FEATURE_CODES = ("", "", "", "*31#", "#31#")
URI_FORMS = (
    "{}",
    "{}",
    "{}@sip.example.com",
    "{};phone-context=sip.example.com",
    "tel:{}",
    "TEL:{}",
    "tel:{};phone-context=sip.example.com",
    "sip:{}@sip.example.com",
    "sip:{}@192.0.2.1:5060;user=phone",
    "sips:{}@sip.example.com;user=phone?Subject=x",
    "SIP:{};npdi@sip.example.com;user=phone",
    "sip:{}:secret@sip.example.com",
)

#: Ranges barred by default or never reachable: prefix of the NSN and class (german-rules 1.2, B5).
BARRED_PREFIXES = {
    **{f"900{digit}": "premium" for digit in "0123456789"},
    **{f"137{digit}": "mass_calling" for digit in "0123456789"},
    **{f"138{digit}": "teledialog_0138" for digit in "0123456789"},
    **{f"18{digit}": "vpn" for digit in "123456789"},
    **{f"19{digit}": "online_019x" for digit in "1234"},
    **{f"16{digit}": "paging" for digit in "489"},
    **{f"1{digit}": "unassigned" for digit in "24"},
    "190": "unassigned",
    "198": "routing_0198_0199",
    "199": "routing_0198_0199",
    "31": "test_031",
}
#: Ranges reachable by default: prefix and the number of digits of an NSN of today.
ALLOWED_PREFIXES = {
    **dict.fromkeys(("2214710", "3641", "39771", "15228817", "16090", "1751", "3221", "7001"), 11),
    **dict.fromkeys(("3023125", "4066969", "6990009", "8999998", "8001", "170"), 10),
    **{f"180{digit}": 10 for digit in "1234567"},
}
#: Foreign ranges that cost more than a call: digits of the international number.
BARRED_ABROAD = (
    "1900555",
    "449011",
    "43900",
    "41900",
    "8816",
    "87077",
    "88213",
    "88351",
    "87810",
    "979",
    "808",
    "800",
)


def digits(random: Random, count: int) -> str:
    """Random digits, the first neither 0 nor 1, so that they are good behind any prefix."""
    return "".join(random.choice("23456789" if place == 0 else "0123456789") for place in range(count))


def barred_german(random: Random) -> tuple[str, str]:
    """An NSN of 7 to 13 digits in a range barred by default, and its class."""
    prefix = random.choice(sorted(BARRED_PREFIXES))
    return prefix + digits(random, random.randint(7, 13) - len(prefix)), BARRED_PREFIXES[prefix]


def allowed_german(random: Random) -> str:
    """An NSN in a range that is reachable by default."""
    prefix = random.choice(sorted(ALLOWED_PREFIXES))
    return prefix + digits(random, ALLOWED_PREFIXES[prefix] - len(prefix))


def barred_abroad(random: Random) -> str:
    """An international number without "+" in a foreign range barred by default."""
    prefix = random.choice(BARRED_ABROAD)
    return prefix + digits(random, random.randint(11, 13) - len(prefix))


def spell_german(nsn: str, random: Random) -> str:
    """Any spelling of a German national significant number that a phone on a German line can send."""
    return _dress(random.choice(NATIONAL_PREFIXES), nsn, random)


def spell_abroad(international: str, random: Random) -> str:
    """Any spelling of an international number given without "+"."""
    return _dress(random.choice(INTERNATIONAL_PREFIXES), international, random)


def spell_bare(number: str, random: Random) -> str:
    """Any spelling of digits that stand alone: short numbers, emergency numbers, local numbers."""
    return _dress("", number, random)


def _dress(prefix: str, number: str, random: Random) -> str:
    steps: Sequence[Callable[[str, Random], str]] = (_separate, _encode)
    text = prefix + number
    for step in steps:
        if random.random() < 0.5:
            text = step(text, random)
    end = random.choice(("", "", "", "#", "%23"))
    form = random.choice(URI_FORMS)
    return form.format(random.choice(FEATURE_CODES) + text + end)


def _separate(text: str, random: Random) -> str:
    return "".join(c + (random.choice(SEPARATORS) if random.random() < 0.3 else "") for c in text)


def _encode(text: str, random: Random) -> str:
    return "".join(
        "".join(f"%{byte:02{random.choice('xX')}}" for byte in c.encode()) if random.random() < 0.3 else c
        for c in text
    )
