"""Messages on their way: kept once, told of, tried again, deleted (C3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from controller.errors import MailAway, StoreAway
from controller.mailbox import FIRST_PAUSE, MAX_ATTEMPTS, Mailboxes
from dialplan.mailbox import MessageFacts, Notice

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FACTS = MessageFacts("call-1", "kunde", "box", None, "+493023125307", NOW, 30, ("post@kunde.example",))
NOTICE = Notice("call-1", "kunde", "box", None, "+493023125307", NOW, 2000, ("post@kunde.example",))


@dataclass
class Spooled:
    facts: MessageFacts
    sound: bytes = b"RIFF"
    duration_ms: int = 2000


@dataclass
class SpoolOf:
    messages: list[Spooled]

    def ready(self) -> list[Spooled]:
        return list(self.messages)

    def remove(self, facts: MessageFacts) -> None:
        self.messages = [each for each in self.messages if each.facts != facts]


@dataclass
class Kept:
    away: bool = False
    added: list[MessageFacts] = field(default_factory=list)
    due: list[Notice] = field(default_factory=list)
    noted: list[tuple[str, datetime | None]] = field(default_factory=list)
    expired: int = 0

    def add(self, facts: MessageFacts, sound: bytes, duration_ms: int) -> bool:
        if self.away:
            raise StoreAway("away")
        assert sound
        assert duration_ms
        self.added.append(facts)
        return True

    def to_tell(self, now: datetime) -> Sequence[Notice]:
        assert now == NOW
        return self.due

    def told(self, message_id: str, at: datetime) -> None:
        self.noted.append((f"{message_id} told", at))

    def not_told(self, message_id: str, why: str, again: datetime | None) -> None:
        self.noted.append((f"{message_id} {why}", again))

    def expire(self, now: datetime) -> int:
        assert now == NOW
        self.expired += 1
        return 0


def works(spool: SpoolOf, kept: Kept, *, mail: bool | None = True) -> Mailboxes:
    def send(_: Notice) -> None:
        if not mail:
            raise MailAway("refused")

    return Mailboxes(spool, kept, send if mail is not None else None, lambda: NOW)


def test_a_message_is_kept_and_leaves_the_spool() -> None:
    spool, kept = SpoolOf([Spooled(FACTS)]), Kept()
    works(spool, kept).round()
    assert kept.added == [FACTS]
    assert spool.messages == []


def test_who_hangs_up_at_the_tone_leaves_no_message() -> None:
    spool, kept = SpoolOf([Spooled(FACTS, duration_ms=200)]), Kept()
    works(spool, kept).round()
    assert (kept.added, spool.messages) == ([], [])


def test_while_the_store_is_away_messages_wait_in_the_spool() -> None:
    spool, kept = SpoolOf([Spooled(FACTS)]), Kept(away=True)
    with pytest.raises(StoreAway):
        works(spool, kept).round()
    assert len(spool.messages) == 1


def test_an_email_that_is_out_is_noted() -> None:
    kept = Kept(due=[NOTICE])
    works(SpoolOf([]), kept).round()
    assert kept.noted == [("call-1 told", NOW)]


@pytest.mark.parametrize(
    ("attempts", "again"),
    [
        (0, NOW + FIRST_PAUSE),
        (3, NOW + timedelta(minutes=8)),
        (MAX_ATTEMPTS - 2, NOW + FIRST_PAUSE * 2 ** (MAX_ATTEMPTS - 2)),
        (MAX_ATTEMPTS - 1, None),
    ],
)
def test_an_email_is_tried_again_with_growing_pauses_then_given_up(
    attempts: int, again: datetime | None
) -> None:
    notice = Notice(**{name: getattr(NOTICE, name) for name in NOTICE.__slots__[:-1]}, attempts=attempts)
    kept = Kept(due=[notice])
    works(SpoolOf([]), kept, mail=False).round()
    assert kept.noted == [("call-1 refused", again)]


def test_without_a_mail_server_notices_wait() -> None:
    kept = Kept(due=[NOTICE])
    works(SpoolOf([]), kept, mail=None).round()
    assert kept.noted == []


def test_old_messages_are_looked_for_once_a_minute() -> None:
    """F4."""
    kept = Kept()
    work = works(SpoolOf([]), kept)
    work.round()
    work.round()
    assert kept.expired == 1


def test_a_message_that_the_store_does_not_take_keeps_no_old_one_alive() -> None:
    """F4."""
    kept = Kept(away=True)
    with pytest.raises(StoreAway):
        works(SpoolOf([Spooled(FACTS)]), kept).round()
    assert kept.expired == 1
