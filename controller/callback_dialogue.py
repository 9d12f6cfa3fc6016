"""Asking a caller at which number to call back: checked by the choke point before it is promised (C1).

Barred numbers and 110, 112 are refused here as they would be when they are called (guarantee 2; no human
dials them then, NotrufV § 4(6)), so that nobody waits for a call that can never come.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from dialplan.call import Behalf, CallOffered, Via
from dialplan.decision import Decision, Route
from dialplan.place import asked_for
from dialplan.plans.effects import AskForCallback
from dialplan.plans.nodes import CallbackSpeech
from numbering.e164 import E164

#: Numbers that one caller may try.
TRIES: Final = 3
#: Digits taken: an international number with its prefix has no more.
MAX_DIGITS: Final = 20
NUMBER_TIMEOUT_S: Final = 10
KEY_TIMEOUT_S: Final = 8
#: Longest question that the caller answers by a key.
_QUESTION_S: Final = 60.0
_YES: Final = "1"
_OTHER: Final = "2"


class Keypad(Protocol):
    """The call of somebody who answers. Every method may raise the switch's errors."""

    def key(self, sounds: Sequence[str], longest_s: float, timeout_s: int) -> str:
        """Play for at most `longest_s`; the key that was pressed meanwhile or within `timeout_s`, or ""."""
        ...

    def number(self, sounds: Sequence[str], most: int, timeout_s: int) -> str:
        """Play, take at most `most` digits up to "#"; "" when none came."""
        ...


class CallbackDialogue:
    """`think` says what would be decided about a call, and notes nothing."""

    def __init__(self, think: Callable[[CallOffered], Decision]) -> None:
        self._think = think

    def number(
        self, asked: AskForCallback, offered: CallOffered, decision: Decision, call: Keypad
    ) -> E164 | None:
        """Where the caller wants to be called back and may be; None: not at all."""
        speech = asked.speech
        shown = self._allowed(decision.facts.a_presented, asked, offered, decision)
        if shown is not None:
            key = call.key((speech.offer,), _QUESTION_S, KEY_TIMEOUT_S)
            if key != _OTHER:
                return shown if key == _YES else None
        before: tuple[str, ...] = ()
        for _ in range(TRIES):
            typed = call.number((*before, speech.enter), MAX_DIGITS, NUMBER_TIMEOUT_S)
            if not typed:
                return None
            number = self._allowed(typed, asked, offered, decision)
            if number is None:
                before = (speech.refused,)
            elif call.key(_read_back(speech, typed), _QUESTION_S, KEY_TIMEOUT_S) == _YES:
                return number
            else:
                before = ()
        return None

    def _allowed(
        self, text: str | None, asked: AskForCallback, offered: CallOffered, decision: Decision
    ) -> E164 | None:
        """The number that would be called, None for one that the customer may not call."""
        if text is None or decision.plan is None:
            return None
        behalf = Behalf(asked.customer_id, decision.plan.number)
        request = asked_for(text, Via.CALLBACK, behalf, call_id=offered.call_id, node=offered.node)
        thought = self._think(request)
        number = thought.facts.b_number
        reachable = isinstance(thought.outcome, Route) and number is not None and number.startswith("+")
        return E164(number) if reachable and number is not None else None


def _read_back(speech: CallbackSpeech, typed: str) -> tuple[str, ...]:
    digits = [speech.digits[int(each)] for each in typed if each.isdigit()]
    return (speech.is_it, *digits, speech.check)
