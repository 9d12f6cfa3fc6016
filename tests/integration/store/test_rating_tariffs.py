"""Tariffs in the database: all of an import or nothing, never backwards, reproducible."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Engine

from rating.errors import TariffRefused
from store.audit import AuditLog
from store.errors import RateChanged, TariffBackwards, TariffMissing
from store.rating_run import RatingRun
from store.rating_tariffs import TariffStore
from store.rating_waiting import WaitingLegs
from tests.integration.store.billing import (
    PRAXIS,
    Fixed,
    imported,
    outgoing,
    rows,
    take_in,
    tariff_files,
)

TODAY = date(2026, 11, 1)


def _import(store: TariffStore, **files: bytes) -> int | None:
    named = {name.replace("_csv", ".csv"): content for name, content in files.items()}
    return store.import_files(named, author="anna", today=TODAY).revision


def test_what_was_imported_is_what_rates(engine: Engine) -> None:
    store = imported(engine)
    applied = store.current()
    assert applied.revision == store.revision() == 1
    assert [str(each) for each in applied.tariff.versions["standard"]] == [
        "standard 2026-01",
        "standard 2026-11",
    ]
    assert [entry.action for entry in AuditLog(engine).latest()] == ["tariff.import"]


def test_the_same_files_again_change_nothing(engine: Engine) -> None:
    store = imported(engine)
    again = store.import_files(tariff_files(), author="anna", today=TODAY)
    assert (again.revision, again.changed, again.rates) == (None, (), 0)
    assert store.revision() == 1


def test_a_dry_run_writes_nothing(engine: Engine) -> None:
    store = TariffStore(engine)
    planned = store.import_files(tariff_files(), author="anna", today=TODAY, dry_run=True)
    assert planned.before is None
    assert "lists.csv" in planned.changed
    assert store.revision() == 0
    with pytest.raises(TariffMissing, match="fernamt tariff import"):
        store.current()


def test_one_bad_line_and_nothing_is_imported(engine: Engine) -> None:
    files = tariff_files()
    files["standard-2026-01.csv"] += b"+1;;USA;foreign;;0,05;;;60/60;;\n"
    with pytest.raises(TariffRefused, match="decimal"):
        TariffStore(engine).import_files(files, author="anna", today=TODAY)
    assert rows(engine, "SELECT count(*) FROM tariff_file") == [(0,)]


def test_prices_of_a_valid_version_do_not_change(engine: Engine) -> None:
    """E4: never backwards."""
    store = imported(engine)
    with pytest.raises(TariffBackwards, match=r"standard 2026-01: is valid"):
        _import(
            store,
            **{"standard-2026-01.csv": tariff_files()["standard-2026-01.csv"].replace(b"0.0100", b"0.0200")},
        )
    assert store.revision() == 1


def test_a_destination_without_price_gets_one_in_a_valid_version(engine: Engine) -> None:
    """E4, never free, never lost: nothing that has a price changes, and the call that waits is rated."""
    store = imported(engine)
    take_in(engine, outgoing("japan", 0, 61, PRAXIS, "+81312345678"))
    run = RatingRun(engine, Fixed(store))
    run.batch()
    assert rows(engine, "SELECT why FROM rating_quarantine") == [("rate.no-price",)]
    files = {name: tariff_files()[name] for name in ("standard-2026-01.csv", "standard-2026-11.csv")}
    line = b"+81;;Japan;foreign;;0.0600;;;60/1;;\n"
    later = date(2026, 12, 1)
    first = files["standard-2026-01.csv"]
    for number in (b"+4366;", b"+436641234567;exact"):
        wrong = number + b";Austria;foreign;;0.5000;;;60/1;;\n"
        with pytest.raises(TariffBackwards, match="no price at all"):
            store.import_files({"standard-2026-01.csv": first + line + wrong}, author="anna", today=later)
    both = {name: content + line for name, content in files.items()}
    assert store.import_files(both, author="anna", today=later).revision == 2
    WaitingLegs(engine).retry("anna")
    RatingRun(engine, Fixed(store)).batch()
    assert rows(engine, "SELECT why FROM rating_quarantine") == []
    assert rows(engine, "SELECT leg_id, tariff_revision FROM charge") == [("japan", 2)]
    dearer = {name: content + line.replace(b"0.0600", b"0.0700") for name, content in files.items()}
    with pytest.raises(TariffBackwards, match="standard 2026-01"):
        store.import_files(dearer, author="anna", today=later)


def test_a_version_of_the_future_may_be_mended_or_taken_back(engine: Engine) -> None:
    store = imported(engine)
    lists = tariff_files()["lists.csv"]
    future = lists + b"bau;2099-01;individual;EUR;2099-01-01;;bau-2099-01.csv;\n"
    prices = tariff_files()["bau-2026-01.csv"]
    assert _import(store, **{"lists.csv": future, "bau-2099-01.csv": prices}) == 2
    assert _import(store, **{"bau-2099-01.csv": prices.replace(b"0.0300", b"0.0310", 1)}) == 3
    assert _import(store, lists_csv=lists) == 4
    assert [str(each) for each in store.current().tariff.versions["bau"]] == ["bau 2026-01"]


def test_a_new_version_does_not_begin_in_the_past(engine: Engine) -> None:
    store = imported(engine)
    lists = tariff_files()["lists.csv"] + b"bau;2026-10;individual;EUR;2026-10-01;;bau-2026-01.csv;\n"
    with pytest.raises(TariffBackwards, match="would be valid since 2026-10-01"):
        _import(store, lists_csv=lists)


def test_rates_are_added_and_never_changed(engine: Engine) -> None:
    store = imported(engine)
    head = b"day;currency;per_euro\n"
    assert _import(store, fx_csv=head + b"2026-12-31;USD;1.3\n") is None
    assert len(store.current().tariff.rates.published) == 4
    with pytest.raises(RateChanged, match="USD on 2026-12-31"):
        _import(store, fx_csv=head + b"2026-12-31;USD;1.4\n")
