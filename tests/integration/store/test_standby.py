"""The primary is killed in the middle of CDR intake and rating, and its standby promoted (guarantee 4).

Nothing is lost and nothing doubled, because commits waited for the standby, and the programs find the new
primary by themselves. Real servers, real programs.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine, text

from cli.doctor import _database
from cli.explaining.findings import Finding, State
from cli.settings import Settings, load_settings
from freeswitch.json_cdr import parse
from store.database import make_engine
from store.embedded.process import wait_until
from store.ledger import Ledger
from tests.integration.store.billing import KANZLEI, PRAXIS, imported, in_force, outgoing, rows, take_in
from tests.integration.store.standby import Server, follow, servers, several
from tests.patience import slowness
from tests.typed import settings_file, settings_of

_ROOT: Final = Path(__file__).resolve().parents[3]
_RECORD: Final = _ROOT / "tests" / "calls" / "out-answered" / "leg-a.cdr.json"
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
#: Seconds and microseconds since 1970.
_TIME: Final = re.compile(r"\b1795357\d{3}(\d{6})?\b")
#: Calls that are due at once: some tenths of a second of work for the rating worker.
_CALLS: Final = 900
#: The intake looks again after a second, the rating worker after two; both have to connect.
_INTAKE_S: Final = 4.0
_RATING_S: Final = 6.0
_RATING_WRITES: Final = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE application_name = 'fernamt rate' AND backend_xid IS NOT NULL"
)
_LEGS: Final = "SELECT count(*) FROM cdr"
_CHARGES: Final = "SELECT count(*) FROM charge"
#: Of the calls that were due when the primary died; younger ones have to settle.
_LEFT: Final = "SELECT count(*) FROM rating_due WHERE call_id LIKE 'c%'"
_WAITS: Final = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


class Spool:
    """The switch's directory: one record more each time that somebody waits for something."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.legs: list[str] = []
        self._text = _RECORD.read_text()

    def write(self) -> None:
        """As FreeSWITCH does, in place; each call begins a second after the one before."""
        number = len(self.legs)
        later = _TIME.sub(lambda found: str(int(found[0]) + number * (10**6 if found[1] else 1)), self._text)
        content = _UUID.sub(lambda found: str(uuid.uuid5(uuid.UUID(found[0]), str(number))), later).encode()
        self.legs.append(parse(content).leg_id)
        (self.directory / f"{self.legs[-1]}.cdr.json").write_bytes(content)

    @property
    def empty(self) -> bool:
        return not any(self.directory.glob("*.cdr.json"))


@dataclass
class Story:
    """What was seen of it. Seconds are from the kill."""

    engine: Engine
    doctor: dict[str, Finding] = field(default_factory=dict)
    legs: list[str] = field(default_factory=list)
    killed_while_rating: bool = False
    promoted_s: float = 0.0
    intake_s: float = 0.0
    rating_s: float = 0.0
    stayed: bool = False


@contextmanager
def running(path: Path, log: Path, *words: str) -> Iterator[None]:
    """`fernamt` with these settings and words; killed at the end, when it has done its work."""
    command = [sys.executable, "-m", "cli.entry", "--settings", str(path), *words]
    with log.open("wb") as said, subprocess.Popen(command, cwd=_ROOT, stderr=said) as program:
        try:
            yield
            assert program.poll() is None, log.read_text()
        finally:
            program.kill()
            program.wait(timeout=30)


