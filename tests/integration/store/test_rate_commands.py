"""`fernamt tariff import`, `fernamt rate run|rerate|explain|quarantine` as operators type them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine, text

from cli.demonstration.demo_rating import costs
from cli.explaining.findings import State
from cli.explaining.record_checks import rating
from cli.settings import settings_from
from dialplan.limits.agreed import Claim, Counter, Scope
from rating.berlin import Month
from store.audit import AuditLog
from store.invoices import Invoices
from store.limits import counter_key
from store.rating_waiting import WaitingLegs
from tests.integration.store.billing import KANZLEI, PRAXIS, TARIFFS, outgoing, take_in
from tests.typed import Run, good, parsed, settings_of, typed

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
ANNA = ("--actor", "anna")


@pytest.fixture
def run(
    tmp_path: Path,
    database_url: str,
    redis_url: str,
    redis_client: redis.Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """`fernamt` on the test's database and Redis, at NOW whatever the clock says."""
    for module in ("cli.changes", "cli.billing.rate_worker", "cli.billing.tariff_import"):
        monkeypatch.setattr(f"{module}.now", lambda: NOW)
    return typed(settings_of(tmp_path, database_url, redis_url))


def test_a_month_from_the_price_list_to_the_explained_charge(
    run: Run, engine: Engine, redis_client: redis.Redis
) -> None:
    assert "standard 2026-01" in good(run("tariff", "import", TARIFFS, "--dry-run"))
    assert parsed(run("tariff", "import", TARIFFS, "--json", *ANNA))["revision"]
    take_in(
        engine, outgoing("one", 0, 61, PRAXIS), outgoing("two", 1, 700), outgoing("no", 2, 9, PRAXIS, "+8505")
    )
    assert "2 charged, 0 free, 1 wait in quarantine, 0 corrected" in good(run("rate", "run"))
    assert parsed(run("rate", "run", "--json"))["calls"] == 0
    assert "zusammen 61 Sekunden" in good(run("rate", "explain", "one"))
    told = parsed(run("rate", "explain", "two", "--json", "--language", "en"))[0]
    assert (told["bundle"], told["bundle_s"], told["amount"]) == ("fixed_minutes", 600, "0.0167")
    spent = Claim(Counter.SPEND_PER_MONTH, Scope.CUSTOMER, f"{PRAXIS}/2026-11", 0)
    assert redis_client.get(counter_key(spent)) == b"10200"
    assert [entry.action for entry in AuditLog(engine).latest()] == ["tariff.import"]


def test_what_waits_is_listed_and_tried_again_when_its_cause_is_mended(
    run: Run, engine: Engine, tmp_path: Path
) -> None:
    good(run("tariff", "import", TARIFFS, *ANNA))
    take_in(engine, outgoing("new", 0, 60, "kunde-neu"))
    assert "1 wait in quarantine" in good(run("rate", "run"))
    (waiting,) = parsed(run("rate", "quarantine", "list", "--json"))
    assert (waiting["leg_id"], waiting["why"]) == ("new", "rate.no-terms")
    unknown = run("rate", "explain", "new")
    assert unknown.exit_code == 1
    assert "it is in quarantine: kunde-neu has no price model in 2026-11" in unknown.output
    customers = (TARIFFS / "customers.csv").read_text() + "kunde-neu;basis;2026-11-01;;;;;;;\n"
    (tmp_path / "customers.csv").write_text(customers)
    good(run("tariff", "import", tmp_path / "customers.csv", *ANNA))
    assert good(run("rate", "quarantine", "retry", *ANNA)) == "1 calls are due again.\n"
    assert "1 charged" in good(run("rate", "run"))
    assert good(run("rate", "quarantine", "list")) == "Every record that came in is rated.\n"


def test_the_doctor_names_rating_that_is_down(
    run: Run, engine: Engine, tmp_path: Path, database_url: str, redis_url: str
) -> None:
    """Issue 7: nobody has rated for a quarter of an hour."""
    settings = settings_from(json.dumps(settings_of(tmp_path, database_url, redis_url)), "test")
    good(run("tariff", "import", TARIFFS, *ANNA))
    take_in(engine, outgoing("late", 0, 60))
    assert rating(settings).state is State.OK
    with engine.begin() as connection:
        connection.execute(text("UPDATE rating_due SET noted_at = now() - interval '15 minutes'"))
    down = rating(settings)
    assert down.state is State.WARNING
    assert down.seen.startswith("1 calls to rate, 0 legs in quarantine, since ")
    assert "fernamt rate run --follow" in down.next_step
    good(run("rate", "run"))
    assert rating(settings).state is State.OK


