"""What agents dial (C1)."""

from __future__ import annotations

import pytest

from acd.codes import order_of
from acd.events import StatusChosen, WrapUpEnded
from acd.names import AgentStatus
from acd.orders import ExtendWrapUp, Order


@pytest.mark.parametrize(
    ("dialled", "order"),
    [
        ("*80", StatusChosen("anna", AgentStatus.AVAILABLE, "by phone")),
        ("*81", StatusChosen("anna", AgentStatus.LOGGED_OUT, "by phone")),
        ("*82", StatusChosen("anna", AgentStatus.ON_BREAK, "by phone")),
        ("*83", StatusChosen("anna", AgentStatus.AVAILABLE, "by phone")),
        ("*84", WrapUpEnded("anna")),
        ("*842", WrapUpEnded("anna", "frage")),
        ("*849", WrapUpEnded("anna", "9")),
        ("*85", ExtendWrapUp("anna", 60_000)),
    ],
)
def test_a_code_is_an_order(dialled: str, order: Order) -> None:
    assert order_of(dialled, "anna", ("bestellung", "frage")) == order


@pytest.mark.parametrize(
    "dialled", ["", "*8", "*88", "*800", "*840", "*84123", "80", "*31#112", "112", "*80\n"]
)
def test_nothing_else_is_one(dialled: str) -> None:
    """Emergency calls with codes in front of them among it (B8)."""
    assert order_of(dialled, "anna", ()) is None
