"""`step`: one event into the contact centre of a tenant, the next state and what is to be done out of it.

Pure and deterministic: the same events at the same times give the same states, so a journal of events is all
that a successor needs (guarantee 6). `now_ms` comes from a clock that does not jump (the controller's
monotonic one); a time before the last step's counts as that one.
"""

from __future__ import annotations

from typing import Final

from acd import agents, callers, comparing, offers, talking, timing
from acd.effects import Effect
from acd.events import (
    CallbackMissed,
    CallbackReached,
    CallbackWanted,
    CallerJoined,
    CallerLeft,
    CallerMoved,
    CallHeld,
    CallResumed,
    Compared,
    Configured,
    Event,
    Joined,
    OfferAnswered,
    OfferFailed,
    OwnCallBegan,
    OwnCallEnded,
    QueueFlushed,
    StatusChosen,
    TalkEnded,
    TimePassed,
    Unjoined,
    WrapUpEnded,
    WrapUpExtended,
)
from acd.matching import match
from acd.state import Draft, State

_LEAST_TO_TIDY: Final = 256


def step(state: State, event: Event, now_ms: int) -> tuple[State, tuple[Effect, ...]]:
    """The state after `event`, and the effects in the order in which they are to be carried out."""
    draft = Draft(state, max(now_ms, state.now_ms))
    timing.catch_up(draft)
    _happen(draft, event)
    match(draft)
    if len(draft.notes) > _LEAST_TO_TIDY + 8 * (len(draft.members) + len(draft.agents)):
        timing.tidy(draft)
    return draft.freeze(), tuple(draft.effects)


def _happen(draft: Draft, event: Event) -> None:
    match event:
        case TimePassed():
            pass
        case CallerJoined():
            callers.joined(draft, event)
        case CallerLeft():
            callers.left(draft, event)
        case CallerMoved():
            callers.moved(draft, event)
        case QueueFlushed():
            callers.flushed(draft, event)
        case CallbackWanted():
            callers.wants_callback(draft, event)
        case CallbackReached():
            offers.callback_reached(draft, event)
        case CallbackMissed():
            offers.callback_missed(draft, event)
        case OfferAnswered():
            offers.answered(draft, event)
        case OfferFailed():
            offers.failed(draft, event)
        case Joined():
            offers.joined(draft, event)
        case Unjoined():
            offers.unjoined(draft, event)
        case CallHeld():
            talking.held(draft, event)
        case CallResumed():
            talking.resumed(draft, event)
        case TalkEnded():
            offers.talk_ended(draft, event)
        case StatusChosen():
            agents.status_chosen(draft, event)
        case OwnCallBegan():
            agents.own_call_began(draft, event)
        case OwnCallEnded():
            agents.own_call_ended(draft, event)
        case WrapUpExtended():
            agents.wrap_up_extended(draft, event)
        case WrapUpEnded():
            agents.wrap_up_ended(draft, event)
        case Compared():
            comparing.compared(draft, event)
        case Configured():
            comparing.configured(draft, event)
