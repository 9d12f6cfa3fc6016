"""Errors of SQLAlchemy, psycopg2 and redis-py as ours: the one table for each.

Messages carry the server's one-line message and the name of a broken rule, never its DETAIL: that
repeats the row, and with it people's numbers (TDDDG §3: secrecy of telecommunications).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg2
import redis
from sqlalchemy import exc

from store import errors

#: SQLSTATE, or its first two letters (PostgreSQL manual, appendix A); the longer one counts.
_BY_SQLSTATE: Final[dict[str, type[errors.DatabaseError]]] = {
    "08": errors.DatabaseUnavailable,  # connection exception
    "22": errors.RecordRefused,  # data exception: value out of range, not in the encoding
    "23": errors.RecordRefused,  # integrity constraint, and the triggers that keep evidence
    "25006": errors.DatabaseUnavailable,  # read only: we are still talking to a standby
    "25P03": errors.DatabaseTimeout,  # idle in transaction for too long
    "28": errors.DatabaseLoginRefused,
    "3D": errors.DatabaseLoginRefused,  # no such database
    "40": errors.DatabaseConflict,  # serialisation failure, deadlock
    "42501": errors.DatabaseLoginRefused,  # insufficient privilege
    "42P01": errors.SchemaMismatch,  # no such table
    "42703": errors.SchemaMismatch,  # no such column
    "53": errors.DatabaseFull,  # disk full, out of memory
    "53300": errors.DatabaseUnavailable,  # too many connections
    "54": errors.RecordRefused,  # program limit exceeded: row or index entry too large
    "55P03": errors.DatabaseTimeout,  # lock not available
    "57014": errors.DatabaseTimeout,  # statement timeout
    "57P": errors.DatabaseUnavailable,  # shutting down, crashed, starting up
    "58": errors.DatabaseUnavailable,  # the server's own I/O failed
}

#: For errors without a SQLSTATE; the first class that fits counts.
_BY_CLASS: Final[tuple[tuple[type[BaseException], type[errors.DatabaseError]], ...]] = (
    (exc.TimeoutError, errors.DatabaseTimeout),  # no free connection in the pool
    (exc.ArgumentError, errors.DatabaseAddressInvalid),
    (psycopg2.OperationalError, errors.DatabaseUnavailable),
    (psycopg2.InterfaceError, errors.DatabaseUnavailable),
    (psycopg2.DataError, errors.RecordRefused),
    (psycopg2.DatabaseError, errors.DatabaseUnavailable),  # the connection broke in the middle of an answer
    (OverflowError, errors.RecordRefused),
    (ValueError, errors.RecordRefused),  # NUL or half a surrogate pair in a text
)

_NEXT_STEP: Final[dict[type[errors.DatabaseError], str]] = {
    errors.DatabaseUnavailable: "It is tried again; `fernamt doctor` shows the state of the database",
    errors.DatabaseTimeout: "It is tried again; look for long transactions (pg_stat_activity)",
    errors.DatabaseConflict: "It is tried again",
    errors.DatabaseFull: "Give the database's machine disk or memory",
    errors.DatabaseLoginRefused: "Check user, password and database name in the configured URL",
    errors.DatabaseAddressInvalid: "Write postgresql://user:password@host:port/database",
    errors.SchemaMismatch: "Run `fernamt database check`: it says what is older and what to do",
    errors.RecordRefused: "Mend the value; trying again does not help",
    errors.DatabaseDefect: "Please report this with the message",
}

_REDIS: Final[tuple[tuple[type[BaseException], type[errors.LiveStateError], str], ...]] = (
    (redis.AuthenticationError, errors.LiveStateLoginRefused, "Check the password in the configured URL"),
    (redis.exceptions.AuthorizationError, errors.LiveStateLoginRefused, "Give the user the rights it needs"),
    (redis.exceptions.NoPermissionError, errors.LiveStateLoginRefused, "Give the user the rights it needs"),
    (redis.exceptions.OutOfMemoryError, errors.LiveStateFull, "Raise Redis' maxmemory"),
    (redis.ConnectionError, errors.LiveStateUnavailable, "`fernamt doctor` shows the state of Redis"),
    (redis.TimeoutError, errors.LiveStateUnavailable, "`fernamt doctor` shows the state of Redis"),
    (redis.ReadOnlyError, errors.LiveStateUnavailable, "Point fernamt at the primary, this is a replica"),
    (redis.exceptions.MasterDownError, errors.LiveStateUnavailable, "Wait until the replica has its primary"),
    (redis.RedisError, errors.LiveStateDefect, "Please report this with the message"),
)


@contextmanager
def database_errors(place: str) -> Iterator[None]:
    """Whatever the database raises in here comes out as a DatabaseError at `place`."""
    try:
        yield
    except (exc.SQLAlchemyError, psycopg2.Error, TimeoutError, ValueError, OverflowError) as error:
        # Not "from error": a logged traceback would print the cause, and that repeats the row.
        raise database_error(place, error) from None


def database_error(place: str, error: BaseException) -> errors.DatabaseError:
    """The error of ours that stands for one of SQLAlchemy's or psycopg2's."""
    original = error.orig if isinstance(error, exc.DBAPIError) and error.orig is not None else error
    if (
        isinstance(error, exc.StatementError)
        and not isinstance(error, exc.DBAPIError)
        and error.orig is not None
    ):
        original = error.orig
    kind, constraint = _kind(original), _constraint(original)
    what = _one_line(original)
    if kind is errors.RecordRefused:
        return errors.RecordRefused(place, what, _NEXT_STEP[kind], constraint)
    return kind(place, what, _NEXT_STEP[kind])


def _kind(error: BaseException) -> type[errors.DatabaseError]:
    if isinstance(error, TimeoutError):
        return errors.DatabaseUnavailable  # the wire is silent: the server hangs or is cut off
    state = getattr(error, "pgcode", None) or ""
    for length in (5, 3, 2):
        if len(state) == 5 and state[:length] in _BY_SQLSTATE:
            return _BY_SQLSTATE[state[:length]]
    if not state:
        for foreign, ours in _BY_CLASS:
            if isinstance(error, foreign):
                return _refused_login(error) or ours
    return errors.DatabaseDefect


def _refused_login(error: BaseException) -> type[errors.DatabaseError] | None:
    """libpq gives no SQLSTATE while connecting, only words (of an English server)."""
    words = str(error)
    refused = ("password authentication failed", "no pg_hba.conf entry", "no password supplied")
    if any(phrase in words for phrase in refused) or (
        'FATAL:  database "' in words and "does not exist" in words
    ):
        return errors.DatabaseLoginRefused
    return None


def _constraint(error: BaseException) -> str | None:
    if not isinstance(error, psycopg2.Error):
        return None
    name: str | None = error.diag.constraint_name
    return name


def _one_line(error: BaseException) -> str:
    primary = error.diag.message_primary if isinstance(error, psycopg2.Error) else None
    lines = (primary or str(error)).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


@contextmanager
def redis_errors(place: str) -> Iterator[None]:
    """Whatever redis-py raises in here comes out as a LiveStateError at `place`."""
    try:
        yield
    except (redis.RedisError, OSError) as error:
        raise live_state_error(place, error) from error


def live_state_error(place: str, error: BaseException) -> errors.LiveStateError:
    """The error of ours that stands for one of redis-py's."""
    words = (str(error).splitlines() or [""])[0][:300] or type(error).__name__
    if isinstance(error, redis.ResponseError):
        if words.startswith(("MISCONF", "OOM")) or "OOM command not allowed" in words:
            return errors.LiveStateFull(place, words, "Give Redis disk and memory")
        if words.startswith(("WRONGPASS", "NOAUTH", "NOPERM")):
            return errors.LiveStateLoginRefused(place, words, "Check the password in the configured URL")
    for foreign, ours, next_step in _REDIS:
        if isinstance(error, foreign):
            return ours(place, words, next_step)
    return errors.LiveStateUnavailable(place, words, "`fernamt doctor` shows the state of Redis")
