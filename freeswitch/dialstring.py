"""A `Leg` as FreeSWITCH's dial string: the only place in the program that writes one.

A dial string is a small language (`[name=value,…]sofia/gateway/NAME/NUMBER|…`) with its own quoting, and
FreeSWITCH percent-decodes caller names on the wire and expands `${…}` recursively. So nothing that a
caller sent goes in unchecked: numbers are digits, names are reduced to harmless characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NewType

from dialplan.carrier import Phone, Srtp, Trunk, TrunkSide
from dialplan.legs import Leg
from freeswitch.codecs import DEFAULT_CODECS, codec_list, offered_to, phone_codecs
from freeswitch.delayed_offer import leg_variables
from freeswitch.emergency import emergency_variables, is_phone_uri
from freeswitch.errors import CommandRefused
from freeswitch.identity import request_user, wire_identity
from freeswitch.own_calls import own_mark
from freeswitch.settings import BETWEEN_NODES_SILENT_MS, NODE, NodeDoor

#: The context that a caller goes to whose called party answered 3xx (render/dialplan.py).
REDIRECTED: Final = "redirected"
#: On the node of a phone that another node calls: where that call goes when the phone redirects or transfers.
PHONE_REDIRECTED: Final = "node-redirected"
PHONE_TRANSFERRED: Final = "node-transferred"
#: What that phone's leg has behind the UUID of the call.
OF_PHONE: Final = "-phone"
#: The header that tells the phone's node which agent's leg it is.
AGENTS_LEG: Final = "X-Fernamt-Leg"

#: How a number is written to the door of another node, in front of its digits: what stands before and behind
#: them in a URI. Nothing of it would have to be escaped on the way.
NUMBER_SHAPES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {"e": ("+", ";user=phone"), "p": ("+", ""), "n": ("", "")}
)

_REDIRECTED_BY: Final = re.compile(r"sofia/([0-9a-f-]{36})/")

DialString = NewType("DialString", str)

_TARGET: Final = re.compile(r"\+?[0-9A-F*#]{1,40}\Z", re.ASCII)
_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z", re.ASCII)
#: As the configuration allows them.
_USERNAME: Final = re.compile(r"[A-Za-z0-9._+~-]{1,128}\Z", re.ASCII)
_HEADER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}\Z", re.ASCII)
#: Printable ASCII without what brackets, quotes, escapes, separators and expansions are made of.
_HEADER_VALUE: Final = re.compile(r"[ !\"#%&()*+,./0-9:;<=>?@A-Z_a-z~-]{1,1000}\Z", re.ASCII)
#: A whole Request-URI: nothing that ends a variable or begins an expansion.
_URI: Final = re.compile(r"sip:[A-Za-z0-9_.~%+=:/;@-]{1,2000}\Z", re.ASCII)
#: Values of our own variables: ids, numbers, words, and who a party is (parties.py).
_PLAIN: Final = re.compile(r"[A-Za-z0-9+._:/=-]{1,256}\Z", re.ASCII)
_CODECS: Final = "absolute_codec_string"
_SECURE: Final = "rtp_secure_media"
#: Of a leg that no call stands behind: callers of queues and most trunks speak nothing else.
_NOBODYS_CODECS: Final = ("PCMA",)
#: RFC 7714 and RFC 4568 section 6.2; without HMAC_SHA1_32, whose tag is too short for a voice that counts.
_SUITES: Final = "AEAD_AES_256_GCM_8:AES_CM_128_HMAC_SHA1_80"
#: Where a leg leaves for, whatever the registration says by the time: FreeSWITCH takes the transport of this.
_SENT_OVER: Final = "sip_route_uri"
#: The header that tells a system's node over which of its TLS connections it is called.
OVER: Final = "X-Fernamt-Over"
#: `IP:PORT` (registrations.py).
ADDRESS: Final = r"(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]{2,45}\]):\d{1,5}"
_ADDRESS: Final = re.compile(ADDRESS + r"\Z", re.ASCII)
#: It is called by nothing else than TLS, and no such registration is known.
_NOBODY: Final = "error/USER_NOT_REGISTERED"
_RINGS_BY_ITSELF: Final = "{ignore_early_media=ring_ready}"
_SECURE_MEDIA: Final = {Srtp.REQUIRED: "mandatory", Srtp.OPTIONAL: "optional"}


def dial_string(
    legs: Iterable[Leg],
    *,
    domain: str,
    over_of: Callable[[Leg], str | None] = lambda _: None,
    without_offer: str | None = None,
) -> DialString:
    """The legs, tried one after the other on any failure (`|`). For failover by cause pass one at a time.
    `over_of` a leg as `over`, and `without_offer`, in `leg_string`.

    Raises CommandRefused for a leg with anything in it that could be syntax.
    """
    wires = (wire_leg(leg, domain, over=over_of(leg)) for leg in legs)
    return DialString("|".join(str(_without_offer(wire, without_offer)) for wire in wires))


def leg_string(
    leg: Leg,
    leg_id: str,
    domain: str,
    variables: Mapping[str, str],
    *,
    caller: tuple[str, ...] = (),
    door: NodeDoor | None = None,
    over: str | None = None,
    without_offer: str | None = None,
    awaits: bool = False,
) -> DialString:
    """One leg that gets the UUID `leg_id`, by which transfers and redirects find their author (parties.py),
    and further `variables` of its own for its record: plain words of ours. `caller`: the codecs that the
    calling channel may speak (codecs.py), empty where nobody knows. `door`: the phone or system is registered
    with the node behind it. `over`: the address (`IP:PORT`) that a system has registered from by TLS; a leg
    that may leave by TLS alone leaves for there or nowhere. `without_offer`: the calling channel's
    UUID, where its INVITE had no SDP (delayed_offer.py); `awaits`: it is not answered when the leg is called.

    Raises CommandRefused as `dial_string` does.
    """
    wire = wire_leg(leg, domain, _own_variables(leg_id, variables), over)
    if door is not None and wire.endpoint != _NOBODY:
        wire = _through(door, leg, leg_id, wire.variables, over)
    if caller:
        wire = _offering(wire, offered_to(leg.to, caller, through=door is not None))
    silent = awaits or _rings_by_itself(leg)
    return DialString((_RINGS_BY_ITSELF if silent else "") + str(_without_offer(wire, without_offer)))


def one_after_the_other(legs: Iterable[DialString]) -> DialString:
    """Several legs that share an attempt. What holds for a whole attempt stands once, in front."""
    texts = list(legs)
    ringing = _RINGS_BY_ITSELF if any(each.startswith(_RINGS_BY_ITSELF) for each in texts) else ""
    return DialString(ringing + "|".join(each.removeprefix(_RINGS_BY_ITSELF) for each in texts))


def _without_offer(wire: WireLeg, caller_id: str | None) -> WireLeg:
    if caller_id is None:
        return wire
    return WireLeg(leg_variables(wire.variables, _checked_id(caller_id, _PLAIN)), wire.endpoint)


def _own_variables(leg_id: str, variables: Mapping[str, str]) -> dict[str, str]:
    own = {"origination_uuid": leg_id, **variables}
    for name, value in own.items():
        if not _PLAIN.match(value):
            raise CommandRefused(f"variable {name} of a leg is no plain word: {value[:64]!r}")
    return own


def agents_leg(
    leg: Leg,
    leg_id: str,
    domain: str,
    variables: Mapping[str, str],
    door: NodeDoor | None = None,
    over: str | None = None,
) -> DialString:
    """A leg that no call stands behind yet, to an agent's phone or the first of a call that a program asked
    for: it counts as answered when it is, not when it sends early media, and who redirects has declined.

    `door` and `over` as for `leg_string`. Raises CommandRefused as `dial_string` does.
    """
    wire = wire_leg(leg, domain, _own_variables(leg_id, variables), over)
    wire = _offering(wire, offered_to(leg.to, _NOBODYS_CODECS, through=door is not None))
    kept = {name: value for name, value in wire.variables.items() if not name.startswith("sip_redirect_")}
    fatal = WireLeg({**kept, "outbound_redirect_fatal": "true"}, wire.endpoint)
    if door is not None and fatal.endpoint != _NOBODY:
        fatal = _through(door, leg, leg_id, fatal.variables, over)
    return DialString("{ignore_early_media=true}" + str(fatal))


def phone_of_this_node(username: str, domain: str, mark: str = "") -> str:
    """For the rendered dialplan: a phone (a user name, or the variable that has it) that another node asks
    for. The caller's number is the From's; nothing is asserted to the phone. Its leg is known by its UUID,
    and to controllers by its `mark`; what it redirects to goes to a context of its own."""
    own = {
        "sip_cid_type": "none",
        "origination_uuid": f"${{uuid}}{OF_PHONE}",
        "sip_redirect_context": PHONE_REDIRECTED,
    }
    if mark:
        own["presence_data"] = mark
    return str(WireLeg(own, f"sofia/phone/{username}%{domain}"))


def system_of_this_node(
    shape: str, domain: str, media: Mapping[str, str] = MappingProxyType({}), over: str = ""
) -> str:
    """For the rendered dialplan, as `phone_of_this_node`: a system that another node asks for, with the
    digits of the number as $1 in one of `NUMBER_SHAPES`, and its user name as $2. `media`: its
    `media_variables`. `over`: the address that it is called over by TLS, or the variable that has it."""
    before, behind = NUMBER_SHAPES[shape]
    called = f"sip:{before}$1@{domain}{behind}"
    own = {
        "sip_cid_type": "none",
        "origination_uuid": f"${{uuid}}{OF_PHONE}",
        "sip_redirect_context": PHONE_REDIRECTED,
        **_calling(called),
        **media,
        **(_by_tls(over) if over else {}),
    }
    return str(WireLeg(own, f"sofia/phone/$2%{domain}"))


def media_variables(trunk: Trunk) -> dict[str, str]:
    """Codecs and encryption of calls to the trunk, where they are not what every call has."""
    found = {} if trunk.codecs == DEFAULT_CODECS else {_CODECS: codec_list(trunk.codecs)}
    if trunk.srtp is not Srtp.OFF:
        found[_SECURE] = f"{_SECURE_MEDIA[trunk.srtp]}:{_SUITES}"
    return found


def _offering(wire: WireLeg, codecs: tuple[str, ...]) -> WireLeg:
    """With these codecs; with none it has those that FreeSWITCH offers by itself."""
    kept = {name: value for name, value in wire.variables.items() if name != _CODECS}
    return WireLeg({**kept, _CODECS: codec_list(codecs)} if codecs else kept, wire.endpoint)


def _calling(uri: str) -> dict[str, str]:
    """One registration takes all numbers of a system: which one is called stands in Request-URI and To,
    and the registration says where it is sent (SIPconnect 2.0, registration mode)."""
    return {"sip_invite_req_uri": uri, "sip_invite_to_uri": f"<{uri}>"}


def _by_tls(address: str) -> dict[str, str]:
    """The registration says who is called; over what the call goes is said here, so that none goes in clear
    when the system has registered by something else a moment ago."""
    return {_SENT_OVER: f"sip:{address};transport=tls"}


def _through(
    door: NodeDoor, leg: Leg, leg_id: str, variables: Mapping[str, str], over: str | None = None
) -> WireLeg:
    """The phone or system by way of the node that it is registered with; that node's context `node` takes it.
    An agent's phone (it has a mark) tells which leg it is: controllers hear there what the phone does."""
    host = f"[{door.ip}]" if ":" in door.ip else door.ip
    patient = {"media_timeout_audio": str(BETWEEN_NODES_SILENT_MS)}
    to = leg.to
    if isinstance(to, Phone):
        user = _checked_id(to.credentials.username, _USERNAME)
        told = dict([_header(AGENTS_LEG, leg_id)]) if "presence_data" in variables else {}
        return WireLeg({**variables, **told, **patient}, f"sofia/{NODE}/sip:{user}@{host}:{door.port}")
    if to.registered_as is None:
        raise CommandRefused(f"only who registers is reached through other nodes, not {to.id}")
    number = request_user(leg)
    shape = "e" if is_phone_uri(leg) else "p" if number.startswith("+") else "n"
    user = f"{shape}{number.removeprefix('+')}!{_checked_id(to.registered_as, _USERNAME)}"
    # What its system speaks is that node's to say (render/other_nodes.py).
    gone = {*_calling(""), *media_variables(to), _SENT_OVER}
    told = {f"sip_h_{OVER}": over} if over is not None and _SENT_OVER in variables else {}
    kept = {name: value for name, value in variables.items() if name not in gone}
    return WireLeg(kept | told | patient, f"sofia/{NODE}/sip:{user}@{host}:{door.port}")


