"""The slow path: from any spelling of a number to plain digits.

Order: address (tel:, sip:, sips:) and parameters are cut off, percent-encoding is decoded once, separators
are dropped, feature codes are taken off the front. What is left must be digits with at most a "+" before.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from numbering.refusals import NotDialable, RefusalId, refuse

#: Longest dial string looked at; the call facts are cut to as many characters.
MAX_TEXT: Final = 256


class Clir(StrEnum):
    """What the caller asked for this one call with a feature code (B4)."""

    #: *31# before the number: withhold my number.
    WITHHOLD = "withhold"
    #: #31# before the number: show my number.
    SHOW = "show"


class Plain(NamedTuple):
    """A dial string reduced to what counts: ASCII digits, "+" before them when it was written in front."""

    text: str
    clir: Clir | None


#: Characters people write between digits: dropped wherever they stand.
SEPARATORS: Final = dict.fromkeys(map(ord, " -./()\u00a0"))
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(.*)\Z", re.DOTALL)
_BAD_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_EMERGENCY: Final = re.compile(r"(11[02])[0-9*#]*\Z", re.ASCII)
_FEATURE_CODES: Final = {"*31#": Clir.WITHHOLD, "#31#": Clir.SHOW}
_GLOBAL_CONTEXT: Final = re.compile(r"\+[1-9][0-9]{0,14}\Z", re.ASCII)
#: Emergency service names of RFC 5031 that say no more and no less than 110 or 112 (NotrufV § 4(8) Nr. 6).
_SERVICE_URNS: Final = {
    "service:sos": "112",
    "service:sos.ambulance": "112",
    "service:sos.fire": "112",
    "service:sos.police": "110",
}


def reduce(text: str) -> Plain | NotDialable:
    """Plain digits of a dial string of any spelling, or the reason why there are none. Never raises."""
    if len(text) > MAX_TEXT:
        return refuse(RefusalId.TEXT_TOO_LONG)
    address = _user_part(text)
    if isinstance(address, NotDialable):
        return address
    user, *parameters = address.split(";")
    number = _decode(user)
    if isinstance(number, NotDialable):
        return number
    plain = _plain(number)
    if isinstance(plain, NotDialable):
        return plain
    context = _phone_context(parameters)
    return plain if context is None else _in_context(plain, context)


def _user_part(text: str) -> str | NotDialable:
    """The user part with its own parameters: of a URI, of user@host, or the text itself."""
    match = _SCHEME.match(text.strip(" "))
    if match is None:
        return text.partition("@")[0]
    scheme, rest = match[1].lower(), match[2]
    if scheme == "tel":
        return rest
    if scheme == "urn":
        return _SERVICE_URNS.get(rest.lower()) or refuse(RefusalId.UNKNOWN_URI)
    user, at, host = rest.partition("@")
    if scheme not in {"sip", "sips"} or not at or "@" in host:
        return refuse(RefusalId.UNKNOWN_URI)
    return user.partition(":")[0]


def _decode(user: str) -> str | NotDialable:
    if "%" not in user:
        return user
    if _BAD_PERCENT.search(user):
        return refuse(RefusalId.BAD_PERCENT_ENCODING)
    try:
        decoded = unquote_to_bytes(user).decode()
    except UnicodeError:
        return refuse(RefusalId.BAD_PERCENT_ENCODING)
    return refuse(RefusalId.BAD_PERCENT_ENCODING) if "%" in decoded else decoded


def _plain(number: str) -> Plain | NotDialable:
    text = number.translate(SEPARATORS)
    clir = _FEATURE_CODES.get(text[:4])
    if clir is not None:
        text = text[4:]
    if emergency := _EMERGENCY.match(text):
        return Plain(emergency[1], clir)
    # Some phones send the # that ends dialling.
    text = text.removesuffix("#")
    if text.startswith("++"):
        text = text[1:]
    digits = text.removeprefix("+")
    if digits.isascii() and digits.isdigit():
        return Plain(text, clir)
    return refuse(_fault(text, digits))


def _fault(text: str, digits: str) -> RefusalId:
    """What is wrong with a text that is not "+" and digits: the first offending character decides."""
    if not text:
        return RefusalId.EMPTY
    for character in digits:
        if not character.isprintable():
            return RefusalId.CONTROL_CHARACTER
        if character.isascii() and character.isdigit():
            continue
        if character.isnumeric():
            return RefusalId.NON_ASCII_DIGIT
        if character.isalpha():
            return RefusalId.LETTERS
        if character in "*#":
            return RefusalId.UNKNOWN_FEATURE_CODE
        return RefusalId.MALFORMED_PREFIX if character == "+" else RefusalId.FORBIDDEN_CHARACTER
    return RefusalId.MALFORMED_PREFIX


def _phone_context(parameters: list[str]) -> str | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip(" ").lower() == "phone-context":
            return value
    return None


def _in_context(plain: Plain, context: str) -> Plain | NotDialable:
    """A local number with its context (RFC 3966 section 5.1.5). A host name as context says nothing to us.

    A German context before digits with a leading 0 means a national number as callers dial it.
    """
    decoded = _decode(context)
    if isinstance(decoded, NotDialable):
        return decoded
    prefix = decoded.translate(SEPARATORS)
    if plain.text.startswith("+") or not prefix.startswith("+") or _EMERGENCY.match(plain.text):
        return plain
    if not _GLOBAL_CONTEXT.match(prefix):
        return refuse(RefusalId.BAD_PHONE_CONTEXT)
    if plain.text.startswith("0"):
        return plain if prefix.startswith("+49") else refuse(RefusalId.BAD_PHONE_CONTEXT)
    return Plain(prefix + plain.text, plain.clir)