@pytest.fixture(scope="module")
def story(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with ExitStack() as held:
        primary, standby = held.enter_context(servers())
        seen = Story(make_engine(several(primary, standby)))
        held.callback(seen.engine.dispose)
        place = tmp_path_factory.mktemp("failover")
        spool = Spool(place / "cdr")
        spool.directory.mkdir()
        tree = settings_of(place, several(primary, standby), redis_url)
        tree["node"]["cdr_dir"] = str(spool.directory)
        path = settings_file(tree)
        imported(seen.engine)
        with (
            running(path, place / "intake.log", "cdr", "intake"),
            running(path, place / "rating.log", "rate", "run", "--follow"),
        ):
            _prepare(seen, load_settings(path), primary, standby)
            _work(seen, spool)
            _fail_over(seen, spool, primary, standby)
        _doubt(seen, load_settings(path), primary, standby)
        yield seen


def _prepare(seen: Story, settings: Settings, primary: Server, standby: Server) -> None:
    """The standby follows; commits wait for it from now on."""
    follow(primary, standby)
    follows = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'"
    assert wait_until(lambda: primary.ask(follows) == [(1,)], 30)
    seen.doctor["does not wait"] = _database(settings)
    primary.set("synchronous_standby_names", "standby")
    assert wait_until(lambda: primary.ask(_WAITS) == [(1,)], 30)
    seen.doctor["waits"] = _database(settings)


def _work(seen: Story, spool: Spool) -> None:
    """Records come in, and many calls are due, until the rating worker is in the middle of them."""
    engine = seen.engine

    def taken() -> bool:
        spool.write()
        return _count(engine, _LEGS) > 0

    assert wait_until(taken, 60)
    customers = (KANZLEI, PRAXIS)
    legs = [outgoing(f"c{n:04}", n / 100, 61, customers[n % 2]) for n in range(_CALLS)]
    seen.legs += [each.leg_id for each in legs]
    for begin in range(0, _CALLS, 500):
        take_in(engine, *legs[begin : begin + 500])
    with engine.begin() as connection:  # they need not settle
        connection.execute(text("UPDATE rating_due SET noted_at = noted_at - interval '1 minute'"))

    def rating() -> bool:
        spool.write()
        return _count(engine, _RATING_WRITES) > 0

    seen.killed_while_rating = wait_until(rating, 30)


def _fail_over(seen: Story, spool: Spool, primary: Server, standby: Server) -> None:
    """The primary dies, an operator promotes the standby; calls go on all the time."""
    began = time.monotonic()
    primary.kill()
    assert standby.ask("SELECT pg_promote()") == [(True,)]
    seen.promoted_s = time.monotonic() - began
    engine = seen.engine
    taken, charged = _count(engine, _LEGS), _count(engine, _CHARGES)

    def both() -> bool:
        spool.write()
        if not seen.intake_s and _count(engine, _LEGS) > taken:
            seen.intake_s = time.monotonic() - began
        if not seen.rating_s and _count(engine, _CHARGES) > charged:
            seen.rating_s = time.monotonic() - began
        return bool(seen.intake_s and seen.rating_s)

    assert wait_until(both, 60)
    seen.legs += spool.legs
    assert wait_until(lambda: spool.empty and _count(engine, _LEFT) == 0, 60)


def _doubt(seen: Story, settings: Settings, old: Server, new: Server) -> None:
    """What the doctor says of the new primary, of one that waits in vain, and of an old one that returns."""
    seen.doctor["alone"] = _database(settings)
    new.set("synchronous_standby_names", "next")
    assert wait_until(lambda: _database(settings).state is State.FAULT, 10)
    seen.doctor["stuck"] = _database(settings)
    new.set("synchronous_standby_names", "")
    old.postgres.start()
    seen.doctor["two"] = _database(settings)
    seen.engine.dispose()
    seen.stayed = _count(seen.engine, "SELECT inet_server_port()") == new.port


def _count(engine: Engine, query: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


def test_no_record_is_lost_and_none_is_doubled(story: Story) -> None:
    stored = [str(row[0]) for row in rows(story.engine, "SELECT leg_id FROM cdr")]
    assert sorted(stored) == sorted(story.legs)
    assert rows(story.engine, "SELECT count(*) FROM cdr_raw") == [(len(story.legs),)]


def test_each_call_is_charged_once_though_the_worker_was_in_the_middle_of_it(story: Story) -> None:
    assert story.killed_while_rating
    assert rows(story.engine, _LEFT) == [(0,)]
    charges = [str(row[0]) for row in rows(story.engine, "SELECT leg_id FROM charge")]
    due = [str(row[0]) for row in rows(story.engine, "SELECT call_id FROM rating_due")]
    assert sorted(charges + due) == sorted(story.legs)
    charged = sum(ticks for ticks, _, _ in in_force(story.engine).values())
    assert charged > 0
    balances = Ledger(story.engine).balances()
    assert balances == {("unbilled", "EUR"): charged, ("usage", "EUR"): -charged}


def test_programs_find_the_new_primary_by_themselves_within_seconds(story: Story) -> None:
    """Both servers are in their URL; nobody restarts anything."""
    assert story.intake_s - story.promoted_s < _INTAKE_S * slowness()
    assert story.rating_s - story.promoted_s < _RATING_S * slowness()


def test_nobody_goes_over_to_the_old_primary_when_it_comes_back_by_mistake(story: Story) -> None:
    assert story.stayed


@pytest.mark.parametrize(
    ("moment", "state", "told"),
    [
        ("does not wait", State.WARNING, "a standby follows, and commits do not wait"),
        ("waits", State.OK, "a standby follows, commits wait for it"),
        ("alone", State.WARNING, "does not say what it is (Connection refused"),
        ("stuck", State.FAULT, "every commit waits for a standby (next), and none is there"),
        ("two", State.FAULT, "take writes: one of them was replaced and runs on"),
    ],
)
def test_the_doctor_says_whether_what_is_committed_outlives_the_primary(
    story: Story, moment: str, state: State, told: str
) -> None:
    found = story.doctor[moment]
    assert (found.name, found.state) == ("database", state)
    assert told in found.seen
    assert bool(found.next_step) == (state is not State.OK)
