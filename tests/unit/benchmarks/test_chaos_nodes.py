"""How calls over two nodes, one of which is killed, are counted (issue 7, guarantees 1 and 4)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.acd_calls.sip import read
from benchmarks.chaos.nodes.carrier import QUEUE_NUMBER, write
from benchmarks.chaos.nodes.losing import Left
from benchmarks.chaos.nodes.report import goals, text
from benchmarks.chaos.nodes.run import Outcome
from benchmarks.chaos.nodes.seen import Call, Fates, Kill, Kind, Leg, Legs, compared, cut, fates, missing
from benchmarks.chaos.nodes.sides import Calling
from provisioning.load import load

KILLS = [Kill(node=0, at_s=100.0, back_s=106.0)]


def leg(
    name: str, began_s: float, ended_s: float | None, *, node: int = 0, side: str = "a", heard: bool = True
) -> Leg:
    return Leg(side, name, node, began_s, began_s + 0.1 if heard else None, ended_s=ended_s)


def records(*names: str, side: str = "a") -> Legs:
    return Counter((side, name) for name in names)


@pytest.mark.parametrize(
    ("began_s", "ended_s", "node", "is_cut"),
    [
        (99.0, None, 0, True),
        (99.0, 100.5, 0, True),
        (99.0, 99.9, 0, False),
        (100.5, None, 0, False),
        (99.0, None, 1, False),
    ],
)
def test_a_leg_is_cut_when_it_was_up_on_the_node_that_was_killed(
    began_s: float, ended_s: float | None, node: int, is_cut: bool
) -> None:
    assert cut(leg("a", began_s, ended_s, node=node), KILLS) is is_cut


def test_a_cut_leg_need_not_have_a_record_and_may() -> None:
    legs = [leg("gone", 99.0, None), leg("written", 97.0, 99.0), leg("other", 99.0, 103.0, node=1)]
    found = compared(legs, KILLS, records("written", "other"), 0)
    assert (found.legs, found.cut, found.cut_written, found.lost) == (3, 2, 1, 0)
    assert found.right


def test_a_leg_of_the_living_node_without_a_record_is_lost() -> None:
    legs = [leg("other", 99.0, 103.0, node=1), leg("over long ago", 90.0, 95.0)]
    found = compared(legs, KILLS, records(), 0)
    assert (found.lost, found.right) == (2, False)
    assert missing(legs, KILLS, records("other")) == legs[1:]
    assert missing(legs, KILLS, records("other", "over long ago")) == []


def test_no_leg_may_have_two_records_not_even_a_cut_one() -> None:
    found = compared([leg("gone", 99.0, None)], KILLS, records("gone", "gone"), 0)
    assert (found.doubled, found.right) == (1, False)


def test_a_record_of_no_call_is_told() -> None:
    found = compared([leg("a", 10.0, 12.0)], KILLS, records("a", "nobody's"), 0)
    assert (found.unknown, found.right) == (1, False)


def test_an_attempt_at_a_dead_node_has_no_record_and_misses_none() -> None:
    found = compared([leg("dead", 102.0, None, heard=False)], KILLS, records(), 0)
    assert (found.untaken, found.cut, found.lost, found.right) == (1, 0, 0, True)


@pytest.mark.parametrize(("began_s", "lost"), [(104.0, 0), (107.0, 1)])
def test_a_node_that_starts_refuses_without_a_record_one_that_takes_calls_does_not(
    began_s: float, lost: int
) -> None:
    refused = leg("early", began_s, began_s + 0.1)
    refused.final = 503
    assert compared([refused], KILLS, records(), 0).lost == lost


def test_a_leg_to_a_silent_side_has_a_record_without_a_call_id() -> None:
    legs = [leg("b", 10.0, 14.0, side="b")]
    assert compared(legs, KILLS, Counter({("b", None): 1}), 0).right


def test_half_written_records_are_no_more_than_legs_that_were_cut() -> None:
    assert compared([leg("gone", 99.0, None)], KILLS, records(), 1).right
    assert not compared([leg("a", 10.0, 12.0)], KILLS, records("a"), 1).right


def test_a_call_that_the_other_node_took_waited_from_its_first_attempt_on() -> None:
    first, second = leg("1", 101.0, None, heard=False), leg("2", 102.0, 105.0, node=1)
    second.answered_s = 102.4
    (refused,) = (leg("3", 50.0, 51.0),)
    calls = [Call(Kind.URGENT, "112", [first, second]), Call(Kind.URGENT, "110", [refused])]
    found = fates(calls, KILLS)
    assert (found.calls, found.answered, found.by_other, found.cut) == (2, 1, 1, 0)
    assert found.longest_s == pytest.approx(1.4)


def test_an_answered_call_ends_with_its_node() -> None:
    up = leg("1", 98.0, None)
    up.answered_s = 98.5
    assert fates([Call(Kind.OUT, "+4940669690", [up])], KILLS).cut == 1


def outcome(urgent: Fates, left: Left) -> Outcome:
    every = dict.fromkeys(Kind, Fates(10, 10, 0, 1, 0.5)) | {Kind.URGENT: urgent}
    return Outcome(every, compared([], KILLS, records(), 0), left, (6.0,), (0.4,))


def test_one_emergency_call_that_nobody_took_and_one_line_that_stays_taken_fail_the_run() -> None:
    nothing = Left(0, 0, 0, 0, 1.0)
    assert all(each.reached for each in goals(outcome(Fates(5, 5, 3, 1, 2.0), nothing)))
    bad = outcome(Fates(5, 4, 3, 1, 2.0), Left(0, 1, 0, 0, 30.0))
    assert [each.reached for each in goals(bad)] == [False, True, True, False]
    assert "4 of 5" in text(bad)


def test_the_carrier_of_the_load_is_valid_and_counts_lines_and_places(tmp_path: Path) -> None:
    folder = write(tmp_path / "carrier")
    config = load([folder]).config
    (customer,) = config.customers
    assert customer.limits == "viele"
    assert all(each.capacity for each in config.carrier.trunks)
    assert QUEUE_NUMBER.endswith("200")
    assert (
        json.loads((folder / "carrier.yaml").read_text())["customers"][0]["numbers"][-1]["plan"] == "warten"
    )


class Wire(Calling):
    """A caller whose messages are kept instead of sent."""

    def __init__(self) -> None:
        super().__init__("out", [5070, 5080], 40000)
        self._port = 5060
        self.sent: list[tuple[str, int]] = []

    def send(self, method: str, uri: str, headers: dict[str, str], to_port: int, body: str = "") -> None:
        self.sent.append((method, to_port))


def answered(call_id: str, status: str, method: str = "INVITE") -> bytes:
    head = f"Via: SIP/2.0/UDP x\r\nTo: <sip:1@x>;tag=1\r\nCall-ID: {call_id}\r\nCSeq: 1 {method}\r\n"
    return f"SIP/2.0 {status}\r\n{head}Contact: <sip:n@127.0.0.1:5070>\r\n\r\n".encode()


def placed(caller: Wire) -> Call:
    call = Call(Kind.URGENT, "112")
    caller.call(call, "+492214710100", 0, 60.0)
    return call


def heard(caller: Wire, call_id: str, status: str, method: str = "INVITE") -> None:
    message = read(answered(call_id, status, method))
    assert message is not None
    caller.answered(message)


def test_a_node_that_refuses_with_503_is_left_for_the_other_one() -> None:
    async def run() -> None:
        caller = Wire()
        call = placed(caller)
        heard(caller, "out-0", "503 Service Unavailable")
        assert caller.sent == [("INVITE", 5070), ("ACK", 5070), ("INVITE", 5080)]
        heard(caller, "out-1", "200 OK")
        assert call.answered_by is call.attempts[1]
        assert not caller.quiet

    asyncio.run(run())


def test_a_busy_line_is_no_reason_to_try_another_node() -> None:
    async def run() -> None:
        caller = Wire()
        call = placed(caller)
        heard(caller, "out-0", "486 Busy Here")
        assert (len(call.attempts), call.answered_by, caller.quiet) == (1, None, True)

    asyncio.run(run())


def test_a_node_that_answers_after_it_was_left_is_told_goodbye() -> None:
    """Else the call would be there twice."""

    async def run() -> None:
        caller = Wire()
        call = placed(caller)
        caller.leave("out-0")
        assert caller.sent == [("INVITE", 5070), ("INVITE", 5080)]
        heard(caller, "out-0", "100 Trying")
        assert caller.sent[2:] == [("CANCEL", 5070)]
        heard(caller, "out-0", "200 OK")
        assert caller.sent[3:] == [("ACK", 5070), ("BYE", 5070)]
        assert call.answered_by is None
        heard(caller, "out-0", "200 OK", "BYE")
        assert call.attempts[0].ended_s is not None

    asyncio.run(run())