def test_invoices_go_without_a_leg_that_a_person_sets_aside(run: Run, engine: Engine) -> None:
    """Issue 5: never free, never lost: it stays visible, with who said why, and may be rated after all."""
    good(run("tariff", "import", TARIFFS, *ANNA))
    take_in(engine, outgoing("no", 2, 9, PRAXIS, "+8505"))
    good(run("rate", "run"))
    month = Month(2026, 11)
    assert Invoices(engine).open_legs(PRAXIS, month) == ("no",)
    aside = ("rate", "quarantine", "set-aside", "no")
    assert run(*aside, *ANNA).exit_code == 2, "not without a reason"
    good(run(*aside, "--reason", "number lost", *ANNA))
    assert Invoices(engine).open_legs(PRAXIS, month) == ()
    assert WaitingLegs(engine).backlog().quarantined == 0
    assert run(*aside, "--reason", "again", *ANNA).exit_code == 1
    (waiting,) = parsed(run("rate", "quarantine", "list", "--json"))
    assert (waiting["why"], waiting["aside_by"], waiting["aside_why"]) == (
        "rate.no-price",
        "anna",
        "number lost",
    )
    assert AuditLog(engine).latest()[0].action == "rate.set-aside"
    good(run("rate", "quarantine", "retry", *ANNA))
    good(run("rate", "run"))
    assert Invoices(engine).open_legs(PRAXIS, month) == (), "tried again, and still set aside"


def test_a_customer_s_terms_come_from_its_contract(run: Run, engine: Engine) -> None:
    good(run("tariff", "import", TARIFFS, *ANNA))
    contract = {
        "product": "teams", "price_model": "medium", "start": "2026-01-01",
        "fair_use": {"counted_per": "customer", "fixed_minutes": 1},
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO config_version (author) VALUES ('anna')"))
        connection.execute(
            text(
                "INSERT INTO config_item (kind, id, from_version, content, sha256)"
                " VALUES ('customer', 'kunde-neu', 1, :content, sha256(convert_to(:content, 'UTF8')))"
            ),
            {"content": json.dumps({"id": "kunde-neu", "contract": contract})},
        )
    take_in(engine, outgoing("one", 0, 61, "kunde-neu"))
    assert "1 charged" in good(run("rate", "run"))
    assert parsed(run("rate", "explain", "one", "--json"))[0]["bundle_s"] == 60


def test_a_month_is_rated_again_by_corrections(run: Run, engine: Engine, tmp_path: Path) -> None:
    good(run("tariff", "import", TARIFFS, *ANNA))
    take_in(engine, outgoing("two", 1, 700))
    good(run("rate", "run"))
    mended = (TARIFFS / "customers.csv").read_text().replace(";customer;;10;;", ";customer;;5;;")
    (tmp_path / "customers.csv").write_text(mended)
    good(run("tariff", "import", tmp_path / "customers.csv", *ANNA))
    month = ("--customer", KANZLEI, "--month", "2026-11", "--reason", "five minutes were agreed", *ANNA)
    assert "1 corrected, 0 new, 0 wait. Difference: 0.05 EUR net" in good(run("rate", "rerate", *month))
    assert "0 corrected, 0 new, 0 wait. Difference: 0.00 EUR net" in good(run("rate", "rerate", *month))
    latest = reversed(AuditLog(engine).latest(limit=4))
    assert [each.action for each in latest] == ["rate.rerate", "rate.rerate.done"] * 2
    told = good(run("rate", "explain", "two"))
    assert "Correction 1" in told
    assert "five minutes were agreed" in told


def test_the_ecb_s_rates_are_imported(run: Run, tmp_path: Path) -> None:
    good(run("tariff", "import", TARIFFS, *ANNA))
    file = tmp_path / "eurofxref-hist.csv"
    file.write_text("Date,USD,CYP,SEK,\n2026-12-31,1.31,N/A,11.02,\n2019-12-31,1.1,N/A,10.4,\n")
    assert good(run("tariff", "rates", file, *ANNA)) == "2 exchange rates added.\n"
    assert good(run("tariff", "rates", file, *ANNA)) == "0 exchange rates added.\n"
    file.write_text("Datum;USD\n2026-12-31;1,31\n")
    refused = run("tariff", "rates", file, *ANNA)
    assert refused.exit_code == 1
    assert "eurofxref-hist.csv as it is" in refused.output


def test_without_a_price_list_rating_says_so(run: Run, engine: Engine) -> None:
    refused = run("rate", "run")
    assert refused.exit_code == 1
    assert "fernamt tariff import" in refused.output


def test_the_demo_says_what_each_of_its_calls_cost(engine: Engine) -> None:
    take_in(
        engine,
        outgoing("paid", 0, 61, PRAXIS),
        outgoing("flat", 1, 60),
        outgoing("no", 2, 9, PRAXIS, "+8505"),
    )
    found = costs(engine, {"paid", "flat", "no"}, NOW.date())
    assert found == {"paid": "0.0102 EUR", "flat": "flat (fixed_minutes)", "no": "rate.no-price"}
