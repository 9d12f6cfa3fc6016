"""The outbound server: decide and leave, menus, failures that leave the call to the static dialplan."""

from __future__ import annotations

import contextlib

import gevent
import pytest
from gevent.event import Event as Flag
from gevent.queue import Queue

from freeswitch.channel import Instructions
from freeswitch.errors import CommandRefused, NotConnected, Overloaded, ReplyTimedOut
from freeswitch.outbound import Hold, OutboundOptions, OutboundServer, Outcome, SessionReport
from tests.protocol.scripted_node import PATIENCE_S, call_to, channel_data

ROUTE = Instructions({"fernamt_do": "route", "fernamt_leg_1": "[a='b c']sofia/gateway/x/0221"})
SET_ROUTE = (
    "sendmsg\ncall-command: execute\nexecute-app-name: multiset\ncontent-type: text/plain\ncontent-length: 71"
)


@contextlib.contextmanager
def server_with(handler, *, host="127.0.0.1", on_data=lambda _: None, **options):
    reports: Queue[SessionReport] = Queue()
    server = OutboundServer(
        (host, 0), handler, on_session=reports.put, on_data=on_data, options=OutboundOptions(**options)
    )
    server.start()
    try:
        yield server, reports
    finally:
        server.stop(drain_s=0)


def test_a_call_gets_its_variables_by_one_application_and_is_left():
    def handler(channel):
        assert channel.uuid == "channel-1"
        assert channel.variable("display") == "Eve\nvariable_tenant: rich"
        return ROUTE

    with server_with(handler) as (server, reports), call_to(server.address) as call:
        assert call.command() == "connect"
        call.send(channel_data(display="Eve%0Avariable_tenant: rich"))
        command = call.command()
        assert command.split("\n\n")[0].startswith(SET_ROUTE[:90])
        assert command.endswith("^^~fernamt_do=route~fernamt_leg_1=[a=\\\\'b c\\\\']sofia/gateway/x/0221")
        assert call.command() == "exit"
        call.reply()
        call.reply("+OK bye")
        assert call.wait_closed()
        report = reports.get(timeout=PATIENCE_S)
        assert (report.outcome, report.channel, report.error) == (Outcome.DECIDED, "channel-1", None)


def test_variables_and_exit_travel_together():
    with server_with(lambda _: ROUTE) as (server, _), call_to(server.address) as call:
        call.command()
        call.send(channel_data())
        call.command()
        assert call._buffer == b"exit\n\n"


def test_no_variables_means_the_dialplan_goes_on_as_it_is():
    with server_with(lambda _: Instructions({})) as (server, reports), call_to(server.address) as call:
        call.command()
        call.send(channel_data())
        assert call.command() == "exit"
        call.reply("+OK bye")
        assert reports.get(timeout=PATIENCE_S).outcome is Outcome.DECIDED


@pytest.mark.parametrize(
    "error", [ValueError("a bug"), CommandRefused("a variable with CR"), NotConnected("another node")]
)
def test_a_handler_that_raises_leaves_the_call_to_the_static_dialplan(error):
    def handler(_):
        raise error

    with server_with(handler) as (server, reports), call_to(server.address) as call:
        call.command()
        call.send(channel_data())
        assert call.command() == ""
        report = reports.get(timeout=PATIENCE_S)
        assert (report.outcome, report.error) == (Outcome.FAILED, error)


def test_a_handler_that_is_too_slow_leaves_the_call_to_the_static_dialplan():
    never = Flag()
    with (
        server_with(lambda _: never.wait(), decide_s=0.05) as (server, reports),
        call_to(server.address) as call,
    ):
        call.command()
        call.send(channel_data())
        assert call.command() == ""
        report = reports.get(timeout=PATIENCE_S)
        assert (report.outcome, type(report.error)) == (Outcome.TIMED_OUT, ReplyTimedOut)


def test_instructions_that_cannot_be_sent_are_a_failure_and_nothing_is_sent():
    with server_with(lambda _: Instructions({"a": "x\nexit"})) as (server, reports):
        with call_to(server.address) as call:
            call.command()
            call.send(channel_data())
            assert call.command() == ""
        assert reports.get(timeout=PATIENCE_S).outcome is Outcome.FAILED


def test_a_caller_who_gives_up_meanwhile_is_no_error():
    with server_with(lambda _: ROUTE) as (server, reports):
        with call_to(server.address) as call:
            call.command()
            call.send(channel_data())
            call.command()
            call.send(b"Content-Type: text/disconnect-notice\nContent-Length: 4\n\nbye\n")
            assert reports.get(timeout=PATIENCE_S).outcome is Outcome.CALLER_GONE
        with call_to(server.address) as call:
            call.command()
        assert reports.get(timeout=PATIENCE_S).outcome is Outcome.CALLER_GONE


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Type: command/reply\nReply-Text: -ERR\n\n",
        b"Content-Type: api/response\nContent-Length: 0\n\n",
        channel_data().replace(b"static", b"async"),
        b"Content-Length: much\n\n",
    ],
)
def test_an_answer_to_connect_that_makes_no_sense_ends_the_session(answer):
    with server_with(lambda _: ROUTE) as (server, reports), call_to(server.address) as call:
        call.command()
        call.send(answer)
        assert call.command() == ""
        assert reports.get(timeout=PATIENCE_S).outcome is Outcome.FAILED


