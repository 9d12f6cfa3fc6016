"""From a caller profile to a plan: the XML dialplan or an inline one; and transfers."""

from __future__ import annotations

from lab.errors import ApplicationFailedError
from lab.switch.channel import Channel, Destination
from lab.switch.clock import now_us
from lab.switch.dialplan import Action, Plan, hunt
from lab.switch.profile import CallerProfile
from lab.switch.states import State
from lab.switch.variables import array


class _Hunter:
    """A channel as the hunt sees it: fields of the profile in question, variables of the channel."""

    def __init__(self, channel: Channel, profile: CallerProfile) -> None:
        self._channel = channel
        self._profile = profile

    def field(self, name: str) -> str:
        """A profile field; without braces nothing else is looked up."""
        return self._profile.value(name) or ""

    def expand(self, text: str) -> str:
        return self._channel.expand(text)

    def matched(self, groups: list[str]) -> None:
        self._channel.set("DP_MATCH", array(*groups))

    def run_inline(self, action: Action) -> None:
        """Inline actions run while the dialplan is read, so only those that wait for nothing can."""
        self._channel.switch.execute_now(self._channel, action)


def hunt_for(channel: Channel, profile: CallerProfile) -> Plan | None:
    """The plan for the profile's destination."""
    if profile.dialplan == "inline":
        return _inline(profile.destination_number)
    hunter = _Hunter(channel, profile)
    return hunt(channel.switch.config.contexts, profile.context, profile.destination_number, hunter)


def _inline(text: str) -> Plan:
    """`app:data,app:data`, with `m:X:` in front to separate by X instead."""
    separator = ","
    if text.startswith("m:") and text[3:4] == ":":
        separator, text = text[2], text[4:]
    actions = [part.strip().partition(":") for part in text.split(separator) if part.strip()]
    return Plan("inline", "inline", [Action(name, data) for name, _, data in actions])


def transfer(channel: Channel, number: str, dialplan: str = "", context: str = "") -> None:
    """Send the channel through the dialplan again; raises ApplicationFailedError without a number."""
    if not number:
        raise ApplicationFailedError("transfer without a destination; give EXTENSION [DIALPLAN [CONTEXT]]")
    before = channel.profile
    profile = before.clone(
        destination_number=number,
        dialplan=dialplan or before.dialplan,
        context=context or before.context,
        profile_index=str(int(before.profile_index) + 1),
    )
    profile.originator, profile.originatee = before.originator, before.originatee
    before.times.transferred = profile.times.transferred = now_us()
    profile.times.progress, profile.times.progress_media = before.times.progress, before.times.progress_media
    profile.times.answered = before.times.answered
    channel.profiles.insert(0, profile)
    del channel.profiles[16:]
    channel.set("transfer_source", f"{now_us() // 1_000_000}:{channel.uuid}:bl_xfer:{number}")
    channel.send_to(Destination(State.ROUTING))
