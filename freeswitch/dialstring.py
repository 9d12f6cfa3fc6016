"""A `Leg` as FreeSWITCH's dial string: the only place in the program that writes one.

A dial string is a small language (`[name=value,…]sofia/gateway/NAME/NUMBER|…`) with its own quoting, and
FreeSWITCH percent-decodes caller names on the wire and expands `${…}` recursively. So nothing that a
caller sent goes in unchecked: numbers are digits, names are reduced to harmless characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NewType

from dialplan.carrier import Phone, Trunk, TrunkSide
from dialplan.legs import Leg
from freeswitch.errors import CommandRefused

DialString = NewType("DialString", str)

_NAME_DROP: Final = re.compile(r"[^\w .+&/-]+")
_NAME_MAX: Final = 40
_TARGET: Final = re.compile(r"\+?[0-9A-F*#]{1,40}\Z", re.ASCII)
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z", re.ASCII)
#: As the configuration allows them.
_USERNAME: Final = re.compile(r"[A-Za-z0-9._+~-]{1,128}\Z", re.ASCII)
_DEFAULT_CODECS: Final = ("PCMA", "PCMU")


def display_name(text: str) -> str:
    """What is left of a caller's display name once everything that could be syntax is gone; may be empty."""
    return " ".join(_NAME_DROP.sub(" ", text).split())[:_NAME_MAX]


def dial_string(legs: Iterable[Leg], *, domain: str) -> DialString:
    """The legs, tried one after the other on any failure (`|`). For failover by cause pass one at a time."""
    return DialString("|".join(_leg(leg, domain) for leg in legs))


def _leg(leg: Leg, domain: str) -> str:
    if not _TARGET.match(leg.number):
        raise CommandRefused(f"not a number that can be dialled: {leg.number[:40]!r}")
    target = leg.to
    _checked_id(target.id)
    variables = {
        "leg_timeout": str(leg.no_answer_s),
        "leg_progress_timeout": str(leg.no_progress_s),
        **_caller(leg),
    }
    match target:
        case Trunk():
            variables["fernamt_trunk"] = target.id
            if target.codecs != _DEFAULT_CODECS:
                variables["absolute_codec_string"] = "^^:" + ":".join(target.codecs)
            where = f"sofia/gateway/{target.id}/{leg.number}"
        case Phone():
            variables["fernamt_phone"] = target.id
            where = f"sofia/phone/{_checked_id(target.credentials.username, _USERNAME)}%{domain}"
    return "[" + ",".join(f"{name}={value}" for name, value in variables.items()) + "]" + where


def _checked_id(text: str, allowed: re.Pattern[str] = _ID) -> str:
    if not allowed.match(text):
        raise CommandRefused(f"not an identifier: {text[:64]!r}")
    return text


def _caller(leg: Leg) -> dict[str, str]:
    """Identity as P-Asserted-Identity and Privacy (RFC 3325, RFC 3323), anonymous From when withheld.

    `origination_privacy` with `screen` gives P-Asserted-Identity; without it FreeSWITCH writes
    P-Preferred-Identity.
    """
    caller = leg.caller
    hidden = caller.withheld or caller.number is None
    # RFC 3325 section 7: a withheld identity stays among carriers; customers are not told (TDDDG §15).
    trusted = isinstance(leg.to, Trunk) and leg.to.side is TrunkSide.CARRIER
    number = caller.number if caller.number and (trusted or not hidden) else "anonymous"
    name = display_name(caller.name or "") or number
    variables = {
        "origination_caller_id_number": number,
        "origination_caller_id_name": f"'{name}'",
        "sip_cid_type": "pid",
        "origination_privacy": "screen:hide_name:hide_number" if hidden else "screen",
    }
    if hidden:
        variables["sip_invite_from_uri"] = "<sip:anonymous@anonymous.invalid>"
        variables["origination_caller_id_name"] = "Anonymous"
    return variables
