"""An agent dials that the caller said yes to being recorded: noted first, then done (C4, § 201 StGB)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from cli.wiring.phone_codes import DONE, REFUSED, PhoneCodes
from cli.wiring.recording_orders import RecordingOrders
from controller.own_calls import Caller
from controller.recorder import ToRecord
from dialplan.decision import Announce
from dialplan.recording import RecordingEvent
from store.acd_desk import AcdDesk
from store.errors import DatabaseUnavailable, StoreError

ANNA = Caller("kunde", "anna", (), 1)
TALK = {"call": "c1", "queue": "verkauf", "state": "talking", "held_ms": 900, "ms": 9_000}
SCREEN = {"customer": "kunde", "queues": [], "agents": [{"agent": "anna", "talks": [TALK]}]}


class Desk:
    """What the owner shows."""

    def screens(self) -> list[str]:
        return [json.dumps(SCREEN)]


@dataclass
class Office:
    """A switch that has so many open questions, and an audit that may be away; what came first."""

    open: int = 1
    away: StoreError | None = None
    did: list[str] = field(default_factory=list)

    def begin(self, talk: ToRecord) -> None:
        raise AssertionError("the conversation has begun")

    def order(self, call_id: str, event: RecordingEvent) -> int:
        raise AssertionError("there is no recording yet")

    def agreed(self, call_id: str, agent_id: str = "") -> int:
        self.did.append(f"agreed {call_id} {agent_id}")
        return self.open

    def audited(self, actor: str, agent: str, details: Mapping[str, str]) -> None:
        if self.away is not None:
            raise self.away
        self.did.append(f"{actor} of {details['customer']}: {details['what']} {details['call']}")

    def heard(self) -> str:
        """What the agent hears behind the code."""
        desk = cast(AcdDesk, Desk())
        told = PhoneCodes(desk, RecordingOrders(self, lambda: desk, ()), self.audited).decision(ANNA, "*88")
        assert told is not None
        assert isinstance(told.outcome, Announce)
        return told.outcome.sound


def test_the_yes_is_in_the_audit_before_anything_is_recorded() -> None:
    office = Office()
    assert office.heard() == DONE
    assert office.did == ["agent anna of kunde: record.consent c1", "agreed c1 anna"]


def test_a_yes_that_cannot_be_written_down_is_none() -> None:
    """GDPR Art. 7(1): who records must be able to show the consent."""
    office = Office(away=DatabaseUnavailable("the audit", "nobody there", "start it"))
    assert office.heard() == REFUSED
    assert office.did == []


def test_a_yes_to_no_question_is_refused_and_the_audit_says_so() -> None:
    office = Office(open=0)
    assert office.heard() == REFUSED
    assert office.did[-1] == "agent anna of kunde: record.consent.refused c1"
