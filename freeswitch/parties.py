"""Who is at the other end of a leg, kept on the channels so that a transfer or a redirect finds its author.

FreeSWITCH sends the *other* channel through the dialplan when a party transfers it (REFER) or redirects it
(302), and tells of the author only what the author wrote. So each leg that we make gets a UUID of our own,
and the decision leaves with the channel who each UUID is: nothing here can be written by a SIP peer, whose
headers become variables of other names (read: sofia.c). A leg that is not in the list, such as the one a
call was joined with by an attended transfer, has no rights: its transfers are refused.

`fernamt_parties` (on the caller's channel) lists the legs that were made for it, `fernamt_caller` (on the
legs) the caller's own, as `uuid=customer/number/phone/trunk`, joined by commas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import sha1
from typing import Final
from uuid import UUID

from dialplan.call import Behalf, CallOffered
from dialplan.carrier import Phone
from dialplan.decision import CallFacts
from dialplan.legs import Leg
from freeswitch.dialstring import redirecting_leg
from numbering.e164 import E164

#: Where the switch sends the other party of a REFER; the rendered dialplan has these contexts.
TRANSFERRED: Final = "transferred"
#: Where the first leg of a call goes that a program asked for, once it is answered.
ORIGINATED: Final = "originated"

_NAMES: Final = UUID("6a1c7f7e-3e6b-5a52-9d52-0c6f6c1c3b11").bytes
_ID: Final = r"[a-z0-9._-]{0,64}"
_ENTRY: Final = re.compile(
    rf"(?P<leg>[0-9a-f-]{{36}})=(?P<customer>{_ID})/(?P<number>\+[0-9]{{2,15}})?/(?P<phone>{_ID})/(?P<trunk>{_ID})"
)


def leg_ids(offered: CallOffered, round_: int, count: int) -> tuple[str, ...]:
    """UUIDs for the legs of one decision: other ones for each call and each round of it."""
    return tuple(_uuid5(f"{offered.node}/{offered.call_id}/{round_}/{n}") for n in range(count))


def _uuid5(name: str) -> str:
    """`str(uuid.uuid5(_NAMES, name))`, without the object between: RFC 9562 section 5.5."""
    digest = bytearray(sha1(_NAMES + name.encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def parties(legs: Iterable[Leg], ids: Iterable[str]) -> str:
    """The legs that may transfer or redirect: to phones and customers' trunks, never to carriers."""
    entries = []
    for leg, id_ in zip(legs, ids, strict=True):
        to = leg.to
        if isinstance(to, Phone):
            entries.append(_entry(id_, Behalf(to.customer_id, to.number, to.id)))
        elif to.customer_id is not None:
            number = E164(leg.number) if leg.number.startswith("+") else None
            entries.append(_entry(id_, Behalf(to.customer_id, number, None, to.id)))
    return ",".join(entries)


def caller_party(offered: CallOffered, facts: CallFacts) -> str:
    """The caller's own entry, when it is a customer's line; empty for callers from the public network."""
    if facts.customer_id is None or not (offered.phone_id or facts.direction.value != "in"):
        return ""
    behalf = Behalf(facts.customer_id, facts.a_network, offered.phone_id, facts.trunk_in)
    return _entry(offered.call_id, behalf)


def asker_variables(leg: Leg, leg_id: str, behalf: Behalf) -> dict[str, str]:
    """For the first leg of a call that a program asked for: on whose behalf, and the rights that the phone
    it goes to has; a party in the public network or behind a trunk has none."""
    variables = {"fernamt_behalf": _entry(leg_id, behalf)}
    if isinstance(leg.to, Phone):
        variables["fernamt_caller"] = _entry(leg_id, Behalf(leg.to.customer_id, leg.to.number, leg.to.id))
    return variables


def transferor(known: str | None, caller: str | None, partner: str | None) -> Behalf | None:
    """Who transferred the channel: the party of the leg it was bridged to last; None for a stranger."""
    for text in (known, caller):
        for found in _ENTRY.finditer(text or ""):
            if found["leg"] == partner:
                number = found["number"]
                return Behalf(
                    found["customer"],
                    E164(number) if number else None,
                    found["phone"] or None,
                    found["trunk"] or None,
                )
    return None


def redirector(known: str | None, dialstring: str | None) -> Behalf | None:
    """Who redirected the channel: the party of the leg that got the 302; None for a stranger."""
    leg = redirecting_leg(dialstring or "")
    return transferor(known, None, leg) if leg else None


def _entry(leg: str, behalf: Behalf) -> str:
    words = (behalf.customer_id, behalf.number or "", behalf.phone_id or "", behalf.trunk_id or "")
    return f"{leg}={'/'.join(words)}"
