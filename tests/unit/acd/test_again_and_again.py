"""What comes to a caller again and again comes at its own pace, whatever happens between (C1)."""

from __future__ import annotations

from dataclasses import replace

from acd.effects import Announce, Effect
from acd.events import CallerMoved, OfferFailed
from acd.journal import checkpoint, restored
from acd.names import Failure, Strategy
from acd.spec import QueueSpec
from tests.unit.acd.centre import SECOND, Centre, agent

PROGRESSIVELY = QueueSpec("verkauf", strategy=Strategy.RING_PROGRESSIVELY, progress_ms=10 * SECOND)
TELLS = QueueSpec("verkauf", announce_ms=30 * SECOND)


def test_one_more_phone_rings_at_a_time_however_many_declined_before() -> None:
    staff = [agent(f"a{number}", "verkauf", reject_delay_ms=600 * SECOND) for number in range(8)]
    centre = Centre([PROGRESSIVELY], staff)
    centre.joins("c1")
    for name in ("a0", "a1"):
        centre.after(1)
        centre.tell(OfferFailed(centre.offer_to(name), Failure.REJECTED))
    assert centre.rung() == [("a2", "c1")]
    for name in ("a3", "a4"):
        centre.after(9)
        assert centre.rung() == []
        centre.after(1)
        assert centre.rung() == [(name, "c1")]


def test_a_refusal_in_the_moment_of_the_next_phone_rings_one_phone() -> None:
    staff = [agent(name, "verkauf", reject_delay_ms=600 * SECOND) for name in ("anna", "bernd", "clara")]
    centre = Centre([PROGRESSIVELY], staff)
    centre.joins("c1")
    centre.now_ms += 10 * SECOND
    centre.tell(OfferFailed(centre.offer_to("anna"), Failure.REJECTED))
    assert centre.rung() == [("bernd", "c1")]


def told(effects: tuple[Effect, ...]) -> int:
    return sum(isinstance(each, Announce) for each in effects)


def test_who_was_moved_is_told_his_place_as_often_as_others() -> None:
    centre = Centre([TELLS, replace(TELLS, id="technik")], [])
    centre.joins("c1")
    centre.after(10)
    centre.tell(CallerMoved("c1", "technik"))
    assert told(centre.after(29)) == 0
    assert told(centre.after(31)) == 2


def test_callers_of_an_earlier_checkpoint_are_told_on() -> None:
    """It says nothing of when they are told something next."""
    centre = Centre([TELLS], [])
    centre.joins("c1")
    kept = centre.state
    centre.state = replace(kept, members={"c1": replace(kept.members["c1"], announce_ms=None)})
    assert "announce_ms" not in checkpoint(centre.state).split('"members"')[1]
    centre.state = restored(checkpoint(centre.state))
    assert told(centre.after(60)) == 2
