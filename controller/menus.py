"""Menus and mailboxes: the plan talks with the caller, until the call goes somewhere or ends (C2, C3).

A call in a menu holds a connection of the switch's and a greenlet, nothing else: where it stands is written
on the call before every question, so that another controller goes on when this one dies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, Protocol

import structlog

from controller.callback_dialogue import CallbackDialogue, Keypad
from controller.listening import Handset, Listening
from dialplan.call import CallOffered
from dialplan.causes import Cause
from dialplan.decision import Converse, Decision, refuse
from dialplan.mailbox import Mailbox, MessageFacts
from dialplan.plans.effects import Ask, AskForCallback, Listen, Record
from dialplan.plans.position import HEARD, RECORDED, SILENCE, Given, Happened, Resume
from dialplan.reasons import reason
from dialplan.recording import ASKED, DECLINED, Consent

_log = structlog.get_logger(__name__)

#: Calls in menus at a time; each holds one of the sessions in which calls are decided too.
MAX_HELD: Final = 500
#: Questions on the way of somebody who presses nothing: more than any sensible plan has.
_MAX_SILENT: Final = 20

Decide = Callable[[CallOffered], Decision]


class HeldCall(Handset, Keypad, Protocol):
    """The call in hand. Every method may raise the switch's errors: the caller is gone, the wire is cut."""

    def remember(self, decision: Decision, silent: Decision | None) -> None:
        """Write on the call where it stands, and what becomes of it when no controller goes on."""
        ...

    def connect(self, *, early: bool) -> None:
        """Let the caller hear something: in early media, or answered. Nothing when it is so already."""
        ...

    def ask(self, question: Ask) -> str:
        """The keys pressed, "" when none came in time."""
        ...

    def note_recording(self, answer: str) -> None:
        """Write on the call what the caller says to being recorded (dialplan.recording)."""
        ...

    def record(self, mailbox: Mailbox, path: str) -> None:
        """Greet, play the tone, record what the caller says to this file."""
        ...


class MessageNotes(Protocol):
    """Where messages are kept until somebody takes them away. Both raise OSError."""

    def begin(self, facts: MessageFacts) -> str:
        """Note whose message comes; the path to record to."""
        ...

    def finish(self, facts: MessageFacts) -> None:
        """The recording has ended."""
        ...


class Menus:
    """Talks with callers. `decide` decides for real, `think` says what would be decided and notes nothing."""

    def __init__(
        self,
        decide: Decide,
        think: Decide,
        notes: MessageNotes,
        listening: Listening,
        clock: Callable[[], datetime],
    ) -> None:
        self._decide = decide
        self._think = think
        self._notes = notes
        self._listening = listening
        self._clock = clock
        self._callbacks = CallbackDialogue(think)
        self.held = 0

    def converse(self, offered: CallOffered, decision: Decision, call: HeldCall) -> Decision:
        """Ask until there is a decision that needs no more asking.

        With `MAX_HELD` calls in menus nobody else is asked: the call goes the way of one who says nothing.
        """
        if self.held >= MAX_HELD:
            _log.warning("too many calls in menus", held=self.held, call=offered.call_id)
            return self._silent(offered, decision) or _refused(decision)
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
            match outcome.what:
                case Ask() as question:
                    keys = self._ask(question, decision, call)
                    given = Given(Happened.KEYS, keys) if keys else SILENCE
                case Record(mailbox):
                    self._record(offered, decision, mailbox, call)
                    given = RECORDED
                case Listen(mailbox):
                    self._listening.listen(mailbox, offered.call_id, call)
                    given = HEARD
                case AskForCallback() as asked:
                    number = self._callbacks.number(asked, offered, decision, call)
                    given = Given(Happened.NUMBER, number) if number is not None else SILENCE
            decision = self._decide(_went_on(offered, decision, given))
        return decision

    def _ask(self, question: Ask, decision: Decision, call: HeldCall) -> str:
        """The keys pressed. Who is asked to be recorded has not agreed until the key for it is pressed."""
        if question.consent is None:
            return call.ask(question)
        call.note_recording(ASKED)
        keys = call.ask(question)
        if keys:  # silence is no answer: it stays off, and an agent may ask
            agreed = Consent(keys, self._clock()).text(decision.facts.customer_id or "")
            call.note_recording(agreed if keys == question.consent else DECLINED)
        return keys

    def _record(self, offered: CallOffered, decision: Decision, mailbox: Mailbox, call: HeldCall) -> None:
        """The usual end is that the caller hangs up in the middle: the message is complete all the same."""
        facts = MessageFacts(
            offered.call_id,
            mailbox.customer_id,
            mailbox.id,
            decision.facts.a_presented,
            decision.plan.number if decision.plan is not None else "",
            self._clock(),
            mailbox.retention_days,
            mailbox.notify,
        )
        try:
            path = self._notes.begin(facts)
        except OSError as error:  # a full disk: the call goes on without its message
            _log.error("a message cannot be recorded", call=offered.call_id, error=str(error))
            return
        try:
            call.record(mailbox, path)
        finally:
            self._finish(facts)

    def _finish(self, facts: MessageFacts) -> None:
        """A message whose note cannot be written now is found by its age."""
        try:
            self._notes.finish(facts)
        except OSError as error:
            _log.error("a message is taken in later", call=facts.id, error=str(error))

    def _silent(self, offered: CallOffered, decision: Decision) -> Decision | None:
        for _ in range(_MAX_SILENT):
            if not isinstance(outcome := decision.outcome, Converse):
                return decision
            if isinstance(outcome.what, Record | Listen):
                return None  # nobody records or is let in without a controller
            decision = self._think(_went_on(offered, decision, SILENCE))
        return None


def _refused(decision: Decision) -> Decision:
    why = reason("plan.menus-full", number=decision.plan.number if decision.plan is not None else "")
    return refuse(decision.config_version, decision.facts, Cause.SWITCH_CONGESTION, why)


def _went_on(offered: CallOffered, decision: Decision, given: Given) -> CallOffered:
    trace = decision.plan
    assert trace is not None  # noqa: S101 - only plans converse
    return replace(offered, resume=Resume(trace.number, trace.position, given))
