"""A record that only the primary has keeps its original, also when it is found there (guarantee 4).

Commits wait for a standby that is away and their sessions end, by a restart or pg_terminate_backend: the rows
are on the primary and may be seen. Each writer asks again, finds them, and must not be told that they are
safe until the standby has them. Real servers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from sqlalchemy import Engine

from acd.effects import Entered
from acd.journal import logged
from dialplan.emergency.attempt import EmergencyAttempt
from dialplan.mailbox import MessageFacts
from dialplan.recording import Consent, RecordingFacts
from numbering.e164 import E164
from store.acd_history import AcdHistory
from store.cdr_repository import CdrRepository
from store.database import make_engine
from store.embedded.process import wait_until
from store.emergency_attempts import EmergencyAttempts
from store.errors import DatabaseUnavailable
from store.mailbox_messages import MailboxMessages
from store.recordings import RecordingArchive
from store.schema import upgrade
from store.sealed import KEY_BYTES
from tests.integration.store.legs import leg, with_raw
from tests.integration.store.standby import Server, follow, servers

_AT: Final = datetime(2026, 11, 20, 9, tzinfo=UTC)
_WAIT: Final = "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()"
_WAITING: Final = f"SELECT pid {_WAIT}"
_ATTEMPT: Final = EmergencyAttempt(
    "call-1", _AT, "node-1", "kunde", E164("+492214710100"), "112", "112", "route", "emergency.route", 7
)


def _key() -> bytes:
    return bytes(KEY_BYTES)


def _writers(engine: Engine) -> dict[str, Callable[[], Any]]:
    """Whoever throws an original away when its row is stored, each with one that is the same every time."""
    said = MessageFacts("m-1", "kunde", "box", None, "+492214710100", _AT, 30, ())
    talked = RecordingFacts("r-1", "c-1", "kunde", "verkauf", "anna", Consent("1", _AT), _AT, 30)
    (happened,) = logged([Entered("c-1", "verkauf", None)], int(_AT.timestamp() * 1000))
    return {
        "record": lambda: CdrRepository(engine).insert_legs([with_raw(leg())]).known,
        "unreadable file": lambda: CdrRepository(engine).quarantine("x.json", "cdr.broken", "Broken", b"{"),
        "attempt to reach 112": lambda: EmergencyAttempts(engine).insert([_ATTEMPT]),
        "message": lambda: MailboxMessages(engine, _key).add(said, b"RIFF", 2_000),
        "recording": lambda: RecordingArchive(engine, _key).add(talked, 2_000, [b"RIFF"]),
        "entry of a contact centre": lambda: AcdHistory(engine).insert("kunde", [((1, 1), happened)]),
    }


@dataclass
class Story:
    """What was seen of each writer."""

    lost: dict[str, BaseException | None] = field(default_factory=dict)
    waited: dict[str, bool] = field(default_factory=dict)
    answered: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with ExitStack() as held:
        primary, standby = held.enter_context(servers())
        engine = make_engine(primary.url.render_as_string(hide_password=False), pool_size=8)
        held.callback(engine.dispose)
        upgrade(engine)
        follow(primary, standby)
        primary.set("synchronous_standby_names", "standby")
        standby.kill()
        assert wait_until(lambda: not primary.ask("SELECT 1 FROM pg_stat_replication"), 30)
        pool = held.enter_context(ThreadPoolExecutor(8))
        held.callback(primary.set, "synchronous_standby_names", "")  # a failed test must not wait for ever
        seen, writers = Story(), _writers(engine)
        first = {name: pool.submit(write) for name, write in writers.items()}
        assert wait_until(lambda: len(primary.ask(_WAITING)) == len(writers), 30)
        primary.ask(f"SELECT pg_terminate_backend(pid) {_WAIT}")
        seen.lost = {name: each.exception(30) for name, each in first.items()}
        again = {name: pool.submit(write) for name, write in writers.items()}
        seen.waited = _waited(primary, again)
        standby.postgres.start()
        seen.answered = {name: each.result(30) for name, each in again.items()}
        yield seen


def _waited(primary: Server, again: dict[str, Future[Any]]) -> dict[str, bool]:
    """Whose answer is not there when each has got one or waits for the standby."""

    def settled() -> bool:
        return sum(each.done() for each in again.values()) + len(primary.ask(_WAITING)) == len(again)

    assert wait_until(settled, 30)
    return {name: not each.done() for name, each in again.items()}


_KNOWN: Final = {
    "record": (leg().leg_id,),
    "unreadable file": None,
    "attempt to reach 112": None,
    "message": False,
    "recording": False,
    "entry of a contact centre": (),
}


@pytest.mark.parametrize("what", _KNOWN)
def test_what_only_the_primary_has_is_not_told_to_be_safe(story: Story, what: str) -> None:
    assert isinstance(story.lost[what], DatabaseUnavailable)
    assert story.waited[what]
    assert story.answered[what] == _KNOWN[what]
