"""A journal has each record once, and loses none, whatever answers of Redis' are lost (guarantee 6)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import redis

from cli.wiring.contact_centre import TenantJournal
from controller.errors import StoreAway
from store.acd_journals import AcdJournals, Kept, LogId
from store.errors import LiveStateUnavailable
from store.leases import Lease, Leases

TENANT = "beispiel"


class Unheard(AcdJournals):
    """Redis does what it is asked, and the answers in `lost` do not arrive."""

    def __init__(self, client: redis.Redis, *lost: str) -> None:
        super().__init__(client)
        self.lost = set(lost)

    def append(
        self,
        lease: Lease,
        tenant: str,
        records: Sequence[str],
        log: Sequence[tuple[LogId, str]] = (),
        *,
        written: int,
    ) -> int | None:
        count = super().append(lease, tenant, records, log, written=written)
        self._answer("append")
        return count

    def checkpoint(self, lease: Lease, tenant: str, state: str, *, written: int) -> bool:
        kept = super().checkpoint(lease, tenant, state, written=written)
        self._answer("checkpoint")
        return kept

    def _answer(self, what: str) -> None:
        if what in self.lost:
            self.lost.remove(what)
            raise LiveStateUnavailable(what, "the answer was lost", "Try again.")


def journal_on(client: redis.Redis, *lost: str) -> TenantJournal:
    journal = TenantJournal(Leases(client, ttl_s=30), Unheard(client, *lost), TENANT, "first")
    assert journal.acquire() is not None
    return journal


def kept(client: redis.Redis) -> Kept:
    return AcdJournals(client).kept(TENANT)


def test_what_is_sent_again_after_a_lost_answer_is_there_once(redis_client: redis.Redis) -> None:
    """Twice, a successor would make two offers of one caller, and end the talk of whom it does not know."""
    journal = journal_on(redis_client, "append")
    with pytest.raises(StoreAway):
        journal.append(["joined 1", "left 1"], [])
    assert journal.append(["joined 1", "left 1"], []) == 2
    assert journal.append(["joined 2"], []) == 3
    assert kept(redis_client).records == ("joined 1", "left 1", "joined 2")


def test_an_attempt_that_comes_when_more_was_written_adds_nothing(redis_client: redis.Redis) -> None:
    """A Redis that stood still does afterwards what it was asked over a connection that was given up."""
    lease = Leases(redis_client, ttl_s=30).acquire(f"acd-{TENANT}", "first")
    assert lease is not None
    journals = AcdJournals(redis_client)
    assert journals.append(lease, TENANT, ["one", "two"], written=0) == 2
    assert journals.append(lease, TENANT, ["three"], written=2) == 3
    assert journals.append(lease, TENANT, ["one", "two"], written=0) == 3
    assert journals.append(lease, TENANT, ["four"], written=3) == 4
    assert kept(redis_client).records == ("one", "two", "three", "four")


def test_a_checkpoint_whose_answer_was_lost_takes_no_later_record(redis_client: redis.Redis) -> None:
    journal = journal_on(redis_client, "checkpoint")
    journal.append(["one", "two"], [])
    with pytest.raises(StoreAway):
        journal.checkpoint("of two")
    assert journal.append(["three"], []) == 1
    assert kept(redis_client) == Kept("of two", ("three",))
    assert journal.checkpoint("of three")
    assert kept(redis_client) == Kept("of three", ())


def test_a_checkpoint_that_comes_late_changes_nothing(redis_client: redis.Redis) -> None:
    lease = Leases(redis_client, ttl_s=30).acquire(f"acd-{TENANT}", "first")
    assert lease is not None
    journals = AcdJournals(redis_client)
    journals.append(lease, TENANT, ["one", "two", "three"], written=0)
    assert journals.checkpoint(lease, TENANT, "of three", written=3)
    journals.append(lease, TENANT, ["four"], written=3)
    assert journals.checkpoint(lease, TENANT, "of two", written=2)
    assert kept(redis_client) == Kept("of three", ("four",))


def test_what_comes_late_after_its_writer_has_asked_anew_changes_nothing(redis_client: redis.Redis) -> None:
    """The kernel sends again what a connection that was given up had asked, when the network is back."""
    leases, journals = Leases(redis_client, ttl_s=30), AcdJournals(redis_client)
    before = leases.acquire(f"acd-{TENANT}", "first")
    assert before is not None
    journals.append(before, TENANT, ["one", "two"], written=0)
    again = leases.acquire(f"acd-{TENANT}", "first")
    assert again is not None
    assert journals.checkpoint(again, TENANT, "of two", written=0)
    assert journals.append(again, TENANT, ["three"], written=0) == 1
    assert not journals.checkpoint(before, TENANT, "of one", written=2)
    assert journals.append(before, TENANT, ["two"], written=1) is None
    assert kept(redis_client) == Kept("of two", ("three",))


def test_a_successor_begins_with_a_count_of_its_own(redis_client: redis.Redis) -> None:
    first = journal_on(redis_client)
    first.append(["one", "two"], [])
    first.release()
    second = TenantJournal(Leases(redis_client, ttl_s=30), AcdJournals(redis_client), TENANT, "second")
    assert second.acquire() == (None, ("one", "two"))
    assert second.append(["three"], []) == 3
    assert second.checkpoint("of three")
    assert kept(redis_client) == Kept("of three", ())
    assert second.acquire() == ("of three", ())
    assert second.append(["four"], []) == 1
