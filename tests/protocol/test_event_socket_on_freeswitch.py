"""The same on FreeSWITCH itself: what its source says about quoting, order and completion is so."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import uuid4
from xml.etree import ElementTree

import gevent
import pytest
from gevent import socket
from gevent.queue import Queue

from freeswitch import api_calls, commands
from freeswitch.api_calls import ThenRun
from freeswitch.channel import ChannelData, Instructions
from freeswitch.commands import Subscription
from freeswitch.dialstring import DialString
from freeswitch.errors import ChannelGone, CommandFailed, NotConnected
from freeswitch.inbound import InboundConnection
from freeswitch.outbound import Hold, OutboundServer, Outcome
from freeswitch.render.sofia import acl
from freeswitch.replies import rows_of
from freeswitch.settings import CONTROLLERS, LOOPBACK, EventSocketAddress, NodeDoor
from tests.protocol.scripted_node import PATIENCE_S, raised_by
from tests.unit.freeswitch.node import SETTINGS, snapshot

PROGRAM = shutil.which("freeswitch")
pytestmark = [
    pytest.mark.freeswitch,
    pytest.mark.skipif(PROGRAM is None, reason="no freeswitch program on this machine's PATH"),
]

VALUES = {
    "plain": "words with spaces",
    "quotes": "it's 'quoted' o'",
    "backslashes": r"a\b\nc\\d\'e \s \$ \,",
    "edges": "  lead and trail  ",
    "dial": "[leg_timeout=60,origination_caller_id_name='Zoë B',absolute_codec_string=^^:PCMA:PCMU]sofia/x/1",
    "dollars": "$ $x 5$ {x}",
    "marks": "a~b#c;d|e",
    "sip_multipart": "application/pidf+xml:~Content-ID: <loc@example.test>\r\n\r\n<xml a='1'/>",
}
CONFIGURATION = """<document type="freeswitch/xml">
<section name="configuration">
<configuration name="modules.conf"><modules>
<load module="mod_event_socket"/><load module="mod_commands"/><load module="mod_dptools"/>
<load module="mod_dialplan_xml"/><load module="mod_loopback"/>
</modules></configuration>
<configuration name="event_socket.conf"><settings>
<param name="listen-ip" value="127.0.0.1"/><param name="listen-port" value="{port}"/>
<param name="password" value="lab-secret"/>
</settings></configuration>
<configuration name="switch.conf"><settings/></configuration>
<configuration name="loopback.conf"><settings/></configuration>
<configuration name="timezones.conf"><timezones/></configuration>
<configuration name="acl.conf"><network-lists/></configuration>
</section>
<section name="dialplan"><context name="default">
<extension name="ask"><condition field="destination_number" expression="^ask$">
<action application="socket" data="127.0.0.1:{controller}"/>
<action application="hangup" data="${{cause}}"/>
</condition></extension>
<extension name="park"><condition field="destination_number" expression="^park$">
<action application="answer"/><action application="park"/>
</condition></extension>
</context></section>
</document>"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Node:
    """A private FreeSWITCH with loopback calls, and our two kinds of connection to it."""

    def __init__(self, state: Path, configuration: str = CONFIGURATION) -> None:
        port = self.port = free_port()
        self.answer: Queue[object] = Queue()
        self.reports: Queue = Queue()
        self.handler: Callable[[ChannelData], object] = lambda _: Instructions({})
        self.server = OutboundServer(
            ("127.0.0.1", 0), lambda channel: self.handler(channel), on_session=self.reports.put
        )
        self.server.start()
        for name in ("conf", "log", "db", "run"):
            (state / name).mkdir()
        text = configuration.format(port=port, controller=self.server.address[1])
        (state / "conf" / "freeswitch.xml").write_text(text)
        folders = [word for name in ("conf", "log", "db", "run") for word in (f"-{name}", str(state / name))]
        with (state / "out").open("wb") as out:
            self.process = subprocess.Popen(
                [PROGRAM, "-nonat", "-nf", "-nc", *folders], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        self.connection = InboundConnection(
            EventSocketAddress("127.0.0.1", port, "lab-secret"),
            Subscription(("CHANNEL_EXECUTE_COMPLETE", "CHANNEL_HANGUP_COMPLETE")),
            lambda _: None,
            random=Random(1),
        )
        self.connection.start()

    def call(self, target: str, uuid: str = "") -> str:
        dial = f"[origination_uuid={uuid}]loopback/{target}/default" if uuid else f"loopback/{target}/default"
        return self.connection.bgapi(api_calls.originate(DialString(dial), ThenRun("park")), 10.0)

    def stop(self) -> None:
        self.connection.stop()
        self.server.stop(drain_s=0)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


@pytest.fixture(scope="module")
def freeswitch_node(tmp_path_factory):
    node = Node(tmp_path_factory.mktemp("freeswitch"))
    try:
        assert node.connection.wait_up(30), "FreeSWITCH did not come up"
        yield node
    finally:
        node.stop()


@pytest.fixture
def channel(freeswitch_node):
    """A channel that is parked for one test."""
    uuid = str(uuid4())
    assert freeswitch_node.call("park", uuid) == f"+OK {uuid}\n"
    yield uuid
    raised_by(freeswitch_node.connection.api, api_calls.uuid_kill(uuid))


def until(condition) -> None:
    with gevent.Timeout(PATIENCE_S):
        while not condition():
            gevent.sleep(0.005)


def test_a_decision_is_set_by_one_application_and_the_dialplan_goes_on(freeswitch_node):
    seen: list[ChannelData] = []

    def handler(channel):
        seen.append(channel)
        return Instructions({"cause": "USER_BUSY", "other": "x"})

    freeswitch_node.handler = handler
    assert isinstance(raised_by(freeswitch_node.call, "ask"), CommandFailed)
    assert freeswitch_node.reports.get(timeout=PATIENCE_S).outcome is Outcome.DECIDED
    assert len(seen[0].headers) > 90
    assert seen[0].get("Caller-Destination-Number") == "ask"


def test_values_arrive_as_they_were_given_and_a_held_session_reads_them_back(freeswitch_node):
    got: dict[str, str | None] = {}

    def ask(session):
        session.execute("set", "late=1")
        channel = session.execute(
            "multiset", commands.set_variables(VALUES).wire.partition(b"\n\n")[2].decode()
        )
        got.update({name: channel.variable(name) for name in VALUES})
        assert channel.variable("late") == "1"
        return Instructions({"cause": "NO_ANSWER"})

    freeswitch_node.handler = lambda _: Hold(ask)
    failure = raised_by(freeswitch_node.call, "ask")
    assert isinstance(failure, CommandFailed)
    assert failure.text == "-ERR NO_ANSWER"
    assert freeswitch_node.reports.get(timeout=PATIENCE_S).outcome is Outcome.DECIDED
    assert got == VALUES


def test_a_handler_that_fails_leaves_the_call_to_the_rest_of_the_dialplan(freeswitch_node):
    def handler(_):
        raise ValueError("a bug")

    freeswitch_node.handler = handler
    assert raised_by(freeswitch_node.call, "ask").text == "-ERR NORMAL_CLEARING"
    assert freeswitch_node.reports.get(timeout=PATIENCE_S).outcome is Outcome.FAILED


def test_variables_set_by_api_arrive_unchanged(freeswitch_node, channel):
    api = freeswitch_node.connection.api
    for name in ("plain", "quotes", "backslashes", "edges", "dial"):
        assert api(api_calls.uuid_setvar(channel, "x", VALUES[name])) == "+OK\n"
        assert api(api_calls.uuid_getvar(channel, "x")) == VALUES[name]
    several = {name: VALUES[name] for name in ("quotes", "backslashes", "edges")}
    assert api(api_calls.uuid_setvar_multi(channel, several)) == "+OK\n"
    for name, value in several.items():
        assert api(api_calls.uuid_getvar(channel, name)) == value


def test_an_application_completes_on_its_channel_and_ends_with_it(freeswitch_node, channel):
    connection = freeswitch_node.connection
    done = connection.execute(channel, "set", "x=it's")
    assert (done.uuid, done.get("Application"), done.variable("x")) == (channel, "set", "it's")
    waiting = gevent.spawn(raised_by, connection.execute, channel, "sleep", "60000")
    # FreeSWITCH writes this table behind the events' back: it lags.
    until(lambda: channel in [row["uuid"] for row in rows_of(connection.api(api_calls.show_channels()))])
    assert connection.api(api_calls.uuid_exists(channel)) == "true"
    assert connection.api(api_calls.uuid_kill(channel)) == "+OK\n"
    waiting.join(PATIENCE_S)
    assert waiting.ready()


def test_errors_are_freeswitchs_own_words(freeswitch_node):
    connection = freeswitch_node.connection
    assert connection.api(api_calls.uuid_exists("nobody")) == "false"
    with pytest.raises(ChannelGone):
        connection.api(api_calls.uuid_kill("nobody"))
    with pytest.raises(ChannelGone):
        connection.command(commands.execute("sleep", "1", channel="nobody"))
    with pytest.raises(CommandFailed, match="no keywords"):
        connection.command(commands.subscribe(Subscription(("NO_SUCH_EVENT",))))
    assert connection.api(api_calls.status()).startswith("UP ")


def test_a_node_that_is_killed_is_noticed_at_once(tmp_path):
    node = Node(tmp_path)
    try:
        assert node.connection.wait_up(30)
        node.process.kill()
        node.process.wait(10)
        until(lambda: isinstance(raised_by(node.connection.api, api_calls.status()), NotConnected))
    finally:
        node.stop()


def test_another_nodes_programs_come_in_from_its_event_sockets_address_and_from_no_other(tmp_path):
    """All of 127.0.0.0/8 is this machine, so the list is given one address of it for the loopback."""
    settings = replace(
        SETTINGS, other_nodes=(NodeDoor("127.0.0.4", 5090),), other_event_sockets=("127.0.0.3",)
    )
    lists = ElementTree.tostring(acl(snapshot(), settings), encoding="unicode")
    assert LOOPBACK in lists
    empty = '<configuration name="acl.conf"><network-lists/></configuration>'
    password = '<param name="password"'
    wanted = f'<param name="apply-inbound-acl" value="{CONTROLLERS}"/>{password}'
    node = Node(
        tmp_path,
        CONFIGURATION.replace(empty, lists.replace(LOOPBACK, "127.0.0.1/32")).replace(password, wanted),
    )
    try:
        assert node.connection.wait_up(30)
        greetings = {source: greeting(node.port, source) for source in ("127.0.0.3", "127.0.0.4")}
        assert greetings == {"127.0.0.3": "auth/request", "127.0.0.4": "text/rude-rejection"}
    finally:
        node.stop()


def greeting(port: int, source: str) -> str:
    """What the Event Socket says first to who comes from there."""
    with (
        socket.create_connection(("127.0.0.1", port), PATIENCE_S, (source, 0)) as sock,
        sock.makefile("r") as lines,
    ):
        return lines.readline().removeprefix("Content-Type: ").strip()
