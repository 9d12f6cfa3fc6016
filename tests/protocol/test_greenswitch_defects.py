"""greenswitch 0.0.19, the Event Socket library of this field, has 22 proven defects. Ours has none of them.

One test each, named after the defect (architecture.md, field-notes.md); the docstring says what
greenswitch does instead. greenswitch itself speaks with our scripted node in the last test.
Those of connecting, losing and securing a connection: test_greenswitch_connection_defects.py.
"""

from __future__ import annotations

import inspect
import time
from pathlib import Path

import gevent
import greenswitch
import pytest
from gevent import socket
from gevent.event import Event as Flag
from gevent.queue import Queue

import freeswitch
from freeswitch import api_calls, commands
from freeswitch.channel import Instructions, channel_data_of
from freeswitch.errors import (
    CommandRefused,
)
from freeswitch.events import Event, event_of
from freeswitch.inbound import InboundOptions
from freeswitch.lifecycle import Backoff, State
from freeswitch.outbound import Outcome
from tests.protocol.ours import connection_to, only, outbound
from tests.protocol.scripted_node import (
    PASSWORD,
    PATIENCE_S,
    call_to,
    channel_data,
    event_message,
    node,
    wait_for,
    within_patience,
)


def test_defect_01_header_injection_by_unquoting_before_splitting():
    """greenswitch decodes the whole block and then splits it: a display name becomes a header."""
    stream = channel_data(sip_from_display="Eve%0Avariable_tenant: rich-tenant%0AUnique-ID: forged")
    channel = channel_data_of(only(stream))
    assert channel.uuid == "channel-1"
    assert channel.variable("tenant") is None
    assert channel.variable("sip_from_display") == "Eve\nvariable_tenant: rich-tenant\nUnique-ID: forged"


@pytest.mark.parametrize("separator", ["\u0085", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\r"])
def test_defect_02_splitlines_splits_at_more_than_newlines(separator):
    """greenswitch uses str.splitlines: U+0085 or U+2028 in a name starts a new header."""
    text = f"Eve{separator}Unique-ID: forged"
    stream = channel_data().replace(b"Unique-ID: channel-1", f"A: {text}\nUnique-ID: channel-1".encode())
    channel = channel_data_of(only(stream))
    assert channel.uuid == "channel-1"
    assert channel.get("A") == text


def test_defect_03_body_lines_are_not_headers():
    """greenswitch parses an event's inner body (a job's result, a SIP message) as further headers."""
    event = event_of(
        only(event_message("BACKGROUND_JOB", "Unique-ID: forged\nJob-UUID: forged\n", Job_UUID="job"))
    )
    assert event.uuid is None
    assert event.get("Job-UUID") == "job"
    assert event.body == b"Unique-ID: forged\nJob-UUID: forged\n"


def test_defect_06_sessions_that_end_badly_are_not_counted_for_ever():
    """greenswitch's connection count leaks; at 100 it refuses every call."""

    def handler(_):
        raise ValueError("a bug")

    with outbound(handler, sessions=3) as (server, reports):
        for turn in range(30):
            with call_to(server.address) as call:
                call.command()
                if turn % 3 == 1:
                    call.send(b"rubbish\nContent-Length: much\n\n")
                elif turn % 3 == 2:
                    call.send(channel_data())
                else:
                    call.send(b"Content-Type: half")
            assert reports.get(timeout=PATIENCE_S).outcome is not Outcome.REFUSED
        assert server.sessions == 0


def test_defect_09_strange_bytes_and_lines_do_not_kill_the_reader():
    """A non-UTF-8 byte or a line without a colon kills greenswitch's reader; `connected` stays true."""
    strange = b"Event-Name: CHANNEL_ANSWER\nno colon here\nA: \xff\xfe\n\xc3: x\n:\nUnique-ID: c-\xff\n\n"

    def script(peer):
        peer.let_in()
        peer.send(
            b"Content-Type: text/event-plain\nstray\n\xff\nContent-Length: %d\n\n" % len(strange) + strange
        )
        peer.event("CHANNEL_ANSWER", Unique_ID="c-2")
        peer.wait_closed()

    seen: Queue[Event] = Queue()
    with node(script) as far, connection_to(far.address, seen.put) as up:
        assert seen.get(timeout=PATIENCE_S).uuid == "c-\ufffd"
        assert seen.get(timeout=PATIENCE_S).uuid == "c-2"
        assert up.state is State.UP


def test_defect_10_a_long_command_is_sent_whole():
    """greenswitch calls `send` and ignores how much went out."""
    lengths = []

    def slow_reader(peer):
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        peer.let_in()
        for _ in range(4):
            lengths.append(len(peer.command()))
            peer.reply()
        peer.wait_closed()

    with node(slow_reader) as far, connection_to(far.address) as up:
        long = commands.execute("log", "x" * 500_000, channel="c-1")
        sent = [gevent.spawn(up.command, long) for _ in range(4)]
        assert len(gevent.joinall(sent, timeout=PATIENCE_S)) == 4
        assert all(one.successful() for one in sent)
        assert lengths == [len(long.wire)] * 4


def test_defect_12_a_handler_for_everything_hides_nothing_internal():
    """In greenswitch a handler for an event takes the place of the internal one: completions are lost."""

    def script(peer):
        peer.let_in()
        event_uuid = peer.command().partition("event-uuid: ")[2].partition("\n")[0]
        peer.reply()
        peer.event("CHANNEL_EXECUTE_COMPLETE", Unique_ID="c-1", Application_UUID=event_uuid)
        peer.wait_closed()

    seen: Queue[Event] = Queue()
    with node(script) as far, connection_to(far.address, seen.put) as up:
        done = up.execute("c-1", "playback", timeout_s=PATIENCE_S)
        assert seen.get(timeout=PATIENCE_S) is done


def test_defect_14_completions_are_matched_by_event_uuid_not_by_application():
    """In greenswitch any leg's completion of an application of that name releases the waiter."""

    def script(peer):
        peer.let_in()
        mine = peer.command().partition("event-uuid: ")[2].partition("\n")[0]
        peer.reply()
        for uuid in ("another", "", mine):
            peer.event(
                "CHANNEL_EXECUTE_COMPLETE",
                Unique_ID="c-1" if uuid == mine else "c-2",
                Application="playback",
                variable_current_application="playback",
                Application_UUID=uuid,
            )
        peer.wait_closed()

    with node(script) as far, connection_to(far.address) as up:
        assert up.execute("c-1", "playback", timeout_s=PATIENCE_S).uuid == "c-1"


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "x\n\napi uuid_kill all", "a\0b"])
def test_defect_15_a_line_break_in_an_argument_makes_no_second_command(text):
    """greenswitch sends arguments as they are."""
    for build in (
        lambda: commands.set_variables({"name": text}),
        lambda: commands.hangup(text),
        lambda: commands.api(api_calls.uuid_setvar("c", "name", text)),
    ):
        with pytest.raises(CommandRefused):
            build()
    if "\0" not in text:
        # In a body, counted in bytes, a line break is data.
        wire = commands.execute("log", text).wire
        assert wire.endswith(f"content-length: {len(text)}\n\n{text}".encode())


