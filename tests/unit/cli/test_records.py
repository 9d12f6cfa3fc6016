"""The columns of the export: an interface, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from cli.carriers.records import COLUMNS, row
from cli.export_rows import export_rows, no_formula
from dialplan.cdr import Quality
from tests.unit.controller.fakes import leg

#: Columns are added at the end, never renamed or moved: programs read them by place.
WANTED = """
    leg_id call_id side node customer_id direction trunk_id phone_id a_network a_presented b_dialled
    b_number started_at ringing_at answered_at ended_at billed_ms q850 cause sip_code hung_up_by reason_id
    config_version sip_call_id mos jitter_ms packets_received packets_lost
"""


def test_the_columns_of_the_export_keep_their_places() -> None:
    wanted = WANTED.split()
    assert list(COLUMNS[: len(wanted)]) == wanted


def test_a_row_has_all_columns_in_plain_values() -> None:
    found = row(replace(leg("leg-a"), quality=Quality(mos=4.5, packets_received=35)))
    assert list(found) == list(COLUMNS)
    assert found["started_at"] == "2026-11-22T08:00:00.000Z"
    assert (found["side"], found["hung_up_by"], found["answered_at"]) == ("a", "peer", None)
    assert (found["mos"], found["jitter_ms"], found["packets_received"]) == (4.5, None, 35)


@pytest.mark.parametrize(
    "text", ['=cmd|"/c calc"!A1', "-1+1", "@SUM(1)", "\tx", "\r=x", "+1+cmd", "+", "-", "-1-1", "+49 221"]
)
def test_a_spreadsheet_does_not_run_what_a_caller_dialled(text: str) -> None:
    assert no_formula(text) == "'" + text


@pytest.mark.parametrize(
    "value", ["+492214710100", "112", "", None, 17, -3, 4.5, "5a06864a-4727", "-4200000", "-0.05"]
)
def test_numbers_and_ids_are_exported_as_they_are(value: str | float | None) -> None:
    assert no_formula(value) == value


def test_a_csv_line_is_read_back_as_it_was_written(capsys: pytest.CaptureFixture[str]) -> None:
    export_rows("csv", COLUMNS, [row(replace(leg("leg-a"), b_dialled='=1,"2"\nx'))])
    (found,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert found["b_dialled"] == '\'=1,"2"\nx'
    assert (found["leg_id"], found["customer_id"]) == ("leg-a", "")


def test_a_json_line_holds_one_leg(capsys: pytest.CaptureFixture[str]) -> None:
    export_rows("jsonl", COLUMNS, [row(replace(leg("leg-a"), b_dialled="a\u2028b\nc"))])
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    assert json.loads(text)["b_dialled"] == "a\u2028b\nc"
