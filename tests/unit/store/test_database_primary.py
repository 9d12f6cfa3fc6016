"""Of several servers the one that takes writes is used, and it stays so until it fails (issue 7)."""

from __future__ import annotations

from typing import Any, cast

import psycopg2
import pytest
from sqlalchemy import Dialect

from store.database_primary import FirstThatWrites
from store.errors import DatabaseLoginRefused, DatabaseUnavailable
from store.foreign_errors import database_error

SERVERS = (("db-1", 5432), ("db-2", 5433))
AWAY = 'connection to server at "db", port 1 failed: Connection refused\n\tIs the server running?'
STANDBY = 'connection to server at "db", port 1 failed: session is read-only'


class Servers:
    """What a dialect is asked for: `said` has what is wrong with a server."""

    def __init__(self, **said: str) -> None:
        self.said = said
        self.asked: list[str] = []

    def connect(self, *, host: str, port: int, user: str) -> str:
        assert user == "fernamt"
        self.asked.append(host)
        if host.replace("-", "") in self.said:
            raise psycopg2.OperationalError(self.said[host.replace("-", "")])
        return f"{host}:{port}"


def connect(finder: FirstThatWrites, servers: Servers) -> Any:
    given = {"host": "db-1,db-2", "port": "5432,5433", "user": "fernamt"}
    return finder.connect(cast(Dialect, servers), None, [], given)


def test_the_one_that_took_writes_last_is_asked_first() -> None:
    """So an old primary that comes back is not gone over to."""
    finder = FirstThatWrites(SERVERS, {})
    assert connect(finder, Servers()) == "db-1:5432"
    failed = Servers(db1=AWAY)
    assert connect(finder, failed) == "db-2:5433"
    assert failed.asked == ["db-1", "db-2"]
    back = Servers()
    assert connect(finder, back) == "db-2:5433"
    assert back.asked == ["db-2"]


def test_what_each_of_them_said_is_told_in_a_line() -> None:
    with pytest.raises(psycopg2.OperationalError) as caught:
        connect(FirstThatWrites(SERVERS, {}), Servers(db1=AWAY, db2=STANDBY))
    assert str(caught.value) == "db-1:5432: Connection refused; db-2:5433: session is read-only"
    assert isinstance(database_error("asking", caught.value), DatabaseUnavailable)


def test_a_login_that_is_refused_is_not_taken_for_an_outage() -> None:
    refused = 'connection to server at "db" failed: FATAL:  password authentication failed for user "fernamt"'
    with pytest.raises(psycopg2.OperationalError) as caught:
        connect(FirstThatWrites(SERVERS, {}), Servers(db1=AWAY, db2=refused))
    assert isinstance(database_error("asking", caught.value), DatabaseLoginRefused)
