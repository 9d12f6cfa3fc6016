"""What /status says of database and Redis, which anybody may ask without a token."""

from __future__ import annotations

from cli.wiring.web_centre import STATUS_S, Dependencies
from store.errors import DatabaseUnavailable


def test_however_often_somebody_asks_the_database_is_asked_once_a_second() -> None:
    asked: list[str] = []
    now_s, away = [100.0], [False]

    def database() -> None:
        asked.append("database")
        if away[0]:
            raise DatabaseUnavailable("database", "nobody there", "Wait")

    health = Dependencies({"database": database}, lambda: now_s[0])
    assert [health.parts() for _ in range(50)] == [{"database": "ok"}] * 50
    away[0] = True
    assert (health.parts(), asked) == ({"database": "ok"}, ["database"])
    now_s[0] += STATUS_S
    assert health.parts() == {"database": "does not answer"}
    assert asked == ["database", "database"]
