"""Waiting callers and agents' legs on the wire: what marks them, and how the marks are read again.

A caller who waits has `presence_data` `queue/CUSTOMER/QUEUE/MS/TAGS`, an agent's leg has `agent`: every event
of a channel carries it and `show channels` lists it, so that any controller can see who waits where since
when without asking each channel. No SIP peer can write it. An agent's leg has a UUID that is made of its
customer and the number of the offer, and can be read back.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple
from uuid import UUID

from acd.events import CallerJoined
from acd.names import WaitCost
from dialplan.decision import Wait
from freeswitch.parties import TRANSFERRED
from freeswitch.plan_variables import KEYS
from numbering.e164 import E164

#: Subclasses of the CUSTOM events that tell of a waiting caller, and of one who pressed a key that leads out.
QUEUED: Final = "fernamt::queued"
LEFT_BY_KEY: Final = "fernamt::left-by-key"
#: `presence_data` of agents' legs.
AGENT: Final = "agent"
#: Of the phone that such a leg leads to, where that is registered with another node: with that leg's UUID.
_AGENTS_PHONE: Final = "agent-at/"
#: As a filter of events (FreeSWITCH takes what begins with "/" as an expression).
AGENTS_PHONES: Final = "/^agent-at\\//"
_BEHIND: Final = re.compile(r"agent-at/([0-9a-f-]{36})\Z", re.ASCII)
#: Extensions of the rendered dialplan, and the contexts for callers whom a queue sent away or who went.
QUEUE: Final = "queue"
QUEUE_EARLY: Final = "queue-early"
QUEUE_ON: Final = "queue-on"
LEFT_QUEUE: Final = "queue-left"
KEY_PRESSED: Final = "queue-key"
QUEUE_CALLBACK: Final = "queue-callback"
CALLBACK_NOTED: Final = "queue-callback-noted"
#: The extension that plays what a waiting caller is told, and the variable that it plays.
SAY: Final = "queue-say"
SAID: Final = "fernamt_say"
#: What a waiting caller hears again and again; in a queue behind another one what is left of it, first.
MUSIC: Final = "fernamt_music"
MUSIC_ON: Final = "fernamt_music_on"
#: The caller's place in time, for a queue that comes behind.
QUEUED_SINCE: Final = "fernamt_queued_since"

_MARK: Final = re.compile(
    r"queue/(?P<customer>[a-z0-9._-]{1,64})/(?P<queue>[a-z0-9._-]{1,64})/(?P<since>[0-9]{1,15})"
    r"/(?P<kept>k?)(?P<cost>[ef]?)p(?P<priority>[0-9]{1,4})"
    r"(?:,c(?P<caller>[0-9a-f]{16}))?(?:,a(?P<agent>[a-z0-9._-]{1,64}))?"
    r"(?:,b(?P<number>\+[1-9][0-9]{2,14}),l(?P<line>\+[1-9][0-9]{2,14}))?\Z",
    re.ASCII,
)
_COSTS: Final = {"": WaitCost.UNTOLD, "e": WaitCost.FREE, "f": WaitCost.FIXED}
_DIALLED: Final = re.compile(r"\+?[0-9*#]{1,40}\Z", re.ASCII)
#: Before files that are played one after the other.
FILES: Final = "file_string://"
#: So often a recording is repeated before the dialplan begins it anew, which takes a moment.
_REPEATS: Final = 20


class Waiting(NamedTuple):
    """A caller's channel waits in a customer's queue. `kept`: the place in time is that of a queue before."""

    customer_id: str
    joined: CallerJoined
    kept: bool


def queue_variables(wait: Wait, dialled: str, number: str, shown: E164 | None) -> dict[str, str]:
    """What makes the rendered dialplan park the call. `dialled` (a caller's text) is where the plan goes on
    when the queue sends the call away, `number` (the plan's own) when that is no plain number. `shown`: the
    caller's."""
    return {
        "fernamt_dialled": dialled if _DIALLED.match(dialled) else number,
        **_outcome(wait),
        QUEUED_SINCE: str(wait.since_ms),
        "fernamt_queue": wait.queue,
        KEYS: "",
        # Other keys are taken off the line too: an agent is not to hear them all at once.
        "playback_terminators": wait.keys or "none",
        "presence_data": "".join(_mark(wait, shown)),
        # When the agent hangs up, or the agent's phone stays silent.
        "hangup_after_bridge": "true",
    }


def _outcome(wait: Wait) -> dict[str, str]:
    if wait.back is not None:
        return {"fernamt_do": QUEUE_CALLBACK, "fernamt_noted": wait.back.noted}
    if wait.goes_on:
        return {"fernamt_do": QUEUE_ON}
    return {"fernamt_do": QUEUE_EARLY if wait.early else QUEUE, MUSIC: _endless(wait.music)}


def _endless(music: str) -> str:
    if music.startswith("tone_stream://"):
        return music if ";loops=" in music else f"{music};loops=-1"
    return FILES + "!".join([music] * _REPEATS)


def _mark(wait: Wait, shown: E164 | None) -> Iterator[str]:
    yield f"queue/{wait.customer_id}/{wait.queue}/{wait.since_ms}/"
    if wait.kept:
        yield "k"
    elif wait.early or wait.fixed_price:
        yield "e" if wait.early else "f"
    yield f"p{wait.priority}"
    if wait.remembers and shown is not None:
        yield f",c{pseudonym(wait.customer_id, shown)}"
    if wait.agent is not None:
        yield f",a{wait.agent}"
    if wait.back is not None:
        yield f",b{wait.back.number},l{wait.back.line}"


def pseudonym(customer_id: str, number: E164) -> str:
    """By which a customer's contact centre knows a caller again, without the number itself."""
    return hashlib.blake2b(number.encode(), digest_size=8, key=_owner(customer_id)).hexdigest()


def waiting(call_id: str, mark: str | None) -> Waiting | None:
    """The waiting caller that a channel's mark tells of, None for any other channel."""
    found = _MARK.match(mark or "")
    if found is None:
        return None
    joined = CallerJoined(
        call_id,
        found["queue"],
        int(found["priority"]),
        preferred=found["agent"],
        since_ms=int(found["since"]),
        caller=found["caller"],
        cost=_COSTS[found["cost"]],
        number=found["number"],
        line=found["line"],
    )
    return Waiting(found["customer"], joined, bool(found["kept"]))


def moved_mark(mark: str, queue_id: str) -> str | None:
    """The mark of the same caller in another queue of the customer, None where there is no mark. What the
    wait costs was told in the first queue."""
    found = _MARK.match(mark)
    if found is None:
        return None
    rest = mark[found.start("priority") :]
    return f"queue/{found['customer']}/{queue_id}/{found['since']}/kp{rest}"


def offer_leg(customer_id: str, offer_id: int) -> str:
    """The UUID of the agent's leg of an offer. No number comes twice: each owner begins with the milliseconds
    since 1970, and none makes a thousand offers a second."""
    return str(UUID(bytes=_owner(customer_id) + offer_id.to_bytes(8, "big")))


def callback_leg(customer_id: str, offer_id: int, attempt: int) -> str:
    """The UUID of the leg to a caller who is called back for an offer: another one for each attempt."""
    name = f"{customer_id}/{offer_id}/{attempt}".encode()
    return str(UUID(bytes=hashlib.blake2b(name, digest_size=16, person=b"callback").digest()))


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


def agents_phone(leg_id: str) -> str:
    """The mark of a phone behind an agent's leg, on the phone's node."""
    return _AGENTS_PHONE + leg_id


def agents_leg_behind(mark: str | None) -> str | None:
    """The agent's leg that leads to a phone with this mark, None for any other."""
    found = _BEHIND.match(mark or "")
    return found[1] if found else None


def _owner(customer_id: str) -> bytes:
    return hashlib.blake2b(customer_id.encode(), digest_size=8).digest()
