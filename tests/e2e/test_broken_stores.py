"""PostgreSQL and Redis behind a wire that is cut, refused or slow: calls go on (guarantees 1 and 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import make_url

from cli.demonstration.stage import Stage, staged
from lab.robots import Answer
from tests.e2e.cut_wire import Wire
from tests.e2e.exchange import Exchange, eventually, exchange
from tests.servers import Databases, postgres_server, redis_server

#: From INVITE to 200 while a store is broken; robots answer after 20 ms. The machine may be slow.
PROMPT_MS = 5_000
#: A reply that comes so late comes never for whoever has a call to decide.
LATE_S = 4.0
FAULTS: dict[str, Callable[[Wire], None]] = {
    "cut": Wire.cut,
    "refused": Wire.refuse,
    "slow": lambda wire: wire.delay(LATE_S),
}


@dataclass(frozen=True)
class Wired:
    """An exchange whose stores are behind wires."""

    running: Exchange
    stage: Stage
    wires: dict[str, Wire]


def _through(held: ExitStack, url: str) -> tuple[Wire, str]:
    """A wire to the server, and the URL by way of it."""
    server = make_url(url)
    port = server.port or int(str(server.query.get("port", 5432)))
    wire = held.enter_context(Wire((server.host or "127.0.0.1", port)))
    there = server.set(host="127.0.0.1", port=wire.port, query={})
    return wire, there.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def wired(switch: str) -> Iterator[Wired]:
    with ExitStack() as held:
        databases = Databases(held.enter_context(postgres_server()))
        held.callback(databases.close)
        postgres, database_url = _through(held, held.enter_context(databases.empty()))
        redis, redis_url = _through(held, held.enter_context(redis_server()))

        def amend(tree: dict[str, Any]) -> None:
            tree["database"], tree["redis"] = {"url": database_url}, {"url": redis_url}

        running = held.enter_context(exchange(switch, 1, amend=amend))
        stage = held.enter_context(staged(running.settings))
        yield Wired(running, stage, {"database": postgres, "redis": redis})


@pytest.mark.parametrize(
    ("store", "fault"),
    [
        ("database", "refused"),
        ("redis", "slow"),
        pytest.param("redis", "cut", marks=pytest.mark.long),
        pytest.param("redis", "refused", marks=pytest.mark.long),
        pytest.param("database", "cut", marks=pytest.mark.long),
        pytest.param("database", "slow", marks=pytest.mark.long),
    ],
)
def test_calls_go_on_at_once_and_every_record_comes_when_the_store_is_back(
    wired: Wired, store: str, fault: str
) -> None:
    """F1: nothing on the way of a call waits for a store; 112 does not either."""
    running, stage, wire = wired.running, wired.stage, wired.wires[store]
    stage.robot("carrier-a").on_call(Answer(after_ms=20))
    FAULTS[fault](wire)
    try:
        ended = []
        for dialled in ("015228817386", "112", "04066969001"):
            report = stage.call("bau-1", dialled, talk_ms=100).wait("ended", 30)
            assert report.final_code == 200, dialled
            assert report.answered_ms is not None
            assert report.answered_ms < PROMPT_MS, dialled
            ended.append(report.sip_call_id)
    finally:
        wire.mend()

    def recorded() -> bool:
        found = running.tried(
            "cdr", "export", "--from", "2020-01-01", "--to", "2100-01-01", "--format", "jsonl"
        )
        return found.returncode == 0 and all(found.stdout.count(each) for each in ended)

    eventually(recorded, 45, "the records")
    legs = [leg["sip_call_id"] for leg in running.legs() if leg["side"] == "a"]
    assert [legs.count(each) for each in ended] == [1, 1, 1]
    eventually(lambda: _state(running, store) == "ok", 45, f"{store} to be found well")


def _state(running: Exchange, store: str) -> str:
    return next(each["state"] for each in running.doctor() if each["name"] == store)
