"""Why a dial string is not a number: one stable id for each reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from numbering.classes import NumberClass


class RefusalId(StrEnum):
    """The reason, stable for logs, CDRs and tests."""

    EMPTY = "empty"
    TEXT_TOO_LONG = "text_too_long"
    LETTERS = "letters"
    CONTROL_CHARACTER = "control_character"
    NON_ASCII_DIGIT = "non_ascii_digit"
    FORBIDDEN_CHARACTER = "forbidden_character"
    BAD_PERCENT_ENCODING = "bad_percent_encoding"
    UNKNOWN_URI = "unknown_uri"
    BAD_PHONE_CONTEXT = "bad_phone_context"
    UNKNOWN_FEATURE_CODE = "unknown_feature_code"
    MALFORMED_PREFIX = "malformed_prefix"
    NO_AREA_CODE = "no_area_code"
    EMERGENCY_WITH_PREFIX = "emergency_with_prefix"
    EMERGENCY_FROM_ABROAD = "emergency_from_abroad"
    UNKNOWN_SHORT_CODE = "unknown_short_code"
    MOBILE_SHORT_CODE = "mobile_short_code"
    UNKNOWN_AREA_CODE = "unknown_area_code"
    BAD_SUBSCRIBER_NUMBER = "bad_subscriber_number"
    NUMBER_TOO_SHORT = "number_too_short"
    NUMBER_TOO_LONG = "number_too_long"
    UNKNOWN_COUNTRY_CODE = "unknown_country_code"


_SENTENCES: Final[dict[RefusalId, str]] = {
    RefusalId.EMPTY: "Nothing was dialled.",
    RefusalId.TEXT_TOO_LONG: "The dial string is longer than 256 characters.",
    RefusalId.LETTERS: "Letters are not dialled; send digits only.",
    RefusalId.CONTROL_CHARACTER: "The dial string contains a control or invisible character.",
    RefusalId.NON_ASCII_DIGIT: "Only the digits 0 to 9 are dialled, not those of other scripts.",
    RefusalId.FORBIDDEN_CHARACTER: "The dial string contains a character that belongs to no number.",
    RefusalId.BAD_PERCENT_ENCODING: "The percent-encoding is broken or was applied twice.",
    RefusalId.UNKNOWN_URI: "Only tel:, sip: and sips: addresses with a number in them are dialled.",
    RefusalId.BAD_PHONE_CONTEXT: "The phone-context does not fit the number; send the number as +49...",
    RefusalId.UNKNOWN_FEATURE_CODE: "Of the feature codes only *31# and #31# before a number are known.",
    RefusalId.MALFORMED_PREFIX: "After + or 00 a country code follows, and it does not begin with 0.",
    RefusalId.NO_AREA_CODE: "The line has no area code; dial the number with its area code.",
    RefusalId.EMERGENCY_WITH_PREFIX: "Digits before 110 or 112 lead to no emergency call; dial 110 or 112.",
    RefusalId.EMERGENCY_FROM_ABROAD: "Calls from abroad are not led to German emergency control centres.",
    RefusalId.UNKNOWN_SHORT_CODE: "There is no such short number.",
    RefusalId.MOBILE_SHORT_CODE: (
        "Short codes of mobile networks are not reached; dial a local number with its area code."
    ),
    RefusalId.UNKNOWN_AREA_CODE: "No German area code begins like this number.",
    RefusalId.BAD_SUBSCRIBER_NUMBER: "Behind an area code no number begins with 0 or 11.",
    RefusalId.NUMBER_TOO_SHORT: "The number is incomplete.",
    RefusalId.NUMBER_TOO_LONG: "The number has too many digits.",
    RefusalId.UNKNOWN_COUNTRY_CODE: "There is no such country code.",
}


@dataclass(frozen=True, slots=True)
class NotDialable:
    """A dial string that leads nowhere. `number_class` is known when only the length was wrong."""

    id: RefusalId
    sentence: str
    number_class: NumberClass | None = None


#: One value for each reason without a class; a refusal costs the call path one look-up.
REFUSALS: Final[dict[RefusalId, NotDialable]] = {i: NotDialable(i, _SENTENCES[i]) for i in RefusalId}


def refuse(refusal_id: RefusalId, number_class: NumberClass | None = None) -> NotDialable:
    """The refusal with its sentence."""
    if number_class is None:
        return REFUSALS[refusal_id]
    return NotDialable(refusal_id, _SENTENCES[refusal_id], number_class)
