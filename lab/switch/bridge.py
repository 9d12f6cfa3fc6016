"""Two channels talking: connect, wait for an end, disconnect; what each does afterwards."""

from __future__ import annotations

from lab.switch.causes import Cause
from lab.switch.channel import Channel, Destination
from lab.switch.clock import now_us
from lab.switch.config.settings import is_true
from lab.switch.media import connect, disconnect
from lab.switch.states import State


async def bridge(caller: Channel, peer: Channel) -> None:
    """Run in the caller's task until one of the two hangs up or is sent elsewhere.

    Raises what `caller.check` raises. Afterwards the peer is hung up unless it was sent elsewhere.
    """
    _couple(caller, peer)
    connected = False
    try:
        await _take_over_media(caller, peer)
        _connect(caller, peer)
        connected = True
        now = now_us()
        caller.profile.times.bridged = peer.profile.times.bridged = now
        peer.profile.originator = peer.profile.originator or caller.hunted
        caller.profile.originatee = peer.profile
        peer.set_state(State.EXCHANGE_MEDIA)
        _fire(caller, peer, "CHANNEL_BRIDGE")
        await _talk(caller, peer)
    finally:
        _uncouple(caller, peer, connected=connected)


async def _take_over_media(caller: Channel, peer: Channel) -> None:
    """The caller gets as far as the peer is: answered, or early media."""
    if caller.leg is None or caller.outbound:
        return
    if peer.answered and not caller.answered:
        if "ring_ready" in peer.flags and not caller.has_media:
            caller.leg.ring_ready()
        await caller.leg.answer()
    elif not caller.has_media:
        await caller.leg.pre_answer()
    caller.check()


async def _talk(caller: Channel, peer: Channel) -> None:
    answered = caller.answered

    def over() -> bool:
        newly_answered = peer.answered and not answered
        return not peer.up or peer.destination is not None or newly_answered or peer.partner is not caller

    while True:
        await caller.until(over)
        if peer.up and peer.answered and not answered and peer.destination is None and peer.partner is caller:
            answered = True
            if caller.leg is not None and not caller.answered:
                await caller.leg.answer()
            continue
        return


def _couple(caller: Channel, peer: Channel) -> None:
    for here, there in ((caller, peer), (peer, caller)):
        here.partner = there
        here.watchers.add(there.signal)
        for name in ("bridge_to", "last_bridge_to", "bridge_uuid", "signal_bond"):
            here.set(name, there.uuid)
        here.set("bridge_channel", there.name)


def _connect(caller: Channel, peer: Channel) -> None:
    first = caller.leg.media if caller.leg else None
    second = peer.leg.media if peer.leg else None
    if first is not None and second is not None:
        connect(first, second)


def _fire(caller: Channel, peer: Channel, name: str) -> None:
    caller.fire(name, ("Bridge-A-Unique-ID", caller.uuid), ("Bridge-B-Unique-ID", peer.uuid))


def _uncouple(caller: Channel, peer: Channel, *, connected: bool) -> None:
    disconnect(caller.leg.media if caller.leg else None, peer.leg.media if peer.leg else None)
    ended_by = caller if not caller.up else peer
    cause = ended_by.cause if not ended_by.up else Cause.NORMAL_CLEARING
    caller.set("last_bridge_role", "originator")
    for here, there in ((caller, peer), (peer, caller)):
        here.set("bridge_hangup_cause", cause.name)
        here.set("bridge_to", None)
        here.watchers.discard(there.signal)
    if peer.up and peer.destination is None and peer.partner is caller:
        peer.hangup(cause)
    for here, there in ((caller, peer), (peer, caller)):
        if here.partner is there:
            here.partner = None
    if connected:
        _fire(caller, peer, "CHANNEL_UNBRIDGE")


def after_bridge(caller: Channel, peer: Channel) -> None:
    """What hangup_after_bridge, park_after_bridge and the failure variables say about the caller."""
    if not caller.up or caller.destination is not None:
        return
    cause = peer.cause if peer.cause is not Cause.NONE else Cause.NORMAL_CLEARING
    if not peer.answered:
        handle_cause(caller, cause)
        return
    if is_true(caller.get("park_after_bridge")):
        caller.send_to(Destination(State.PARK))
    elif is_true(caller.get("hangup_after_bridge")) or caller.get("hangup_after_bridge") == "explicit":
        caller.hangup(cause)


ALWAYS_GO_ON = frozenset({Cause.NO_ANSWER, Cause.NO_USER_RESPONSE, Cause.ORIGINATOR_CANCEL})


def handle_cause(caller: Channel, cause: Cause) -> None:
    """Hang the caller up after a failed leg unless continue_on_fail or failure_causes say to go on
    (switch_channel_handle_cause; transfer_on_fail is not in the lab)."""
    if not caller.up:
        return
    going_on, failing = caller.get("continue_on_fail"), caller.get("failure_causes")
    if cause is not Cause.ATTENDED_TRANSFER:
        if failing is not None and not _lists(failing, cause):
            return
        if going_on is not None and (is_true(going_on) or _lists(going_on, cause)):
            return
        if going_on is None and failing is None and cause in ALWAYS_GO_ON:
            return
    caller.hangup(cause)


def _lists(text: str, cause: Cause) -> bool:
    return any(entry.strip().upper() in (cause.name, str(cause.value)) for entry in text.split(","))
