"""What `fernamt route explain` says of a call is what the called party sees of it. B2, B3, B4, B12."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from cli.bootstrap import now
from cli.demonstration.stage import Stage
from cli.explaining.answer import in_force
from cli.explaining.explanation import Explanation, explain
from cli.explaining.question import Question
from freeswitch.invite import Invite
from lab.robots import Answer, CallReport
from tests.e2e.exchange import Exchange

IDENTITY = ("P-Asserted-Identity", "P-Preferred-Identity", "Privacy", "Diversion", "History-Info")


@dataclass(frozen=True, slots=True)
class Case:
    """A question, and the robot's call that it is about."""

    question: Question
    who: str
    headers: dict[str, str] = field(default_factory=dict)


def bau(called: str, caller: str = "+492214710105") -> Case:
    return Case(Question(called, caller, "kunde-bau", trunk="bau-1"), "bau-1")


CASES = {
    "to a mobile": bau("015228817386"),
    "abroad over the other trunk": bau("0043720123456"),
    "a social number": bau("116117"),
    "with a number that is not the customer's": bau("015228817386", "+4915228817386"),
    "withheld": Case(
        Question("015228817386", "+492214710105", "kunde-bau", trunk="bau-1", withheld=True),
        "bau-1",
        {"Privacy": "id"},
    ),
    "on net": bau("06990009001"),
    "emergency from a phone": Case(Question("112", "kanzlei-1", "kunde-kanzlei", "kanzlei-1"), "kanzlei-1"),
    "emergency from a trunk": Case(
        Question("110", "+492214710105", "kunde-bau", trunk="bau-2", withheld=True),
        "bau-2",
        {"Privacy": "id"},
    ),
    "incoming": Case(Question("+492214710170", "+4915228817386", trunk="carrier-a"), "carrier-a"),
    "incoming and withheld": Case(
        Question("+492214710171", "+4915228817386", trunk="carrier-a", withheld=True),
        "carrier-a",
        {"Privacy": "id"},
    ),
    "barred": bau("0900512345"),
    "not ours": Case(Question("+493023125999", "+4915228817386", trunk="carrier-b"), "carrier-b"),
}


def asked(running: Exchange, question: Question) -> Explanation:
    answer = in_force(running.settings, question, now())
    return explain(answer.decision, answer.offered, domain=running.settings.node.domain)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_the_called_party_sees_what_was_explained(running: Exchange, stage: Stage, case: Case) -> None:
    found = asked(running, case.question)
    called = found.legs[0] if found.legs else None
    user = called.request_uri.removeprefix("sip:").partition("@")[0] if called else ""
    if called:
        stage.robot(called.to).on_call(Answer(), user)
    report = stage.call(
        case.who,
        case.question.called,
        from_user=case.question.caller or "",
        headers=case.headers,
        talk_ms=20,
    ).wait("ended", 30)
    if called is None:
        refusal = found.decision.outcome
        assert report.final_code == getattr(refusal, "sip_code", None)
        return
    assert report.final_code == 200
    same(called, stage.received(called.to, user))


def same(said: Invite, seen: CallReport) -> None:
    """Request-URI, From, the headers that we write and the bodies beside the SDP, to the last character."""
    assert seen.request_uri == said.request_uri
    assert seen.from_header.partition(";tag=")[0] == said.from_header
    assert {name: seen.header(name) for name in IDENTITY} == {name: said.header(name) for name in IDENTITY}
    assert [seen.header(name) for name, _ in said.headers] == [value for _, value in said.headers]
    located = [part.content for part in seen.parts if part.content_type == "application/pidf+xml"]
    assert located == [body.partition("\r\n\r\n")[2] for body in said.bodies]
