"""Conversations with callers: what is asked, remembered and decided (C2, C10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

import controller.menus as menus_module
from controller.listening import Listening
from controller.menus import Menus
from dialplan.call import CallOffered
from dialplan.decide import decide
from dialplan.decision import Converse, Decision, Reject, Route
from dialplan.mailbox import Mailbox, MessageFacts
from dialplan.plans.effects import Ask
from dialplan.snapshot import Snapshot
from tests.unit.controller.test_listening import Archive, Tries
from tests.unit.dialplan.carriers import AT, NOW
from tests.unit.dialplan.plans import HELLO, HOTLINE, call, plan, with_plans

BERLINER = "+493023125500"
NOBODY_LISTENS = Listening(Archive([]), Tries())


class CallerGone(Exception):
    """The caller has hung up."""


@dataclass
class Caller:
    """A caller who presses these keys one after the other, "" for nothing, and hangs up behind the last."""

    keys: list[str]
    did: list[str] = field(default_factory=list)
    remembered: list[tuple[Decision, Decision | None]] = field(default_factory=list)

    def remember(self, decision: Decision, silent: Decision | None) -> None:
        self.remembered.append((decision, silent))

    def connect(self, *, early: bool) -> None:
        self.did.append("early" if early else "answer")

    def play(self, sound: str) -> None:
        self.did.append(f"play {sound}")

    def ask(self, question: Ask) -> str:
        if not self.keys:
            raise CallerGone
        self.did.append(f"ask {question.prompt}")
        return self.keys.pop(0)

    def note_recording(self, answer: str) -> None:
        self.did.append(f"recording {answer}")

    def hide_keys(self) -> None:
        self.did.append("hide keys")

    def take_pin(self, sounds: Sequence[str], most: int, timeout_s: int) -> str:
        self.did.append(f"take PIN {len(sounds)}")
        return self.keys.pop(0)

    def key(self, sounds: Sequence[str], longest_s: float, timeout_s: int) -> str:
        raise AssertionError("no message is there")

    def number(self, sounds: Sequence[str], most: int, timeout_s: int) -> str:
        raise AssertionError("nobody is called back")

    def record(self, mailbox: Mailbox, path: str) -> None:
        self.did.append(f"record {mailbox.id} {path}")
        if not self.keys:
            raise CallerGone


def deciding(carrier: Snapshot) -> Callable[[CallOffered], Decision]:
    return lambda offered: decide(offered, carrier, AT)


@dataclass
class Notes:
    """Where messages are noted."""

    did: list[str] = field(default_factory=list)
    full: str = ""

    def begin(self, facts: MessageFacts) -> str:
        self._room("begin")
        self.did.append(f"begin {facts.mailbox_id} {facts.caller} {facts.called}")
        return "/messages/call-1.wav"

    def finish(self, facts: MessageFacts) -> None:
        self._room("finish")
        self.did.append(f"finish {facts.id}")

    def _room(self, at: str) -> None:
        if self.full == at:
            raise OSError(28, "No space left on device")


def talked(caller: Caller, start: str = "menu", notes: Notes | None = None) -> Decision:
    carrier = with_plans(n300=plan(start))
    menus = Menus(deciding(carrier), deciding(carrier), notes or Notes(), NOBODY_LISTENS, lambda: NOW)
    first = deciding(carrier)(call(BERLINER))
    try:
        return menus.converse(call(BERLINER), first, caller)
    finally:
        assert menus.held == 0


def test_a_key_leads_to_the_phones() -> None:
    caller = Caller(["1"])
    decision = talked(caller)
    assert isinstance(decision.outcome, Route)
    assert [leg.to.id for leg in decision.outcome.legs] == ["kanzlei-1", "kanzlei-2"]
    assert caller.did == ["answer", f"ask {HELLO}"]


def test_what_a_plan_says_before_the_menu_is_heard_first() -> None:
    caller = Caller(["2"])
    talked(caller, "hello")
    assert caller.did == ["answer", f"play {HELLO}", f"ask {HELLO}"]


def test_silence_and_wrong_keys_lead_out_of_the_menu() -> None:
    assert talked(Caller(["", ""])).reason.id == "plan.forward"
    wrong = talked(Caller(["5", "6"]))
    assert isinstance(wrong.outcome, Reject)


def test_before_every_question_the_call_is_told_where_it_stands_and_where_silence_leads() -> None:
    """Another controller, or the dialplan alone, goes on from there."""
    caller = Caller(["9", "1"])
    talked(caller)
    assert [each.plan.position.path for each, _ in caller.remembered if each.plan] == ["menu", "menu=9,menu"]
    silent = caller.remembered[0][1]
    assert silent is not None
    assert silent.reason.id == "plan.forward"


def test_a_caller_who_hangs_up_ends_the_conversation() -> None:
    with pytest.raises(CallerGone):
        talked(Caller(["9"]))


def test_a_message_is_noted_before_it_is_recorded_and_ended_when_the_caller_hangs_up() -> None:
    """C3: the usual end of a message is a caller who hangs up."""
    caller, notes = Caller([]), Notes()
    with pytest.raises(CallerGone):
        talked(caller, "box", notes)
    assert notes.did == [f"begin box {BERLINER} {HOTLINE}", "finish call-1"]
    assert caller.did == ["answer", "record box /messages/call-1.wav"]
    assert caller.remembered[0][1] is None


@pytest.mark.parametrize("full", ["begin", "finish"])
def test_a_full_disk_costs_the_message_and_not_the_call(full: str) -> None:
    """Issue 7: the plan goes on; a note that cannot be ended is found by its age."""
    caller, notes = Caller(["still there"]), Notes(full=full)
    decision = talked(caller, "box", notes)
    assert decision.reason.id == "plan.end"
    assert any(each.startswith("record") for each in caller.did) == (full == "finish")


def test_a_call_ends_after_its_message() -> None:
    """C3."""
    decision = talked(Caller(["still there"]), "box")
    assert isinstance(decision.outcome, Reject)
    assert decision.reason.id == "plan.end"


def test_who_listens_is_asked_for_the_pin_on_an_answered_call_which_ends_then() -> None:
    """C3."""
    caller = Caller(["4711"])
    decision = talked(caller, "listen")
    assert decision.reason.id == "plan.end"
    assert caller.did == ["answer", "hide keys", "take PIN 1", f"play {HELLO}"]
    assert caller.remembered[0][1] is None


def test_a_storm_of_keys_ends_the_call() -> None:
    caller = Caller(["9"] * 500)
    decision = talked(caller)
    assert decision.reason.id == "plan.too-long"
    assert len(caller.did) < 250


def test_with_too_many_calls_in_menus_the_next_goes_the_way_of_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(menus_module, "MAX_HELD", 0)
    caller = Caller(["1"])
    assert talked(caller).reason.id == "plan.forward"
    assert caller.did == []
    assert talked(caller, "box").reason.id == "plan.menus-full"


def test_a_number_paid_by_the_minute_asks_in_early_media() -> None:
    """C10, TKG § 115."""
    carrier = with_plans(n300=plan("menu"))
    paid = type(HOTLINE)("+491805123456")
    numbers = {**carrier.numbers}
    entry = numbers.pop(HOTLINE)
    numbers[paid] = type(entry)(paid, entry.customer_id, entry.target)
    fields = {name: getattr(carrier, name) for name in carrier.__slots__}
    moved = Snapshot(**{**fields, "numbers": numbers})
    offered = type(call())(**{**{n: getattr(call(BERLINER), n) for n in call().__slots__}, "dialled": paid})
    caller = Caller(["2"])
    menus = Menus(deciding(moved), deciding(moved), Notes(), NOBODY_LISTENS, lambda: NOW)
    menus.converse(offered, deciding(moved)(offered), caller)
    assert caller.did[0] == "early"


@pytest.mark.parametrize(
    ("keys", "noted"),
    [
        ("1", ["recording agreed/bau/1/1794992400000"]),
        ("2", ["recording declined"]),
        ("", []),
    ],
)
def test_who_is_asked_to_be_recorded_agrees_by_the_key_for_it_and_by_nothing_else(
    keys: str, noted: list[str]
) -> None:
    """C4: asked first, then the answer; silence is none."""
    caller = Caller([keys, "1"])
    carrier = with_plans(n300=plan("menu"))
    menus = Menus(deciding(carrier), deciding(carrier), Notes(), NOBODY_LISTENS, lambda: NOW)
    first = deciding(carrier)(call(BERLINER))
    assert isinstance(first.outcome, Converse)
    assert isinstance(first.outcome.what, Ask)
    asked = replace(first, outcome=Converse(replace(first.outcome.what, consent="1"), early=False))
    menus.converse(call(BERLINER), asked, caller)
    assert [each for each in caller.did if each.startswith("recording")] == ["recording asked", *noted]
