"""What goes on for as long as the program runs: a defect in one round does not end it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import pytest
from gevent.event import Event as Flag
from structlog.testing import capture_logs

from controller import blocking, daily, spool_rounds
from controller.blocking import Blocking
from controller.daily import Daily
from controller.mailbox import Mailboxes, SpooledMessage
from controller.rounds import Rounds
from dialplan.barring.blocks import Blocks
from dialplan.mailbox import MessageFacts
from tests.unit.controller.test_mailboxes import Kept

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class Watch(Protocol):
    def start(self) -> None: ...
    def stop(self, timeout_s: float) -> None: ...


class FailsOnce:
    """A round with a defect, then one without."""

    def __init__(self) -> None:
        self.rounds = 0
        self.went_on = Flag()

    def once(self) -> None:
        self.rounds += 1
        if self.rounds == 1:
            raise RuntimeError("a defect")
        self.went_on.set()


class Source:
    def __init__(self, rounds: FailsOnce) -> None:
        self._rounds = rounds

    def news(self) -> Blocks | None:
        self._rounds.once()
        return None


class Spool:
    def __init__(self, rounds: FailsOnce) -> None:
        self._rounds = rounds

    def ready(self) -> list[SpooledMessage]:
        self._rounds.once()
        return []

    def remove(self, facts: MessageFacts) -> None:
        raise AssertionError("there is nothing to remove")


def a_daily(rounds: FailsOnce) -> Watch:
    def work(_: date) -> bool:
        rounds.once()
        return True

    return Daily(work, lambda: NOW.date())


def a_blocking(rounds: FailsOnce) -> Watch:
    return Blocking(Source(rounds), lambda _: None)


def a_mailbox(rounds: FailsOnce) -> Watch:
    return Mailboxes(Spool(rounds), Kept(), None, lambda: NOW)


@pytest.mark.parametrize("made", [a_daily, a_blocking, a_mailbox])
def test_a_defect_in_one_round_is_logged_and_the_next_one_comes(
    made: Callable[[FailsOnce], Watch], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (blocking, daily, spool_rounds):
        monkeypatch.setattr(module, "POLL_S", 0.01)
    rounds = FailsOnce()
    watch = made(rounds)
    with capture_logs() as logs:
        watch.start()
        assert rounds.went_on.wait(5)
        watch.stop(5)
    assert [each["log_level"] for each in logs][:1] == ["error"]


def test_a_round_that_takes_too_long_is_cut_off_when_the_program_ends() -> None:
    begun, cut = Flag(), Flag()

    def long() -> None:
        begun.set()
        try:
            Flag().wait(60)
        finally:
            cut.set()

    rounds = Rounds(long, 0.01, "it failed")
    rounds.start()
    assert begun.wait(5)
    rounds.stop(0.01)
    assert cut.wait(5)


def test_after_a_clock_that_was_ahead_for_a_moment_old_ones_are_looked_for_again() -> None:
    """Set back from 2037, a minute is over all the same."""
    clock, swept = [NOW], list[datetime]()
    rounds = spool_rounds.SpoolRounds("messages", swept.append, lambda: None, lambda: clock[0])
    ahead = NOW + timedelta(days=4_000)
    for clock[0] in (NOW, ahead, NOW, NOW + timedelta(seconds=59), NOW + timedelta(seconds=60)):
        rounds.round()
    assert swept == [NOW, ahead, NOW, NOW + timedelta(seconds=60)]
