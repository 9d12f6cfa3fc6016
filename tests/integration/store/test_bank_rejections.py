"""What the bank does not take of a file of debits (pain.002), and what its statement says later (E9)."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.audit import AuditLog
from tests.integration.store.bank_statements import camt, credited, returned
from tests.integration.store.billing_program import ANNA, Program
from tests.integration.store.claims import NUMBER, export, gross, ledger, november_invoiced


@pytest.fixture
def run(
    tmp_path: Path, database_url: str, redis_url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> Program:
    """A file with the debit of one invoice is at the bank."""
    program = november_invoiced(tmp_path, database_url, redis_url, engine, monkeypatch)
    export(program, tmp_path)
    return program


def report(directory: Path, body: str, run: str = "2026-12-07-b2b") -> Path:
    path = directory / "pain.xml"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{run}</OrgnlMsgId>{body}</CstmrPmtStsRpt></Document>"
    )
    return path


WHOLE = "<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf></OrgnlGrpInfAndSts>"
PART = (
    "<GrpSts>PART</GrpSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>2026-12-07-b2b-1</OrgnlPmtInfId>"
    "<PmtInfSts>RJCT</PmtInfSts><StsRsnInf><Rsn><Cd>AG02</Cd></Rsn></StsRsnInf></OrgnlPmtInfAndSts>"
)
DEBIT = (
    "</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>2026-12-07-b2b-1</OrgnlPmtInfId>"
    f"<TxInfAndSts><OrgnlEndToEndId>{NUMBER}</OrgnlEndToEndId><TxSts>RJCT</TxSts>"
    "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts></OrgnlPmtInfAndSts>"
)


@pytest.mark.parametrize(("body", "reason"), [(WHOLE, "FF01"), (PART, "AG02"), (DEBIT, "AC04")])
def test_a_debit_that_the_bank_does_not_take_is_open_again(
    run: Program, engine: Engine, tmp_path: Path, body: str, reason: str
) -> None:
    owed = gross(run)
    done = run("sepa", "import", report(tmp_path, body), "--json", *ANNA)
    assert done.exit_code == 3, done.output
    (told,) = json.loads(done.output)
    assert [(each["invoice"], each["reason"]) for each in told["rejected"]] == [(NUMBER, reason)]
    assert ledger(engine) == {"receivable": owed.amount}
    (item,) = run.json("customer", "open")["items"]
    assert (item["invoice"], item["came_back"]) == (NUMBER, reason)
    (again,) = run.json("sepa", "import", report(tmp_path, body), *ANNA)
    assert (again["known_before"], again["rejected"]) == (1, [])
    assert AuditLog(engine).latest()[0].action == "sepa.reject"
    assert "--again" in str(export(run, tmp_path, "2026-12-08")["left_out"][0]["why"])
    (made,) = export(run, tmp_path, "2026-12-08", "--again", NUMBER)["files"]
    assert made["sum"] == str(owed)


def test_a_rejected_debit_that_is_credited_and_taken_back_moves_no_claim(
    run: Program, engine: Engine, tmp_path: Path
) -> None:
    """Some banks credit files whole: what they take back is the credit, and its fee is the customer's."""
    owed = gross(run)
    run("sepa", "import", report(tmp_path, DEBIT), *ANNA)
    bank = camt(tmp_path, credited(owed, "2026-12-07-b2b-1"), returned(owed, NUMBER, "AC04"))
    (told,) = run.json("sepa", "import", bank, *ANNA)
    assert [each["fee"] for each in told["came_back"]] == ["5.00 EUR"]
    charges = Decimal("3.00")
    assert ledger(engine) == {"receivable": owed.amount, "bank": -charges, "bank_charges": charges}
    more = camt(tmp_path, returned(owed, NUMBER, "AC04").replace("B-", "C-"), name="more.xml")
    assert run("sepa", "import", more, *ANNA).exit_code == 3, "it came back before"


def test_a_report_about_no_file_of_ours_is_told_and_changes_nothing(
    run: Program, engine: Engine, tmp_path: Path
) -> None:
    done = run("sepa", "import", report(tmp_path, WHOLE, "2025-01-01-core"), *ANNA)
    assert (done.exit_code, "is no debit of ours" in done.output) == (3, True)
    run.good("sepa", "import", report(tmp_path, "<GrpSts>ACTC</GrpSts></OrgnlGrpInfAndSts>"), *ANNA)
    assert ledger(engine) == {"in_collection": gross(run).amount}
    assert "no pain.002" in run.refused("sepa", "import", _other(tmp_path), *ANNA)


def _other(directory: Path) -> Path:
    path = directory / "other.xml"
    path.write_text("<Document><!-- pain.002.001. --></Document>")
    return path
