"""From any dial string to a number and its class, or to a refusal.

`normalise` is called for every call and every leg. Digits, with or without "+", take a path of a few
dictionary look-ups; every other spelling is reduced to digits first (spelling.py). It never raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from numbering import countries
from numbering.classes import DEFAULT_POLICY, NumberClass, Policy
from numbering.e164 import E164
from numbering.plan import (
    GEOGRAPHIC,
    LONGEST_ASSIGNED_NSN,
    LONGEST_INTERNATIONAL,
    LONGEST_NSN,
    MOBILE_SHORT_CODES,
    find,
)
from numbering.refusals import REFUSALS, NotDialable, RefusalId, refuse
from numbering.short_code import ShortCode
from numbering.spelling import SEPARATORS, Clir, reduce

__all__ = ["Clir", "Dialled", "Line", "NotDialable", "normalise"]

GERMANY: Final = "DE"
#: Digits behind an area code. Numbers as short as 221-0 of old companies are in use (open plan).
SHORTEST_SUBSCRIBER: Final = 2
_NO_RANGE: Final = frozenset({NumberClass.UNASSIGNED, NumberClass.FOREIGN_UNASSIGNED})
Emergency: TypeAlias = Literal["110", "112"]


@dataclass(frozen=True, slots=True)
class Line:
    """Where somebody dials from, as far as it changes what digits mean.

    `area_code`: ONKZ without 0, None for lines that have none (local dialling is then refused). `country`:
    calling code of the line's place; the German plan and 110/112 hold for "49" only. `plus_optional`: the
    peer may send E.164 without "+". Without an area code digits then always begin with a country code; with
    one they do where a local number would be longer than those assigned today and the country's range exists.
    """

    area_code: str | None
    country: str = "49"
    plus_optional: bool = False


@dataclass(frozen=True, slots=True)
class Dialled:
    """A dial string understood. `country` is ISO 3166-1 alpha-2, "001" for numbers of no country.

    `clir` is what the caller asked for by feature code; the dial plan decides what comes of it (nothing,
    for those in `plan.ALWAYS_SHOWN_TO`). `emergency` is set exactly for the class EMERGENCY.
    """

    number: E164 | ShortCode
    number_class: NumberClass
    clir: Clir | None = None
    emergency: Emergency | None = None
    country: str = GERMANY


def normalise(text: str, line: Line) -> Dialled | NotDialable:
    """What `text` means when dialled on `line`: a number with class and country, or why it is none.

    Takes any text (spellings other than digits up to 256 characters) and never raises. A class barred by
    default is returned as a number: barring is the caller's decision (`classes.DEFAULT_POLICY`). B5, B8.
    """
    if text.isascii():
        if text.isdigit():
            return _digits(text, line, None)
        if text[:1] == "+":
            # Numbers as people and address books write them: separators only.
            digits = text[1:].translate(SEPARATORS)
            if digits.isdigit():
                return _international(digits, None)
    plain = reduce(text)
    if isinstance(plain, NotDialable):
        return plain
    if plain.text[0] == "+":
        return _international(plain.text[1:], plain.clir)
    return _digits(plain.text, line, plain.clir)


def _digits(digits: str, line: Line, clir: Clir | None) -> Dialled | NotDialable:
    if line.country != "49":
        return _digits_abroad(digits, line, clir)
    if digits[0] == "0":
        if digits[1:2] == "0":
            return _international(digits[2:], clir)
        if digits[1:3] == "10" and (called := _emergency_after_carrier(digits)):
            return _emergency(called, clir)
        return _german(digits[1:], clir)
    if digits[:2] == "11":
        # NotrufV § 4(5) sentence 3: further digits behind 110 and 112 are ignored.
        if digits[2:3] == "0":
            return _emergency("110", clir)
        if digits[2:3] == "2":
            return _emergency("112", clir)
        return _short(digits, clir)
    if digits == "124124":
        return Dialled(ShortCode(digits), NumberClass.SHORT_124124, clir)
    if line.plus_optional:
        if not line.area_code:
            return _international(digits, clir)
        if len(line.area_code) + len(digits) > LONGEST_ASSIGNED_NSN:
            international = _international(digits, clir)
            if isinstance(international, Dialled) and international.number_class not in _NO_RANGE:
                return international
    return _local(digits, line, clir)


def _emergency(called: Emergency, clir: Clir | None) -> Dialled:
    return Dialled(ShortCode(called), NumberClass.EMERGENCY, clir, called)


def _emergency_after_carrier(digits: str) -> Emergency | None:
    """110 or 112 behind a carrier selection code 010xy or 0100xy (NotrufV § 4(5) sentence 2)."""
    behind = digits[6 if digits[3:4] == "0" else 5 :]
    if behind.startswith("110"):
        return "110"
    return "112" if behind.startswith("112") else None


def _short(digits: str, clir: Clir | None) -> Dialled | NotDialable:
    """115, 116xyz, 118xy; also for their forms with 0 and +49, from which callers abroad dial them."""
    found = find(digits)
    if found is None or found[0].number_class is NumberClass.UNASSIGNED:
        return REFUSALS[RefusalId.UNKNOWN_SHORT_CODE]
    row = found[0]
    if row.number_class is NumberClass.EMERGENCY:
        return REFUSALS[RefusalId.EMERGENCY_WITH_PREFIX]
    # 1180xy has six digits, 118xy five (TKG § 3 Nr. 5).
    expected = row.longest if row.prefix != "118" or digits[3:4] == "0" else row.shortest
    if len(digits) != expected:
        return _wrong_length(len(digits) < expected, row.number_class)
    return Dialled(ShortCode(digits), row.number_class, clir)


def _local(digits: str, line: Line, clir: Clir | None) -> Dialled | NotDialable:
    prefixes = MOBILE_SHORT_CODES.get(len(digits))
    if prefixes is not None and digits.startswith(prefixes):
        return REFUSALS[RefusalId.MOBILE_SHORT_CODE]
    if not line.area_code:
        return REFUSALS[RefusalId.NO_AREA_CODE]
    return _german(line.area_code + digits, clir)


def _german(nsn: str, clir: Clir | None) -> Dialled | NotDialable:
    """A national significant number: whatever was before it is taken off."""
    found = find(nsn)
    if found is None:
        return REFUSALS[RefusalId.NUMBER_TOO_SHORT if len(nsn) < 4 else RefusalId.UNKNOWN_AREA_CODE]
    row, prefix_length = found
    number_class = row.number_class
    if row is GEOGRAPHIC:
        if nsn[prefix_length : prefix_length + 1] == "0" or nsn[prefix_length : prefix_length + 2] == "11":
            return _irregular_subscriber(nsn, prefix_length, clir)
        if len(nsn) < prefix_length + SHORTEST_SUBSCRIBER:
            return _wrong_length(True, number_class)
    elif nsn[:2] == "11":
        return _short(nsn, clir)
    digits = len(nsn)
    if digits > LONGEST_NSN:
        return refuse(RefusalId.NUMBER_TOO_LONG, number_class)
    if not row.shortest <= digits <= row.longest and row.policy is Policy.ALLOWED:
        return _wrong_length(digits < row.shortest, number_class)
    return Dialled(E164("+49" + nsn), number_class, clir)


def _irregular_subscriber(nsn: str, prefix_length: int, clir: Clir | None) -> Dialled | NotDialable:
    """What begins with 0 or 11 behind an area code: only another town's 115 is a number."""
    subscriber = nsn[prefix_length:]
    if subscriber == "115":
        return Dialled(E164("+49" + nsn), NumberClass.AUTHORITY_115, clir)
    if subscriber.startswith(("110", "112")):
        return REFUSALS[RefusalId.EMERGENCY_WITH_PREFIX]
    return REFUSALS[RefusalId.BAD_SUBSCRIBER_NUMBER]


