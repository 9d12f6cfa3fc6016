"""Connections are bounded, and what goes wrong has a name."""

from __future__ import annotations

import time
import traceback

import pytest
from sqlalchemy import make_url, text

from store.database import make_engine
from store.errors import (
    DatabaseConflict,
    DatabaseError,
    DatabaseLoginRefused,
    DatabaseTimeout,
    DatabaseUnavailable,
    SchemaMismatch,
)
from store.foreign_errors import database_errors
from tests.patience import slowness


def changed(url: str, **parts: str) -> str:
    return make_url(url).set(**parts).render_as_string(hide_password=False)  # type: ignore[arg-type]


def failing(url: str, statement: str) -> DatabaseError:
    engine = make_engine(url, pool_size=1)
    try:
        with pytest.raises(DatabaseError) as caught, database_errors("asking"), engine.begin() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
    return caught.value


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(5)", DatabaseTimeout),
        ("SELECT * FROM no_such_table", SchemaMismatch),
        ("SELECT no_such_column FROM cdr", SchemaMismatch),
        ("SELECT pg_terminate_backend(pg_backend_pid())", DatabaseUnavailable),
        ("SET TRANSACTION READ ONLY; DELETE FROM cdr", DatabaseUnavailable),
        ("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$", DatabaseConflict),
    ],
)
def test_what_the_database_reports_has_our_name(
    database_url: str, statement: str, kind: type[DatabaseError]
) -> None:
    assert type(failing(database_url, statement)) is kind


def test_a_wrong_password_or_database_is_not_taken_for_an_outage(database_url: str) -> None:
    for url in (changed(database_url, password="wrong"), changed(database_url, database="no_such_database")):
        assert isinstance(failing(url, "SELECT 1"), DatabaseLoginRefused)


def test_a_dead_server_is_an_outage_that_may_pass(unused_tcp_port: int) -> None:
    error = failing(f"postgresql://u:p@127.0.0.1:{unused_tcp_port}/db", "SELECT 1")
    assert isinstance(error, DatabaseUnavailable)
    assert error.retry
    assert str(error).startswith("asking: ")


def test_every_statement_and_lock_has_a_limit(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        limits = [connection.execute(text(f"SHOW {name}")).scalar_one() for name in names]
    engine.dispose()
    assert limits == ["10s", "5s", "1min"]


def test_more_callers_than_connections_wait_a_while_and_no_longer(database_url: str) -> None:
    engine = make_engine(database_url, pool_size=1, pool_wait_s=0.1)
    with engine.connect():
        began = time.monotonic()
        with pytest.raises(DatabaseTimeout), database_errors("asking"), engine.connect():
            pass
        assert time.monotonic() - began < 3 * slowness()
    engine.dispose()


def test_values_of_a_failed_statement_are_in_no_error(database_url: str) -> None:
    """Secrecy of telecommunications: a number in an error would be a number in a log."""
    engine = make_engine(database_url)
    query = text("SELECT CAST(:number AS text) FROM no_such_table")
    with (
        pytest.raises(SchemaMismatch) as caught,
        database_errors("asking"),
        engine.connect() as connection,
    ):
        connection.execute(query, {"number": "+492214710100"})
    engine.dispose()
    assert "4710100" not in "".join(traceback.format_exception(caught.value))
