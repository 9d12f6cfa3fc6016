"""Conversations are recorded with consent, without what is said in a pause, and erased for good (C4)."""

from __future__ import annotations

import os
import signal
import wave
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from cli.bootstrap import engine
from cli.demonstration.stage import Stage
from lab.media.audio import FileSource
from lab.media.detect import ToneDetector
from lab.robots import Answer, RobotCall
from store.audit import AuditLog
from store.recording_tables import recording_part
from tests.e2e.agents.desk import AGENT_HZ, CALLER, CALLER_HZ, FAR, spooled, state
from tests.e2e.desk import agents, login, owner
from tests.e2e.exchange import Exchange, eventually
from tests.e2e.screen import Screen

AUFNAHME = "+493023125302"
QUESTION_HZ, CARD_HZ, THANKS_HZ, AFTER_HZ, FAR_HZ = 520, 1800, 1350, 1450, 2100


def talking(centre: Exchange, stage: Stage, key: str) -> tuple[RobotCall, str]:
    """A caller who pressed this key, or none, talks with anna; the call and its id."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(400,1000,{AGENT_HZ});loops=60"))
    login(centre, "anna")
    caller = stage.call("carrier-a", AUFNAHME, from_user=CALLER, play=f"%(400,700,{CALLER_HZ});loops=60")
    caller.wait_heard(QUESTION_HZ, timeout_s=30)
    if key:
        caller.send_dtmf(key, 80)
    eventually(lambda: state(centre, "anna") == "In a queue call", 30, "anna to talk")
    (talk,) = agents(centre)["anna"]["talks"]
    return caller, talk["call"]


def stored(centre: Exchange, call_id: str) -> dict[str, Any]:
    """The one recording of a call, as soon as it is there."""
    eventually(lambda: bool(centre.json("record", "list", "--call", call_id)), 30, "the recording")
    (row,) = centre.json("record", "list", "--call", call_id)
    return row  # type: ignore[no-any-return]


def played(centre: Exchange, row: dict[str, Any], tmp_path: Path) -> Path:
    """The file that somebody with a reason is given."""
    output = tmp_path / "out.wav"
    centre.run("record", "play", row["recording"], "--output", str(output), "--reason", "test")
    return output


def heard(sound: Path) -> ToneDetector:
    """All of it."""
    source, detector = FileSource(sound), ToneDetector()
    while (frame := source.read()) is not None:
        detector.feed(frame)
    return detector


def test_a_conversation_is_recorded_but_for_the_pause_heard_and_erased(
    centre: Exchange, stage: Stage, tmp_path: Path
) -> None:
    caller, call_id = talking(centre, stage, "1")
    eventually(lambda: bool(spooled(centre)), 5, "the recording to begin")
    eventually(lambda: spooled(centre)[0].stat().st_size > 48_000, 20, "three seconds of it")
    centre.run("record", "pause", call_id, "--reason", "card number")
    caller.play(f"%(1500,0,{CARD_HZ})")
    anna = stage.inbox("anna-1").received("anna-1", 20)
    anna.wait_heard(CARD_HZ, min_ms=1000, timeout_s=30)
    caller.play(f"%(800,200,{THANKS_HZ});loops=60")
    anna.wait_heard(THANKS_HZ, min_ms=200, timeout_s=30)  # the card's number is over
    centre.run("record", "resume", call_id)
    eventually(lambda: spooled(centre)[0].stat().st_size > 0, 10, "sound in the file")
    caller.wait_heard(AGENT_HZ, min_ms=300, timeout_s=30)
    caller.hangup()
    caller.wait("ended", 20)
    stored(centre, call_id)
    assert spooled(centre) == []
    (row,) = centre.json("record", "list", "kunde", "--call", call_id)
    assert (row["agent"], row["queue"], row["consent_key"]) == ("anna", "aufnahme", "1")
    assert row["consented_at"] < row["started_at"]
    output = played(centre, row, tmp_path)
    assert output.stat().st_mode & 0o077 == 0
    detector = heard(output)
    assert detector.heard(CALLER_HZ, 200)
    assert detector.heard(AGENT_HZ, 200)
    assert not detector.heard(CARD_HZ, 60)
    with wave.open(str(output)) as file:
        assert file.getframerate() == 8000
    centre.run("record", "erase", row["recording"], "--reason", "consent withdrawn")
    (row,) = centre.json("record", "list", "--call", call_id)
    assert row["erased_why"] == "consent withdrawn"
    of_it = recording_part.c.recording_id == row["recording"]
    parts = select(func.count()).select_from(recording_part).where(of_it)
    with engine(centre.settings, "test").connect() as connection:
        assert connection.execute(parts).scalar_one() == 0


def test_a_recording_ends_with_the_conversation_also_when_its_controller_has_died(
    centre: Exchange, stage: Stage, tmp_path: Path
) -> None:
    """C4: whom the caller talks with after an attended transfer never agreed."""
    stage.robot("carrier-a").on_call(Answer(after_ms=20, play=f"%(30000,0,{FAR_HZ})"), FAR)
    caller, call_id = talking(centre, stage, "1")
    agent = stage.inbox("anna-1").received("anna-1", 30)
    eventually(lambda: bool(spooled(centre)), 30, "the recording to begin")
    caller.wait_heard(AGENT_HZ, min_ms=300, timeout_s=30)
    consult = stage.call("anna-1", FAR)
    consult.wait_heard(FAR_HZ, timeout_s=30)
    os.kill(owner(centre), signal.SIGKILL)
    node = centre.settings.node
    eventually(lambda: owner(centre) != 0 and bool(agents(centre)), 30, "another owner")
    agent.refer(f"sip:{FAR}@{node.sip_ip}:{node.ports.phone}", replaces=consult)
    caller.wait_heard(FAR_HZ, min_ms=600, timeout_s=30)
    for each in (agent, consult):
        each.hangup()
    stored(centre, call_id)
    assert caller.report().ended_ms is None
    caller.hangup()
    caller.wait("ended", 30)
    detector = heard(played(centre, stored(centre, call_id), tmp_path))
    assert detector.heard(AGENT_HZ, 200)
    assert not detector.heard(FAR_HZ, 100)


@pytest.mark.long
def test_an_agent_pauses_the_recording_by_dialling_a_code(
    centre: Exchange, stage: Stage, tmp_path: Path
) -> None:
    """C4: for the number of a card; the caller is on hold while the agent dials."""
    caller, call_id = talking(centre, stage, "1")
    agent = stage.inbox("anna-1").received("anna-1", 30)
    eventually(lambda: bool(spooled(centre)), 30, "the recording to begin")
    eventually(lambda: spooled(centre)[0].stat().st_size > 48_000, 30, "three seconds of it")
    _dials(agent, stage, "*86")
    caller.play(f"%(1000,0,{CARD_HZ});%(30000,0,{AFTER_HZ})")
    agent.wait_heard(CARD_HZ, min_ms=300, timeout_s=30)
    agent.wait_heard(AFTER_HZ, timeout_s=30)
    _dials(agent, stage, "*87")
    caller.wait_heard(AGENT_HZ, min_ms=300, timeout_s=30)
    caller.hangup()
    caller.wait("ended", 30)
    detector = heard(played(centre, stored(centre, call_id), tmp_path))
    assert detector.heard(CALLER_HZ, 200)
    assert not detector.heard(CARD_HZ, 60)


@pytest.mark.long
def test_a_spoken_yes_that_the_agent_confirms_begins_the_recording(
    centre: Exchange, stage: Stage, tmp_path: Path
) -> None:
    """C4, § 201 StGB: who pressed no key is asked by the agent; nothing said before is recorded."""
    caller, call_id = talking(centre, stage, "")
    agent = stage.inbox("anna-1").received("anna-1", 30)
    caller.play(f"%(1000,0,{CARD_HZ});%(60000,0,{AFTER_HZ})")
    agent.wait_heard(CARD_HZ, min_ms=300, timeout_s=30)
    agent.wait_heard(AFTER_HZ, timeout_s=30)
    assert spooled(centre) == []
    _dials(agent, stage, "*88")
    eventually(lambda: bool(spooled(centre)), 30, "the recording to begin")
    eventually(lambda: spooled(centre)[0].stat().st_size > 48_000, 30, "three seconds of it")
    assert "has no open question" in centre.tried("record", "consent", call_id, "--spoken").stderr
    caller.hangup()
    caller.wait("ended", 30)
    row = stored(centre, call_id)
    assert (row["consent"], row["consent_key"], row["agent"]) == ("spoken", None, "anna")
    assert row["consented_at"] <= row["started_at"]
    detector = heard(played(centre, row, tmp_path))
    assert detector.heard(AFTER_HZ, 200)
    assert not detector.heard(CARD_HZ, 60)


@pytest.mark.long
def test_an_agent_confirms_a_spoken_yes_at_the_screen_and_nobody_else_does(
    centre: Exchange, stage: Stage
) -> None:
    """C4, guarantee 8: the token names the agent, who has to talk with the call."""
    assert centre.settings.web is not None
    port, token = centre.settings.web.listen[1], ("user", "token", "create")
    anna, bert = (
        Screen(port, centre.run(*token, each, "--customer", "kunde", "--role", "agent", "--agent", each))
        for each in ("anna", "bert")
    )
    caller, call_id = talking(centre, stage, "")
    path, yes = f"/v1/calls/{call_id}/consent", {"how": "spoken"}
    assert bert.post(path, yes) == 409
    assert spooled(centre) == []
    eventually(lambda: anna.post(path, yes) == 204, 10, "the open question")
    eventually(lambda: bool(spooled(centre)), 30, "the recording to begin")
    assert anna.post(path, yes) == 409, "there is no question any more"
    caller.hangup()
    caller.wait("ended", 30)
    entries = AuditLog(engine(centre.settings, "tests")).latest()
    actors = {each.actor for each in entries if (each.action, each.object_id) == ("record.consent", call_id)}
    assert actors == {"api:kunde/anna"}


def test_an_agents_screen_pauses_the_recording_and_a_supervisors_stops_it(
    centre: Exchange, stage: Stage, tmp_path: Path
) -> None:
    """C4, C8, guarantee 8: the own conversation, or who leads; each in the audit by name."""
    assert centre.settings.web is not None
    port, token = centre.settings.web.listen[1], ("user", "token", "create")
    anna, bert = (
        Screen(port, centre.run(*token, each, "--customer", "kunde", "--role", "agent", "--agent", each))
        for each in ("anna", "bert")
    )
    lead = Screen(port, centre.run(*token, "lead", "--customer", "kunde", "--role", "supervisor"))
    caller, call_id = talking(centre, stage, "1")
    agent = stage.inbox("anna-1").received("anna-1", 30)
    eventually(lambda: bool(spooled(centre)), 30, "the recording to begin")
    eventually(lambda: spooled(centre)[0].stat().st_size > 16_000, 30, "a second of it")
    path = f"/v1/calls/{call_id}/recording"
    assert bert.post(path, {"do": "pause"}) == 409, "it is anna's conversation"
    assert [anna.post(path, {"do": each}) for each in ("pause", "pause", "resume", "resume", "pause")] == [
        204, 409, 204, 409, 204,
    ]  # fmt: skip
    caller.play(f"%(60000,0,{CARD_HZ})")
    agent.wait_heard(CARD_HZ, min_ms=300, timeout_s=30)
    assert [lead.post(path, {"do": each}) for each in ("stop", "resume")] == [204, 409]
    caller.hangup()
    caller.wait("ended", 30)
    detector = heard(played(centre, stored(centre, call_id), tmp_path))
    assert detector.heard(CALLER_HZ, 200)
    assert not detector.heard(CARD_HZ, 60)
    entries = AuditLog(engine(centre.settings, "tests")).latest(object_kind="call", object_id=call_id)
    assert {(each.actor, each.action) for each in entries} >= {
        ("api:kunde/anna", "record.paused"),
        ("api:kunde/anna", "record.paused.refused"),
        ("api:kunde/lead", "record.stopped"),
    }
    assert all(each.actor != "api:kunde/bert" for each in entries)


def _dials(agent: RobotCall, stage: Stage, code: str) -> None:
    """From the phone's second line."""
    agent.hold()
    stage.call("anna-1", code).wait("ended", 30)
    agent.resume()


def test_who_does_not_agree_is_not_recorded(centre: Exchange, stage: Stage) -> None:
    """§ 201 StGB."""
    caller, call_id = talking(centre, stage, "2")
    caller.wait_heard(AGENT_HZ, min_ms=300, timeout_s=30)
    assert "has no open question" in centre.tried("record", "consent", call_id, "--spoken").stderr
    caller.hangup()
    caller.wait("ended", 20)
    eventually(lambda: spooled(centre) == [], 20, "what other conversations left to be stored")
    assert centre.json("record", "list", "--call", call_id) == []