def _international(digits: str, clir: Clir | None) -> Dialled | NotDialable:
    """Digits behind "+" or 00. The 0 of "+49 (0) 221" is dropped."""
    if digits[:2] == "49":
        nsn = digits[2:]
        if nsn[:1] == "0":
            nsn = nsn[1:]
            if nsn[:1] == "0":
                return REFUSALS[RefusalId.MALFORMED_PREFIX]
        return _german(nsn, clir)
    if digits[:1] == "0":
        return REFUSALS[RefusalId.MALFORMED_PREFIX]
    if digits[:3] in {"110", "112"}:
        return REFUSALS[RefusalId.EMERGENCY_WITH_PREFIX]
    return _foreign(digits, clir)


def _foreign(digits: str, clir: Clir | None) -> Dialled | NotDialable:
    code = countries.find_code(digits)
    if code is None:
        return REFUSALS[RefusalId.UNKNOWN_COUNTRY_CODE if len(digits) > 2 else RefusalId.NUMBER_TOO_SHORT]
    nsn = digits[len(code.code) :]
    found = code.find(nsn)
    if found is None:
        found = code.elsewhere
        inside = nsn.removeprefix(code.trunk_prefix)
        if inside != nsn and (behind_trunk_prefix := code.find(inside)):
            # "+44 (0) 20 ...": the country's own trunk prefix is no part of the number.
            found, nsn = behind_trunk_prefix, inside
            digits = code.code + nsn
    if len(digits) > LONGEST_INTERNATIONAL:
        return refuse(RefusalId.NUMBER_TOO_LONG, found.number_class)
    if len(nsn) < code.shortest and (not nsn or DEFAULT_POLICY[found.number_class] is Policy.ALLOWED):
        return refuse(RefusalId.NUMBER_TOO_SHORT, found.number_class)
    return Dialled(E164("+" + digits), found.number_class, clir, None, found.country)


def _digits_abroad(digits: str, line: Line, clir: Clir | None) -> Dialled | NotDialable:
    """A line outside Germany dials 00, 0 and its own country, or E.164; German short numbers are not its own.

    NotrufV § 4(5) sentence 4: calls from abroad are not led to German emergency control centres.
    """
    if digits[:2] == "00":
        return _international(digits[2:], clir)
    if digits[:3] in {"110", "112"}:
        return REFUSALS[RefusalId.EMERGENCY_FROM_ABROAD]
    if digits[0] == "0":
        return _international(line.country + digits[1:], clir)
    if line.plus_optional:
        return _international(digits, clir)
    return REFUSALS[RefusalId.NO_AREA_CODE]


def _wrong_length(too_short: bool, number_class: NumberClass) -> NotDialable:
    return refuse(RefusalId.NUMBER_TOO_SHORT if too_short else RefusalId.NUMBER_TOO_LONG, number_class)
