"""What the doctor says of the standby: whether what is committed outlives the primary (issue 7)."""

from __future__ import annotations

import pytest

from cli.explaining.findings import State
from cli.explaining.standby_check import database_finding, no_redis_primary, nobody_writes, redis_finding
from store.standby import ServerSeen, Standbys

PRIMARY = ServerSeen("db-1:5432", True)
STANDBY = ServerSeen("db-2:5432", False)
AWAY = ServerSeen("db-2:5432", None, "Connection refused")


@pytest.mark.parametrize(
    ("seen", "state", "told"),
    [
        (Standbys("on", "", 0, 0), State.OK, "schema is current"),
        (Standbys("local", "", 0, 0), State.OK, "schema is current"),
        (Standbys("off", "", 0, 0), State.WARNING, "synchronous_commit is off"),
        (Standbys("on", "", 1, 0), State.WARNING, "a standby follows, and commits do not wait"),
        (Standbys("local", "berlin", 1, 1), State.WARNING, "a standby follows, and commits do not wait"),
        (Standbys("on", "", 2, None), State.WARNING, "2 standbys follow, and commits do not wait"),
        (Standbys("on", "berlin", 1, 1), State.OK, "a standby follows, commits wait for it"),
        (Standbys("remote_apply", "ANY 1 (a, b)", 2, 2), State.OK, "2 standbys follow, commits wait for it"),
        (Standbys("on", "berlin", 1, None), State.OK, "a standby follows, commits wait for it"),
        (Standbys("on", "berlin", 0, None), State.FAULT, "every commit waits for a standby (berlin)"),
        (Standbys("on", "berlin", 1, 0), State.FAULT, "every commit waits for a standby (berlin)"),
    ],
)
def test_what_is_committed_is_on_a_standby_or_the_doctor_says_so(
    seen: Standbys, state: State, told: str
) -> None:
    """Guarantee 4: a record's file is removed when its commit is acknowledged."""
    finding = database_finding("17.2", seen)
    assert finding.state is state
    assert told in finding.seen
    assert bool(finding.next_step) == (state is not State.OK)


def test_two_that_take_writes_are_the_worst_that_there_is() -> None:
    stuck = Standbys("on", "berlin", 0, 0)
    found = database_finding("17.2", stuck, [PRIMARY, ServerSeen("db-2:5432", True)])
    assert found.state is State.FAULT
    assert "db-1:5432 and db-2:5432 take writes" in found.seen


def test_a_server_that_is_away_cannot_take_over() -> None:
    found = database_finding("17.2", Standbys("on", "", 0, 0), [PRIMARY, AWAY])
    assert found.state is State.WARNING
    assert "db-2:5432 does not say what it is (Connection refused)" in found.seen


def test_a_standby_that_nobody_promoted_is_named() -> None:
    found = nobody_writes([ServerSeen("db-1:5432", None, "Connection refused"), STANDBY])
    assert found is not None
    assert found.state is State.FAULT
    assert found.seen.endswith("db-1:5432 does not say what it is (Connection refused); db-2:5432 follows")
    assert "Promote the standby" in found.next_step
    assert nobody_writes([PRIMARY, STANDBY]) is None
    assert nobody_writes([AWAY]) is None, "the database's own error says more"
    assert nobody_writes(()) is None


def test_redis_is_well_with_one_primary_and_whoever_follows_it() -> None:
    assert redis_finding(3).seen == "answers; 3 calls in progress"
    assert redis_finding(3, [PRIMARY, STANDBY]).state is State.OK
    away = redis_finding(3, [PRIMARY, AWAY])
    assert (away.state, away.name) == (State.WARNING, "redis")
    two = redis_finding(3, [PRIMARY, ServerSeen("db-2:5432", True)])
    assert two.state is State.FAULT
    assert "db-1:5432 and db-2:5432 take writes" in two.seen
    lost = no_redis_primary([AWAY, STANDBY])
    assert lost is not None
    assert lost.state is State.FAULT
    assert "REPLICAOF NO ONE" in lost.next_step
