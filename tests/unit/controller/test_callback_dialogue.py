"""At which number a caller is called back: asked, checked, read back (C1, B5, B8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from controller.callback_dialogue import CallbackDialogue
from dialplan.decide import decide
from dialplan.decision import Converse
from dialplan.plans.effects import AskForCallback
from dialplan.plans.nodes import CallbackNode, CallbackSpeech
from tests.unit.dialplan.carriers import AT
from tests.unit.dialplan.plans import call, plan, with_plans

SPEECH = CallbackSpeech(
    "offer", "enter", "is it", tuple("0123456789"), "check", refused="refused", noted="noted"
)
CARRIER = with_plans(n300=plan("back", back=CallbackNode("bau", "sales", "phones", SPEECH)))
SHOWN = "+4915228817386"


class Keypad:
    """A caller who presses these keys and types these numbers, and hears things."""

    def __init__(self, *typed: str) -> None:
        self.typed = list(typed)
        self.heard: list[str] = []

    def key(self, sounds: Sequence[str], longest_s: float, timeout_s: int) -> str:
        self.heard.append(" ".join(sounds))
        return self.typed.pop(0)

    def number(self, sounds: Sequence[str], most: int, timeout_s: int) -> str:
        self.heard.append(" ".join(sounds))
        return self.typed.pop(0)


def number(keypad: Keypad, shown: str | None = SHOWN) -> str | None:
    offered = call(SHOWN)
    decision = decide(offered, CARRIER, AT)
    assert isinstance(decision.outcome, Converse)
    assert isinstance(decision.outcome.what, AskForCallback)
    if shown is None:
        decision = replace(decision, facts=replace(decision.facts, a_presented=None))
    dialogue = CallbackDialogue(lambda request: decide(request, CARRIER, AT))
    return dialogue.number(decision.outcome.what, offered, decision, keypad)


def test_the_number_that_is_shown_is_offered() -> None:
    keypad = Keypad("1")
    assert number(keypad) == SHOWN
    assert keypad.heard == ["offer"]


@pytest.mark.parametrize("key", ["", "*", "7"])
def test_who_does_not_want_it_is_not_called_back(key: str) -> None:
    assert number(Keypad(key)) is None


def test_another_number_is_read_back_and_confirmed() -> None:
    keypad = Keypad("2", "040669691", "2", "04066969999", "1")
    assert number(keypad) == "+494066969999"
    assert keypad.heard[2] == "is it 0 4 0 6 6 9 6 9 1 check"


def test_one_who_withholds_his_number_is_asked_for_one() -> None:
    keypad = Keypad("04066969999", "1")
    assert number(keypad, None) == "+494066969999"
    assert keypad.heard[0] == "enter"


@pytest.mark.parametrize(
    "typed", ["110", "112", "01033112", "09001234567", "11833", "01371234567", "00800123456", "0181123456"]
)
def test_barred_and_emergency_numbers_are_refused_at_once(typed: str) -> None:
    """Guarantee 2: by no spelling; NotrufV § 4(6)."""
    keypad = Keypad("2", typed, "")
    assert number(keypad) is None
    assert keypad.heard[-1] == "refused enter"


def test_after_three_numbers_that_cannot_be_called_it_goes_on() -> None:
    keypad = Keypad("2", "110", "112", "110")
    assert number(keypad) is None
    assert keypad.typed == []