def test_defect_16_stop_in_a_handler_returns():
    """greenswitch's stop() joins the greenlet it is called from and never returns."""

    def script(peer):
        peer.let_in()
        peer.event("CHANNEL_ANSWER", Unique_ID="c-1")
        assert peer.wait_closed()

    stopped = Flag()

    def take(_):
        up.stop()
        stopped.set()

    with node(script) as far, connection_to(far.address, take, wait=False) as up:
        wait_for(stopped)
        assert up.state is State.STOPPED


def test_defect_17_nothing_is_caught_in_silence():
    """greenswitch swallows everything with bare `except`, GreenletExit and SystemExit too."""
    source = "".join(path.read_text() for path in Path(inspect.getfile(freeswitch)).parent.glob("*.py"))
    assert "except:" not in source
    for clause in source.split("except BaseException")[1:]:
        assert "raise" in clause[:250]

    def buggy(_):
        raise ZeroDivisionError("a bug of the handler's")

    with outbound(buggy) as (server, reports), call_to(server.address) as call:
        call.command()
        call.send(channel_data())
        assert isinstance(reports.get(timeout=PATIENCE_S).error, ZeroDivisionError)


def test_defect_18_accepting_does_not_poll():
    """greenswitch looks for new calls every 100 ms: 50 ms more before the phone rings."""
    with outbound(lambda _: Instructions({})) as (server, _):
        waits = []
        for _ in range(20):
            began = time.monotonic()
            with call_to(server.address) as call:
                assert call.command() == "connect"
            waits.append(time.monotonic() - began)
        assert sorted(waits)[10] < 0.02


def test_defect_19_a_slow_handler_neither_fills_the_memory_nor_stops_the_replies():
    """greenswitch queues without a bound in front of one handler."""
    entered, going_on, last = Flag(), Flag(), Flag()
    seen: list[str | None] = []

    def floods(peer):
        peer.let_in()
        peer.event("CHANNEL_ANSWER", Unique_ID="c-0")
        wait_for(entered)
        for number in range(1, 500):
            peer.event("CHANNEL_ANSWER", Unique_ID=f"c-{number}")
        peer.command()
        peer.api_response("UP")
        peer.wait_closed()

    def slow(event):
        entered.set()
        going_on.wait(PATIENCE_S)
        seen.append(event.uuid)
        if event.uuid == "c-499":
            last.set()

    resyncs: list[int] = []
    options = InboundOptions(queue=10, backoff=Backoff(0.001, 0.01))
    with (
        node(floods) as far,
        connection_to(far.address, slow, options=options, on_resync=lambda: resyncs.append(len(seen))) as up,
    ):
        assert up.api(api_calls.status(), PATIENCE_S) == "UP"
        assert len(up._backlog) <= 10
        going_on.set()
        wait_for(last)
        assert seen == ["c-0", *(f"c-{number}" for number in range(490, 500))]
        assert up.dropped == 489
        # Before the first event, and again where the gap is.
        assert resyncs == [0, 1]


def test_greenswitch_itself_agrees_with_the_scripted_node():
    """An independent client reads what these tests send as ours does, where it has no defect."""

    def script(peer):
        peer.send(b"Content-Type: auth/request\n\n")
        assert peer.command() == f"auth {PASSWORD}"
        peer.reply("+OK accepted")
        assert peer.command() == "api status"
        peer.api_response("UP 1 year")
        assert peer.command() == "event plain CHANNEL_ANSWER"
        peer.reply("+OK event listener enabled plain")
        peer.event("CHANNEL_ANSWER", Unique_ID="c-1")
        assert peer.command() == "exit"
        peer.reply("+OK bye")
        peer.send(b"Content-Type: text/disconnect-notice\nContent-Length: 4\n\nbye\n")

    seen = Queue()
    with node(script) as far:
        client = greenswitch.InboundESL(far.host, far.port, PASSWORD)
        client.connect()
        client.register_handle("CHANNEL_ANSWER", lambda event: seen.put(event.headers["Unique-ID"]))
        assert client.send("api status").data == "UP 1 year"
        assert client.send("event plain CHANNEL_ANSWER").data == "+OK event listener enabled plain"
        assert seen.get(timeout=PATIENCE_S) == "c-1"
        within_patience(client.stop)
