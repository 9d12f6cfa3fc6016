"""A code from the phone of an agent with several calls: the owner says of which it speaks (C1, C4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from cli.wiring.phone_codes import DONE, REFUSED, PhoneCodes
from cli.wiring.recording_orders import RecordingOrders
from controller.own_calls import Caller
from controller.recorder import ToRecord
from dialplan.decision import Announce
from dialplan.recording import RecordingEvent
from store.acd_desk import AcdDesk

ANNA = Caller("kunde", "anna", (), 1, capacity=2)
TALKS = [{"call": call, "queue": "verkauf", "state": "talking", "held_ms": None} for call in ("c1", "c2")]


@dataclass
class Office:
    """The desk of an owner with one word, the recorder, the audit."""

    word: str
    talks: list[dict[str, Any]] = field(default_factory=lambda: TALKS)
    asked: list[dict[str, Any]] = field(default_factory=list)
    did: list[str] = field(default_factory=list)

    def screens(self) -> list[str]:
        agents = [{"agent": "anna", "talks": self.talks}]
        return [json.dumps({"customer": "kunde", "queues": [], "agents": agents})]

    def send(self, customer_id: str, text: str) -> bool:
        self.asked.append(json.loads(json.loads(text)["event"]))
        return True

    def answer_to(self, command_id: str) -> str:
        return self.word

    def begin(self, talk: ToRecord) -> None:
        raise AssertionError("the conversations have begun")

    def order(self, call_id: str, event: RecordingEvent) -> int:
        self.did.append(f"{event.value} {call_id}")
        return 1

    def agreed(self, call_id: str, agent_id: str = "") -> int:
        self.did.append(f"agreed {call_id} {agent_id}")
        return 1

    def audited(self, actor: str, agent: str, details: Mapping[str, str]) -> None:
        """Tested in test_spoken_yes.py."""

    def heard(self, code: str, caller: Caller = ANNA) -> str:
        """What the agent hears behind the code."""
        desk = cast(AcdDesk, self)
        told = PhoneCodes(desk, RecordingOrders(self, lambda: desk, ()), self.audited).decision(caller, code)
        assert told is not None
        assert isinstance(told.outcome, Announce)
        return told.outcome.sound


@pytest.mark.parametrize(("code", "what"), [("*86", "paused c2"), ("*87", "resumed c2")])
def test_a_recording_is_paused_of_the_call_that_the_owner_names(code: str, what: str) -> None:
    """What screens show is half a second old: the phone may have changed callers since."""
    office = Office("+c2")
    assert office.heard(code) == DONE
    assert office.did == [what]
    assert office.asked == [{"at": 0, "is": "InHand", "agent_id": "anna"}]


def test_a_consent_counts_only_where_the_owner_knows_of_one_conversation() -> None:
    """§ 201 StGB: a yes of one caller must never be taken for another's."""
    office = Office("+c1", talks=TALKS[:1])
    assert office.heard("*88") == DONE
    assert office.did == ["agreed c1 anna"]
    assert office.asked == [{"at": 0, "is": "InHand", "agent_id": "anna", "alone": True}]
    office = Office("-agent anna is in 2 conversations: name the call", talks=TALKS[:1])
    assert office.heard("*88") == REFUSED
    assert office.did == []


def test_conversations_of_a_capacity_that_was_made_smaller_are_told_apart_too() -> None:
    office = Office("-agent anna has 2 callers who are not on hold: name the call")
    assert office.heard("*86", replace(ANNA, capacity=1)) == REFUSED
    assert office.did == []


def test_who_may_have_one_call_asks_nobody() -> None:
    """A controller of the version before may be the owner."""
    office = Office("-nobody", talks=TALKS[:1])
    assert office.heard("*86", replace(ANNA, capacity=1)) == DONE
    assert (office.did, office.asked) == (["paused c1"], [])
