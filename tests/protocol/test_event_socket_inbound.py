"""The inbound connection: log-in, answers in order, events in order, reconnect, resync, silence."""

from __future__ import annotations

import contextlib
from random import Random

import gevent
import pytest
from gevent.event import AsyncResult
from gevent.event import Event as Flag
from gevent.queue import Queue

from freeswitch import api_calls, commands
from freeswitch.backlog import Backlog, Signal
from freeswitch.commands import Subscription
from freeswitch.errors import (
    AccessDenied,
    ChannelGone,
    CommandFailed,
    CommandRefused,
    ConnectionLost,
    NotConnected,
    Overloaded,
    ReplyTimedOut,
    UnexpectedReply,
    UnsafeSettings,
)
from freeswitch.events import Event
from freeswitch.inbound import InboundConnection, InboundOptions
from freeswitch.lifecycle import TRANSITIONS, Backoff, State, Step
from freeswitch.link import LinkLimits
from freeswitch.settings import EventSocketAddress
from tests.protocol.scripted_node import PATIENCE_S, Peer, node, raised_by, wait_for

EVENTS = Subscription(("CHANNEL_ANSWER", "CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP_COMPLETE"))
QUICK = InboundOptions(connect_timeout_s=2.0, backoff=Backoff(0.001, 0.01))


def quick(**changes) -> InboundOptions:
    return InboundOptions(connect_timeout_s=2.0, backoff=Backoff(0.001, 0.01), **changes)


@contextlib.contextmanager
def connection_to(address, on_event=lambda _: None, *, options=QUICK, wait=True, **callbacks):
    connection = InboundConnection(address, EVENTS, on_event, random=Random(7), options=options, **callbacks)
    connection.start()
    try:
        if wait:
            assert connection.wait_up(PATIENCE_S)
        yield connection
    finally:
        connection.stop()


def until_closed(peer: Peer) -> None:
    peer.let_in()
    assert peer.wait_closed()


def test_the_subscription_always_asks_for_the_results_of_background_jobs():
    asked = AsyncResult()

    def script(peer):
        peer.send(b"Content-Type: auth/request\n\n")
        peer.command()
        peer.reply("+OK accepted")
        asked.set(peer.command())
        peer.reply()
        peer.wait_closed()

    with node(script) as far, connection_to(far.address):
        assert asked.get(timeout=PATIENCE_S) == f"event plain BACKGROUND_JOB {' '.join(EVENTS.events)}"


def test_answers_find_their_commands_in_order_even_when_one_has_given_up():
    def script(peer):
        peer.let_in()
        assert [peer.command() for _ in range(3)] == ["api uuid_exists a", "api status", "api reloadxml"]
        peer.api_response("false")
        peer.api_response("UP")
        peer.api_response("+OK [Success]\n")
        peer.wait_closed()

    with node(script) as far, connection_to(far.address) as up:
        late = gevent.spawn(raised_by, up.api, api_calls.uuid_exists("a"), 0.0)
        others = [gevent.spawn(up.api, call) for call in (api_calls.status(), api_calls.reload_xml())]
        gevent.joinall([late, *others], timeout=PATIENCE_S)
        assert isinstance(late.value, ReplyTimedOut)
        assert [other.value for other in others] == ["UP", "+OK [Success]\n"]


def test_many_greenlets_commands_never_get_each_others_answers():
    def script(peer):
        peer.let_in()
        for _ in range(200):
            peer.api_response(peer.command().removeprefix("api uuid_getvar c "))
        peer.wait_closed()

    with node(script) as far, connection_to(far.address) as up:
        asked = [gevent.spawn(up.api, api_calls.uuid_getvar("c", f"v{n}")) for n in range(200)]
        gevent.joinall(asked, timeout=PATIENCE_S)
        assert [one.value for one in asked] == [f"v{n}" for n in range(200)]


def test_a_background_jobs_result_is_found_by_its_job_uuid():
    def script(peer):
        peer.let_in()
        jobs = []
        for _ in range(2):
            first, second = peer.command().split("\n")
            assert first == "bgapi uuid_exists c"
            jobs.append(second.removeprefix("Job-UUID: "))
        for job in jobs:
            peer.reply(f"+OK Job-UUID: {job}")
        peer.event("BACKGROUND_JOB", "not ours", Job_UUID="stranger")
        peer.event("BACKGROUND_JOB", "second", Job_UUID=jobs[1])
        peer.event("BACKGROUND_JOB", "-ERR first\n", Job_UUID=jobs[0])
        peer.wait_closed()

    with node(script) as far, connection_to(far.address) as up:
        first = gevent.spawn(raised_by, up.bgapi, api_calls.uuid_exists("c"))
        second = gevent.spawn(up.bgapi, api_calls.uuid_exists("c"))
        gevent.joinall([first, second], timeout=PATIENCE_S)
        assert isinstance(first.value, CommandFailed)
        assert first.value.text == "-ERR first"
        assert second.value == "second"


