"""Callers whose INVITE has no SDP ("delayed offer", RFC 3261 section 13.2.1; decision 45).

With `enable-3pcc=proxy` FreeSWITCH runs its dialplan for them, offers in its 200 when the called party has
answered, and takes the answer from the ACK. Two things follow, and they do not end together:

- Until the answer nothing can be heard (`awaits_offer`): early media, announcements and menus before it end
  such a call with 488, so none are begun.
- As long as the channel lives (`came_without_offer`) what a called party says before it answers is dropped
  while its leg knows that channel (read: TFLAG_3PCC, which is never taken back where the sound is ours, and
  TFLAG_SKIP_EARLY, sofia.c): no 180 goes on, and a leg that rings counts as one that makes no progress and is
  given up. So it is also of the legs that come after an answer: transfers, menus, queues.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

#: `endpoint_disposition` of such a channel until it is answered.
WITHOUT_SDP: Final = "RECEIVED_NOSDP"
#: 183 becomes 180.
_IGNORED: Final = ("ignore_early_media", "ring_ready")
#: Its caller is joined to the leg again when it answers. A leg that knows none follows a 3xx to any host: for
#: legs with `outbound_redirect_fatal` alone.
_FORGETS_ITS_CALLER: Final = ("execute_on_originate", "unset signal_bond")
_PROGRESS: Final = "leg_progress_timeout"
#: Of a channel whose INVITE had no SDP, for all of its life; FreeSWITCH's own word is gone with the answer.
_MARK: Final = "fernamt_without_offer"

#: Of a calling channel all of whose legs go to carriers, and which of them are exported to the legs.
TO_CARRIERS: Final[Mapping[str, str]] = MappingProxyType(dict((_IGNORED, _FORGETS_ITS_CALLER)))


def awaits_offer(get: Callable[[str], str | None]) -> bool:
    """By the channel data of a call: it has no SDP yet and is not answered."""
    return get("variable_endpoint_disposition") == WITHOUT_SDP


def came_without_offer(get: Callable[[str], str | None]) -> bool:
    """By the channel data of a call: its INVITE had no SDP, whatever has happened since."""
    return awaits_offer(get) or get(f"variable_{_MARK}") is not None


def caller_variables(*, awaits: bool) -> dict[str, str]:
    """The variables of such a channel. Who is answered, and `awaits` no more, hears our ringing tone as soon
    as a leg is called: a customer's leg does not tell when it rings."""
    return {_MARK: "true"} if awaits else {_MARK: "true", "instant_ringback": "true"}


def leg_variables(variables: Mapping[str, str], caller_id: str) -> dict[str, str]:
    """The variables of a leg in a call of such a channel, `caller_id`.

    A carrier's leg is told apart from its caller, so that it rings, is slow and fails as any other. One to a
    customer may redirect and has to know its caller: that one is told at once that it rings (who is answered
    is told nothing), and the leg has all its time.
    """
    if variables.get("outbound_redirect_fatal") == "true":
        return {**variables, **dict([_FORGETS_ITS_CALLER])}
    kept = {name: value for name, value in variables.items() if name != _PROGRESS}
    return {**kept, "api_on_originate": f"uuid_ring_ready {caller_id}"}
