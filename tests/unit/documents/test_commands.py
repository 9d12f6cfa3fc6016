"""`fernamt invoice render|check` and `fernamt evn render`, from files alone."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from pypdf import PdfReader

from cli.billing.rate_cdrs import read_cdrs
from cli.billing.tariff_directory import read_tariff
from cli.main import fernamt
from documents.invoice_json import to_json
from rating.batch import rate_all
from rating.book import Books
from rating.charge import Charge
from rating.invoice import Invoice
from rating.invoice_compose import compose
from rating.invoice_facts import usages
from tests.unit.rating.files import EXAMPLES
from tests.unit.rating.invoices import BUYER, FACTS, facts

CDRS = EXAMPLES / "cdrs" / "november-2026.csv"
CUSTOMER = "kunde-kanzlei"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(fernamt, [str(each) for each in arguments])


def stored(directory: Path, invoice: Invoice) -> Path:
    path = directory / f"{invoice.number}.json"
    path.write_bytes(to_json(invoice))
    return path


def november() -> Invoice:
    """The customer's invoice of the example month."""
    results = rate_all(read_cdrs(CDRS).legs, Books(read_tariff(EXAMPLES)))
    charges = [each for each in results if isinstance(each, Charge) and each.leg.customer_id == CUSTOMER]
    return compose(facts(buyer=replace(BUYER, customer_no=CUSTOMER), usage=usages(charges)))


def test_an_invoice_is_rendered_and_checked(tmp_path: Path) -> None:
    """E7, E12."""
    source = stored(tmp_path, compose(FACTS))
    pdf, xml = tmp_path / "invoice.pdf", tmp_path / "xrechnung.xml"
    done = run("invoice", "render", source, "--zugferd", pdf, "--xrechnung", xml)
    assert done.exit_code == 0, done.output
    for path in (pdf, xml):
        done = run("invoice", "check", path)
        assert (done.exit_code, "no rule broken" in done.output) == (0, True)
    wrong = tmp_path / "wrong.xml"
    wrong.write_bytes(xml.read_bytes().replace(b"183.05", b"183.06"))
    done = run("invoice", "check", wrong, "--json")
    assert done.exit_code == 1
    assert "BR-CO-15" in {each["rule"] for each in json.loads(done.output)["findings"]}


def test_nothing_is_rendered_of_a_file_that_is_no_invoice(tmp_path: Path) -> None:
    """Guarantee 7."""
    source = tmp_path / "invoice.json"
    source.write_text("{}")
    done = run("invoice", "render", source, "--pdf", tmp_path / "out.pdf")
    assert done.exit_code == 1
    assert "document.unreadable" in done.output
    assert not (tmp_path / "out.pdf").exists()
    assert run("invoice", "render", source).exit_code == 2


ORDER = ("--ordered", "2026-01-01", "--declared", "2026-01-01")


def evn(directory: Path, invoice: Invoice, *others: object, lines: str = "") -> Result:
    counselling = directory / "lines.csv"
    counselling.write_text(f"number;valid_from;valid_until\n{lines}")
    source = stored(directory, invoice)
    return run(
        "evn", "render", "--config", EXAMPLES, "--cdrs", CDRS, "--invoice", source,
        "--counselling", counselling, *others,
    )  # fmt: skip


def test_the_itemised_bill_of_the_example_month_adds_up_to_its_invoice(tmp_path: Path) -> None:
    """E7, guarantee 5: PDF and CSV say the same, and the invoice's sums."""
    pdf, rows = tmp_path / "evn.pdf", tmp_path / "evn.csv"
    done = evn(tmp_path, november(), *ORDER, "--detail", "full", "--flat-rate", "--pdf", pdf, "--csv", rows)
    assert done.exit_code == 0, done.output
    found = list(csv.DictReader(io.StringIO(rows.read_text()), delimiter=";"))
    assert found
    assert all(each["own"].startswith("+4930") and each["number"] for each in found)
    page = " ".join(page.extract_text() for page in PdfReader(pdf).pages)
    for each in found:
        assert each["number"] in page
        assert f"{each['amount'].replace('.', ',')} {each['currency']}" in page
    assert "Rechnungsposition" in page


def test_an_itemised_bill_that_does_not_add_up_to_the_invoice_is_not_made(tmp_path: Path) -> None:
    """Guarantee 5."""
    done = evn(tmp_path, compose(facts(buyer=november().buyer)), *ORDER, "--csv", tmp_path / "evn.csv")
    assert done.exit_code == 1
    assert "rating.evn" in done.output
    assert not (tmp_path / "evn.csv").exists()


def test_no_itemised_bill_without_declaration(tmp_path: Path) -> None:
    """TDDDG § 11(3)."""
    done = evn(tmp_path, november(), "--ordered", "2026-01-01", "--csv", tmp_path / "evn.csv")
    assert (done.exit_code, "TDDDG § 11(3)" in done.output) == (1, True)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("0221;2026-01-01;\n", "lines.csv:2: "),
        ("+492214710999;1.1.2026;\n", "no day"),
        ("+492214710999;2026-01-01;\n+492214710999;2026-02-01;\n", "lines.csv:3: number: +492214710999 is"),
    ],
)
def test_a_list_of_counselling_lines_with_a_mistake_is_refused(tmp_path: Path, lines: str, said: str) -> None:
    """TDDDG § 11(5), guarantee 7."""
    done = evn(tmp_path, november(), *ORDER, "--csv", tmp_path / "evn.csv", lines=lines)
    assert (done.exit_code, said in done.output) == (1, True), done.output
