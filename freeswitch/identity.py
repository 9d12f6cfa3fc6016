"""Who is calling, as it goes on the wire of one leg: From, P-Asserted-Identity, Privacy, Diversion and all.

One structured view for whoever needs it: `dialstring` makes FreeSWITCH's variables of it, and explanations
show it. Nothing here comes from a caller but the display name, which `display_name` reduces; numbers are
digits, hosts come from the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

from dialplan.caller.header_map import HeaderMap, NumberFormat, Which
from dialplan.carrier import Trunk
from dialplan.diversion import DiversionReason
from dialplan.legs import Caller, Leg
from numbering.e164 import E164

_NAME_DROP: Final = re.compile(r"[^\w .+&/-]+")
_NAME_MAX: Final = 40
#: What a called party would take for a number: five digits on end, or nothing but digits.
_A_NUMBER: Final = re.compile(r"(?:\d[ .+&/_-]*){5}|\A[\d .+&/_-]+\Z")
_DIGITS: Final = re.compile(r"\+[0-9]{2,15}\Z", re.ASCII)
#: RFC 3323 section 4.1.1.3.
ANONYMOUS_URI: Final = "sip:anonymous@anonymous.invalid"
ANONYMOUS_NAME: Final = "Anonymous"


@dataclass(frozen=True, slots=True)
class WireIdentity:
    """What a leg's INVITE says about the caller. `headers` are name and value in the order of writing."""

    from_name: str
    from_uri: str
    headers: tuple[tuple[str, str], ...]


def display_name(text: str) -> str:
    """What is left of a caller's display name once everything that could be syntax is gone; may be empty."""
    return " ".join(_NAME_DROP.sub(" ", text).split())[:_NAME_MAX]


def _name(caller: Caller, shown: str) -> str:
    """The display name; the number shown where there is none, or where it would show another number."""
    name = display_name(caller.name or "")
    return shown if not name or _A_NUMBER.search(name) else name


def wire_identity(leg: Leg, domain: str) -> WireIdentity:
    """The identity headers of a leg by its trunk's header map; `domain` is the host for phones."""
    target, caller = leg.to, leg.caller
    header_map = _header_map(leg)
    host = url_host((header_map.host or _peers_host(target) if isinstance(target, Trunk) else None) or domain)
    hidden = caller.shown is None
    name, uri = ANONYMOUS_NAME, ANONYMOUS_URI
    if not hidden:
        shown = _which(caller, header_map.from_header)
        name = _name(caller, written(shown, header_map.number_format))
        uri = _uri(shown, header_map, host)
    return WireIdentity(name, uri, tuple(_headers(leg, header_map, host)))


def _peers_host(trunk: Trunk) -> str | None:
    """What the trunk's peer is called in URIs; None where it has registered with us."""
    return trunk.sip_domain or (trunk.address.host if trunk.address is not None else None)


def _header_map(leg: Leg) -> HeaderMap:
    """The trunk's; for an emergency call always the line's own number, in full, asserted (NotrufV § 4(4))."""
    header_map = leg.to.header_map
    return HeaderMap(host=header_map.host) if leg.emergency is not None else header_map


def request_user(leg: Leg) -> str:
    """The user part of the leg's Request-URI: E.164 numbers in the trunk's format, all else as it is."""
    return written(leg.number, leg.to.header_map.number_format)


def user_is_phone(number: str, header_map: HeaderMap) -> bool:
    """Whether URIs with this number get user=phone: global numbers only (RFC 3261 section 19.1.1)."""
    return header_map.number_format is NumberFormat.E164 and _DIGITS.match(number) is not None


def written(number: str, number_format: NumberFormat) -> str:
    """An E.164 number in this format; anything else (short codes, Notrufcodierungen) stays as it is."""
    if not _DIGITS.match(number):
        return number
    match number_format:
        case NumberFormat.E164 | NumberFormat.PLUS:
            return number
        case NumberFormat.DIGITS:
            return number[1:]
        case NumberFormat.INTERNATIONAL:
            return "00" + number[1:]
        case NumberFormat.NATIONAL:
            return "0" + number[3:] if number.startswith("+49") else "00" + number[1:]


def _headers(leg: Leg, header_map: HeaderMap, host: str) -> Iterator[tuple[str, str]]:
    caller = leg.caller
    # RFC 3325 section 7: a withheld identity stays within the trust domain (TDDDG § 15(1)).
    if caller.number is not None and (header_map.trusted or not caller.withheld):
        for header, which in (
            ("P-Asserted-Identity", header_map.asserted),
            ("P-Preferred-Identity", header_map.preferred),
        ):
            if which is not None:
                yield header, f"<{_uri(_which(caller, which), header_map, host)}>"
    if caller.withheld:
        yield "Privacy", "id"
    elif caller.forced:
        yield "Privacy", "none"
    if caller.diversions:
        yield from _diversions(leg, header_map, host)


def _diversions(leg: Leg, header_map: HeaderMap, host: str) -> Iterator[tuple[str, str]]:
    diversions = leg.caller.diversions
    if header_map.diversion:
        # RFC 5806 section 3: the last diversion stands first. The first of ours counts those before us too.
        rows = [
            f"<{_uri(each.number, header_map, host)}>;reason={each.reason.text};counter={count}"
            for each, count in zip(diversions, chain((1 + leg.caller.diverted,), repeat(1)), strict=False)
        ]
        yield "Diversion", ", ".join(reversed(rows))
    if header_map.history_info:
        yield "History-Info", ", ".join(_history(leg, header_map, host))


#: Who passed the call on before us is not ours to name; that it was, others count (RFC 7044 section 10.1.2).
_ANONYMOUS: Final = "sip:anonymous@anonymous.invalid"
_EARLIER: Final = DiversionReason.UNCONDITIONAL.cause


def _history(leg: Leg, header_map: HeaderMap, host: str) -> Iterator[str]:
    """RFC 7044 section 10: who was called first, then each target with the cause of RFC 4458 it came by."""
    earlier = leg.caller.diverted
    uris = [_ANONYMOUS] * earlier + [_uri(each.number, header_map, host) for each in leg.caller.diversions]
    causes = [_EARLIER] * earlier + [each.reason.cause for each in leg.caller.diversions]
    index = "1"
    yield f"<{uris[0]}>;index=1"
    for uri, cause in zip([*uris[1:], _uri(leg.number, header_map, host)], causes, strict=True):
        before, index = index, index + ".1"
        yield f"<{uri};cause={cause}>;index={index};mp={before}"


def _which(caller: Caller, which: Which) -> E164:
    number = caller.number if which is Which.NETWORK else caller.presented or caller.number
    return number if number is not None else E164("")


def _uri(number: str, header_map: HeaderMap, host: str) -> str:
    parameter = ";user=phone" if user_is_phone(number, header_map) else ""
    return f"sip:{written(number, header_map.number_format)}@{host}{parameter}"


def url_host(host: str) -> str:
    """A host name or IP address as it stands in a URI (RFC 3986 section 3.2.2)."""
    return f"[{host}]" if ":" in host else host