def test_one_call_too_many_is_closed_at_once_and_the_others_go_on():
    with server_with(lambda _: ROUTE, sessions=1) as (server, reports), call_to(server.address) as first:
        first.command()
        with call_to(server.address) as second:
            assert second.command() == ""
        report = reports.get(timeout=PATIENCE_S)
        assert (report.outcome, type(report.error)) == (Outcome.REFUSED, Overloaded)
        first.send(channel_data())
        assert first.command().startswith("sendmsg")


def test_a_menu_asks_and_then_instructs():
    def ask(session):
        first = session.execute("play_and_get_digits", "1 1 3 4000 # menu.wav err.wav digit", timeout_s=5)
        return Instructions({"fernamt_choice": first.variable("digit") or "none"})

    with server_with(lambda _: Hold(ask)) as (server, reports), call_to(server.address) as call:
        call.command()
        call.send(channel_data())
        assert "execute-app-name: play_and_get_digits" in call.command()
        assert call.command() == "connect"
        call.reply()
        call.send(channel_data(digit="3"))
        assert call.command().endswith("^^~fernamt_choice=3")
        assert call.command() == "exit"
        call.reply()
        call.reply("+OK bye")
        assert reports.get(timeout=PATIENCE_S).outcome is Outcome.DECIDED


@pytest.mark.parametrize(("menu_s", "step_s"), [(0.05, 5.0), (5.0, 0.05)])
def test_a_menu_ends_in_time_whatever_the_caller_does(menu_s, step_s):
    def ask(session):
        session.execute("sleep", "60000", timeout_s=step_s)
        return ROUTE

    with server_with(lambda _: Hold(ask, menu_s)) as (server, reports), call_to(server.address) as call:
        call.command()
        call.send(channel_data())
        call.command()
        assert reports.get(timeout=PATIENCE_S).outcome is Outcome.TIMED_OUT
        assert call.wait_closed()


def test_stopping_lets_sessions_finish_and_takes_no_new_ones():
    asked, answer = Flag(), Flag()

    def handler(_):
        asked.set()
        answer.wait(PATIENCE_S)
        return ROUTE

    with server_with(handler) as (server, reports), call_to(server.address) as call:
        address = server.address
        call.command()
        call.send(channel_data())
        assert asked.wait(PATIENCE_S)
        stopping = gevent.spawn(server.stop, PATIENCE_S)
        gevent.idle()
        with pytest.raises(ConnectionRefusedError), call_to(address):
            pass
        answer.set()
        call.command(), call.command()
        call.reply()
        call.reply("+OK bye")
        assert reports.get(timeout=PATIENCE_S).outcome is Outcome.DECIDED
        stopping.join(PATIENCE_S)
        assert stopping.value == 0
        assert server.sessions == 0


def test_stopping_closes_what_does_not_finish_in_time():
    with server_with(lambda _: ROUTE) as (server, reports), call_to(server.address) as call:
        call.command()
        assert server.stop(drain_s=0.05) == 1
        assert call.command() == ""
        assert reports.get(timeout=PATIENCE_S).outcome is Outcome.CALLER_GONE


def test_a_callers_ten_kilobytes_arrive_whole():
    names: list[str | None] = []

    def handler(channel):
        names.append(channel.variable("name"))
        return Instructions({})

    name = "%E2%80%A8%0A%C3%9F" * 2500
    with server_with(handler) as (server, reports), call_to(server.address) as call:
        call.command()
        call.send(channel_data(name=name))
        call.command()
        call.reply("+OK bye")
        assert reports.get(timeout=PATIENCE_S).outcome is Outcome.DECIDED
    assert names == ["\u2028\n\u00df" * 2500]


def test_a_thousand_calls_leave_nothing_behind():
    with server_with(lambda _: ROUTE) as (server, reports):
        for _ in range(1000):
            with call_to(server.address) as call:
                call.command()
                call.send(channel_data())
                call.command(), call.command()
                call.reply()
                call.reply("+OK bye")
                assert reports.get(timeout=PATIENCE_S).outcome is Outcome.DECIDED
        assert server.sessions == 0


def test_two_servers_share_a_port_when_asked_to():
    first = OutboundServer(("127.0.0.1", 0), lambda _: ROUTE, options=OutboundOptions(reuse_port=True))
    first.start()
    second = OutboundServer(first.address, lambda _: ROUTE, options=OutboundOptions(reuse_port=True))
    third = OutboundServer(first.address, lambda _: ROUTE)
    try:
        second.start()
        with pytest.raises(OSError, match="in use"):
            third.start()
    finally:
        first.stop(0)
        second.stop(0)


def test_an_address_exists_only_while_listening():
    with pytest.raises(RuntimeError, match="not been started"):
        OutboundServer(("127.0.0.1", 0), lambda _: ROUTE).address  # noqa: B018


def test_how_long_the_switch_took_to_tell_a_call_s_data_is_told():
    told: Queue[float] = Queue()
    with server_with(lambda _: ROUTE, on_data=told.put) as (server, _), call_to(server.address) as call:
        call.command()
        call.send(channel_data())
        assert 0.0 <= told.get(timeout=PATIENCE_S) < PATIENCE_S


def test_a_switch_that_does_not_tell_in_time_is_told_of_too():
    told: Queue[float] = Queue()
    with (
        server_with(lambda _: ROUTE, on_data=told.put, decide_s=0.05) as (server, reports),
        call_to(server.address) as call,
    ):
        call.command()
        assert told.get(timeout=PATIENCE_S) >= 0.05
        assert reports.get(timeout=PATIENCE_S).outcome is Outcome.TIMED_OUT
        assert told.empty()
