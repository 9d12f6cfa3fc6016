"""Transfers that a peer asks for: REFER, blind and attended, as FreeSWITCH carries them out (seen, 1.11).

The other party of the referring leg goes through the dialplan; with Replaces the other parties of both legs
are connected. A Replaces of a dialog that is not here is refused (the configuration's section "channels"
makes FreeSWITCH do so).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from aiosipua.message import SipRequest

from lab.switch import routing
from lab.switch.channel import Channel, Destination
from lab.switch.config.settings import is_true
from lab.switch.sip.reading import cseq_of, first
from lab.switch.states import State

if TYPE_CHECKING:
    from lab.switch.sip.sip_leg import SipLeg

#: `<sip:user@host;params?Replaces=…>`; the user part may be percent-encoded.
_REFER_TO: Final = re.compile(r"<?\s*sips?:([^@>;?]*)@?[^>?]*(?:\?([^>]*))?>?\s*\Z", re.IGNORECASE)


def refer(leg: SipLeg, request: SipRequest) -> int:
    """Carry a REFER out as far as it goes at once; the SIP code that NOTIFY is to tell."""
    found = _REFER_TO.match(first(request, "refer-to"))
    if found is None:
        return 400
    replaces = _replaces(found[2] or "")
    if replaces is not None:
        return _attended(leg, replaces)
    other = leg.channel.partner
    if other is None or not other.up:
        return 403
    _tell(leg.channel, other, request)
    _send(other, unquote(found[1]))
    return 200


def _attended(leg: SipLeg, call_id: str) -> int:
    switch = leg.channel.switch
    legs = (each for profile in switch.profiles.values() for each in profile.legs)
    second = next((each.channel for each in legs if each.dialog.call_id == call_id), None)
    if second is None:
        return 403
    here, there = leg.channel.partner, second.partner
    if here is not None and there is not None:
        there.send_to(Destination(State.HIBERNATE))
        here.send_to(Destination(State.SOFT_EXECUTE, other_uuid=there.uuid))
        return 200
    moved, left = (here, second) if here is not None else (there, leg.channel)
    if moved is None:
        return 403
    _send(moved, left.profile.destination_number)
    return 200


def _send(channel: Channel, number: str) -> None:
    dialplan = channel.get("force_transfer_dialplan") or ""
    channel.set("hangup_after_bridge", "false")
    routing.transfer(channel, number, dialplan, channel.get("force_transfer_context") or "")


def _tell(author: Channel, other: Channel, request: SipRequest) -> None:
    """What FreeSWITCH sets of the author's own words."""
    author.set("transfer_disposition", "recv_replace")
    author.set("endpoint_disposition", "BLIND_TRANSFER")
    for name, header in (("sip_h_Referred-By", "referred-by"), ("sip_refer_to", "refer-to")):
        if first(request, header):
            other.take(name, first(request, header))


def _replaces(headers: str) -> str | None:
    """The Call-ID of a Replaces among a URI's headers (RFC 3891)."""
    for header in headers.split("&"):
        name, _, value = header.partition("=")
        if name.lower() == "replaces":
            return unquote(value).partition(";")[0]
    return None


def subscription_state(request: SipRequest) -> tuple[tuple[str, str], ...]:
    """The headers of the one NOTIFY that answers a REFER (RFC 3515 section 2.4.4)."""
    return (
        ("Event", f"refer;id={cseq_of(request)[0]}"),
        ("Subscription-State", "terminated;reason=noresource"),
        ("Content-Type", "message/sipfrag;version=2.0"),
    )


def refuses(leg: SipLeg) -> bool:
    """Whether the profile takes no REFER at all."""
    return is_true(leg.profile.settings.get("disable-transfer"))
