"""A `Leg` as FreeSWITCH's dial string: the only place in the program that writes one.

A dial string is a small language (`[name=value,…]sofia/gateway/NAME/NUMBER|…`) with its own quoting, and
FreeSWITCH percent-decodes caller names on the wire and expands `${…}` recursively. So nothing that a
caller sent goes in unchecked: numbers are digits, names are reduced to harmless characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NewType

from dialplan.carrier import Phone, Trunk
from dialplan.legs import Leg
from freeswitch.emergency import emergency_variables
from freeswitch.errors import CommandRefused
from freeswitch.identity import request_user, user_is_phone, wire_identity

DialString = NewType("DialString", str)

_TARGET: Final = re.compile(r"\+?[0-9A-F*#]{1,40}\Z", re.ASCII)
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z", re.ASCII)
#: As the configuration allows them.
_USERNAME: Final = re.compile(r"[A-Za-z0-9._+~-]{1,128}\Z", re.ASCII)
_HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}\Z", re.ASCII)
#: Printable ASCII without what brackets, quotes, escapes, separators and expansions are made of.
_HEADER_VALUE: Final = re.compile(r"[ !\"#%&()*+,./0-9:;<=>?@A-Z_a-z~-]{1,1000}\Z", re.ASCII)
_DEFAULT_CODECS: Final = ("PCMA", "PCMU")


def dial_string(legs: Iterable[Leg], *, domain: str) -> DialString:
    """The legs, tried one after the other on any failure (`|`). For failover by cause pass one at a time.

    Raises CommandRefused for a leg with anything in it that could be syntax.
    """
    return DialString("|".join(str(wire_leg(leg, domain)) for leg in legs))


@dataclass(frozen=True, slots=True)
class WireLeg:
    """A leg in FreeSWITCH's words: its channel variables, which make headers and timers, and the endpoint."""

    variables: Mapping[str, str]
    endpoint: str

    def __str__(self) -> str:
        variables = ",".join(f"{name}={value}" for name, value in self.variables.items())
        return f"[{variables}]{self.endpoint}"


def wire_leg(leg: Leg, domain: str) -> WireLeg:
    """The leg before it is written into a dial string. Raises CommandRefused as `dial_string` does."""
    if not _TARGET.match(leg.number):
        raise CommandRefused(f"not a number that can be dialled: {leg.number[:40]!r}")
    target = leg.to
    _checked_id(target.id)
    variables = {
        "leg_timeout": str(leg.no_answer_s),
        "leg_progress_timeout": str(leg.no_progress_s),
        **dict(_identity(leg, domain)),
        **emergency_variables(leg, domain),
    }
    match target:
        case Trunk():
            variables["fernamt_trunk"] = target.id
            # Every event of the leg carries it: which trunk found no path (freeswitch/follow.py).
            variables["presence_data"] = target.id
            if target.codecs != _DEFAULT_CODECS:
                variables["absolute_codec_string"] = "^^:" + ":".join(target.codecs)
            coded = leg.emergency is not None and leg.number != leg.emergency.dialled
            if coded or user_is_phone(leg.number, target.header_map):
                variables["sip_invite_params"] = "user=phone"
            where = f"sofia/gateway/{target.id}/{request_user(leg)}"
        case Phone():
            variables["fernamt_phone"] = target.id
            where = f"sofia/phone/{_checked_id(target.credentials.username, _USERNAME)}%{domain}"
    # The leg's own headers come last: they may replace one of the identity's.
    variables |= dict(_header(name, value) for name, value in leg.headers)
    return WireLeg(variables, where)


def _checked_id(text: str, allowed: re.Pattern[str] = _ID) -> str:
    if not allowed.match(text):
        raise CommandRefused(f"not an identifier: {text[:64]!r}")
    return text


def _identity(leg: Leg, domain: str) -> Iterator[tuple[str, str]]:
    """The identity headers, written by us to the last character (`sip_cid_type=none` keeps FreeSWITCH's own
    out: it knows one number for all headers, and asserts or prefers it by a flag of `origination_privacy`).

    The display name alone is FreeSWITCH's to write: it makes a quoted string of it.
    """
    identity = wire_identity(leg, domain)
    yield "origination_caller_id_number", leg.caller.shown or "anonymous"
    yield "origination_caller_id_name", f"'{identity.from_name}'"
    yield "sip_cid_type", "none"
    yield "sip_invite_from_uri", f"<{identity.from_uri}>"
    for name, value in identity.headers:
        yield _header(name, value)


def _header(name: str, value: str) -> tuple[str, str]:
    """A header as the variable that FreeSWITCH writes it from; a comma would end the variable."""
    if not _HEADER_NAME.match(name) or not _HEADER_VALUE.match(value):
        raise CommandRefused(f"not a header that can be sent: {name[:64]!r}: {value[:80]!r}")
    return f"sip_h_{name}", value.replace(",", "\\,")
