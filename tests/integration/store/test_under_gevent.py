"""The controller runs under gevent: the store must not stop it, and must stop where it would."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.database import CONNECT_TIMEOUT_S
from tests.patience import slowness
from tests.servers import state_directory

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def measured() -> Iterator[dict[str, Any]]:
    with state_directory() as state_dir:
        ran = subprocess.run(
            [sys.executable, "-m", "tests.integration.store.under_gevent", str(state_dir)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        yield json.loads(ran.stdout)


def test_one_slow_statement_does_not_stop_the_others(measured: dict[str, Any]) -> None:
    """psycopg2 without psycogreen takes eight times 0.3 s."""
    assert 0.3 <= measured["parallel_s"] < 8 * 0.3


def test_an_export_streams_and_lets_calls_go_on(measured: dict[str, Any]) -> None:
    assert measured["rows"] == 6000
    assert measured["turns"] > 3


def test_killed_servers_are_started_again_by_the_supervisor(measured: dict[str, Any]) -> None:
    assert measured["reports"] == ["postgres down", "postgres up", "redis down", "redis up"]


def test_a_server_that_never_says_a_word_is_given_up(measured: dict[str, Any]) -> None:
    """libpq's connect_timeout counts for nothing in psycopg2's green mode."""
    kind, seconds = measured["silence"]
    assert kind == "database-unavailable"
    assert seconds < 3 * CONNECT_TIMEOUT_S * slowness()


def test_a_server_that_never_says_a_word_hides_no_other_one(measured: dict[str, Any]) -> None:
    """Its machine is gone and the standby promoted; libpq alone would try the first one for ever."""
    found, (first_s, next_s) = measured["second"]
    assert found
    assert first_s < 3 * CONNECT_TIMEOUT_S * slowness()
    assert next_s < CONNECT_TIMEOUT_S, "the one that was found is asked first"


def test_an_attempt_to_reach_112_does_not_wait_for_a_standby_that_is_away(measured: dict[str, Any]) -> None:
    """Its file stays, those of the next ones are written, and it is in the database once."""
    said, seconds, count = measured["commit"]
    assert said == "the database did not commit within 0.3 s"
    assert 0.3 <= seconds < 3 * slowness()
    assert count == 1
