"""A called party that answers 300, 301, 302 or 305: refused, or sent through our dialplan (seen, 1.11).

`outbound_redirect_fatal` on the leg ends it; with the profile's `manual-redirect` the caller goes to the
context that the leg names. Without either FreeSWITCH follows to any host, which the lab does not do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from aiosipua.message import SipResponse

from lab.switch import routing
from lab.switch.causes import Cause
from lab.switch.config.settings import is_true

if TYPE_CHECKING:
    from lab.switch.sip.outgoing import OutgoingLeg

CODES: Final = frozenset({300, 301, 302, 305})
_CONTACT_USER: Final = re.compile(r"<?\s*sips?:([^@>;?]*)@", re.IGNORECASE)


def redirected(leg: OutgoingLeg, response: SipResponse) -> Cause:
    """Do what the configuration says; the cause that the redirecting leg ends with."""
    channel = leg.channel
    contacts = response.headers.get("contact")
    caller = channel.switch.channels.get(channel.get("originator") or "")
    manual = is_true(leg.profile.settings.get("manual-redirect"))
    if is_true(channel.get("outbound_redirect_fatal")) or not contacts or caller is None or not manual:
        return Cause.REQUESTED_CHAN_UNAVAIL
    profile = channel.get("sip_redirect_profile") or leg.profile.name
    bare = contacts[0].strip().removeprefix("<").partition(">")[0]
    for each in (channel, caller):
        each.take("sip_redirected_to", contacts[0])
        each.take("sip_redirect_dialstring", f"sofia/{profile}/{bare}")
    found = _CONTACT_USER.match(contacts[0])
    if found is not None and caller.up:
        context = channel.get("sip_redirect_context") or "redirected"
        routing.transfer(caller, unquote(found[1]), channel.get("sip_redirect_dialplan") or "XML", context)
        # A transfer loosens the two: the caller hears nothing of how the redirecting leg ends.
        channel.set("signal_bond", None)
    return Cause.REDIRECTION_TO_NEW_DESTINATION
