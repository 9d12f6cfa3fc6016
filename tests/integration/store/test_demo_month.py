"""The demo ends with a month that a reader can add up: the worked month of docs/rating.md."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Engine

from cli.demonstration.demo_month import CUSTOMER, rated_month
from documents.check import check, invoice_xml
from provisioning.canonical import items_of
from provisioning.load import load
from store.config_versions import ConfigStore
from store.rating_tariffs import TariffStore
from tests.integration.store.billing import tariff_files
from tests.integration.store.billing_program import CARRIER


def test_the_demos_month_is_the_worked_month_of_the_documentation(engine: Engine, tmp_path: Path) -> None:
    """Issue 5, build 10: charges explained, a PDF invoice with ZUGFeRD inside, an itemised bill."""
    ConfigStore(engine).apply(0, list(items_of(load([CARRIER]).config).values()), [], author="anna")
    TariffStore(engine).import_files(tariff_files(), author="anna", today=date(2026, 11, 22))
    month = rated_month(engine, tmp_path, datetime(2026, 11, 22, 12, tzinfo=UTC))
    assert (month.customer, month.calls, month.usage, month.itemised) == (CUSTOMER, 9, "0.68 EUR", "0.68 EUR")
    # Five users at 2.90, and the calls: 14.50 + 0.68 = 15.18; 19 % of it are 2.8842.
    assert (month.net, month.vat, month.gross) == ("15.18 EUR", "2.88 EUR", "18.06 EUR")
    assert "0.005167" in month.explained[0], "the call across the edge of the quota, as the page has it"
    pdf, evn, rows = (Path(each) for each in month.files)
    assert check(invoice_xml(pdf.read_bytes())) == ()
    assert evn.read_bytes().startswith(b"%PDF-")
    assert "+492214710xxx" in rows.read_text(), "shortened by three digits, as ordered"
