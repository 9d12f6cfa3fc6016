"""What callers of a queue hear, and the keys by which they leave it, on the lab switch and on FreeSWITCH."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acd.names import AgentStatus
from acd.orders import Supervise, Supervision
from cli.bootstrap import acd_desk, node_connection
from cli.demonstration.stage import Stage, staged
from cli.wiring.queue_desk import order, screens
from freeswitch import api_calls
from freeswitch.queue_calls import waiting as waiting_caller
from freeswitch.replies import rows_of
from lab.robots import Answer, Reject, Ring, RobotCall
from tests.e2e.desk import agents, choose, waiting
from tests.e2e.exchange import Exchange, eventually
from tests.e2e.tones import recording
from tests.servers import state_directory

CALLER = "+4915228817386"
BY_THE_MINUTE, FIXED_PRICE = "+491805000123", "+491806000123"
NUMBER, NIGHT, SERVICE, SHORT = "+493023125300", "+493023125301", "+493023125302", "+493023125303"
LONG, LONG_HZ, LATER_HZ = "+493023125304", 740, 1250
SHORT_HZ = 950
MUSIC_HZ, SERVICE_HZ, GREETING_HZ, KEYS_HZ = 620, 850, 440, 540
#: Recordings of the customer's own in place of the sentences.
FIRST_HZ, SECOND_HZ, SOME_MINUTES_HZ, FREE_HZ, FIXED_HZ = 1300, 1700, 1500, 1900, 2100
OFFER_HZ, ENTER_HZ, CHECK_HZ, REFUSED_HZ, NOTED_HZ, TOLD_AGENT_HZ = 2300, 2400, 2500, 2600, 2700, 2800
#: Of the test that runs: none is left for the next one.
CALLS: list[RobotCall] = []
QUEUES = ("verkauf", "service", "kurz", "lang")
AGENT_HZ, RECEPTION_HZ, AT_HOME_HZ, SUPERVISOR_HZ = 1000, 700, 1150, 1600


@pytest.fixture(scope="module")
def centre(switch: str) -> Iterator[Exchange]:
    with state_directory() as directory:
        sounds = directory / "sounds"
        recording(sounds / "musik.wav", MUSIC_HZ, 2.0)
        recording(sounds / "lang.wav", LONG_HZ, 3.0, then_hertz=LATER_HZ)
        for name, hertz in (
            ("position-1", FIRST_HZ),
            ("position-2", SECOND_HZ),
            # Whatever the conversations of other tests make of it.
            *((f"wait-{minutes}", SOME_MINUTES_HZ) for minutes in range(1, 6)),
            ("price-free", FREE_HZ),
            ("price-fixed", FIXED_HZ),
            ("callback-offer", OFFER_HZ),
            ("callback-enter", ENTER_HZ),
            ("callback-check", CHECK_HZ),
            ("callback-refused", REFUSED_HZ),
            ("callback-noted", NOTED_HZ),
            ("callback-agent", TOLD_AGENT_HZ),
        ):
            recording(sounds / "ansagen" / f"{name}.wav", hertz)
        for name in ("callback-is-it", *(f"digit-{digit}" for digit in range(10))):
            recording(sounds / "ansagen" / f"{name}.wav", 3000, 0.06)
        running = Exchange(directory, switch, 1, Path(__file__).parent / "waiting.yaml")
        try:
            eventually(lambda: bool(screens(acd_desk(running.settings), "kunde")), 20, "an owner")
            yield running
            running.stop()
        finally:
            running.kill()


@pytest.fixture(scope="module")
def stage(centre: Exchange) -> Iterator[Stage]:
    with staged(centre.settings) as found:
        yield found


@pytest.fixture(autouse=True)
def nobody_is_there(centre: Exchange, stage: Stage) -> Iterator[None]:
    for who in ("anna-1", "bert-1", "zentrale", "carrier-a"):
        stage.all_received(who)
    stage.robot("zentrale").on_call(Answer(after_ms=50, play=f"%(30000,0,{RECEPTION_HZ})"))
    choose(centre, AgentStatus.AVAILABLE, "anna", "bert")
    choose(centre, AgentStatus.ON_BREAK, "anna", "bert")
    yield
    choose(centre, AgentStatus.LOGGED_OUT, "anna", "bert")
    while CALLS:
        CALLS.pop().hangup()
    eventually(lambda: not any(waiting(centre, queue) for queue in QUEUES), 10, "empty queues")


def call(stage: Stage, number: str = NUMBER) -> RobotCall:
    CALLS.append(stage.call("carrier-a", number, from_user=CALLER, play="%(30000,0,300)"))
    return CALLS[-1]


def in_queue(centre: Exchange, queue: str = "verkauf", count: int = 1) -> None:
    eventually(lambda: len(waiting(centre, queue)) == count, 10, f"{count} in queue {queue}")


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


def heard_times(caller: RobotCall, hertz: int) -> int:
    return sum(abs(each.frequency_hz - hertz) <= 12 for each in caller.report().tones)


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


def wants_callback(stage: Stage, *typed: str) -> RobotCall:
    """A caller who leaves the queue to be called back: at the number shown, or after entering these."""
    caller = call(stage)
    caller.wait_heard(KEYS_HZ)
    caller.send_dtmf("3")
    caller.wait_heard(OFFER_HZ)
    caller.send_dtmf("2" if typed else "1")
    for count, number in enumerate(typed, start=1):
        eventually(lambda count=count: heard_times(caller, ENTER_HZ) >= count, 10, "the question")  # type: ignore[misc]
        caller.send_dtmf(f"{number}#", 80)
    return caller


def test_a_caller_is_called_back_when_it_is_his_turn(centre: Exchange, stage: Stage) -> None:
    """C1: virtual hold. The agent hears what it is; who came later and waits on the line is served later."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    stage.robot("carrier-a").on_call(Answer(after_ms=700, play=f"%(30000,0,{AT_HOME_HZ})"), CALLER)
    wish = wants_callback(stage)
    wish.wait_heard(NOTED_HZ)
    assert wish.wait("ended").ended_by == "peer"
    late = call(stage)
    in_queue(centre, count=2)
    choose(centre, AgentStatus.AVAILABLE, "anna")
    agent = stage.inbox("anna-1").received("anna-1", 20)
    agent.wait_heard(TOLD_AGENT_HZ)
    back = stage.inbox("carrier-a").received(CALLER, 20)
    back.wait_heard(AGENT_HZ)
    agent.wait_heard(AT_HOME_HZ)
    assert NUMBER in "".join(back.report().asserted_identities)
    assert CALLER in agent.report().from_header
    assert not late.report().heard(AGENT_HZ)
    back.hangup()
    assert agent.wait("ended").ended_by == "peer"
    late.wait_heard(AGENT_HZ)
    late.hangup()
    late.wait("ended")
    stage.inbox("anna-1").take_all()
    eventually(lambda: bool(called_back(centre)), 15, "the callback's record")
    said = {(leg["a_network"], leg["customer_id"], leg["direction"]) for leg in called_back(centre)}
    assert said == {(NUMBER, "kunde", "out")}