@dataclass(frozen=True, slots=True)
class WireLeg:
    """A leg in FreeSWITCH's words: its channel variables, which make headers and timers, and the endpoint."""

    variables: Mapping[str, str]
    endpoint: str

    def __str__(self) -> str:
        variables = ",".join(f"{name}={value}" for name, value in self.variables.items())
        return f"[{variables}]{self.endpoint}"


def wire_leg(
    leg: Leg, domain: str, own: Mapping[str, str] = MappingProxyType({}), over: str | None = None
) -> WireLeg:
    """The leg before it is written into a dial string, with further variables of its `own`; `over` as for
    `leg_string`.

    Raises CommandRefused as `dial_string` does.
    """
    if not _TARGET.match(leg.number):
        raise CommandRefused(f"not a number that can be dialled: {leg.number[:40]!r}")
    target = leg.to
    _checked_id(target.id)
    variables = {
        "leg_timeout": str(leg.no_answer_s),
        "leg_progress_timeout": str(leg.no_progress_s),
        **own,
        **dict(_identity(leg, domain)),
        **emergency_variables(leg, domain),
        **_on_redirect(leg, own.get("origination_uuid")),
    }
    match target:
        case Trunk():
            variables["fernamt_trunk"] = target.id
            # Every event of the leg carries it: which trunk found no path (freeswitch/follow.py).
            variables["presence_data"] = target.id
            variables |= media_variables(target)
            if leg.request_uri is not None:
                variables["sip_invite_req_uri"] = _request_uri(leg.request_uri)
            if (username := target.registered_as) is not None:
                variables |= _calling(_request_uri(called_uri(leg, domain)))
                registered = f"sofia/phone/{_checked_id(username, _USERNAME)}%{domain}"
                if target.only_by_tls:
                    if over is None:
                        registered = _NOBODY
                    else:
                        variables |= _by_tls(_checked_id(over, _ADDRESS))
                return WireLeg(variables | dict(_own_headers(leg)), registered)
            if is_phone_uri(leg):
                variables["sip_invite_params"] = "user=phone"
            where = f"sofia/gateway/{gateway_name(target)}/{request_user(leg)}"
        case Phone():
            variables["fernamt_phone"] = target.id
            if target.webrtc:
                variables[_CODECS] = codec_list(phone_codecs(target))
            if target.agent_id is not None:
                variables.setdefault("presence_data", own_mark(target.customer_id, target.agent_id))
            where = f"sofia/phone/{_checked_id(target.credentials.username, _USERNAME)}%{domain}"
    return WireLeg(variables | dict(_own_headers(leg)), where)


