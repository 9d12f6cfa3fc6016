"""The age of the newest backup, between two questions to the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.wiring.backup_age import BackupAge
from store.errors import DatabaseUnavailable


def test_it_grows_by_itself_and_is_asked_for_once_a_minute() -> None:
    answers, clock_s = [timedelta(hours=25), timedelta(seconds=3)], [1_000.0]
    age = BackupAge(lambda: answers.pop(0), lambda: clock_s[0])
    assert age.seconds() == 90_000
    clock_s[0] += 59
    assert age.seconds() == 90_059
    clock_s[0] += 1
    assert age.seconds() == 3, "a new one was made"
    assert not answers


def test_while_the_database_is_away_nothing_old_is_told_and_it_is_asked_again() -> None:
    answers: list[timedelta | None] = [None]
    clock_s = [0.0]

    def ask() -> timedelta | None:
        if not answers:
            raise DatabaseUnavailable("PostgreSQL", "away", "wait")
        return answers.pop(0)

    age = BackupAge(ask, lambda: clock_s[0])
    assert age.seconds() is None
    clock_s[0] += 60
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            age.seconds()
    answers.append(timedelta(seconds=5))
    assert age.seconds() == 5
