"""Menus: the caller is asked and the plan decides on, until the call goes somewhere or ends (C2).

A call in a menu holds a connection of the switch's and a greenlet, nothing else: where it stands is written
on the call before every question, so that another controller goes on when this one dies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

import structlog

from dialplan.call import CallOffered
from dialplan.decision import Converse, Decision
from dialplan.plans.effects import Ask
from dialplan.plans.position import SILENCE, Given, Happened, Resume

_log = structlog.get_logger(__name__)

#: Calls in menus at a time; each holds one of the sessions in which calls are decided too.
MAX_HELD: Final = 500
#: Questions on the way of somebody who presses nothing: more than any sensible plan has.
_MAX_SILENT: Final = 20

Decide = Callable[[CallOffered], Decision]


class HeldCall(Protocol):
    """The call in hand. Every method may raise the switch's errors: the caller is gone, the wire is cut."""

    def remember(self, decision: Decision, silent: Decision | None) -> None:
        """Write on the call where it stands, and what becomes of it when no controller goes on."""
        ...

    def connect(self, *, early: bool) -> None:
        """Let the caller hear something: in early media, or answered. Nothing when it is so already."""
        ...

    def play(self, sound: str) -> None:
        """To the end."""
        ...

    def ask(self, question: Ask) -> str:
        """The keys pressed, "" when none came in time."""
        ...


class Menus:
    """Talks with callers. `decide` decides for real, `think` says what would be decided and notes nothing."""

    def __init__(self, decide: Decide, think: Decide) -> None:
        self._decide = decide
        self._think = think
        self.held = 0

    def converse(self, offered: CallOffered, decision: Decision, call: HeldCall) -> Decision:
        """Ask until there is a decision that needs no more asking.

        With `MAX_HELD` calls in menus nobody else is asked: the call goes the way of one who says nothing.
        """
        if self.held >= MAX_HELD:
            _log.warning("too many calls in menus", held=self.held, call=offered.call_id)
            return self._silent(offered, decision) or decision
        self.held += 1
        try:
            return self._converse(offered, decision, call)
        finally:
            self.held -= 1

    def _converse(self, offered: CallOffered, decision: Decision, call: HeldCall) -> Decision:
        # Every question counts as a node of the plan, of which a call has a limited number.
        while isinstance(outcome := decision.outcome, Converse):
            call.remember(decision, self._silent(offered, decision))
            call.connect(early=outcome.early)
            for sound in decision.plan.sounds if decision.plan is not None else ():
                call.play(sound)
            keys = call.ask(outcome.what)
            given = Given(Happened.KEYS, keys) if keys else SILENCE
            decision = self._decide(_went_on(offered, decision, given))
        return decision

    def _silent(self, offered: CallOffered, decision: Decision) -> Decision | None:
        for _ in range(_MAX_SILENT):
            if not isinstance(decision.outcome, Converse):
                return decision
            decision = self._think(_went_on(offered, decision, SILENCE))
        return None


def _went_on(offered: CallOffered, decision: Decision, given: Given) -> CallOffered:
    trace = decision.plan
    assert trace is not None  # noqa: S101 - only plans converse
    return replace(offered, resume=Resume(trace.number, trace.position, given))
