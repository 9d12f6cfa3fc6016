"""What `fernamt doctor` says of numbers at Microsoft, and when the synchronisation waits (A4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cli.carriers.teams_health import teams_health
from cli.carriers.teams_work import FULL_EVERY, PAUSE_S, follow, once
from controller.teams_sync import RoundDone
from numbering.tenancy import Consent
from numbering.tenancy_orders import LONG, Away, Kind, Order
from store.errors import DatabaseUnavailable
from store.teams_standing import OpenOrder, TenantStanding

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
TENANT = "00000000-0000-4000-8000-000000000001"
WELL = TenantStanding(TENANT, "kunde-praxis", Consent.SIGNED, NOW, NOW, 50, 50, 0, 12, 0)
ORDER = OpenOrder(Order("order-1", Kind.UPLOAD, TENANT, "kunde-praxis", NOW, NOW), 50)


def test_nothing_is_to_be_done_where_all_is_well_or_nothing_is_linked() -> None:
    assert teams_health(True, [WELL], [ORDER], NOW).next_step == ""
    assert teams_health(False, [], [], NOW).next_step == ""
    assert teams_health(True, [], [], NOW).next_step == ""


@pytest.mark.parametrize(
    ("configured", "tenant", "orders", "at", "step"),
    [
        (False, WELL, [], NOW, "operator_connect"),
        (True, replace(WELL, seen_at=None), [], NOW, "--follow"),
        (True, WELL, [], NOW + 3 * HOUR, "--follow"),
        (True, replace(WELL, seen_at=NOW + LONG), [ORDER], NOW + LONG, "teams status"),
        (True, replace(WELL, consent=Consent.TERMINATED), [], NOW, "teams consents"),
        (True, replace(WELL, problems=1), [], NOW, "teams status"),
        (True, replace(WELL, trouble="Microsoft answered 500", trouble_since=NOW), [], NOW, "teams status"),
    ],
)
def test_each_fault_has_its_next_step(
    configured: bool, tenant: TenantStanding, orders: list[OpenOrder], at: datetime, step: str
) -> None:
    assert step in teams_health(configured, [tenant], orders, at).next_step


class Rounds:
    """Answers rounds from a list, and keeps how they were asked and what was waited."""

    def __init__(self, *answers: RoundDone | Exception) -> None:
        self.answers: Iterator[RoundDone | Exception] = iter(answers)
        self.full: list[bool] = []
        self.waited: list[float] = []
        self.moment = NOW

    def round(self, *, full: bool, tenant_id: str | None = None) -> RoundDone:
        self.full.append(full)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def now(self) -> datetime:
        return self.moment

    def pause(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.moment += timedelta(seconds=seconds)

    def stopped(self, seconds: float) -> bool:
        """After the last answer."""
        self.pause(seconds)
        return len(self.full) >= self.total

    total = 0


def test_a_sync_waits_for_orders_to_be_due_and_no_longer_than_it_may() -> None:
    rounds = Rounds(RoundDone(planned=1), RoundDone(), RoundDone(uploaded=1))
    due = iter([NOW + timedelta(seconds=5), NOW + timedelta(seconds=9), None])
    sums = once(rounds, lambda: next(due), rounds.now, 60, rounds.pause)  # type: ignore[arg-type]
    assert (sums.done.planned, sums.done.uploaded, rounds.full) == (1, 1, [True, False, False])
    assert rounds.waited == [5, 4]
    late = Rounds(RoundDone(planned=1))
    once(late, lambda: NOW + HOUR, late.now, 60, late.pause)  # type: ignore[arg-type]
    assert late.waited == []


def test_a_sync_that_is_told_to_wait_waits_and_one_that_is_not_let_in_ends() -> None:
    limit = RoundDone(away=Away("rate limit", 20, everything=True))
    rounds = Rounds(limit, RoundDone())
    due = iter([NOW, None])
    once(rounds, lambda: next(due), rounds.now, 60, rounds.pause)  # type: ignore[arg-type]
    assert rounds.waited == [20]
    refused = Rounds(RoundDone(away=Away("refused", everything=True, next_step="check the secret")))
    assert once(refused, lambda: NOW, refused.now, 60, refused.pause).done.away is not None  # type: ignore[arg-type]
    assert refused.waited == []


def test_following_goes_on_whatever_is_away_and_asks_for_everything_every_hour() -> None:
    away = DatabaseUnavailable("database", "gone", "wait")
    limit = RoundDone(away=Away("rate limit", 90, everything=True), cut=True)
    rounds = Rounds(away, limit, RoundDone(uploaded=1), *[RoundDone()] * 121)
    rounds.total = 124
    follow(rounds, lambda: None, rounds.now, rounds.stopped)  # type: ignore[arg-type]
    assert rounds.waited[:4] == [0, PAUSE_S, 90, PAUSE_S]
    assert rounds.full[:4] == [True, True, True, False]
    assert sum(rounds.full[3:]) == 1
    assert timedelta(seconds=120 * PAUSE_S) == FULL_EVERY


def test_following_looks_again_when_an_order_is_due() -> None:
    rounds = Rounds(RoundDone(planned=1), RoundDone(), RoundDone())
    rounds.total = 3
    due = iter([NOW + timedelta(seconds=5), NOW, NOW + HOUR])
    follow(rounds, lambda: next(due), rounds.now, rounds.stopped)  # type: ignore[arg-type]
    assert rounds.waited == [0, 5, 1, PAUSE_S]


def test_what_one_order_waits_for_is_no_reason_for_another_full_round() -> None:
    waits = RoundDone(away=Away("Microsoft answered 500"))
    limit = RoundDone(away=Away("rate limit", 90, everything=True))
    unseen = RoundDone(away=Away("the consents: Microsoft answered 500"), cut=True)
    rounds = Rounds(unseen, waits, waits, limit, RoundDone())
    rounds.total = 5
    follow(rounds, lambda: None, rounds.now, rounds.stopped)  # type: ignore[arg-type]
    assert rounds.full == [True, True, False, False, False]
    assert rounds.waited == [0, PAUSE_S, PAUSE_S, PAUSE_S, 90, PAUSE_S]
