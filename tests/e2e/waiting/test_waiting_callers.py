"""What callers of a queue hear, and the keys by which they leave it, on the lab switch and on FreeSWITCH."""

from __future__ import annotations

import pytest

from acd.names import AgentStatus
from cli.bootstrap import node_connection
from cli.demonstration.stage import Stage
from freeswitch import api_calls
from freeswitch.queue_calls import waiting as waiting_caller
from freeswitch.replies import rows_of
from lab.robots import Answer, Ring, RobotCall
from tests.e2e.desk import agents, choose, waiting
from tests.e2e.exchange import Exchange, eventually
from tests.e2e.waiting.callers import (
    AGENT_HZ,
    AT_HOME_HZ,
    FIRST_HZ,
    FIXED_HZ,
    FREE_HZ,
    KEYS_HZ,
    LATER_HZ,
    LONG,
    LONG_HZ,
    MUSIC_HZ,
    NIGHT,
    RECEPTION_HZ,
    SECOND_HZ,
    SERVICE,
    SHORT,
    SOME_MINUTES_HZ,
    call,
    heard_times,
    in_queue,
)

BY_THE_MINUTE, FIXED_PRICE = "+491805000123", "+491806000123"
SERVICE_HZ, SHORT_HZ, GREETING_HZ = 850, 950, 440


