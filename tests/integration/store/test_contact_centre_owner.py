"""Who owns a contact centre: one controller at a time, a successor within 3 s, everybody keeps the place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
import redis
from gevent.event import Event as Moment

from acd.effects import Effect, Ring
from acd.events import CallerJoined, Compared, OfferAnswered, StatusChosen
from acd.names import AgentStatus
from acd.spec import AgentSpec, Membership, QueueSpec, TenantSpec
from cli.wiring.contact_centre import TenantJournal
from controller.contact_centre import RENEW_S, ContactCentre
from controller.errors import StoreAway
from store.acd_journals import AcdJournals, Kept
from store.leases import Lease, Leases
from tests.patience import slowness

SPEC = TenantSpec("beispiel", (QueueSpec("verkauf"),), (AgentSpec("anna", (Membership("verkauf"),)),))
TTL_S = 3 * RENEW_S


class RecordingSwitch:
    """What a switch was asked for; what it has is told back when notes are compared."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        self.callers: set[str] = set()
        self.offers: set[int] = set()
        self.centre: ContactCentre | None = None

    def carry_out(self, effects: Sequence[Effect]) -> None:
        self.effects += effects

    def compare(self) -> None:
        if self.centre is not None and self.callers:
            now_ms = int(time.time() * 1000)
            self.centre.tell(Compared(frozenset(self.callers), frozenset(self.offers), now_ms))

    def rung(self) -> list[str]:
        return [each.member_id for each in self.effects if isinstance(each, Ring)]


