"""Making outgoing legs: one after the other, several together, with FreeSWITCH's timers and causes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lab.switch.causes import Cause
from lab.switch.channel import Channel
from lab.switch.config.settings import is_true, whole
from lab.switch.dialstring import DialString, LegSpec
from lab.switch.endpoints import resolve
from lab.switch.new_leg import invite, make_leg
from lab.switch.ringback import Ringback
from lab.switch.waiting import ChannelEndedError, ChannelReroutedError, Signal

if TYPE_CHECKING:
    from lab.switch.core import Switch

log = logging.getLogger(__name__)

DEFAULT_TIMEOUT_S: Final = 60
DIALSTATUS: Final = {
    Cause.ORIGINATOR_CANCEL: "CANCEL",
    Cause.USER_BUSY: "BUSY",
    Cause.NO_ANSWER: "NOANSWER",
    Cause.DESTINATION_OUT_OF_ORDER: "INVALIDARGS",
    Cause.INVALID_PROFILE: "INVALIDARGS",
    Cause.CALL_REJECTED: "DONTCALL",
}


@dataclass(slots=True)
class Attempt:
    """One alternative while it rings: its legs, and what ended it."""

    caller: Channel | None
    options: Mapping[str, str]
    started: int
    signal: Signal = field(default_factory=Signal)
    legs: list[Channel] = field(default_factory=list)
    forced: Cause | None = None
    """A cause that counts more than the legs' own (PROGRESS_TIMEOUT)."""

    def option(self, name: str) -> str | None:
        """From the dial string's braces, else from the caller."""
        value = self.options.get(name)
        return value if value is not None else (self.caller.get(name) if self.caller else None)

    @property
    def ringback(self) -> str | None:
        """What the caller hears: of a connected one `transfer_ringback` goes before."""
        connected = self.caller is not None and self.caller.answered
        sound = self.caller.get("transfer_ringback") if self.caller and connected else None
        return sound or self.option("ringback")

    @property
    def elapsed_s(self) -> int:
        """Whole seconds by the clock's second hand, which is how FreeSWITCH counts."""
        return int(time.time()) - self.started

    @property
    def ignores_early_media(self) -> bool:
        text = self.option("ignore_early_media") or ""
        return is_true(text) or text in ("consume", "ring_ready")

    @property
    def ringing(self) -> set[str]:
        """The flags of a leg by which its caller hears that it rings."""
        instead = self.option("ignore_early_media") == "ring_ready"
        return {"ring_ready", "early_media"} if instead else {"ring_ready"}


async def originate(
    switch: Switch,
    caller: Channel | None,
    dial: DialString,
    *,
    timeout_s: int | None = None,
    identity: Mapping[str, str] | None = None,
) -> tuple[Channel | None, Cause]:
    """The first leg that answers (or has early media), or None with the cause.

    With a caller, raises what its `check` raises when it is hung up or sent elsewhere meanwhile; all legs
    are cancelled then. `identity` may hold caller_id_name and caller_id_number for calls without a caller.
    """
    options = dict(dial.variables)
    cause = Cause.DESTINATION_OUT_OF_ORDER
    if caller is not None:
        caller.set("originate_disposition", "failure")
        caller.set("DIALSTATUS", "INVALIDARGS")
    for specs in dial.alternatives:
        attempt = Attempt(caller, options, int(time.time()))
        try:
            cause = await _start(switch, attempt, specs, options, identity or {})
            if attempt.legs:
                winner, cause = await _ring(attempt, timeout_s)
                if winner is not None:
                    _note(caller, attempt, winner, Cause.SUCCESS)
                    return winner, Cause.SUCCESS
        except (ChannelEndedError, ChannelReroutedError, asyncio.CancelledError):
            _drop(attempt, Cause.ORIGINATOR_CANCEL)
            _note(caller, attempt, None, Cause.ORIGINATOR_CANCEL)
            raise
        _note(caller, attempt, None, cause)
    return None, cause


# -- starting ---------------------------------------------------------------------------------------


async def _start(
    switch: Switch,
    attempt: Attempt,
    specs: tuple[LegSpec, ...],
    options: Mapping[str, str],
    identity: Mapping[str, str],
) -> Cause:
    """Start all legs of an alternative; the last failure when one could not be started."""
    cause = Cause.DESTINATION_OUT_OF_ORDER
    for spec in specs:
        found = resolve(switch, spec, attempt.caller)
        if isinstance(found, Cause):
            log.info("endpoint %s: %s", spec.endpoint, found.name)
            cause = found
            continue
        for route in found:
            own = {**dict(route.variables), **dict(spec.variables)}
            # Braces count more than brackets unless local_var_clobber says otherwise (seen on FreeSWITCH).
            clobber = is_true(options.get("local_var_clobber"))
            own = {**options, **own} if clobber else {**own, **options}
            leg = make_leg(switch, attempt.caller, route, own, identity)
            if leg is None:
                cause = Cause.SWITCH_CONGESTION
                continue
            leg.watchers.add(attempt.signal)
            attempt.legs.append(leg)
            if not await invite(leg, route, own):
                leg.hangup(Cause.DESTINATION_OUT_OF_ORDER)
    return cause


