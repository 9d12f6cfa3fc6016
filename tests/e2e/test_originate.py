"""Calls that a program asks for, with real phones: rung first, then connected, by all rules (B5, B2, B11)."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from cli.demonstration.stage import Stage
from lab.robots import Answer, Reject
from tests.e2e.exchange import Exchange, eventually

ANNA_HZ, TOM_HZ = 700, 1000
TOM = "+494066969091"
OURS = "+493023125001"


def originate(running: Exchange, first: str, second: str, *more: str) -> subprocess.CompletedProcess[str]:
    command = ["call", "originate", "--customer", "kunde-kanzlei", "--from", first, "--to", second, *more]
    return running.tried(*command)


@pytest.fixture
def tom(stage: Stage) -> Stage:
    """Somebody outside answers, whichever trunk the call takes."""
    for trunk in ("carrier-a", "carrier-b"):
        stage.all_received(trunk)
        stage.robot(trunk).on_call(Answer(after_ms=200, play=f"%(30000,0,{TOM_HZ})"), TOM)
    stage.all_received("kanzlei-1")
    return stage


def arrived(stage: Stage) -> Any:
    found = [each for trunk in ("carrier-a", "carrier-b") for each in stage.all_received(trunk)]
    return found[0] if found else None


def test_one_phone_rings_first_then_the_other_and_both_talk(running: Exchange, tom: Stage) -> None:
    tom.robot("kanzlei-1").on_call(Answer(after_ms=200, play=f"%(30000,0,{ANNA_HZ})"))
    done = originate(
        running, "030 23125-001", "040 66969-091", "--json", "--actor", "crm", "--reason", "asked"
    )
    assert done.returncode == 0, done.stderr
    call_id = json.loads(done.stdout)["call_id"]

    anna = tom.inbox("kanzlei-1").received("kanzlei-1", 30)
    anna.wait_heard(TOM_HZ, timeout_s=30)
    calls: list[Any] = []

    def rang() -> bool:
        calls.extend(filter(None, [arrived(tom)]))
        return bool(calls)

    eventually(rang, 10, "the other phone to ring")
    (his,) = calls
    his.wait_heard(ANNA_HZ, timeout_s=30)
    assert OURS in his.report().header("P-Asserted-Identity"), "the caller id of her phone (B2)"
    eventually(lambda: running.json("call", "show", call_id)["state"] == "answered", 10, "the live call")
    assert running.json("call", "show", call_id)["b_number"] == TOM
    taken = running.json("limit", "show", "kunde-kanzlei")["limits"]
    assert {each["now"] for each in taken if each["counter"] == "simultaneous-calls"} == {1}

    his.hangup()
    assert anna.wait("ended", 30).ended_by == "peer"
    eventually(lambda: len(legs_of(running, call_id)) == 2, 15, "both records")
    legs = {each["leg_id"] == call_id: each for each in legs_of(running, call_id)}
    assert (legs[True]["direction"], legs[False]["direction"]) == ("onnet", "out")
    assert legs[False]["b_number"] == TOM
    assert (legs[False]["customer_id"], legs[False]["phone_id"]) == ("kunde-kanzlei", "kanzlei-1")
    eventually(lambda: "no call" in running.tried("call", "show", call_id).stderr, 10, "the call to be over")


def legs_of(running: Exchange, call_id: str) -> list[dict[str, Any]]:
    return [each for each in running.legs() if each["call_id"] == call_id]


@pytest.mark.parametrize(
    ("second", "reason_id"),
    [
        ("0900 512345", "out.barred"),
        ("112", "emergency.automatic"),
    ],
)
def test_nothing_rings_for_a_number_that_cannot_be_called(
    running: Exchange, tom: Stage, second: str, reason_id: str
) -> None:
    """Guarantee 2; NotrufV § 4(6)."""
    tom.robot("kanzlei-1").on_call(Answer(after_ms=200))
    done = originate(running, "030 23125-001", second)
    assert done.returncode == 1
    assert f"[{reason_id}]" in done.stderr
    assert not tom.has_received("kanzlei-1", "kanzlei-1")


def test_a_first_party_outside_is_called_and_paid_for_as_well(running: Exchange, tom: Stage) -> None:
    """Both legs leave our network, and both show the phone on whose behalf it is."""
    mobile = "+4915228817386"
    for trunk in ("carrier-a", "carrier-b"):
        tom.robot(trunk).on_call(Answer(after_ms=100, play=f"%(30000,0,{ANNA_HZ})"), mobile)
    done = originate(running, "0152 28817386", "040 66969-091", "--user", "kanzlei-2", "--json")
    assert done.returncode == 0, done.stderr
    call_id = json.loads(done.stdout)["call_id"]
    reports: dict[str, Any] = {}

    def both() -> bool:
        for trunk in ("carrier-a", "carrier-b"):
            for each in tom.all_received(trunk):
                reports[each.report().request_uri.partition(":")[2].partition("@")[0]] = each
        return set(reports) == {mobile, TOM}

    eventually(both, 10, "both parties to be called")
    reports[mobile].wait_heard(TOM_HZ, timeout_s=30)
    assert all("+493023125002" in each.report().header("P-Asserted-Identity") for each in reports.values())
    reports[mobile].hangup()
    eventually(lambda: len(legs_of(running, call_id)) == 2, 15, "both records")
    assert {each["direction"] for each in legs_of(running, call_id)} == {"out"}


def test_a_first_party_that_does_not_answer_ends_it(running: Exchange, tom: Stage) -> None:
    tom.robot("kanzlei-1").on_call(Reject(486))
    done = originate(running, "030 23125-001", "040 66969-091")
    assert done.returncode == 1
    assert "USER_BUSY" in done.stderr
    assert arrived(tom) is None
    eventually(
        lambda: {each["now"] for each in running.json("limit", "show", "kunde-kanzlei")["limits"]} == {0},
        10,
        "the limits to be free again",
    )
