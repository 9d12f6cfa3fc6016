"""What of the audit goes when (F4), also when other deletions fail."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, text

from store import audit
from store.audit import AuditLog, Wanted
from store.config_items import ItemKey
from store.errors import DatabaseTimeout
from store.invoice_sending import Handover, SentInvoices, Way
from store.privacy_erasing import PrivacyErasing
from store.privacy_facts import plan_of
from tests.integration.store.billing import PRAXIS
from tests.integration.store.invoicing import Office
from tests.integration.store.lived import LEFT, execute, found, run
from tests.typed import good


def test_calls_that_cannot_be_looked_through_hold_up_nothing_else(lived: Office) -> None:
    """Somebody has locked them, or there are too many to look through in time."""
    noted(lived.engine, "old.change")
    planned = plan_of(lived.engine, date(2026, 12, 20))
    with lived.engine.begin() as other:
        other.execute(text("LOCK TABLE cdr IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(DatabaseTimeout, match="looking for old calls"):
            PrivacyErasing(lived.engine).run(planned, datetime(2026, 12, 20, 3, tzinfo=UTC), "test")
    assert AuditLog(lived.engine).latest(Wanted(action="old.change")) == ()
    assert run(lived, date(2026, 12, 20)) == {"other-traffic"}


def test_why_numbers_are_missing_is_known_as_long_as_their_documents(lived: Office) -> None:
    """UStG § 14(4) no. 4, AO § 147(3): whoever examines the invoices of 2020 asks for them."""
    noted(lived.engine, "old.change", "invoice.numbers-passed-over")
    gap = Wanted(action="invoice.numbers-passed-over")
    run(lived, date(2028, 12, 31))
    assert AuditLog(lived.engine).latest(Wanted(action="old.change")) == ()
    assert len(AuditLog(lived.engine).latest(gap)) == 1
    assert "documents" in run(lived, date(2029, 1, 1))
    assert AuditLog(lived.engine).latest(gap) == ()


def test_whom_a_former_customers_invoices_went_to_goes_with_it(lived: Office) -> None:
    """F4: the entry names the document alone. What was done with documents of many stays."""
    mine = "SELECT number FROM invoice WHERE customer_id = 'kunde-praxis'"
    with lived.engine.connect() as connection:
        number = str(connection.scalar(text(mine)))
    sent = SentInvoices(lived.engine)
    sent.note([Handover(number, Way.EMAIL, "praxis@arzt.example")], actor="anna")
    sent.note([Handover(number, Way.BOOKKEEPING, "november.csv")], actor="anna")
    written = {"recipient": "praxis@arzt.example", "reason": ""}
    audit.write(lived.engine, "anna", "invoice.send", "invoice", number, written)
    assert "audit.details" in found(lived.engine, "praxis@arzt.example")["praxis@arzt.example"]
    target = lived.directory / "praxis.zip"
    good(lived("privacy", "export", PRAXIS, "--to", target, "--actor", "anna"))
    with zipfile.ZipFile(target) as archive:
        told = archive.read("audit.csv").decode()
    assert told.count("praxis@arzt.example") == 2, "and until then the customer is told of them"
    assert "november.csv" not in told
    lived.remove(ItemKey("customer", PRAXIS), LEFT)
    assert "customer-data" in run(lived, date(2027, 2, 1))
    places = found(lived.engine, "praxis@arzt.example")["praxis@arzt.example"]
    assert {each.split(".")[0] for each in places} <= {"invoice", "invoice_sent"}, "the documents' own years"
    assert len(AuditLog(lived.engine).latest(Wanted(action="invoice.export.done"))) == 1


def noted(engine: Engine, *actions: str) -> None:
    """In the audit since the summer of 2020."""
    row = (
        "INSERT INTO audit (at, actor, action, object_kind, object_id, details)"
        " VALUES ('2020-07-01', 'anna', '{}', 'numbers', '2020', '{{}}')"
    )
    execute(engine, *(row.format(each) for each in actions))
