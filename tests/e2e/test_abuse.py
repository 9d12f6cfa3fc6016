"""Ping calls over a line slow it down until an operator releases it; 112 passes meanwhile (B10, B8)."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from cli.demonstration.stage import Stage
from lab.robots import Answer, Ring
from lab.robots.errors import CallEndedError
from tests.e2e.exchange import Exchange, comes_true, eventually

#: examples/carrier/kunde-praxis.yaml: four numbers given up within 15 s are too many.
VICTIMS = [f"0406696960{number}" for number in range(5)]


def test_ping_calls_slow_a_customer_down_and_a_release_ends_that(running: Exchange, stage: Stage) -> None:
    carriers = [stage.robot(name) for name in ("carrier-a", "carrier-b")]
    for carrier in carriers:
        for number in VICTIMS:
            carrier.on_call(Ring(), f"+49{number[1:]}")
        carrier.on_call(Answer(after_ms=20), "+494066969610")
        carrier.on_call(Answer(after_ms=20), "112")

    def ping() -> list[int | None]:
        calls = [stage.call("praxis-anlage", number) for number in VICTIMS]
        for call in calls:
            with suppress(CallEndedError):  # refused: the line is slowed down already
                call.wait("ringing", 30)
                call.hangup()
        return [call.wait("ended", 30).final_code for call in calls]

    def cases(*options: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = running.json("abuse", "list", "--customer", "kunde-praxis", *options)
        return [each for each in found if each["rule"] == "ping-calls"]

    assert ping() == [487] * len(VICTIMS)
    # Half of the line's calls of two minutes must be pings, and another test may have used it just before: it
    # goes on until it is noticed, but not so fast that it were a dialler.
    for _ in range(8):
        if comes_true(lambda: bool(cases()), 6):
            break
        ping()
    (case,) = cases()
    assert case["action"] == "throttle"
    assert "+49" not in case["sentence"]
    assert len(running.json("abuse", "show", str(case["case"]))["call_ids"]) >= 4

    def outcome(dialled: str = "04066969610") -> int | None:
        return stage.call("praxis-anlage", dialled, talk_ms=20).wait("ended", 20).final_code

    # One call in ten seconds: of two in a row the second is refused.
    eventually(lambda: 503 in (outcome(), outcome()), 15, "the throttle to reach the calls")
    assert outcome("112") == 200
    (pace,) = running.json("limit", "show", "kunde-praxis")["limits"]
    assert (pace["throttled"], pace["limit"], pace["window_ms"]) == (True, 1, 10_000)

    running.run("abuse", "release", str(case["case"]), "--reason", "end-to-end test")
    eventually(lambda: (outcome(), outcome()) == (200, 200), 15, "the pace to be free again")
    assert cases() == []
    (released,) = [each for each in cases("--all") if each["case"] == case["case"]]
    assert released["release_reason"] == "end-to-end test"
