"""The numbers that a call claims as its caller's, read from untrusted texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from dialplan.call import CallOffered
from dialplan.caller.facts import Claim
from dialplan.caller.rules import FORBIDDEN_CLASSES
from numbering.classes import NumberClass
from numbering.dial import Dialled, Line, NotDialable, normalise
from numbering.e164 import E164
from numbering.plan import MOBILE_SHORT_CODES
from numbering.refusals import RefusalId
from numbering.spelling import reduce

#: RFC 3323 section 4.2: values of the Privacy header that ask to hide the caller's identity.
_HIDING: Final = frozenset({"id", "user", "header"})
#: 110 and 112 themselves, however they are written. Behind an area code, or with further digits, they are
#: no number at all: a control centre that is called back from should not be cut off for a wrong format.
_EMERGENCY: Final = re.compile(r"(?:\+49|0049|49)?0?11[02]\Z", re.ASCII)
#: Of digits that begin with a country code without "+": more than any short code has.
_SHORTEST_BARE: Final = 7
#: Callers of carriers are never local numbers: digits without 0 and "+" begin with a country code.
CARRIER_LINE: Final = Line(None, plus_optional=True)


def wants_hiding(offered: CallOffered) -> bool:
    """Whether the caller asked to withhold the number: by the Privacy header, or by an anonymous From, of
    which peers write any one part (RFC 3323 section 4.1.1.3: "Anonymous" <sip:anonymous@anonymous.invalid>).
    """
    return (
        bool(offered.privacy & _HIDING)
        or (offered.from_user or "").lower() == "anonymous"
        or (offered.from_name or "").lower() == "anonymous"
        or (offered.from_host or "").lower() == "anonymous.invalid"
    )


def claim(text: str | None, line: Line) -> Claim | None:
    """What a text claims when read on `line`; None when it is no number and nothing that looks like one."""
    if not text:
        return None
    read = normalise(text, line)
    if isinstance(read, NotDialable):
        return Claim(text, None, forbidden=True) if _forbidden_refusal(read, text) else None
    number_class = read.number_class
    forbidden = number_class in FORBIDDEN_CLASSES
    if number_class is NumberClass.EMERGENCY:
        forbidden = _is_emergency(text)
    elif line.plus_optional and _is_short_code(text):
        forbidden = True
    number = read.number if isinstance(read.number, E164) else None
    if line.area_code is None and _is_fragment(text):
        number = None
    return Claim(text, number, forbidden, number_class is NumberClass.MOBILE, read.country)


def numbers_claimed(offered: CallOffered, line: Line) -> Iterator[E164]:
    """The numbers that a customer's equipment states as its own: asserted, preferred, From, and those whose
    calls it says it forwards."""
    texts = (offered.asserted_user, offered.preferred_user, offered.from_user, *offered.diverting_users)
    for text in texts:
        if text:
            read = normalise(text, line)
            if isinstance(read, Dialled) and isinstance(read.number, E164):
                yield read.number


def _forbidden_refusal(refusal: NotDialable, text: str) -> bool:
    if refusal.id is RefusalId.EMERGENCY_WITH_PREFIX:
        return _is_emergency(text)
    if refusal.id is RefusalId.MOBILE_SHORT_CODE or refusal.number_class in FORBIDDEN_CLASSES:
        return True
    return _is_short_code(text)


def _is_emergency(text: str) -> bool:
    plain = reduce(text)
    return not isinstance(plain, NotDialable) and _EMERGENCY.match(plain.text) is not None


def _is_fragment(text: str) -> bool:
    """A few digits without 0 or "+" are no whole number, whatever country code they begin with."""
    return text.isdigit() and text[0] != "0" and len(text) < _SHORTEST_BARE


def _is_short_code(text: str) -> bool:
    """Digits that are a short code of the mobile networks (TKG § 3 Nr. 27)."""
    prefixes = MOBILE_SHORT_CODES.get(len(text))
    return prefixes is not None and text.startswith(prefixes)