@pytest.mark.long
def test_a_supervisor_takes_over_who_was_called_back_and_is_in_a_call_meanwhile(
    centre: Exchange, stage: Stage
) -> None:
    """C5: the call that the order names ended with the wish. Guarantee 6: no queue rings the supervisor."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    stage.robot("bert-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{SUPERVISOR_HZ})"))
    stage.robot("carrier-a").on_call(Answer(after_ms=300, play=f"%(30000,0,{AT_HOME_HZ})"), CALLER)
    wish = wants_callback(stage)
    wish.wait("ended")
    choose(centre, AgentStatus.AVAILABLE, "anna", "bert")
    agent = stage.inbox("anna-1").received("anna-1", 20)
    back = stage.inbox("carrier-a").received(CALLER, 20)
    back.wait_heard(AGENT_HZ)
    eventually(lambda: agents(centre)["anna"]["state"] == "In a queue call", 10, "the conversation")
    (talk,) = agents(centre)["anna"]["talks"]
    order(acd_desk(centre.settings), "kunde", Supervise(talk["call"], "bert", Supervision.TAKE))
    supervisor = stage.inbox("bert-1").received("bert-1", 20)
    supervisor.wait_heard(AT_HOME_HZ)
    back.wait_heard(SUPERVISOR_HZ)
    assert agent.wait("ended").ended_by == "peer"
    eventually(lambda: agents(centre)["bert"]["state"] == "In another call", 10, "bert to be busy")
    supervisor.hangup()
    assert back.wait("ended").ended_by == "peer"
    eventually(lambda: agents(centre)["bert"]["state"] == "Waiting", 10, "bert to be free")


def called_back(centre: Exchange) -> list[dict[str, Any]]:
    return [each for each in centre.legs() if each["b_number"] == CALLER]


@pytest.mark.long
def test_barred_and_emergency_numbers_are_refused_and_one_who_is_busy_is_tried_again(
    centre: Exchange, stage: Stage
) -> None:
    """B5, B8: no callback gets round a bar, and none reaches 110 or 112; complaint 5."""
    home = "+492214710999"
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    stage.robot("carrier-a").on_call(Reject(486), home)
    wish = wants_callback(stage, "09001234567", "112", "02214710999")
    wish.wait_heard(REFUSED_HZ)
    wish.wait_heard(CHECK_HZ)
    wish.send_dtmf("1")
    wish.wait_heard(NOTED_HZ)
    wish.wait("ended")
    choose(centre, AgentStatus.AVAILABLE, "anna")
    assert stage.inbox("anna-1").received("anna-1", 20).wait("ended").ended_by == "peer"
    stage.inbox("carrier-a").received(home, 20)
    stage.robot("carrier-a").on_call(Answer(after_ms=50, play=f"%(30000,0,{AT_HOME_HZ})"), home)
    back = stage.inbox("carrier-a").received(home, 15)
    back.wait_heard(AGENT_HZ)
    back.hangup()
    stage.inbox("anna-1").take_all()


def test_a_wish_to_be_called_back_outlives_the_controller(centre: Exchange, stage: Stage) -> None:
    """Guarantee 6: the journal has it; the caller hung up long ago."""
    stage.robot("anna-1").on_call(Answer(after_ms=50, play=f"%(30000,0,{AGENT_HZ})"))
    stage.robot("carrier-a").on_call(Answer(after_ms=50, play=f"%(30000,0,{AT_HOME_HZ})"), CALLER)
    wish = wants_callback(stage)
    wish.wait_heard(NOTED_HZ)
    wish.wait("ended")
    centre.kill_part("controller-1")
    eventually(lambda: bool(screens(acd_desk(centre.settings), "kunde")), 20, "an owner")
    in_queue(centre)
    choose(centre, AgentStatus.AVAILABLE, "anna")
    back = stage.inbox("carrier-a").received(CALLER, 30)
    back.wait_heard(AGENT_HZ)
    back.hangup()
    stage.received("anna-1", "anna-1")
