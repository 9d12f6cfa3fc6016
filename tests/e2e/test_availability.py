"""Probes over trunks and the report of a running exchange (F1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cli.demonstration.stage import Stage, staged
from lab.robots import Answer, Reject
from tests.e2e.exchange import Exchange, eventually, exchange

TARGET = "+494066969095"


@pytest.fixture(scope="module")
def probed(switch: str) -> Iterator[tuple[Exchange, Stage]]:
    """An exchange that probes both carriers; the robots stand before the first whole minute does."""

    def amend(tree: dict[str, Any]) -> None:
        tree["probes"] = {
            "customer": "kunde-kanzlei",
            "trunks": {"carrier-a": TARGET, "carrier-b": TARGET},
            "ring_s": 10,
        }

    with exchange(switch, amend=amend) as running, staged(running.settings) as stage:
        yield running, stage


@pytest.mark.long
@pytest.mark.timeout(300)
def test_each_trunk_is_probed_each_minute_and_the_report_counts_it(probed: tuple[Exchange, Stage]) -> None:
    running, stage = probed
    stage.robot("carrier-a").on_call(Answer(after_ms=100), TARGET)
    stage.robot("carrier-b").on_call(Reject(503), TARGET)

    def last() -> dict[str, tuple[bool, str]]:
        return {p["trunk_id"]: (p["reached"], p["cause"]) for p in running.json("availability", "probes")}

    def both_robots_were_there() -> bool:
        found = last()
        return found.get("carrier-a") == (True, "NORMAL_CLEARING") and not found["carrier-b"][0]

    eventually(both_robots_were_there, 180, "a minute's probes")
    eventually(
        lambda: any(leg["b_number"] == TARGET and leg["trunk_id"] == "carrier-a" for leg in running.legs()),
        30,
        "the record of the call",
    )
    report = running.json("availability", "report", "--year", "2026")
    assert report["counted"] >= 1
    assert report["excluded"] == {}
    limits = running.json("limit", "show", "kunde-kanzlei")["limits"]
    assert {each["now"] for each in limits} <= {0}, "probes give back what they took"
    assert "carrier-b" in running.run("availability", "probes")


@pytest.mark.long
def test_times_are_entered_listed_and_withdrawn(probed: tuple[Exchange, Stage]) -> None:
    running, _ = probed
    period = ["--from", "2026-01-05T09:00", "--to", "2026-01-05T10:00"]
    late = running.tried("availability", "exclude", *period, "--kind", "maintenance", "--reason", "late")
    assert "announced" in late.stderr
    running.run(
        "availability", "exclude", *period, "--kind", "customer", "--reason", "power", "--actor", "ann"
    )
    (entry,) = running.json("availability", "list")
    assert (entry["kind"], entry["actor"], entry["reason"]) == ("customer", "ann", "power")
    running.run("availability", "withdraw", str(entry["id"]), "--reason", "was ours")
    assert running.json("availability", "list") == []
    again = running.tried("availability", "withdraw", str(entry["id"]), "--reason", "was ours")
    assert again.returncode == 1
    assert "availability list" in again.stderr
