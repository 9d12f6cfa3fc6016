"""`fernamt stats` as operators type it, on a log with the worked example of docs/figures.md (C9)."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from acd.journal import logged
from store.acd_history import AcdHistory
from tests.integration.store.test_acd_log import CUSTOMER, NINE, NINE_MS, numbered, worked_records
from tests.typed import Run, settings_of, typed
from tests.unit.acd.worked import worked_example

DAY = ("--customer", CUSTOMER, "--from", "2026-11-20", "--to", "2026-11-21")


@pytest.fixture
def run(tmp_path: Path, database_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`fernamt` on a database with the worked example, at eleven o'clock."""
    monkeypatch.setattr("cli.stats.now", lambda: NINE + timedelta(hours=1))
    AcdHistory(engine).insert(CUSTOMER, numbered(worked_records()))
    return typed(settings_of(tmp_path, database_url))


def test_a_day_of_queues_for_programs_and_spreadsheets(run: Run) -> None:
    rows = json.loads(run("stats", *DAY, "--interval", "day", "--json").output)
    (row,) = [each for each in rows if each["queue"] == "verkauf"]
    wanted = {
        "interval": "2026-11-20T00:00+01:00",
        "queue": "verkauf",
        "offered": 6,
        "answered": 3,
        "abandoned": 3,
        "abandoned_short": 1,
        "service_level": 0.25,
        "speed_of_answer_s": 64.3,
        "handle_s": 90.0,
    }
    assert {name: row[name] for name in wanted} == wanted
    sheet = run("stats", *DAY, "--queue", "verkauf", "--format", "csv").output
    (line,) = csv.DictReader(io.StringIO(sheet))
    assert (line["interval"], line["offered"]) == ("2026-11-20T10:00+01:00", "6")


def declared(engine: Engine, figures: str) -> None:
    """A configuration is applied in which the customer says so."""
    with engine.begin() as connection:
        version = text("INSERT INTO config_version (author) VALUES ('tester') RETURNING version")
        item = text(
            "INSERT INTO config_item (kind, id, from_version, content, sha256)"
            " VALUES ('customer', :id, :version, :content, decode(repeat('00', 32), 'hex'))"
        )
        values = {"id": CUSTOMER, "version": connection.scalar(version), "content": figures}
        connection.execute(item, values)


def test_agents_are_not_told_apart_until_the_customer_declared_that_they_may_be(
    run: Run, engine: Engine
) -> None:
    """C9, § 87(1) no. 6 BetrVG: the default is no."""
    for options in (("--agents",), ("--agent", "anna", "--json")):
        refused = run("stats", *DAY, *options)
        assert refused.exit_code != 0
        assert "agents_declared" in refused.output
        assert "anna" not in refused.output
    assert run("stats", *DAY).exit_code == 0
    declared(engine, '{"figures": {"agents_declared": "2026-11-21"}}')
    assert run("stats", *DAY, "--agents", "--json").output == "[]\n"


def test_of_an_agent_with_few_calls_only_the_time_at_work_is_told(run: Run, engine: Engine) -> None:
    """docs/figures.md: 3 calls in the quarter of the worked example."""
    declared(engine, '{"figures": {"agents_declared": "2026-11-20"}}')
    (row,) = json.loads(run("stats", *DAY, "--interval", "15m", "--agent", "anna", "--json").output)[:1]
    told = {name: value for name, value in row.items() if value is not None}
    assert told == {
        "interval": "2026-11-20T10:00+01:00",
        "agent": "anna",
        "small": True,
        "calls": "<5",
        "logged_in_s": 900.0,
        "paused_s": 0.0,
    }
    assert "<5" in run("stats", *DAY, "--agents", "--format", "chart").output


def test_agents_and_charts_for_people(run: Run, engine: Engine) -> None:
    declared(engine, '{"figures": {"agents_declared": "2026-01-05"}}')
    later = [(at_ms + 900_000, each) for at_ms, each in worked_example()]
    records = [record for at_ms, each in later for record in logged([each], NINE_MS + at_ms)]
    others = [re.sub(r'"c([1-6])"', r'"d\1"', each) for each in records]
    AcdHistory(engine).insert(CUSTOMER, numbered(others, run=2))
    (row,) = json.loads(run("stats", *DAY, "--agent", "anna", "--json").output)
    assert (row["small"], row["calls"], row["talk_s"], row["occupancy"]) == (False, 6, 480.0, 0.15)
    assert "15%" in run("stats", *DAY, "--agents", "--format", "chart").output
    chart = run("stats", *DAY, "--format", "chart").output
    assert "█" in chart
    assert "25%" in chart
    assert "verkauf" in run("stats", *DAY).output


def test_a_quiet_day_is_said_so(run: Run) -> None:
    quiet = ("--customer", CUSTOMER, "--from", "2026-11-02", "--to", "2026-11-03")
    assert "Nobody called" in run("stats", *quiet).output
    assert run("stats", *quiet, "--json").output == "[]\n"
    assert run("stats", *quiet, "--format", "csv").stdout == ""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--queue", "verkauf", "--agent", "anna"), "exclude each other"),
        (("--to", "2026-11-20"), "must lie after --from"),
        (("--to", "2028-11-20"), "at most 400 days"),
        (("--interval", "2h"), "is not one of"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, options: tuple[str, ...], said: str) -> None:
    result = run("stats", *DAY, *options)
    assert result.exit_code == 2
    assert said in result.output