def _own_headers(leg: Leg) -> Iterator[tuple[str, str]]:
    """The leg's own headers come last: they may replace one of the identity's."""
    return (_header(name, value) for name, value in leg.headers)


def called_uri(leg: Leg, domain: str) -> str:
    """The Request-URI of a leg to a system that has registered."""
    return f"sip:{request_user(leg)}@{domain}" + (";user=phone" if is_phone_uri(leg) else "")


def _request_uri(uri: str) -> str:
    if not _URI.match(uri):
        raise CommandRefused(f"not a URI that can be called: {uri[:80]!r}")
    return uri


def gateway_name(trunk: Trunk) -> str:
    """The gateway that calls over a trunk take; a Teams trunk has one for each address. The name is the same
    in every release: whoever decides calls has not always rendered the node (decision 0044)."""
    return f"{trunk.id}.W{trunk.way}" if trunk.way else trunk.id


def _rings_by_itself(leg: Leg) -> bool:
    """Teams answers 180 several times with other To tags, and 183 with nothing to be heard: the caller's own
    side makes the ringing tone."""
    return isinstance(leg.to, Trunk) and leg.to.teams is not None


def _on_redirect(leg: Leg, leg_id: str | None) -> dict[str, str]:
    """What a 3xx of the called party does: a customer's own forwarding comes back to us with the leg's id;
    a carrier may not, the next trunk is tried. By itself FreeSWITCH would follow to any host."""
    to = leg.to
    if leg_id is None or (isinstance(to, Trunk) and to.side is TrunkSide.CARRIER):
        return {"outbound_redirect_fatal": "true"}
    return {"sip_redirect_context": REDIRECTED, "sip_redirect_profile": leg_id}


def redirecting_leg(variable: str) -> str | None:
    """The id of the leg that a 3xx came on, from the caller's `sip_redirect_dialstring`: first there is what
    `sip_redirect_profile` made of it, then what the called party wrote."""
    found = _REDIRECTED_BY.match(variable)
    return found[1] if found else None


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
