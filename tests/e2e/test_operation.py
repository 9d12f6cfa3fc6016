"""What an operator does while calls are up."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from cli.carriers.records import COLUMNS
from cli.demonstration.stage import Stage
from cli.wiring.allocator import jemalloc
from lab.robots import Answer, Reject
from tests.e2e.exchange import Exchange, comes_true, eventually


def test_a_running_call_is_listed_shown_and_hung_up(running: Exchange, stage: Stage) -> None:
    number = "+492214710160"
    stage.robot("bau-1").on_call(Answer(), number)
    call = stage.call("carrier-a", number, from_user="+4915228817386")
    call.wait("answered", 30)

    def listed() -> list[dict[str, str]]:
        return [each for each in running.json("call", "list") if each["b_number"] == number]

    eventually(lambda: [each["state"] for each in listed()] == ["answered"], 10, "the call to be listed")
    (live,) = listed()
    assert live["customer_id"] == "kunde-bau"
    assert live["reason_id"] == "in.trunk"
    assert running.json("call", "show", live["call_id"])["direction"] == "in"

    running.run("call", "hangup", live["call_id"])
    report = call.wait("ended", 30)
    assert report.ended_by == "peer"
    eventually(lambda: not listed(), 10, "the call to leave the list")
    eventually(
        lambda: any(leg["leg_id"] == live["call_id"] for leg in running.legs()), 10, "the call's record"
    )
    (record, _) = running.json("cdr", "show", live["call_id"])
    assert record["hung_up_by"] == "switch"
    assert record["raw"]["variables"]["uuid"] == live["call_id"]


def test_records_are_exported_as_csv_for_one_customer(running: Exchange, stage: Stage) -> None:
    number = "+496990009012"
    stage.robot("praxis-anlage").on_call(Answer(after_ms=50), number)
    stage.call("carrier-a", number, talk_ms=200).wait("ended", 30)
    arguments = ["cdr", "export", "--from", "2020-01-01", "--to", "2100-01-01", "--customer", "kunde-praxis"]

    def rows() -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(running.run(*arguments))))

    eventually(lambda: sum(row["b_number"] == number for row in rows()) == 2, 10, "both legs of the call")
    found = rows()
    assert tuple(found[0]) == COLUMNS
    assert {row["customer_id"] for row in found} == {"kunde-praxis"}


@pytest.mark.usefixtures("stage")
def test_the_doctor_finds_nothing_wrong(running: Exchange) -> None:
    wrong: list[dict[str, str]] = []

    def content() -> bool:
        wrong[:] = [each for each in running.doctor() if each["state"] != "ok"]
        return not wrong

    comes_true(content, 15)  # one that has just started takes up its contact centres
    assert wrong == []


def test_freeswitch_is_started_with_the_allocator_that_it_is_cheapest_with(
    running: Exchange, switch: str
) -> None:
    """Issue 7: its memory must be flat."""
    process = running.processes()[switch]
    loaded = "jemalloc" in Path(f"/proc/{process}/maps").read_text()
    assert loaded is (switch == "freeswitch" and jemalloc() is not None)


def places(trace: dict[str, Any], what: str) -> list[str]:
    return [step["where"] for step in trace["steps"] if step["what"] == what]


def test_a_call_is_followed_from_its_offer_to_its_record(running: Exchange, stage: Stage) -> None:
    """B12; issue 7, observability."""
    number = "+492214710161"
    stage.robot("bau-1").on_call(Answer(), number)
    call = stage.call("carrier-a", number, from_user="+4915228817386")
    call.wait("answered", 10)
    found: list[str] = []

    def listed() -> bool:
        found[:] = [each["call_id"] for each in running.json("call", "list") if each["b_number"] == number]
        return bool(found)

    eventually(listed, 10, "the call to be listed")
    (call_id,) = found
    eventually(
        lambda: bool(places(running.json("call", "trace", call_id), "heard answered")),
        30,
        "the answer's step",
    )
    trace = running.json("call", "trace", call_id)
    assert trace["in_progress"] is True
    (decided,) = [step for step in trace["steps"] if step["what"] == "decided"]
    assert "[in.trunk]" in decided["words"]
    assert decided["where"].startswith("controller 127.0.0.1:")

    running.run("call", "hangup", call_id)
    call.wait("ended", 10)
    eventually(
        lambda: len(running.json("call", "trace", call_id)["legs"]) == 2, 30, "both records to be taken in"
    )

    def steps() -> set[str]:
        return {step["what"] for step in running.json("call", "trace", call_id)["steps"]}

    eventually(lambda: {"taken in", "heard ended"} <= steps(), 30, "the steps of the end")
    trace = running.json("call", "trace", call_id)
    assert (trace["in_progress"], trace["not_asked"]) == (False, [])
    assert [step["at"] for step in trace["steps"]] == sorted(step["at"] for step in trace["steps"])
    assert {"leg A", "leg B1"} <= set(places(trace, "answered"))
    assert set(places(trace, "ended")) == {"leg A", "leg B1"}
    # Each by its own clock: FreeSWITCH's moves in steps, of a second where it gets no processor time.
    ours = [step["what"] for step in trace["steps"] if step["where"].startswith("controller")]
    assert ours.index("offered") < ours.index("decided") < ours.index("heard answered")
    caller = [step["what"] for step in trace["steps"] if step["where"] == "leg A"]
    assert caller.index("begins") < caller.index("answered") < caller.index("ended")

    by_leg = running.run("call", "trace", trace["legs"]["B1"])
    assert f"call {call_id}" in by_leg, "a leg's id finds its call"
    assert "decided: route to bau-1" in by_leg


def test_a_refused_call_says_why_and_an_unknown_one_where_to_look(running: Exchange, stage: Stage) -> None:
    number = "+492214710162"
    stage.robot("bau-1").on_call(Reject(486), number)
    stage.robot("bau-2").on_call(Reject(486), number)
    stage.call("carrier-a", number).wait("ended", 10)
    legs: list[dict[str, Any]] = []

    def recorded() -> bool:
        legs[:] = [leg for leg in running.legs() if leg["b_number"] == number and leg["side"] == "a"]
        return bool(legs)

    eventually(recorded, 15, "the record")
    shown = running.run("call", "trace", legs[0]["call_id"])
    assert "USER_BUSY" in shown
    missing = running.tried("call", "trace", "nobody")
    assert missing.returncode == 1
    assert "[call.unknown]" in missing.stderr
    assert "fernamt cdr export" in missing.stderr
