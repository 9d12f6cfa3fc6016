"""`fernamt stats` as operators type it, on a log with the worked example of docs/figures.md (C9)."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.acd_history import AcdHistory
from tests.integration.store.test_acd_log import CUSTOMER, NINE, numbered, worked_records
from tests.typed import Run, settings_of, typed

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
    text = run("stats", *DAY, "--queue", "verkauf", "--format", "csv").output
    (line,) = csv.DictReader(io.StringIO(text))
    assert (line["interval"], line["offered"]) == ("2026-11-20T10:00+01:00", "6")


def test_agents_and_charts_for_people(run: Run) -> None:
    (row,) = json.loads(run("stats", *DAY, "--interval", "15m", "--agent", "anna", "--json").output)[:1]
    assert (row["calls"], row["occupancy"], row["logged_in_s"]) == (3, 0.3, 900.0)
    assert "30%" in run("stats", *DAY, "--interval", "15m", "--agents", "--format", "chart").output
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
