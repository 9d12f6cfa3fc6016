"""The flood as it is sent, and what it is said to cost."""

from __future__ import annotations

import pytest

from benchmarks.flood.attack import _message
from benchmarks.flood.program import MOST_COST, Phase, _json, _text, cost

QUIET = Phase("no flood", 0, 600, 600, 25.0, 47.0, 11.0, None)


def guarded(successful: int) -> list[Phase]:
    return [QUIET, Phase("flood, guard", 5_000, 600, successful, 33.0, 130.0, 16.0, 0.7)]


def test_what_is_missing_of_the_rate_is_the_cost() -> None:
    assert cost(guarded(600)) == 0
    assert cost(guarded(540)) == pytest.approx(0.1)
    assert cost(guarded(610)) == 0


@pytest.mark.parametrize(("successful", "word"), [(541, "reached"), (500, "MISSED")])
def test_the_goal_is_reached_or_not(successful: int, word: str) -> None:
    assert _text(guarded(successful), 30, 20).endswith(word)
    assert '"cost"' in _json(guarded(successful))
    assert (cost(guarded(successful)) <= MOST_COST) is (word == "reached")


def test_the_flood_has_every_method_at_every_door() -> None:
    doors = [("127.0.0.1", port) for port in (5060, 5070, 5080)]
    sent = [_message(number, "127.0.0.66:1", doors[number % 3]) for number in range(90)]
    kinds = {(data.split(b" ")[0], door) for data, door in sent}
    assert len(kinds) == 9
    assert all(data.endswith(b"Content-Length: 0\r\n\r\n") for data, _ in sent)