def wait_until(condition: Callable[[], bool], timeout_s: float = 40.0) -> float:
    """Let the others run until it is so; the seconds that it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < timeout_s, "it did not come true in time"
        Moment().wait(0.01)
    return time.monotonic() - began


@contextmanager
def owner(
    client: redis.Redis, holder: str, switch: RecordingSwitch | None = None, ahead_ms: int = 0
) -> Iterator[tuple[ContactCentre, RecordingSwitch, TenantJournal]]:
    switch = switch or RecordingSwitch()
    journal = TenantJournal(Leases(client, ttl_s=TTL_S), AcdJournals(client), SPEC.id, holder)
    centre = ContactCentre(SPEC, journal, switch, lambda: int(time.time() * 1000) + ahead_ms, seed=1)
    switch.centre = centre
    centre.start()
    try:
        yield centre, switch, journal
    finally:
        centre.stop(5.0)


def crash(centre: ContactCentre) -> None:
    """As after kill -9: nothing is finished, nothing given up."""
    for greenlet in (centre._runner, centre._keeper):
        assert greenlet is not None
        greenlet.kill()
    centre.is_owner = False


def test_five_waiting_callers_keep_their_place_when_the_owner_dies(redis_client: redis.Redis) -> None:
    """Guarantee 6: another controller goes on within 3 s, in the same order."""
    with owner(redis_client, "first") as (first, _, _):
        wait_until(lambda: first.is_owner)
        for number in range(5):
            first.tell(CallerJoined(f"c{number}", "verkauf"))
        wait_until(lambda: len(first.state.members) == 5)
        before = first.state
        switch = RecordingSwitch()
        switch.callers = {f"c{number}" for number in range(5)}
        with owner(redis_client, "second", switch) as (second, _, journal):
            assert journal.acquire() is None
            crash(first)
            assert wait_until(lambda: second.is_owner) <= 3.0 * slowness()
            assert second.state.members == before.members
            second.tell(StatusChosen("anna", AgentStatus.AVAILABLE))
            wait_until(lambda: bool(switch.rung()))
            assert switch.rung() == ["c0"]


def test_a_successor_whose_clock_was_set_by_an_hour_goes_on_where_the_owner_was(
    redis_client: redis.Redis,
) -> None:
    """Bad input: nobody has waited an hour, no offer has rung for one, and who comes later is behind."""
    with owner(redis_client, "first") as (first, _, _):
        wait_until(lambda: first.is_owner)
        first.tell(CallerJoined("c1", "verkauf"))
        first.tell(StatusChosen("anna", AgentStatus.AVAILABLE))
        wait_until(lambda: len(first.state.offers) == 1)
        before = first.now_ms
        crash(first)
        switch = RecordingSwitch()
        with owner(redis_client, "second", switch, ahead_ms=3_600_000) as (second, _, _):
            wait_until(lambda: second.is_owner)
            assert second.now_ms - before < 60_000
            assert second.state.offers == first.state.offers
            second.tell(CallerJoined("c2", "verkauf"))
            wait_until(lambda: len(second.state.members) == 2)
            c1, c2 = (second.state.members[each].since_ms for each in ("c1", "c2"))
            assert 0 <= c2 - c1 < 60_000, "of two who came in one millisecond the first one is before"
            assert [*second.state.members] == ["c1", "c2"]
            assert not switch.effects[1:], "a caller enters, and nothing else happens"


def test_a_caller_who_left_while_nobody_was_the_owner_is_no_ghost(redis_client: redis.Redis) -> None:
    with owner(redis_client, "first") as (first, _, _):
        wait_until(lambda: first.is_owner)
        first.tell(StatusChosen("anna", AgentStatus.AVAILABLE))
        first.tell(CallerJoined("gone", "verkauf"))
        first.tell(CallerJoined("there", "verkauf"))
        wait_until(lambda: len(first.state.members) == 2 and len(first.state.offers) == 1)
        crash(first)
        switch = RecordingSwitch()
        switch.callers = {"there"}
        with owner(redis_client, "second", switch) as (second, _, _):
            wait_until(lambda: second.is_owner)
            wait_until(lambda: [*second.state.members] == ["there"])
            wait_until(lambda: switch.rung() == ["there"])


def test_an_owner_that_was_asleep_is_refused_and_steps_back(redis_client: redis.Redis) -> None:
    with owner(redis_client, "first") as (first, switch, _):
        wait_until(lambda: first.is_owner)
        assert first._keeper is not None
        first._keeper.kill()
        journals = AcdJournals(redis_client)
        taken: list[Lease] = []

        def somebody_else_has_it() -> bool:
            lease = Leases(redis_client, ttl_s=30).acquire(f"acd-{SPEC.id}", "second")
            taken.extend([lease] if lease else [])
            return bool(taken)

        wait_until(somebody_else_has_it)
        assert journals.append(taken[0], SPEC.id, ["{}"], written=0) == len(journals.kept(SPEC.id).records)
        before = len(switch.effects)
        first.tell(CallerJoined("c1", "verkauf"))
        wait_until(lambda: not first.is_owner)
        assert switch.effects[before:] == []


def test_nothing_is_done_that_the_journal_does_not_hold(redis_client: redis.Redis) -> None:
    """Redis away: events wait; back: they are taken in order."""
    with owner(redis_client, "first") as (first, switch, journal):
        wait_until(lambda: first.is_owner)
        first.tell(StatusChosen("anna", AgentStatus.AVAILABLE))
        wait_until(lambda: first.state.agents["anna"].status is AgentStatus.AVAILABLE)
        append, away, tries = journal.append, [True], []

        def sometimes(records: Sequence[str], log: Sequence[str]) -> int | None:
            tries.append(len(records))
            if away:
                raise StoreAway("nobody there")
            return append(records, log)

        journal.append = sometimes  # type: ignore[method-assign]
        first.tell(CallerJoined("c1", "verkauf"))
        first.tell(OfferAnswered(first.state.next_offer))
        wait_until(lambda: len(tries) >= 3)
        assert switch.rung() == []
        away.clear()
        wait_until(lambda: switch.rung() == ["c1"])


def test_the_journal_is_cut_at_a_checkpoint_and_leads_to_the_same_state(redis_client: redis.Redis) -> None:
    with owner(redis_client, "first") as (first, _, _):
        wait_until(lambda: first.is_owner)
        for number in range(2_200):
            first.tell(CallerJoined(f"c{number}", "verkauf"))
        wait_until(lambda: len(first.state.members) == 2_200, 30)
        before = first.state
        assert len(AcdJournals(redis_client).kept(SPEC.id).records) < 2_000
    with owner(redis_client, "second") as (second, _, _):
        wait_until(lambda: second.is_owner)
        assert second.state.members == before.members
        assert second.state.lines == before.lines


def test_a_record_that_cannot_be_read_ends_the_replay_and_is_not_met_again(redis_client: redis.Redis) -> None:
    with owner(redis_client, "first") as (first, _, _):
        wait_until(lambda: first.is_owner)
        first.tell(CallerJoined("c1", "verkauf"))
        wait_until(lambda: len(first.state.members) == 1)
    redis_client.rpush(f"fernamt:acd:{SPEC.id}:journal", '{"at":5,"is":"Calle')
    with owner(redis_client, "second") as (second, _, _):
        wait_until(lambda: second.is_owner)
        assert [*second.state.members] == ["c1"]
    assert AcdJournals(redis_client).kept(SPEC.id).records == ()


def test_a_controller_that_stops_gives_the_tenant_up_at_once(redis_client: redis.Redis) -> None:
    with owner(redis_client, "first") as (first, _, _):
        wait_until(lambda: first.is_owner)
    with owner(redis_client, "second") as (second, _, _):
        assert wait_until(lambda: second.is_owner) < 1.0


def test_an_empty_journal_is_a_new_contact_centre(redis_client: redis.Redis) -> None:
    assert AcdJournals(redis_client).kept("nobody") == Kept(None, ())
    with owner(redis_client, "first") as (first, _, _):
        wait_until(lambda: first.is_owner and [*first.state.agents] == ["anna"])


@pytest.mark.parametrize("event", [CallerJoined("c1", "verkauf")])
def test_who_does_not_own_the_tenant_takes_no_events(event: CallerJoined) -> None:
    class Nobody(TenantJournal):
        def __init__(self) -> None:
            pass

    centre = ContactCentre(SPEC, Nobody(), RecordingSwitch(), lambda: 0, seed=1)
    assert not centre.tell(event)