def test_a_caller_is_greeted_told_place_and_wait_and_keeps_both_when_an_agent_answers(
    centre: Exchange, stage: Stage
) -> None:
    """C1."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    choose(centre, AgentStatus.AVAILABLE, "anna")
    first = call(stage)
    first.wait_heard(AGENT_HZ)
    second = call(stage)
    for hertz in (GREETING_HZ, FIRST_HZ, SOME_MINUTES_HZ, KEYS_HZ, MUSIC_HZ):
        second.wait_heard(hertz)
    third = call(stage)
    third.wait_heard(GREETING_HZ)
    third.wait_heard(SECOND_HZ)
    assert not third.report().heard(FIRST_HZ)
    first.hangup()
    second.wait_heard(AGENT_HZ)
    assert not third.report().heard(AGENT_HZ)
    second.hangup()
    third.wait_heard(AGENT_HZ)
    third.hangup()
    third.wait("ended")


def test_an_agent_who_answers_cuts_the_greeting_short(centre: Exchange, stage: Stage) -> None:
    """C1: phones ring meanwhile, and what was still to be told is not heard in the conversation."""
    stage.robot("anna-1").on_call(Answer(after_ms=200, play=f"%(30000,0,{AGENT_HZ})"))
    choose(centre, AgentStatus.AVAILABLE, "anna")
    caller = call(stage)
    caller.wait_heard(AGENT_HZ, min_ms=3_000)
    assert not caller.report().heard(KEYS_HZ)
    caller.hangup()


def test_a_key_in_the_music_leads_out_and_other_keys_do_nothing(centre: Exchange, stage: Stage) -> None:
    """C1: exit keys."""
    caller = call(stage)
    caller.wait_heard(KEYS_HZ)
    caller.wait_heard(MUSIC_HZ, min_ms=500)
    caller.send_dtmf("9#")
    caller.send_dtmf("1")
    caller.wait_heard(RECEPTION_HZ)
    in_queue(centre, count=0)
    caller.hangup()


def test_a_key_in_an_announcement_leads_to_the_other_queue_with_the_place_kept(
    centre: Exchange, stage: Stage
) -> None:
    """C1: who came later and directly to the other queue is behind."""
    early = call(stage)
    early.wait_heard(GREETING_HZ)
    late = call(stage, SERVICE)
    in_queue(centre, "service")
    early.send_dtmf("2")
    in_queue(centre, "service", 2)
    in_queue(centre, count=0)
    stage.robot("bert-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    choose(centre, AgentStatus.AVAILABLE, "bert")
    early.wait_heard(AGENT_HZ)
    assert not late.report().heard(AGENT_HZ)
    late.hangup()
    early.hangup()


def test_a_storm_of_keys_does_no_harm_and_reaches_no_agent(centre: Exchange, stage: Stage) -> None:
    """Bad input: digits by the dozen in announcements, in music, while a phone rings; in the conversation the
    keys of the queue lead nowhere."""
    stage.robot("anna-1").on_call(Ring())
    caller = call(stage)
    in_queue(centre)
    caller.send_dtmf("4567890*#" * 5, 40)
    caller.wait_heard(MUSIC_HZ, min_ms=heard_ms(caller, MUSIC_HZ) + 600)
    assert len(waiting(centre, "verkauf")) == 1
    choose(centre, AgentStatus.AVAILABLE, "anna")
    agent = stage.inbox("anna-1").received("anna-1", 20)
    caller.send_dtmf("4567890*#", 40)
    caller.wait_heard(MUSIC_HZ, min_ms=heard_ms(caller, MUSIC_HZ) + 400)  # what is pressed last is late
    agent.answer(f"%(30000,0,{AGENT_HZ})")
    caller.wait_heard(AGENT_HZ)
    assert agent.report().digits == ""
    caller.send_dtmf("1234567890*#", 40)
    caller.wait_heard(AGENT_HZ, min_ms=heard_ms(caller, AGENT_HZ) + 600)
    assert agents(centre)["anna"]["state"] == "In a queue call"
    caller.hangup()
    assert agent.wait("ended").ended_by == "peer"


def heard_ms(caller: RobotCall, hertz: int) -> int:
    return sum(each.duration_ms for each in caller.report().tones if abs(each.frequency_hz - hertz) <= 12)


def test_who_pays_by_the_minute_is_told_and_pays_only_from_the_agents_answer_on(
    centre: Exchange, stage: Stage
) -> None:
    """C10, TKG § 115: early media; nobody waits before, so the first answer comes when the phone is picked
    up."""
    stage.robot("anna-1").on_call(Answer(after_ms=4_000, play=f"%(30000,0,{AGENT_HZ})"))
    choose(centre, AgentStatus.AVAILABLE, "anna")
    caller = call(stage, BY_THE_MINUTE)
    caller.wait_heard(SOME_MINUTES_HZ)
    caller.wait_heard(FREE_HZ)
    assert caller.report().answered_ms is None
    caller.wait_heard(AGENT_HZ)
    assert caller.wait("answered").answered_ms is not None
    caller.hangup()


def test_a_fixed_price_is_told_in_the_first_queue(centre: Exchange, stage: Stage) -> None:
    """TKG § 115(2)."""
    caller = call(stage, FIXED_PRICE)
    assert caller.wait("answered").answered_ms is not None
    caller.wait_heard(FIXED_HZ)
    caller.hangup()


def test_a_full_queue_takes_nobody_more(centre: Exchange, stage: Stage) -> None:
    """C1: overflow by length."""
    callers = [call(stage) for _ in range(2)]
    in_queue(centre, count=2)
    third = call(stage)
    third.wait_heard(RECEPTION_HZ)
    for each in (*callers, third):
        each.hangup()


def test_outside_of_its_hours_a_queue_takes_nobody(centre: Exchange, stage: Stage) -> None:
    """C1: service hours."""
    caller = call(stage, NIGHT)
    caller.wait_heard(RECEPTION_HZ)
    caller.hangup()


@pytest.mark.long
def test_place_and_wait_are_told_again_and_again_in_between_the_music(centre: Exchange, stage: Stage) -> None:
    """C1: periodic announcements."""
    caller = call(stage)
    in_queue(centre)
    eventually(lambda: heard_times(caller, FIRST_HZ) == 2, 20, "the second announcement")
    assert heard_times(caller, GREETING_HZ) == 1
    caller.wait_heard(MUSIC_HZ, min_ms=500)
    caller.hangup()


def test_the_music_goes_on_without_a_gap_when_a_caller_is_moved_to_another_queue(
    centre: Exchange, stage: Stage
) -> None:
    """C1: overflow by wait; one tone of four seconds."""
    caller = call(stage, SHORT)
    in_queue(centre, "kurz")
    in_queue(centre, "service")
    eventually(lambda: marked_queues(centre) == ["service"], 10, "the mark of the queue that he is in now")
    caller.wait_heard(SHORT_HZ, min_ms=4_000)
    stage.robot("bert-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    choose(centre, AgentStatus.AVAILABLE, "bert")
    caller.wait_heard(AGENT_HZ)
    caller.hangup()


def test_the_music_goes_on_where_it_was_when_a_key_leads_to_another_queue(
    centre: Exchange, stage: Stage
) -> None:
    """C1: three seconds of one tone, then another one; begun anew, the first would be heard for longer."""
    caller = call(stage, LONG)
    caller.wait_heard(LONG_HZ, min_ms=1_500)
    caller.send_dtmf("2", 80)
    in_queue(centre, "service")
    caller.wait_heard(LATER_HZ)
    assert heard_ms(caller, LONG_HZ) < 3_800
    assert not caller.report().heard(SERVICE_HZ)
    eventually(lambda: marked_queues(centre) == ["service"], 10, "the mark of the queue that he is in now")
    caller.hangup()


def marked_queues(centre: Exchange) -> list[str]:
    """Queues of the waiting callers, as the switch lists them: by that they are found again."""
    with node_connection(centre.settings) as connection:
        rows = rows_of(connection.api(api_calls.show_channels()))
    found = (waiting_caller(row["uuid"], row["presence_data"]) for row in rows)
    return [each.joined.queue_id for each in found if each is not None]


def test_who_calls_again_speaks_with_the_agent_of_last_time(centre: Exchange, stage: Stage) -> None:
    """C1: although the other one has been idle for longer."""
    for who, hertz in (("anna-1", AT_HOME_HZ), ("bert-1", AGENT_HZ)):
        stage.robot(who).on_call(Answer(after_ms=50, play=f"%(30000,0,{hertz})"))
    choose(centre, AgentStatus.AVAILABLE, "bert")
    first = call(stage, SERVICE)
    first.wait_heard(AGENT_HZ)
    choose(centre, AgentStatus.AVAILABLE, "anna")
    first.hangup()
    stage.inbox("bert-1").received("bert-1", 20).wait("ended")
    again = call(stage, SERVICE)
    again.wait_heard(AGENT_HZ)
    assert not again.report().heard(AT_HOME_HZ)
    again.hangup()