def test_a_command_that_freeswitch_refuses_raises_its_words():
    def script(peer):
        peer.let_in()
        peer.command()
        peer.reply("-ERR permission denied")
        peer.command()
        peer.api_response("-ERR No such channel!\n")
        peer.wait_closed()

    with node(script) as far, connection_to(far.address) as up:
        with pytest.raises(CommandFailed, match="permission denied"):
            up.command(commands.no_events())
        with pytest.raises(ChannelGone):
            up.api(api_calls.uuid_kill("gone"))


def test_an_application_on_a_channel_that_ends_is_not_waited_for():
    def script(peer):
        peer.let_in()
        assert peer.command().startswith("sendmsg c-1\ncall-command: execute\nexecute-app-name: playback\n")
        peer.reply()
        peer.event("CHANNEL_HANGUP_COMPLETE", Unique_ID="c-other")
        peer.event("CHANNEL_HANGUP_COMPLETE", Unique_ID="c-1")
        peer.wait_closed()

    with node(script) as far, connection_to(far.address) as up, pytest.raises(ChannelGone, match="c-1"):
        up.execute("c-1", "playback", "tone_stream://%(100,0,425)", timeout_s=PATIENCE_S)


def test_execute_needs_the_event_that_ends_it():
    with node(until_closed) as far:
        up = InboundConnection(far.address, Subscription(("HEARTBEAT",)), lambda _: None, random=Random(1))
        with pytest.raises(CommandRefused, match="CHANNEL_EXECUTE_COMPLETE"):
            up.execute("c", "sleep")


def test_events_reach_the_handler_in_order_and_unreadable_ones_are_counted():
    def script(peer):
        peer.let_in()
        for number in range(5):
            peer.event("CHANNEL_ANSWER", Unique_ID=f"c-{number}")
        peer.send(b"Content-Length: 1\nContent-Type: text/event-json\n\n{")
        peer.event("CHANNEL_ANSWER", Unique_ID="c-last")
        peer.wait_closed()

    seen: list[str | None] = []
    last = Flag()

    def take(event: Event) -> None:
        seen.append(event.uuid)
        if event.uuid == "c-last":
            last.set()

    with node(script) as far, connection_to(far.address, take) as up:
        wait_for(last)
        assert seen == [*(f"c-{number}" for number in range(5)), "c-last"]
        assert (up.counters.received, up.counters.malformed) == (6, 1)


def test_after_every_connect_the_resync_comes_before_the_first_event():
    story: Queue[str] = Queue()

    def loses(peer):
        peer.let_in()
        peer.event("CHANNEL_ANSWER", Unique_ID="before")
        assert peer.command() == "noevents"

    def stays(peer):
        peer.let_in()
        peer.event("CHANNEL_ANSWER", Unique_ID="after")
        peer.wait_closed()

    def take(event: Event) -> None:
        story.put(event.uuid or "")
        if event.uuid == "before":
            with pytest.raises(ConnectionLost):
                up.command(commands.no_events())

    with (
        node(loses, stays) as far,
        connection_to(
            far.address,
            take,
            wait=False,
            on_resync=lambda: story.put("resync"),
        ) as up,
    ):
        told = [story.get(timeout=PATIENCE_S) for _ in range(4)]
        assert told == ["resync", "before", "resync", "after"]
        assert up.counters.connected == 2


def test_up_and_down_are_told_with_the_reason_and_their_errors_end_nothing():
    story: Queue[str] = Queue()

    def on_up():
        story.put("up")
        raise ValueError("a bug of the caller's")

    def leaves(peer):
        peer.let_in()
        peer.send(b"Content-Type: text/disconnect-notice\nContent-Length: 4\n\nbye\n")

    with (
        node(leaves, until_closed) as far,
        connection_to(far.address, wait=False, on_up=on_up, on_down=story.put) as up,
    ):
        assert story.get(timeout=PATIENCE_S) == "up"
        assert "said goodbye" in story.get(timeout=PATIENCE_S)
        assert story.get(timeout=PATIENCE_S) == "up"
        assert up.counters.handler_errors >= 1


def test_a_node_that_does_not_know_our_events_is_tried_again():
    def refuses(peer):
        peer.send(b"Content-Type: auth/request\n\n")
        peer.command()
        peer.reply("+OK accepted")
        peer.command()
        peer.reply("-ERR permission denied")
        assert peer.wait_closed()

    with node(refuses, until_closed) as far, connection_to(far.address) as up:
        assert (up.counters.failed, up.counters.connected) == (1, 1)


def test_garbage_from_the_node_ends_the_connection_and_a_new_one_is_made():
    def babbles(peer):
        peer.let_in()
        peer.send(b"Content-Length: much\n\n")
        assert peer.wait_closed()

    def unasked(peer):
        peer.let_in()
        peer.reply("+OK nobody asked")
        assert peer.wait_closed()

    with node(babbles, unasked, until_closed) as far, connection_to(far.address, wait=False) as up:
        with gevent.Timeout(PATIENCE_S):
            while far.connections < 3 or up.state is not State.UP:
                gevent.sleep(0.001)
        assert up.counters.connected == 3


