"""FreeSWITCH as the scale program plays it, and what it counts (issue 7, item 9)."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from benchmarks.calls.site import CALLER, DIALLED, HOST, Ports, snapshot
from benchmarks.scale.__main__ import text
from benchmarks.scale.played import PlayedSwitch
from benchmarks.scale.recorded import Recorded
from benchmarks.scale.run import Plan, Scale, cores_apart
from dialplan.call import Entry
from freeswitch.channel import channel_data_of
from freeswitch.events import event_of
from freeswitch.offer import offered_call
from freeswitch.protocol import Framer

CALL = str(uuid4())
_SET = b"sendmsg\ncall-command: execute\ncontent-length: 17\n\nfernamt_leg_1=abc"


def test_the_channel_data_are_a_call_of_the_measured_customer() -> None:
    (message,) = Framer().receive_data(Recorded(5999, "benchmark").channel_data(CALL.encode()))
    offered = offered_call(channel_data_of(message).get)
    assert (offered.call_id, offered.node, offered.entry) == (CALL, "benchmark", Entry.TRUNK)
    assert (offered.source_ip, offered.source_port) == (HOST, 5999)
    assert (offered.from_user, offered.dialled) == (str(CALLER), DIALLED)


def test_the_events_say_that_this_call_was_answered_and_ended() -> None:
    messages = Framer().receive_data(Recorded(5999, "benchmark").events(CALL.encode()))
    events = [event_of(each) for each in messages]
    assert [each.uuid for each in events] == [CALL, CALL]
    assert [each.get("Channel-Call-State") for each in events] == ["ACTIVE", "HANGUP"]
    assert {each.get("Call-Direction") for each in events} == {"inbound"}


def test_the_measured_customers_trunk_is_known_by_that_port() -> None:
    ports = Ports.free()
    assert ports.caller in {peer.port for peer in snapshot(ports).peers}


@pytest.mark.parametrize(
    ("cores", "controllers", "apart"),
    [(2, 1, []), (2, 2, []), (3, 1, [{0}, {1, 2}]), (4, 2, [{0}, {1}, {2, 3}])],
)
def test_controllers_have_cores_of_their_own_where_two_are_left_for_the_others(
    cores: int, controllers: int, apart: list[set[int]]
) -> None:
    assert cores_apart(range(cores), controllers) == apart


async def _asked_of(say: bytes) -> float | None:
    """Ask a controller that connects and says this."""

    async def decide(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"connect\n\n")
        await reader.readuntil(b"\n\n")
        writer.write(say)
        if say:
            await reader.readuntil(b"\n\n")
        writer.close()

    server = await asyncio.start_server(decide, HOST, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await PlayedSwitch(Recorded(5999, "benchmark")).ask(port)


def test_a_call_counts_as_decided_when_it_was_given_a_leg_to_dial() -> None:
    took_s = asyncio.run(_asked_of(_SET + b"exit\n\n"))
    assert took_s is not None
    assert took_s > 0


@pytest.mark.parametrize("said", [b"", b"exit\n\n"], ids=["closed", "nothing set"])
def test_a_call_that_was_given_nothing_counts_as_failed(said: bytes) -> None:
    assert asyncio.run(_asked_of(said)) is None


def test_nobody_at_the_controllers_port_is_a_failure() -> None:
    port = Ports.free().controller
    assert asyncio.run(PlayedSwitch(Recorded(5999, "benchmark")).ask(port)) is None


def test_a_controller_that_follows_is_let_in_and_hears_of_every_call() -> None:
    async def heard() -> bytes:
        switch = PlayedSwitch(Recorded(5999, "benchmark"))
        port = Ports.free().event_socket
        await switch.open(port)
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(
            b"auth x\n\nevent plain CHANNEL_CALLSTATE\n\nbgapi show channels as json\nJob-UUID: 7\n\n"
        )
        seen = await reader.readuntil(b'{"row_count":0}')
        dead = Ports.free().controller
        assert await switch.ask(dead) is None
        assert await _heard_of(switch, reader)
        writer.close()
        await switch.close()
        return seen

    seen = asyncio.run(heard())
    assert seen.startswith(b"Content-Type: auth/request\n\n")
    assert b"Job-UUID: 7" in seen


async def _heard_of(switch: PlayedSwitch, reader: asyncio.StreamReader) -> bool:
    """A call that a controller took is told to whoever follows."""

    async def decide(asked: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"connect\n\n")
        await asked.readuntil(b"\n\n")
        writer.write(_SET + b"exit\n\n")
        await asked.readuntil(b"\n\n")
        writer.close()

    server = await asyncio.start_server(decide, HOST, 0)
    async with server:
        assert await switch.ask(server.sockets[0].getsockname()[1]) is not None
    async with asyncio.timeout(5):
        return b"ACTIVE" in await reader.readuntil(b"HANGUP")


def test_the_report_compares_the_medians_of_the_rounds() -> None:
    def one(controllers: int, decided: int) -> Scale:
        return Scale(controllers, 10.0, decided, 0, 1.0, 2.0, 1.5, 0.5)

    rounds = [one(1, 4000), one(2, 6000), one(1, 5000), one(2, 8000), one(1, 4500), one(2, 6750)]
    said = text(Plan(3, 10.0, 8), rounds, cores=2)
    assert said[-1] == "Two decide 1.50 times as many calls a second as one"
    assert "share the cores" in said[0]
