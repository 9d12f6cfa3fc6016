"""docs/rating.md is true: its worked month is recomputed from the example files."""

from __future__ import annotations

import re

from cli.billing.rate_cdrs import read_cdrs
from cli.billing.tariff_directory import read_tariff
from rating.batch import rate_all
from rating.book import Books
from rating.charge import Charge, Why
from rating.money import ticks_text
from rating.totals import totals
from tests.unit.rating.files import EXAMPLES

PAGE = (EXAMPLES.parents[1] / "docs" / "rating.md").read_text()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_worked_month_is_what_the_engine_says() -> None:
    part = PAGE.split("<!-- worked month: begin -->")[1].split("<!-- worked month: end -->")[0]
    table = {row[0]: row for row in map(cells, part.strip().splitlines()[2:])}
    results = list(
        rate_all(read_cdrs(EXAMPLES / "cdrs" / "november-2026.csv").legs, Books(read_tariff(EXAMPLES)))
    )
    assert set(table) == {result.leg.leg_id for result in results}
    for result in results:
        _, customer, called, _, seconds, _, charge = table[result.leg.leg_id]
        assert (result.leg.customer_id, result.leg.called) == (customer, called)
        assert result.leg.billed_ms == int(seconds.replace(".4", "")) * 1000 + (400 if ".4" in seconds else 0)
        assert (ticks_text(result.ticks) if isinstance(result, Charge) else "waits") == charge
    for customer, exact, line in re.findall(r"\| (kunde-\w+) \| ([0-9.]+) \| ([0-9.]+ EUR) \|", PAGE):
        charges = [each for each in results if isinstance(each, Charge) and each.leg.customer_id == customer]
        (total,) = totals(charges).values()
        assert ticks_text(total.ticks) == exact.removesuffix("...")
        assert str(total.line()) == line


def test_every_reason_of_the_quarantine_is_documented() -> None:
    assert [why.value for why in Why if f"`{why.value}`" not in PAGE] == []