def test_without_a_connection_commands_fail_at_once():
    with node(until_closed) as far:
        up = InboundConnection(far.address, EVENTS, lambda _: None, random=Random(1))
        with pytest.raises(NotConnected, match=str(far.port)):
            up.api(api_calls.status())


def test_a_full_backlog_drops_the_oldest_and_demands_a_resync():
    backlog = Backlog(limit=2)
    for number in range(4):
        backlog.put(Event({"Event-Name": str(number)}))
    assert backlog.dropped == 2
    assert backlog.take() is Signal.RESYNC
    assert [backlog.take().name for _ in range(2)] == ["2", "3"]
    backlog.close()
    assert backlog.take() is Signal.CLOSED


def test_nothing_is_handed_out_while_a_connection_is_being_made():
    backlog = Backlog(limit=5)
    backlog.put(Event({"Event-Name": "of the last connection"}))
    backlog.hold()
    backlog.put(Event({"Event-Name": "of the new one"}))
    taken = gevent.spawn(lambda: [backlog.take(), backlog.take()])
    assert not taken.ready()
    gevent.idle()
    assert not taken.ready()
    backlog.release()
    taken.join(PATIENCE_S)
    assert taken.value[0] is Signal.RESYNC
    assert taken.value[1].name == "of the new one"
    assert backlog.dropped == 1


def test_the_wait_between_attempts_doubles_up_to_its_limit_and_is_never_the_same():
    backoff = Backoff(first_s=0.1, most_s=5.0)
    waits = [backoff.wait_s(attempt, Random(3)) for attempt in (0, 1, 5, 60, 10**9)]
    assert 0.05 <= waits[0] <= 0.1
    assert 0.1 <= waits[1] <= 0.2
    assert all(2.5 <= wait <= 5.0 for wait in waits[3:])
    assert len({backoff.wait_s(60, Random(seed)) for seed in range(20)}) == 20


def test_the_states_are_a_table_without_a_dead_end_but_the_last():
    for state in State:
        ways_out = {to for (start, step), to in TRANSITIONS.items() if start is state and to is not state}
        assert ways_out == set() if state is State.STOPPED else State.STOPPED in ways_out
    assert (State.UP, Step.STARTED) not in TRANSITIONS


def test_a_connection_is_started_once():
    with node(until_closed) as far, connection_to(far.address) as up, pytest.raises(KeyError):
        up.start()


@pytest.mark.parametrize("password", ["", "ClueCon"])
def test_freeswitchs_default_password_is_refused_outside_the_lab(password):
    address = EventSocketAddress("127.0.0.1", 8021, password)
    with pytest.raises(UnsafeSettings, match=r"event_socket\.conf"):
        InboundConnection(address, EVENTS, lambda _: None, random=Random(1))
    assert "ClueCon" not in repr(address)


def test_the_default_password_is_accepted_in_the_lab():
    address = EventSocketAddress("127.0.0.1", 8021, "ClueCon")
    assert InboundConnection(address, EVENTS, lambda _: None, random=Random(1), lab=True).state is State.IDLE


def test_an_address_that_freeswitch_does_not_admit_is_told_so():
    def rejects(peer):
        peer.send(b"Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n\n")

    with node(rejects) as far, pytest.raises(AccessDenied, match="apply-inbound-acl"):
        InboundConnection(far.address, EVENTS, lambda _: None, random=Random(1))._open()


def test_a_server_that_asks_for_no_password_is_not_freeswitch():
    def greets(peer):
        peer.send(b"HTTP/1.1 400 Bad Request\n\n")
        assert peer.wait_closed()

    with node(greets) as far, pytest.raises(UnexpectedReply, match="did not ask for a password"):
        InboundConnection(far.address, EVENTS, lambda _: None, random=Random(1))._open()


def test_kinds_of_messages_that_nobody_asked_for_are_passed_over():
    def script(peer):
        peer.let_in()
        peer.send(b"Content-Type: log/data\nContent-Length: 5\n\nhello")
        peer.send(b"Content-Type: text/event-xml\nContent-Length: 4\n\n<a/>")
        peer.command()
        peer.api_response("UP")
        peer.wait_closed()

    with node(script) as far, connection_to(far.address) as up:
        assert up.api(api_calls.status()) == "UP"


def test_too_many_commands_under_way_are_refused():
    def script(peer):
        peer.let_in()
        peer.wait_closed()

    options = quick(limits=LinkLimits(under_way=2))
    with node(script) as far, connection_to(far.address, options=options) as up:
        waiting = [gevent.spawn(raised_by, up.api, api_calls.status()) for _ in range(2)]
        gevent.idle()
        with pytest.raises(Overloaded, match="2 commands"):
            up.api(api_calls.status())
        up.stop()
        gevent.joinall(waiting, timeout=PATIENCE_S)
        assert [type(one.value) for one in waiting] == [ConnectionLost] * 2
