"""Probes and entered times in PostgreSQL: one for each minute, never changed, never deleted (F1)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from availability.report import Kind
from availability.spans import MINUTE, Span
from store.audit import AuditLog
from store.availability_book import AvailabilityBook, Probe
from store.errors import RecordRefused

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def probe(minute: int, trunk: str = "carrier-a", *, reached: bool = True) -> Probe:
    return Probe(AT + minute * MINUTE, "node-1", trunk, reached, "NORMAL_CLEARING" if reached else "X", 100)


@pytest.fixture
def book(engine: Engine) -> AvailabilityBook:
    return AvailabilityBook(engine)


def span(begin: int, end: int) -> Span:
    return Span(AT + begin * MINUTE, AT + end * MINUTE)


def test_minutes_on_end_are_one_span_and_one_trunk_is_enough(book: AvailabilityBook) -> None:
    book.note([probe(n) for n in (0, 1, 2, 5)])
    book.note([probe(3, reached=False), probe(4, reached=False), probe(4, "carrier-b")])
    found = book.measured(span(0, 60))
    assert found.probed == (span(0, 6),)
    assert found.reached == (span(0, 3), span(4, 6))
    assert book.first() == AT
    assert book.measured(span(10, 20)).probed == ()
    assert [(each.trunk_id, each.minute) for each in book.newest()] == [
        ("carrier-a", AT + 5 * MINUTE),
        ("carrier-b", AT + 4 * MINUTE),
    ]


def test_two_probes_of_a_minute_are_one_reached_if_either_was(book: AvailabilityBook) -> None:
    book.note([probe(0, reached=False)])
    book.note([probe(0)])
    book.note([probe(0, reached=False)])
    assert book.measured(span(0, 1)).reached == (span(0, 1),)
    assert book.forget(AT + timedelta(days=1)) == 1


def test_maintenance_is_announced_and_other_times_may_be_entered_afterwards(book: AvailabilityBook) -> None:
    """TC 15.3: the database keeps it, whoever asks."""
    begin, end = AT, AT + timedelta(hours=2)
    with pytest.raises(RecordRefused):
        book.enter(begin, end, Kind.MAINTENANCE, "late", "ann", AT + MINUTE)
    ahead = book.enter(begin, end, Kind.MAINTENANCE, "new release", "ann", AT - MINUTE)
    after = book.enter(begin, end, Kind.BEYOND_CONTROL, "flood", "ann", AT + timedelta(days=1))
    assert [each.id for each in book.entries(span(30, 60))] == [ahead, after]
    assert book.entries(span(121, 180)) == ()


def test_an_entry_is_withdrawn_once_and_stays_with_its_audit(book: AvailabilityBook, engine: Engine) -> None:
    number = book.enter(AT, AT + MINUTE, Kind.OUTAGE, "no audio", "ann", AT)
    book.withdraw(number, "wrong day", "bob", AT)
    with pytest.raises(RecordRefused):
        book.withdraw(number, "again", "bob", AT)
    assert book.entries() == ()
    (kept,) = book.entries(withdrawn=True)
    assert (kept.actor, kept.withdrawn_by, kept.counts_as().kind) == ("ann", "bob", Kind.OUTAGE)
    log = AuditLog(engine).latest(object_kind="availability")
    assert [(each.action, each.actor) for each in log] == [
        ("availability.withdraw", "bob"),
        ("availability.enter", "ann"),
    ]


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM availability_entry", "UPDATE availability_entry SET reason = 'x'"],
)
def test_what_was_entered_cannot_be_changed(book: AvailabilityBook, engine: Engine, change: str) -> None:
    book.enter(AT, AT + MINUTE, Kind.OUTAGE, "no audio", "ann", AT)
    with pytest.raises(DBAPIError, match="withdrawn"), engine.begin() as connection:
        connection.execute(text(change))


def test_a_probe_is_of_a_whole_minute(book: AvailabilityBook) -> None:
    with pytest.raises(RecordRefused):
        book.note([Probe(AT + timedelta(seconds=1), "node-1", "carrier-a", True, "X", 1)])
