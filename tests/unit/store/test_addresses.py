"""URLs in the configuration: taken in the usual spellings, refused with the right one, passwords unsaid."""

from __future__ import annotations

import pytest

from store.database import database_url
from store.errors import DatabaseAddressInvalid, LiveStateAddressInvalid
from store.redis_client import call_path_client, each_alone
from store.redis_primary import PrimaryTlsConnection
from store.server_urls import servers_of


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_any_usual_spelling_of_postgresql_means_psycopg2(scheme: str) -> None:
    url = database_url(f"{scheme}://fernamt:secret@db.example:5433/fernamt")
    assert (url.drivername, url.host, url.port) == ("postgresql+psycopg2", "db.example", 5433)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "db.example",
        "mysql://u:secret@h/d",
        "postgresql://u:secret@h",
        "postgresql://u:secret@h:x/d",
        "://",
    ],
)
def test_a_database_url_that_cannot_work_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(DatabaseAddressInvalid, match="postgresql://user:password@host") as caught:
        database_url(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "localhost:6379", "http://h", "redis://u:secret@h:x/0"])
def test_a_redis_url_that_cannot_work_is_refused_without_its_password(text: str) -> None:
    with pytest.raises(LiveStateAddressInvalid, match="redis://:password@host") as caught:
        call_path_client(text)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:s,e/c@db-1:5432,db-2:5433/d",
        "postgresql://u:s,e%2Fc@/d?host=db-1:5432&host=db-2:5433",
        "postgresql://u:s,e/c@/d?host=db-1,db-2&port=5432,5433",
    ],
)
def test_several_servers_of_a_database_are_asked_for_the_one_that_takes_writes(text: str) -> None:
    """However they are written; a password stays what it is."""
    url = database_url(text)
    assert (url.username, url.password, url.database) == ("u", "s,e/c", "d")
    assert servers_of(url, 5432) == (("db-1", 5432), ("db-2", 5433))
    assert url.query["target_session_attrs"] == "read-write"
    assert database_url(url.render_as_string(hide_password=False)) == url


def test_one_port_is_left_out_and_an_address_of_ipv6_is_one_of_several() -> None:
    url = database_url(
        "postgresql://u@[2001:db8::1]:5433,db-2/d?target_session_attrs=primary&sslmode=require"
    )
    assert servers_of(url, 5432) == (("2001:db8::1", 5433), ("db-2", 5432))
    assert url.query["target_session_attrs"] == "primary"
    assert url.query["sslmode"] == "require"


def test_one_server_stays_as_it_is_written() -> None:
    assert "target_session_attrs" not in database_url("postgresql://u@db-1/d").query


@pytest.mark.parametrize(
    "servers", ["a,,b", "a:x,b", "a:1:2,b", "[::1,b", "a,b:654321", ",".join("abcdefghi")]
)
def test_several_servers_that_cannot_be_are_refused(servers: str) -> None:
    with pytest.raises(DatabaseAddressInvalid) as caught:
        database_url(f"postgresql://u:secret@{servers}/d")
    assert "secret" not in str(caught.value)


def test_several_servers_of_redis_are_each_an_address_of_its_own() -> None:
    assert each_alone("rediss://:s,e/c@redis-1,redis-2:6380/3") == (
        (("redis-1", 6379), "rediss://:s%2Ce%2Fc@redis-1:6379/3"),
        (("redis-2", 6380), "rediss://:s%2Ce%2Fc@redis-2:6380/3"),
    )
    assert each_alone("redis://:secret@redis-1:6379/0") == ()
    assert each_alone("unix:///run/redis.sock?db=0") == ()


def test_a_client_of_several_servers_by_tls_goes_to_the_primary_by_tls() -> None:
    pool = call_path_client("rediss://:secret@redis-1,redis-2:6380/3").connection_pool
    connection = pool.make_connection()
    assert isinstance(connection, PrimaryTlsConnection)
    assert (connection.host, connection.port, connection.db) == ("redis-1", 6379, 3)
