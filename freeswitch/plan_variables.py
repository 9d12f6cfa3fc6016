"""A call's way through a routing plan as channel variables, for the dialplan and for the next controller."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Final

from dialplan.causes import Cause
from dialplan.decision import PlanTrace
from dialplan.plans.position import Happened

#: How the last leg failed, by FreeSWITCH's name of the cause; the others: not reached.
_FAILED: Final = {
    Cause.USER_BUSY.switch_name: Happened.BUSY.value,
    **dict.fromkeys(
        (
            Cause.NO_ANSWER.switch_name,
            Cause.ALLOTTED_TIMEOUT.switch_name,
            Cause.NO_USER_RESPONSE.switch_name,
            Cause.CALL_REJECTED.switch_name,
        ),
        Happened.NO_ANSWER.value,
    ),
}
#: What the caller pressed last; FreeSWITCH writes it.
KEYS: Final = "fernamt_keys"
#: The PIN of somebody who listens to a mailbox, for the moment in which it is taken; never in a record.
PIN: Final = "fernamt_pin"
#: German ringing tone, for callers who were answered or hear early media while a leg rings.
RINGING_TONE: Final = "%(1000,4000,425)"


def plan_variables(trace: PlanTrace) -> dict[str, str]:
    """Where the call stands (B12), and what the plan is told when the call is offered again."""
    given = Happened.NOT_REACHED if trace.goes_on else Happened.ARRIVED
    return {
        "fernamt_plan": trace.plan_id,
        "fernamt_plan_number": trace.number,
        "fernamt_plan_position": trace.position.text(),
        "fernamt_plan_path": trace.position.path,
        "fernamt_plan_given": given.value,
        "transfer_ringback": RINGING_TONE,
        # "*" would cut an announcement short.
        "playback_terminators": "none",
    }


def happened(given: str, disposition: str | None) -> str:
    """What to tell the plan: `given`, and of nobody reached how the last leg failed."""
    if given != Happened.NOT_REACHED.value:
        return given
    return _FAILED.get(disposition or "", given)


def carry_out_plan(variables: MutableMapping[str, str], trace: PlanTrace, sounds: tuple[str, ...]) -> None:
    """Let the dialplan ask again when nobody is reached, and play before what this caller can hear of the
    plan's `sounds`."""
    if trace.goes_on and variables["fernamt_do"] == "route":
        variables["fernamt_do"] = "next"
    if sounds or variables["fernamt_do"] == "menu":
        # Early media has begun; from here on a 180 alone would leave the caller in silence.
        variables["ringback"] = RINGING_TONE
    if sounds and variables["fernamt_do"] != "menu":
        variables["fernamt_then"] = variables["fernamt_do"]
        variables["fernamt_do"] = "play-answered" if trace.answer else "play"
        variables["fernamt_sounds"] = sounds[0] if len(sounds) == 1 else "file_string://" + "!".join(sounds)
