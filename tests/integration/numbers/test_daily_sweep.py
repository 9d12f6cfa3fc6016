"""The calendar's work on numbers and blocks, each day once (A6, A7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, text

from cli.explaining.findings import State
from cli.explaining.record_checks import sweep_finding
from numbering.life import State as Life
from store.customer_blocks import CustomerBlocks
from store.daily_sweep import DailySweep, SweepRun
from store.errors import DatabaseError
from store.number_inventory import NumberInventory
from tests.integration.numbers.numbers import ACTOR, BAU, DAY, NOW, follow, koeln

TODAY = date(2026, 11, 22)


def test_a_day_is_swept_once(engine: Engine, inventory: NumberInventory, blocks: CustomerBlocks) -> None:
    follow(engine, {koeln(0): replace(BAU, active_from=NOW + DAY)})
    blocks.block("kunde-bau", NOW, ACTOR, "unpaid", until=NOW + timedelta(hours=1))
    sweep = DailySweep(engine)
    assert sweep.last(TODAY) is None
    assert sweep.run(TODAY + DAY, NOW + DAY, ACTOR)
    assert sweep.last(TODAY) == SweepRun(TODAY + DAY, NOW + DAY, numbers=1, blocks_lifted=1)
    assert inventory.show(koeln(0)).state is Life.ACTIVE
    follow(engine, {koeln(1): replace(BAU, active_from=NOW + 2 * DAY)})
    for day in (TODAY, TODAY + DAY):
        assert sweep.run(day, NOW + 3 * DAY, ACTOR)
    assert inventory.show(koeln(1)).state is Life.ASSIGNED
    assert sweep.run(TODAY + 3 * DAY, NOW + 3 * DAY, ACTOR)
    assert inventory.show(koeln(1)).state is Life.ACTIVE


def test_while_one_is_at_it_another_one_leaves_it_alone(engine: Engine) -> None:
    sweep = DailySweep(engine)
    with engine.begin() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": int.from_bytes(b"sweep")})
        assert not sweep.run(TODAY, NOW, ACTOR)
    assert sweep.last(TODAY) is None
    assert sweep.run(TODAY, NOW, ACTOR)


def test_a_sweep_that_fails_half_way_counts_as_not_done(engine: Engine) -> None:
    sweep = DailySweep(engine)
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE customer_block RENAME TO away"))
    with pytest.raises(DatabaseError):
        sweep.run(TODAY, NOW, ACTOR)
    assert sweep.last(TODAY) is None


def test_a_day_far_ahead_that_was_worked_on_by_mistake_blocks_nothing(engine: Engine) -> None:
    """A clock that said 2037 once: the days that come are worked on, and the doctor sees whether they are."""
    sweep = DailySweep(engine)
    mistake = TODAY + 4_000 * DAY
    assert sweep.run(mistake, NOW, ACTOR)
    assert sweep.last(TODAY) is None
    assert sweep.run(TODAY, NOW, ACTOR)
    found = sweep.last(TODAY)
    assert found is not None
    assert found.day == TODAY
    sweep.forget_ahead(TODAY)
    assert sweep.last(mistake) == found


def test_the_doctor_names_the_last_run() -> None:
    done = SweepRun(TODAY, NOW, 3, 1)
    assert sweep_finding(None, TODAY).state is State.WARNING
    assert sweep_finding(done, TODAY + DAY).state is State.OK
    assert "3 numbers moved, 1 blocks ended" in sweep_finding(done, TODAY).seen
    assert sweep_finding(done, TODAY + 2 * DAY).state is State.WARNING
