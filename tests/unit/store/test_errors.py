"""Each failure has a stable id, the place, what happened, and what to do."""

from __future__ import annotations

import sys

import psycopg2
import pytest
import redis
from sqlalchemy import exc

from store import errors
from store.embedded.diagnosis import diagnose, still_held
from store.foreign_errors import database_error, live_state_error


def all_errors(root: type[errors.StoreError] = errors.StoreError) -> list[type[errors.StoreError]]:
    return [root, *(found for child in root.__subclasses__() for found in all_errors(child))]


def test_no_two_errors_share_an_id_and_all_stand_in_the_tree_drawn_on_top() -> None:
    ids = [error.id for error in all_errors()]
    assert len(set(ids)) == len(ids)
    trees = {error: sys.modules[error.__module__].__doc__ or "" for error in all_errors()}
    assert [error.__name__ for error, tree in trees.items() if error.__name__ not in tree] == []


def test_a_message_says_place_event_and_next_step() -> None:
    error = errors.DatabaseFull("storing call records", "the disk is full", "Free some space")
    assert str(error) == "storing call records: the disk is full. Free some space"


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("FATAL:  could not write lock file: No space left on device", errors.StateDirectoryFull),
        ("initdb: error: could not create directory: Disk quota exceeded", errors.StateDirectoryFull),
        ('LOG: could not bind IPv4 address "127.0.0.1": Address already in use', errors.PortTaken),
        ("bind: Address already in use", errors.PortTaken),
        ("FATAL:  database files are incompatible with server", errors.DataVersionMismatch),
        ("# Can't handle RDB format version 80", errors.DataVersionMismatch),
        ("Bad file format reading the append only file", errors.DataDamaged),
        ("PANIC:  could not locate a valid checkpoint record", errors.DataDamaged),
        ("Can't open the append-only file: Permission denied", errors.StateDirectoryClosed),
        ("something nobody has seen before", errors.ServerStartFailed),
        ("", errors.ServerStartFailed),
    ],
)
def test_a_servers_last_words_are_understood(words: str, kind: type[errors.StoreError]) -> None:
    error = diagnose("/state/postgres", f"LOG:  starting\n{words}\n" if words else "", "/state/postgres/log")
    assert type(error) is kind
    assert "/state/postgres/log" in str(error)


def test_a_start_that_met_the_last_runs_remains_is_tried_again() -> None:
    assert still_held("FATAL:  pre-existing shared memory block (key 1) is still in use")
    assert not still_held("FATAL:  database files are incompatible with server")


@pytest.mark.parametrize(
    ("foreign", "kind"),
    [
        (redis.ConnectionError("refused"), errors.LiveStateUnavailable),
        (redis.TimeoutError("timed out"), errors.LiveStateUnavailable),
        (redis.exceptions.BusyLoadingError("loading"), errors.LiveStateUnavailable),
        (redis.exceptions.MaxConnectionsError("pool"), errors.LiveStateUnavailable),
        (OSError("broken pipe"), errors.LiveStateUnavailable),
        (redis.ReadOnlyError("replica"), errors.LiveStateUnavailable),
        (redis.exceptions.OutOfMemoryError("command not allowed"), errors.LiveStateFull),
        (redis.ResponseError("MISCONF Errors writing to the AOF file"), errors.LiveStateFull),
        (redis.AuthenticationError("invalid password"), errors.LiveStateLoginRefused),
        (redis.ResponseError("WRONGPASS invalid"), errors.LiveStateLoginRefused),
        (redis.exceptions.NoPermissionError("no"), errors.LiveStateLoginRefused),
        (redis.ResponseError("WRONGTYPE"), errors.LiveStateDefect),
    ],
)
def test_what_redis_reports_has_our_name(foreign: Exception, kind: type[errors.StoreError]) -> None:
    assert type(live_state_error("test", foreign)) is kind


@pytest.mark.parametrize(
    ("foreign", "kind"),
    [
        (exc.TimeoutError("pool"), errors.DatabaseTimeout),
        (psycopg2.OperationalError("server closed the connection unexpectedly"), errors.DatabaseUnavailable),
        (psycopg2.InterfaceError("connection already closed"), errors.DatabaseUnavailable),
        (psycopg2.OperationalError("FATAL:  password authentication failed"), errors.DatabaseLoginRefused),
        (psycopg2.OperationalError('FATAL:  database "x" does not exist'), errors.DatabaseLoginRefused),
        (TimeoutError("timed out"), errors.DatabaseUnavailable),
        (ValueError("A string literal cannot contain NUL"), errors.RecordRefused),
        (exc.InvalidRequestError("our own mistake"), errors.DatabaseDefect),
    ],
)
def test_what_the_database_reports_without_a_code_has_our_name(
    foreign: Exception, kind: type[errors.StoreError]
) -> None:
    assert type(database_error("test", foreign)) is kind
