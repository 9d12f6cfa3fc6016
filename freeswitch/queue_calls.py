"""Waiting callers and agents' legs on the wire: what marks them, and how the marks are read again.

A caller who waits has `presence_data` `queue/CUSTOMER/QUEUE/MS`, an agent's leg has `agent`: every event of a
channel carries it and `show channels` lists it, so that any controller can see who waits where since when
without asking each channel. No SIP peer can write it. An agent's leg has a UUID that is made of its customer
and the number of the offer, and can be read back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from dialplan.decision import Wait
from freeswitch.parties import TRANSFERRED

#: Subclass of the CUSTOM event that tells of a waiting caller.
QUEUED: Final = "fernamt::queued"
#: `presence_data` of agents' legs.
AGENT: Final = "agent"
#: Extensions of the rendered dialplan, and the context for callers whom a queue sent away.
QUEUE: Final = "queue"
QUEUE_EARLY: Final = "queue-early"
LEFT_QUEUE: Final = "queue-left"

_MARK: Final = re.compile(
    r"queue/(?P<customer>[a-z0-9._-]{1,64})/(?P<queue>[a-z0-9._-]{1,64})/(?P<since>[0-9]{1,15})\Z", re.ASCII
)
_DIALLED: Final = re.compile(r"\+?[0-9*#]{1,40}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller's channel waits in a customer's queue since (ms since 1970)."""

    call_id: str
    customer_id: str
    queue: str
    since_ms: int


def queue_variables(wait: Wait, dialled: str, number: str) -> dict[str, str]:
    """What makes the rendered dialplan park the call. `dialled` (a caller's text) is where the plan goes on
    when the queue sends the call away, `number` (the plan's own) when that is no plain number."""
    return {
        "fernamt_dialled": dialled if _DIALLED.match(dialled) else number,
        "fernamt_do": QUEUE_EARLY if wait.early else QUEUE,
        "fernamt_music": wait.music,
        "presence_data": f"queue/{wait.customer_id}/{wait.queue}/{wait.since_ms}",
        # When the agent hangs up, or the agent's phone stays silent.
        "hangup_after_bridge": "true",
    }


def waiting(call_id: str, mark: str | None) -> Waiting | None:
    """The waiting caller that a channel's mark tells of, None for any other channel."""
    found = _MARK.match(mark or "")
    return Waiting(call_id, found["customer"], found["queue"], int(found["since"])) if found else None


def offer_leg(customer_id: str, offer_id: int) -> str:
    """The UUID of the agent's leg of an offer. Offers are numbered from 1 and never twice."""
    return str(UUID(bytes=_owner(customer_id) + offer_id.to_bytes(8, "big")))


def offer_of(customer_id: str, leg_id: str) -> int | None:
    """The offer that an agent's leg belongs to, None for a leg of another customer's."""
    try:
        raw = UUID(leg_id).bytes
    except ValueError:
        return None
    return int.from_bytes(raw[8:], "big") if raw[:8] == _owner(customer_id) else None


def agent_variables(customer_id: str, facts: Mapping[str, str]) -> dict[str, str]:
    """The variables of an agent's leg beside those of every leg: its mark, and what its record says."""
    return {
        **facts,
        "fernamt_customer": customer_id,
        "presence_data": AGENT,
        "hangup_after_bridge": "true",
        # Whom the caller sends on comes to us, who decide; without rights of the caller's (parties.py).
        "force_transfer_context": TRANSFERRED,
        # Answered and never joined, because every controller died meanwhile: not for ever.
        "park_timeout": "10",
    }


def _owner(customer_id: str) -> bytes:
    return hashlib.blake2b(customer_id.encode(), digest_size=8).digest()
