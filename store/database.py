"""PostgreSQL connections: bounded in number, in time, and in what a lost one costs."""

from __future__ import annotations

from typing import Final

import psycopg2
from psycopg2 import extensions
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError

from store.database_primary import USUAL_PORT, FirstThatWrites, of_several
from store.errors import DatabaseAddressInvalid
from store.server_urls import read_url, servers_of

POOL_SIZE: Final = 8
#: How long a caller waits for a free connection.
POOL_WAIT_S: Final = 5.0
CONNECT_TIMEOUT_S: Final = 3
STATEMENT_TIMEOUT_S: Final = 10
LOCK_TIMEOUT_S: Final = 5
#: A transaction whose program has stopped working on it is ended by the server.
IDLE_IN_TRANSACTION_S: Final = 60
#: Under gevent: how long the wire may be silent while we wait for an answer. Longer than the longest
#: statement_timeout that is set anywhere (store.cdr_repository, store.schema).
SILENCE_S: Final = 660.0


def database_url(text: str) -> URL:
    """A configured URL as one for psycopg2; raises DatabaseAddressInvalid. The password stays out of errors.

    `postgres://` and `postgresql://` are taken too: in SQLAlchemy 2.1 the latter would mean psycopg 3.
    Several servers, `host:port,host:port`, are a primary and its standbys: the one that takes writes is used.
    """
    hint = "Write postgresql://user:password@host:port/database"
    try:
        url = of_several(read_url(text))
    except (ArgumentError, ValueError):
        raise DatabaseAddressInvalid("database URL", "it cannot be read", hint) from None
    if url.drivername not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise DatabaseAddressInvalid("database URL", f"{url.drivername}:// is not PostgreSQL", hint)
    if not url.database:
        raise DatabaseAddressInvalid("database URL", "it names no database", hint)
    return url.set(drivername="postgresql+psycopg2")


def make_engine(
    url: str, *, pool_size: int = POOL_SIZE, pool_wait_s: float = POOL_WAIT_S, name: str = "fernamt"
) -> Engine:
    """An engine with at most `pool_size` connections; connects at the first use, not here.

    A connection is tried before use, so a restarted server costs nobody an error; where the URL names several
    servers, a new one goes to whichever takes writes now. `name` appears in pg_stat_activity. Raises
    DatabaseAddressInvalid.
    """
    there = database_url(url)
    settings = {
        "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
        "lock_timeout": f"{LOCK_TIMEOUT_S}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_S}s",
        "timezone": "UTC",
    }
    engine = create_engine(
        there,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_wait_s,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,  # statements in errors would show people's numbers
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "application_name": name,
            "options": " ".join(f"-c {key}={value}" for key, value in settings.items()),
            # A server that vanished without a word is noticed after about ten seconds.
            "keepalives": 1,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
        },
    )
    servers = servers_of(there, USUAL_PORT)
    if len(servers) > 1:
        event.listen(engine, "do_connect", FirstThatWrites(servers).connect)
    return engine


def cooperate_with_gevent() -> None:
    """Make psycopg2 wait without stopping the other greenlets; for the composition root, once.

    Beyond psycogreen every wait has an end: libpq's connect_timeout counts for nothing in this mode.
    COPY does not work afterwards.
    """
    from psycogreen.gevent import gevent_wait_callback

    def wait(connection: extensions.connection) -> None:
        connecting = connection.status == extensions.STATUS_SETUP
        try:
            gevent_wait_callback(connection, timeout=CONNECT_TIMEOUT_S if connecting else SILENCE_S)
        except TimeoutError as error:
            raise psycopg2.OperationalError("timeout: the server does not answer") from error

    extensions.set_wait_callback(wait)