# -- ringing ----------------------------------------------------------------------------------------


async def _ring(attempt: Attempt, timeout_s: int | None) -> tuple[Channel | None, Cause]:
    limit_s = _limit_s(attempt, timeout_s)
    progress_limit_s = whole(attempt.options.get("progress_timeout"), 0)
    ringback = Ringback(attempt.caller, attempt.ringback, attempt.option("instant_ringback"))
    if attempt.caller is not None:
        attempt.caller.watchers.add(attempt.signal)
    try:
        while True:
            if attempt.caller is not None:
                attempt.caller.check()
            winner = _winner(attempt)
            if winner is not None:
                _drop(attempt, Cause.LOSE_RACE, besides=winner)
                await ringback.stop()
                return winner, Cause.SUCCESS
            if not any(leg.up for leg in attempt.legs):
                return None, attempt.forced or _failure(attempt)
            rung = any(attempt.ringing & leg.flags for leg in attempt.legs)
            await ringback.progress(rung)
            if _time_is_up(attempt, limit_s, progress_limit_s if not rung else 0):
                continue
            await attempt.signal.wait(0.25)
    finally:
        if attempt.caller is not None:
            attempt.caller.watchers.discard(attempt.signal)
        for leg in attempt.legs:
            leg.watchers.discard(attempt.signal)
        await ringback.stop()


def _limit_s(attempt: Attempt, timeout_s: int | None) -> int:
    own = whole(attempt.options.get("originate_timeout"), 0)
    if own > 0:
        return own
    if timeout_s:
        return timeout_s
    call_timeout = attempt.caller.get("call_timeout") if attempt.caller else None
    return whole(call_timeout, 0) or DEFAULT_TIMEOUT_S


def _winner(attempt: Attempt) -> Channel | None:
    for leg in attempt.legs:
        early = "early_media" in leg.flags and not attempt.ignores_early_media
        if leg.up and (leg.answered or early):
            return leg
    return None


def _time_is_up(attempt: Attempt, limit_s: int, progress_limit_s: int) -> bool:
    """Hang up legs whose time is over; True when there were any."""
    elapsed_s = attempt.elapsed_s
    if elapsed_s >= limit_s:
        attempt.forced = attempt.forced or Cause.NO_ANSWER
        _drop(attempt, Cause.NO_ANSWER)
        return True
    if progress_limit_s and elapsed_s > progress_limit_s:
        attempt.forced = attempt.forced or Cause.PROGRESS_TIMEOUT
        _drop(attempt, Cause.PROGRESS_TIMEOUT)
        return True
    late = False
    for leg in attempt.legs:
        if not leg.up:
            continue
        own_limit_s = whole(leg.variables.get("leg_timeout"), 0)
        own_progress_s = whole(leg.variables.get("leg_progress_timeout"), 0)
        heard = {"ring_ready", "early_media", "answered"} & leg.flags
        if own_progress_s and elapsed_s > own_progress_s and not heard:
            attempt.forced = Cause.PROGRESS_TIMEOUT
            leg.hangup(Cause.PROGRESS_TIMEOUT)
            late = True
        elif own_limit_s and elapsed_s > own_limit_s:
            leg.hangup(Cause.ALLOTTED_TIMEOUT)
            late = True
    return late


def _failure(attempt: Attempt) -> Cause:
    """The cause of an alternative of which no leg is up any more."""
    causes = [leg.cause for leg in attempt.legs if leg.cause is not Cause.NONE]
    return causes[0] if causes else Cause.DESTINATION_OUT_OF_ORDER


def _drop(attempt: Attempt, cause: Cause, besides: Channel | None = None) -> None:
    for leg in attempt.legs:
        if leg is not besides and leg.up:
            leg.hangup(cause)


def _note(caller: Channel | None, attempt: Attempt, winner: Channel | None, cause: Cause) -> None:
    """The caller's variables about the attempt."""
    if caller is None:
        return
    for leg in attempt.legs:
        caller.variables.push("originate_causes", f"{leg.uuid};{leg.cause.name}")
    if winner is not None:
        caller.set("originate_signal_bond", None)
        caller.set("originate_disposition", "SUCCESS")
        caller.set("DIALSTATUS", "SUCCESS")
        return
    caller.set("originate_disposition", cause.name)
    caller.set("DIALSTATUS", DIALSTATUS.get(cause, cause.name))
