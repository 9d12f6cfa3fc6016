"""The INVITE of a leg as its peer will receive it, read from what the dial string tells FreeSWITCH.

For explanations: nothing here decides. Whatever is written into a dial string shows up here, because both
are made of the same `WireLeg`. What FreeSWITCH makes of the variables was seen on the wire (mod_sofia).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dialplan.carrier import Trunk
from dialplan.emergency.attempt import SentLeg
from dialplan.legs import Leg
from freeswitch.dialstring import called_uri, wire_leg
from freeswitch.emergency import body_texts
from freeswitch.identity import request_user, url_host

_HEADER: Final = "sip_h_"


@dataclass(frozen=True, slots=True)
class Invite:
    """What a leg sends. `to` is a trunk's or phone's id; a phone's Request-URI is the contact that it has
    registered, so only its user name and realm are known before. `headers` are those beside From, in order;
    `bodies` those beside the SDP, each with its own headers.
    """

    to: str
    is_trunk: bool
    request_uri: str
    from_header: str
    headers: tuple[tuple[str, str], ...]
    codecs: tuple[str, ...]
    no_progress_s: int
    no_answer_s: int
    bodies: tuple[str, ...] = ()

    def header(self, name: str) -> str | None:
        """The value of a header, None when it is not sent."""
        return next((value for key, value in self.headers if key == name), None)


def invite_of(leg: Leg, *, domain: str) -> Invite:
    """The INVITE of a leg; `domain` is the phones' realm. Raises CommandRefused as `dial_string` does."""
    wire = wire_leg(leg, domain)
    variables = wire.variables
    headers = tuple(
        (name.removeprefix(_HEADER), value.replace("\\,", ","))
        for name, value in variables.items()
        if name.startswith(_HEADER)
    )
    name = variables["origination_caller_id_name"].strip("'")
    return Invite(
        to=leg.to.id,
        is_trunk=isinstance(leg.to, Trunk),
        request_uri=_request_uri(leg, domain, variables.get("sip_invite_params")),
        from_header=f'"{name}" {variables["sip_invite_from_uri"]}',
        headers=headers,
        codecs=leg.to.codecs if isinstance(leg.to, Trunk) else (),
        no_progress_s=leg.no_progress_s,
        no_answer_s=leg.no_answer_s,
        bodies=body_texts(leg, domain),
    )


def sent_leg(leg: Leg, domain: str) -> SentLeg:
    """What the record of an emergency call keeps of a leg."""
    invite = invite_of(leg, domain=domain)
    headers = (("From", invite.from_header), *invite.headers)
    return SentLeg(invite.to, invite.request_uri, headers, invite.bodies)


def _request_uri(leg: Leg, domain: str, params: str | None) -> str:
    if not isinstance(leg.to, Trunk):
        return f"sip:{leg.to.credentials.username}@{domain}"
    address = leg.to.address
    if address is None:
        return called_uri(leg, domain)
    transport = "" if address.transport.value == "udp" else f";transport={address.transport.value}"
    host = url_host(leg.to.sip_domain) if leg.to.sip_domain else str(address)
    return f"sip:{request_user(leg)}@{host}{transport}" + (f";{params}" if params else "")
