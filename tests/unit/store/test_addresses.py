"""URLs in the configuration: taken in the usual spellings, refused with the right one, passwords unsaid."""

from __future__ import annotations

import pytest

from store.database import database_url
from store.errors import DatabaseAddressInvalid, LiveStateAddressInvalid
from store.redis_client import call_path_client


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
