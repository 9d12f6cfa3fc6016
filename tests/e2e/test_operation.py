"""What an operator does while calls are up."""

from __future__ import annotations

import csv
import io

import pytest

from cli.carriers.records import COLUMNS
from cli.demonstration.stage import Stage
from lab.robots import Answer
from tests.e2e.exchange import Exchange, eventually


def test_a_running_call_is_listed_shown_and_hung_up(running: Exchange, stage: Stage) -> None:
    number = "+492214710160"
    stage.robot("bau-1").on_call(Answer(), number)
    call = stage.call("carrier-a", number, from_user="+4915228817386")
    call.wait("answered", 10)

    def listed() -> list[dict[str, str]]:
        return [each for each in running.json("call", "list") if each["b_number"] == number]

    eventually(lambda: [each["state"] for each in listed()] == ["answered"], 10, "the call to be listed")
    (live,) = listed()
    assert live["customer_id"] == "kunde-bau"
    assert live["reason_id"] == "in.trunk"
    assert running.json("call", "show", live["call_id"])["direction"] == "in"

    running.run("call", "hangup", live["call_id"])
    report = call.wait("ended", 10)
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
    stage.call("carrier-a", number, talk_ms=200).wait("ended", 10)
    arguments = ["cdr", "export", "--from", "2020-01-01", "--to", "2100-01-01", "--customer", "kunde-praxis"]

    def rows() -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(running.run(*arguments))))

    eventually(lambda: sum(row["b_number"] == number for row in rows()) == 2, 10, "both legs of the call")
    found = rows()
    assert tuple(found[0]) == COLUMNS
    assert {row["customer_id"] for row in found} == {"kunde-praxis"}


@pytest.mark.usefixtures("stage")
def test_the_doctor_finds_nothing_wrong(running: Exchange) -> None:
    findings = running.json("doctor")
    assert {each["name"]: each["state"] for each in findings if each["state"] != "ok"} == {}
