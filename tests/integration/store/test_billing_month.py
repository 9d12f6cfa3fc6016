"""The benchmark of a month, small: rated by two workers and invoiced by the commands themselves."""

from __future__ import annotations

import json

import pytest

from benchmarks.month.run import main


def test_a_small_month_is_rated_and_invoiced_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Guarantees 4 and 5: every call one charge, charges, ledger and invoices the same to the last tick."""
    assert main(["--cdrs", "2000", "--customers", "30", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["invoices"] == found["customers"] == 30
    assert [found[name] for name in ("every_cdr_charged", "all_is_billed", "numbers_without_gaps")] == [
        True
    ] * 3
    assert found["memory_mb"] > 0
