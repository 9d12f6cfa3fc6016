"""A controller that starts takes calls of queues when it knows who leads their centres (C1)."""

from __future__ import annotations

import pytest

from controller import centres
from tests.unit.controller.centre_world import CENTRE, CUSTOMER, World, quickly
from tests.unit.dialplan.carriers import snapshot

__all__ = ["quickly"]


def test_a_controller_that_has_started_knows_who_leads_the_centres() -> None:
    """Else the first call of a queue would be sent on as if nobody did."""
    world = World()
    world.centres.swap(snapshot(), {CUSTOMER: CENTRE})
    assert world.centres.served() == frozenset()
    world.centres.start()
    assert world.centres.served() == {CUSTOMER}
    world.centres.stop(2.0)


def test_a_store_that_is_away_or_says_nothing_keeps_no_controller_from_its_calls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = World()
    away.journal.away = True
    away.centres.swap(snapshot(), {CUSTOMER: CENTRE})
    away.centres.start()
    away.centres.stop(2.0)
    monkeypatch.setattr(centres, "ASKED_S", 0.05)
    silent = World()
    monkeypatch.setattr(silent.journal, "acquire", lambda: silent.node.over.wait(5) and None)
    silent.centres.swap(snapshot(), {CUSTOMER: CENTRE})
    silent.centres.start()
    assert silent.centres.served() == frozenset()
    silent.node.over.set()
    silent.centres.stop(2.0)
