"""What an emergency INVITE carries beside number and SDP: headers, and the location as a body.

Source of the forms: RFC 6442 (Geolocation), RFC 8787 (loc-src), RFC 7433 and 7434 (User-to-User), RFC 5621
and RFC 2392 (bodies and how headers point to them). FreeSWITCH puts the variable `sip_multipart` beside the
SDP in multipart/mixed; a "~" behind the type's colon lets the value bring headers of the part (read, and
seen). The variable is the calling channel's, from where each leg copies it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from dialplan.emergency.invite import EmergencyCall
from dialplan.emergency.routing import UserToUser
from dialplan.legs import Leg
from freeswitch.identity import user_is_phone
from freeswitch.pidf import civic_location, claimed_location

_TYPE: Final = "application/pidf+xml"
#: What a header's value may consist of: nothing that a dial string or a list takes for syntax.
_VALUE: Final = re.compile(r"[A-Za-z0-9 <>@:;=._+/-]{1,1000}", re.ASCII)
_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}", re.ASCII)
#: Octets of user-user information in ISDN (ITU-T Q.931 section 4.5.30).
_MAX_UUI: Final = 128


#: Who calls 112 may hide and be mute, and a control centre may put the call on hold: silence ends none. Set
#: on both sides' channels before they have media, 0 switches off what holds for every other call, and after
#: each re-INVITE again (render/__init__.py).
NEVER_SILENT: Final[Mapping[str, str]] = MappingProxyType(
    {"media_timeout": "0", "execute_on_sip_reinvite": "set media_timeout_audio=0"}
)


@dataclass(frozen=True, slots=True)
class BodyPart:
    """One body beside the SDP; `content_id` is what a `cid:` URI names it by."""

    content_id: str
    disposition: str | None
    content: str


@dataclass(frozen=True, slots=True)
class EmergencyParts:
    """Headers by name, and bodies, of one emergency leg."""

    headers: tuple[tuple[str, str], ...]
    bodies: tuple[BodyPart, ...]

    @property
    def multipart(self) -> str:
        """The value of `sip_multipart`; "" for a leg without a body of ours."""
        written = [f"{_TYPE}:~{_part_headers(each)}\r\n{each.content}" for each in self.bodies]
        return "ARRAY::" + "|:".join(written) if len(written) > 1 else "".join(written)


NOTHING: Final = EmergencyParts((), ())


def emergency_parts(leg: Leg, domain: str, *, number: str | None = None) -> EmergencyParts:
    """What `leg` carries; nothing for a leg that is no emergency call.

    `number` stands for the caller's number in the document where that is filled in later (the static dialplan
    writes a variable there). A header that cannot be written is left out: none is worth the call.
    """
    call = leg.emergency
    if call is None:
        return NOTHING
    form = call.form
    host = domain if _HOST.fullmatch(domain) else "invalid"
    headers: list[tuple[str, str]] = []
    bodies: list[BodyPart] = []
    if form.location and call.address is not None:
        document = civic_location(
            call.address,
            entity=f"tel:{_LINE}",
            method=form.method,
            provided_by=call.provider_id if form.provider_in_location else None,
        )
        bodies.append(BodyPart(_content_id(document, host), None, document))
        source = f";loc-src={form.source}" if form.source else ""
        headers.append(("Geolocation", f"<cid:{bodies[0].content_id}>{source}"))
        if form.routing is not None:
            headers.append(("Geolocation-Routing", "yes" if form.routing else "no"))
    claimed = claimed_location(call.claimed_location) if call.claimed_location else None
    if claimed:
        bodies.append(BodyPart(_content_id(claimed, host), "render;handling=optional", claimed))
    if form.provider_header and call.provider_id:
        headers.append((form.provider_header, call.provider_id))
    if form.user_to_user is not None:
        headers.append(("User-to-User", _user_to_user(form.user_to_user, call, leg)))
    line = number if number is not None else leg.caller.number or "anonymous"
    filled = tuple(BodyPart(b.content_id, b.disposition, b.content.replace(_LINE, line)) for b in bodies)
    return EmergencyParts(tuple(header for header in headers if _VALUE.fullmatch(header[1])), filled)


#: Stands for the line's number until the document is complete: its id must be the same for every line.
_LINE: Final = "fernamt-line"


def body_texts(leg: Leg, domain: str) -> tuple[str, ...]:
    """The bodies beside the SDP with their own headers, as they go out."""
    parts = emergency_parts(leg, domain).bodies
    return tuple(f"Content-Type: {_TYPE}\r\n{_part_headers(each)}\r\n{each.content}" for each in parts)


def is_phone_uri(leg: Leg) -> bool:
    """Whether the Request-URI gets user=phone: global numbers, and codes (Notrufcodierungen)."""
    coded = leg.emergency is not None and leg.number != leg.emergency.dialled
    return coded or user_is_phone(leg.number, leg.to.header_map)


def emergency_variables(leg: Leg, domain: str) -> dict[str, str]:
    """What the leg has of its own: the headers (`sip_h_` and the name), and that no silence ends it."""
    if leg.emergency is None:
        return {}
    return {
        **NEVER_SILENT,
        **{f"sip_h_{name}": value for name, value in emergency_parts(leg, domain).headers},
    }


def _part_headers(part: BodyPart) -> str:
    disposition = f"Content-Disposition: {part.disposition}\r\n" if part.disposition else ""
    return f"Content-ID: <{part.content_id}>\r\n{disposition}"


def _content_id(document: str, host: str) -> str:
    """The same for the same document, another one for any other (RFC 2392 section 2: unique in the world)."""
    return f"{hashlib.sha256(document.encode()).hexdigest()[:24]}@{host}"


def _user_to_user(uui: UserToUser, call: EmergencyCall, leg: Leg) -> str:
    """RFC 7433 section 4: hexadecimal, the first octet is the protocol discriminator (RFC 7434 section 5)."""
    area = call.route.area
    text = uui.template.format(
        area=(call.address.ags if call.address else None) or "",
        provider=call.provider_id or "",
        number=leg.caller.number or "",
        dialled=call.dialled,
        code=call.route.code or "",
        centre=area.centre if area else "",
    )
    octets = text.encode("ascii", "replace")[: _MAX_UUI - 1]
    purpose = f";purpose={uui.purpose}" if uui.purpose else ""
    return f"{uui.discriminator}{octets.hex().upper()};encoding=hex{purpose}"
