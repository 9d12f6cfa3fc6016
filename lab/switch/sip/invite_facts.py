"""What an INVITE says, as the channel variables that mod_sofia sets from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aiosipua.headers import Address as NameAddr
from aiosipua.headers import parse_uri, parse_via
from aiosipua.message import SipRequest

from lab.switch.clock import now_us
from lab.switch.config.settings import ProfileSettings
from lab.switch.expand import disarmed
from lab.switch.profile import CallerProfile, Times
from lab.switch.sip.bodies import multipart_variable, session_description
from lab.switch.sip.name_addr import parse_address
from lab.switch.sip.reading import Message, cseq_of, first, name_addr, tag_of
from lab.switch.sip.wire import Address

MAX_EXTRA_HEADERS: Final = 64
#: Beginnings of the names, as mod_sofia compares them.
_KEPT: Final = ("x-", "p-", "k-", "on", "user-to-user", "diversion", "accept-language")


def caller_profile(
    request: SipRequest, source: Address, settings: ProfileSettings, uuid: str, context: str
) -> CallerProfile:
    """The caller profile of a new incoming channel."""
    sender = name_addr(request, "from")
    user = sender.uri.user or ""
    number, name = user, sender.display_name or user
    for header in ("remote-party-id", "p-asserted-identity", "p-preferred-identity"):
        identity = _identity(request, header)
        if identity is not None:
            number = identity.uri.user or number
            name = identity.display_name or name
    number, name = disarmed(number), disarmed(name)
    privacy = first(request, "privacy").lower()
    hide = any(word in privacy for word in ("id", "full", "user", "header"))
    us = now_us()
    return CallerProfile(
        uuid=uuid,
        username=disarmed(user),
        dialplan=settings.get("dialplan", "XML"),
        caller_id_name=name,
        caller_id_number=number,
        orig_caller_id_name=name,
        orig_caller_id_number=number,
        ani=number,
        network_addr=source.host,
        destination_number=disarmed(_called(request.uri)),
        context=context,
        chan_name=f"sofia/{settings.name}/{user}@{_host_port(sender)}",
        hide_name=hide,
        hide_number=hide,
        times=Times(created=us, profile_created=us),
    )


def _called(uri: str) -> str:
    """The user with parameters of its own (RFC 3261 section 19.1.6), which the parser takes for those of the
    URI."""
    user, at, _ = uri.partition("@")
    if at and ";" in user:
        return user.partition(":")[2]
    return parse_uri(uri).user or "service"


def variables(request: SipRequest, source: Address, settings: ProfileSettings) -> Iterator[tuple[str, str]]:
    """Name and value in the order in which FreeSWITCH sets them."""
    sender, called = name_addr(request, "from"), name_addr(request, "to")
    yield from _address("sip_from", sender)
    yield "channel_name", f"sofia/{settings.name}/{sender.uri.user or ''}@{_host_port(sender)}"
    yield "sip_call_id", first(request, "call-id")
    yield "sip_local_network_addr", settings.sip_ip
    yield "sip_network_ip", source.host
    yield "sip_network_port", str(source.port)
    yield "sip_invite_stamp", str(now_us())
    yield "sip_received_ip", source.host
    yield "sip_received_port", str(source.port)
    yield "sip_via_protocol", source.transport
    yield "sip_from_user_stripped", (sender.uri.user or "").removeprefix("+")
    yield "sip_from_tag", tag_of(request, "from")
    yield "sofia_profile_name", settings.name
    yield "sofia_profile_url", f"sip:mod_sofia@{settings.sip_ip}:{settings.sip_port}"
    yield "recovery_profile_name", settings.name
    yield "sip_full_via", ",".join(request.headers.get("via"))
    yield "sip_from_display", sender.display_name or ""
    yield "sip_full_from", first(request, "from")
    yield "sip_to_display", called.display_name or ""
    yield "sip_full_to", first(request, "to")
    yield "sip_cseq", str(cseq_of(request)[0])
    yield from _address("sip_req", NameAddr(uri=parse_uri(request.uri)))
    yield from _address("sip_to", called)
    contacts = request.headers.get("contact")
    if contacts:
        yield from _address("sip_contact", parse_address(contacts[0]))
    via = parse_via(first(request, "via"))
    yield "sip_user_agent", first(request, "user-agent")
    yield "sip_subject", first(request, "subject")
    yield "sip_via_host", via.host
    yield "sip_via_port", str(via.port or "")
    yield "sip_via_rport", str(via.rport or "")
    yield "max_forwards", first(request, "max-forwards")
    yield from _identities(request, settings)
    yield from _extra_headers(request)
    if request.body:
        yield "switch_r_sdp", session_description(request)[:16_384]
    multipart = multipart_variable(request)
    if multipart is not None:
        yield "sip_multipart", disarmed(multipart)


def _identities(request: SipRequest, settings: ProfileSettings) -> Iterator[tuple[str, str]]:
    remote_party = _identity(request, "remote-party-id")
    if remote_party is not None:
        yield "sip_Remote-Party-ID", first(request, "remote-party-id")
        yield "sip_cid_type", "rpid"
    asserted = _identity(request, "p-asserted-identity")
    if asserted is not None:
        match settings.get("p-asserted-id-parse", "default"):
            case "user-domain":
                yield "sip_P-Asserted-Identity", f"{asserted.uri.user}@{asserted.uri.host}"
            case "verbatim":
                yield "sip_P-Asserted-Identity", first(request, "p-asserted-identity")
            case _:
                yield "sip_P-Asserted-Identity", asserted.uri.user or ""
        yield "sip_cid_type", "pid"
    preferred = _identity(request, "p-preferred-identity")
    if preferred is not None:
        yield "sip_P-Preferred-Identity", first(request, "p-preferred-identity")
        yield "sip_cid_type", "pid"
    if first(request, "privacy"):
        yield "sip_Privacy", first(request, "privacy")


def _identity(request: SipRequest, name: str) -> NameAddr | None:
    """An identity header with a user part; the first value of several."""
    text = first(request, name)
    if not text:
        return None
    try:
        address = parse_address(text.split(">")[0] + ">" if "<" in text else text)
    except (ValueError, IndexError):
        return None
    return address if address.uri.user else None


def _extra_headers(request: SipRequest) -> Iterator[tuple[str, str]]:
    """Headers that become sip_h_ variables, which the other leg gets unless switched off."""
    for count, (name, values) in enumerate(request.headers.items()):
        lowered = name.lower()
        if lowered == "history-info":
            yield "sip_history_info", ", ".join(values)
        elif lowered in ("p-asserted-identity", "p-preferred-identity"):
            continue
        elif count < MAX_EXTRA_HEADERS * 4 and lowered.startswith(_KEPT) and values[0]:
            yield f"sip_h_{name}", values[0]


def addresses(message: Message) -> Iterator[tuple[str, str]]:
    """From, To and Contact taken apart, as variables."""
    sender = name_addr(message, "from")
    yield "sip_from_display", sender.display_name or ""
    yield from _address("sip_from", sender)
    yield from _address("sip_to", name_addr(message, "to"))
    contacts = message.headers.get("contact")
    if contacts:
        yield from _address("sip_contact", name_addr(message, "contact"))


def _host_port(address: NameAddr) -> str:
    return f"{address.uri.host}:{address.uri.port}" if address.uri.port else address.uri.host


def _address(prefix: str, address: NameAddr) -> Iterator[tuple[str, str]]:
    uri = address.uri
    yield f"{prefix}_user", uri.user or ""
    yield f"{prefix}_port", str(uri.port or "")
    yield f"{prefix}_uri", f"{uri.user}@{_host_port(address)}" if uri.user else _host_port(address)
    yield f"{prefix}_host", uri.host
